"""The venue simulator: days without a violation, the same day again, and every planted fault found."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from pitboard.unit_api.official_acts import AnyAct
from venue.simulator.cast.people import Official
from venue.simulator.command import run_season, run_seed, simulate
from venue.simulator.days.plants import PLANTS
from venue.simulator.days.race_day import run_day
from venue.simulator.judging.inspection import may_lack
from venue.simulator.world.day_plan import MISHAPS, ONE_LONG_OF

PLANTED_SEEDS_MAX_COUNT = 300
FOUND_LATE = {
    "confirmed-changes": 130,
    "wall-clock-decides": 101,
    "surer-than-clocks": 60,
    "pause-forgotten": 41,
}
"""The days before are left out, for they find nothing and cost seconds."""
SEED, LONG_SEED = 11, 2 * ONE_LONG_OF


def test_400_days_keep_every_promise() -> None:
    report = run_season(0, 400, plant=None, jobs=1)
    assert report.violations == []
    assert report.records > 15_000
    assert report.crashes > 300
    assert report.restores > 50


def test_a_start_that_a_revocation_took_back_tells_the_judge_no_order() -> None:
    """Day 6004111: two machines ran with one key, and one's start stood between two of the other's."""
    assert run_seed(6_004_111, days="long").violations == []


def test_a_display_of_an_older_version_forgets_what_was_erased() -> None:
    """Day 20053: its erasures looked at another fold than the one that heard of them."""
    assert run_seed(20_053, days="long").violations == []


@pytest.mark.parametrize(("seed", "at_once"), [(0, 1), (19, 2)])
def test_on_some_days_two_officials_act_at_one_unit_at_once(seed: int, at_once: int) -> None:
    under_way: Counter[str] = Counter()
    most = 0
    send = Official._send

    async def watched(official: Official, act: AnyAct) -> dict[str, str]:
        nonlocal most
        unit = official._unit.name
        under_way[unit] += 1
        most = max(most, under_way[unit])
        try:
            return await send(official, act)
        finally:
            under_way[unit] -= 1

    run_day(seed, [(Official, "_send", watched)])
    assert most == at_once


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_found(plant: str) -> None:
    seeds = range(FOUND_LATE.get(plant, 0), PLANTED_SEEDS_MAX_COUNT)
    assert any(run_seed(seed, plant).violations for seed in seeds)


@pytest.mark.parametrize("seed", [SEED, LONG_SEED])
def test_one_seed_gives_one_trace_whatever_ran_before_it(seed: int) -> None:
    first = run_seed(seed).trace
    run_seed(seed + 1)
    assert run_seed(seed).trace == first
    assert run_seed(seed + 1).trace != first


def test_the_short_and_the_long_day_of_one_seed_are_two() -> None:
    long, short = (run_seed(SEED, days=days) for days in ("long", "short"))
    assert (long.length, short.length) == ("long", "short")
    assert short.records < long.records
    assert run_seed(SEED).trace == short.trace
    assert b"a short day, its subject: " in short.trace


def test_one_seed_gives_one_trace_in_another_process_with_other_hashes(tmp_path: Path) -> None:
    traces = []
    for hash_seed in ("1", "2"):
        trace = tmp_path / hash_seed
        arguments = [
            "simulate",
            "--seeds",
            "1",
            "--from",
            str(LONG_SEED),
            "--jobs",
            "1",
            "--trace",
            str(trace),
        ]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run(
            [sys.executable, "-m", "pitboard", *arguments], env=environment, check=True, capture_output=True
        )
        traces.append(trace.read_bytes())
    assert traces[0] == traces[1] == run_seed(LONG_SEED).trace


def test_the_summary_as_json_names_what_was_done_and_the_exit_status_tells_of_violations() -> None:
    clean = CliRunner().invoke(
        simulate, ["--seeds", "2", "--from", "7703", "--days", "long", "--json", "--jobs", "1"]
    )
    summary = msgspec.json.decode(clean.output)
    figures = ["seconds", "records", "crashes", "restores"]
    assert list(summary) == ["seeds", "from", "days", *figures, "violations", "contents"]
    assert (clean.exit_code, summary["seeds"], summary["from"], summary["violations"]) == (0, 2, 7703, [])
    assert (summary["days"], summary["contents"]) == ("long", [])

    planted = ["--seeds", "1", "--json", "--jobs", "1", "--plant", "contact-in-journal"]
    found = CliRunner().invoke(simulate, planted)
    [violation] = msgspec.json.decode(found.output)["violations"]
    assert found.exit_code == 1
    assert (violation["seed"], violation["invariant"]) == (0, "no-contact-in-journal")
    assert violation["day"] == "long"


def test_it_is_counted_what_days_had_on_how_many_of_them_and_how_often() -> None:
    days = ["--seeds", "3", "--from", "1", "--json", "--jobs", "1", "--contents"]
    report = msgspec.json.decode(CliRunner().invoke(simulate, days).output)
    had = {one["name"]: one for one in report["contents"]}
    assert had["record stream-opened"]["days"] == 3
    assert had["record stream-opened"]["times"] >= 3 * 3
    assert sum(one["times"] for name, one in had.items() if name.startswith("units: ")) == 3
    assert sum(had[mishap]["times"] for mishap in MISHAPS if mishap in had) > 3
    passings = sum(one["times"] for name, one in had.items() if name.startswith("record passing"))
    assert passings > had["record run-armed"]["times"] > 0

    told = CliRunner().invoke(simulate, [*days[:4], "--jobs", "1", "--contents"]).output
    assert re.search(r"^ +3 days, +\d+ times: record stream-opened$", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("misled", "witnessed", "excused"),
    [
        ("", 0, []),
        ("unit-2", 0, ["unit-2", "display-1"]),
        ("display-1", 0, ["display-1"]),
        ("central", 0, ["central", "unit-1", "unit-2", "display-1"]),
        ("central", 4, ["central", "unit-1", "unit-2", "display-1"]),
        ("central", 5, []),
    ],
)
def test_who_is_misled_excuses_only_those_who_take_their_records_there(
    misled: str, witnessed: int, excused: list[str]
) -> None:
    central, *units, display = nodes = [
        SimpleNamespace(name=name) for name in ("central", "unit-1", "unit-2", "display-1")
    ]
    central.replica = SimpleNamespace(witnessed=lambda stream: witnessed)
    central.disk = SimpleNamespace(heads={"s": 5})
    truth = SimpleNamespace(misled={(misled, "s")})
    venue: Any = SimpleNamespace(
        central=central,
        displays=[display],
        world=SimpleNamespace(truth=truth),
        writers=lambda: [central, *units],
    )
    lacking: list[Any] = list(nodes)
    assert [node.name for node in lacking if may_lack(venue, node, "s")] == excused


def test_the_plants_are_listed_with_what_they_are() -> None:
    listed = CliRunner().invoke(simulate, ["--list-plants"]).output.splitlines()
    assert [line.split()[0] for line in listed] == list(PLANTS)
