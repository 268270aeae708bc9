"""The venue simulator: days without a violation, the same day again, and every planted fault found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from venue.simulator.command import run_season, run_seed, simulate
from venue.simulator.days.plants import PLANTS

PLANTED_SEEDS_MAX_COUNT = 300
SEED = 11


def test_300_days_keep_every_promise() -> None:
    report = run_season(0, 300, plant=None, jobs=1)
    assert report.violations == []
    assert report.records > 15_000
    assert report.crashes > 300
    assert report.restores > 50


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_found(plant: str) -> None:
    assert any(run_seed(seed, plant).violations for seed in range(PLANTED_SEEDS_MAX_COUNT))


def test_one_seed_gives_one_trace_whatever_ran_before_it() -> None:
    first = run_seed(SEED).trace
    run_seed(SEED + 1)
    assert run_seed(SEED).trace == first
    assert run_seed(SEED + 1).trace != first


def test_one_seed_gives_one_trace_in_another_process_with_other_hashes(tmp_path: Path) -> None:
    traces = []
    for hash_seed in ("1", "2"):
        trace = tmp_path / hash_seed
        arguments = ["simulate", "--seeds", "1", "--from", str(SEED), "--jobs", "1", "--trace", str(trace)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run(
            [sys.executable, "-m", "pitboard", *arguments], env=environment, check=True, capture_output=True
        )
        traces.append(trace.read_bytes())
    assert traces[0] == traces[1] == run_seed(SEED).trace


def test_the_summary_as_json_names_what_was_done_and_the_exit_status_tells_of_violations() -> None:
    clean = CliRunner().invoke(simulate, ["--seeds", "2", "--from", "5", "--json", "--jobs", "1"])
    summary = msgspec.json.decode(clean.output)
    assert list(summary) == ["seeds", "from", "seconds", "records", "crashes", "restores", "violations"]
    assert (clean.exit_code, summary["seeds"], summary["from"], summary["violations"]) == (0, 2, 5, [])

    planted = ["--seeds", "1", "--json", "--jobs", "1", "--plant", "contact-in-journal"]
    found = CliRunner().invoke(simulate, planted)
    [violation] = msgspec.json.decode(found.output)["violations"]
    assert found.exit_code == 1
    assert (violation["seed"], violation["invariant"]) == (0, "no-contact-in-journal")


def test_the_plants_are_listed_with_what_they_are() -> None:
    listed = CliRunner().invoke(simulate, ["--list-plants"]).output.splitlines()
    assert [line.split()[0] for line in listed] == list(PLANTS)
