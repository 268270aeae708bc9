"""The scripted official before the real touchscreen and a unit in memory."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import msgspec
import pytest

from pitboard.clock import SystemClock
from pitboard.race.runs.run_parts import Lap
from pitboard.unit_api.screen_state import Run
from tests.trackside.fake_unit import FakeUnit
from tests.trackside.touch.touch_samples import SEAL
from tests.trackside.touch.touch_stage import Stage, open_stage
from trackside.touch.scene.keyboard_scene import cased
from venue.official.control_client import ControlClient
from venue.official.scripted_official import ScriptedOfficial
from venue.official.scripted_plan import NAMES, Decision, is_on_keys, key_of


async def drive(unit: FakeUnit) -> None:
    """Send passings as a car would, now and then a short lap; after nine laps the time is up."""
    second_ns, at_mono_ns, count = 1_000_000_000, 1_000_000_000, 0
    while True:
        await asyncio.sleep(0.1)
        if unit.screen.phase in ("armed", "running"):
            count += 1
            at_mono_ns += second_ns if count % 4 == 0 else 20 * second_ns
            await unit.take_passing(at_mono_ns)
            run = unit.screen.run
            if run is not None and len(run.laps) >= 9:
                await unit.change(phase="review")


def official(stage: Stage[FakeUnit], log_path: Path, *, seed: int, runs_max: int | None) -> ScriptedOfficial:
    return ScriptedOfficial(
        ControlClient(stage.folder / "control.sock"),
        seed=seed,
        log_path=log_path,
        clock=SystemClock(),
        runs_max=runs_max,
    )


def decisions(log_path: Path) -> list[Decision]:
    return [msgspec.json.decode(line, type=Decision) for line in log_path.read_bytes().splitlines()]


def test_it_skips_the_contact_page(tmp_path: Path) -> None:
    async def story() -> FakeUnit:
        unit = FakeUnit()
        await unit.change(contact_seal=SEAL)
        async with open_stage(unit) as stage:
            driving = asyncio.create_task(drive(unit))
            async with asyncio.timeout(40):
                await official(stage, tmp_path / "official.jsonl", seed=1, runs_max=1).run()
            driving.cancel()
        return unit

    unit = asyncio.run(story())
    assert (len(unit.decisions), unit.contacts) == (1, [])


@pytest.mark.parametrize("seed", [1, 5])
def test_the_log_says_what_the_unit_was_told(tmp_path: Path, seed: int) -> None:
    log_path = tmp_path / "official.jsonl"

    async def story() -> FakeUnit:
        unit = FakeUnit()
        async with open_stage(unit) as stage:
            driving = asyncio.create_task(drive(unit))
            async with asyncio.timeout(60):
                await official(stage, log_path, seed=seed, runs_max=2).run()
            driving.cancel()
        return unit

    unit = asyncio.run(story())
    told = decisions(log_path)
    assert [(one.run, one.decision) for one in told] == unit.decisions
    assert len(told) == 2
    assert {one.name for one in told} <= {one.name for one in unit.screen.competitors}
    assert {one.name for one in unit.screen.competitors} <= set(NAMES)


def test_told_to_finish_it_ends_the_run_under_way_and_starts_no_other(tmp_path: Path) -> None:
    log_path = tmp_path / "official.jsonl"

    async def story() -> FakeUnit:
        unit = FakeUnit()
        async with open_stage(unit) as stage:
            driving = asyncio.create_task(drive(unit))
            the_official = official(stage, log_path, seed=3, runs_max=None)
            running = asyncio.create_task(the_official.run())
            await stage.wait_for("stop")
            the_official.finish(grace_ms=20_000)
            async with asyncio.timeout(30):
                await running
            driving.cancel()
        return unit

    unit = asyncio.run(story())
    assert unit.decisions == [("r1", "confirmed")]
    assert [one.decision for one in decisions(log_path)] == ["confirmed"]
    assert unit.screen.phase == "idle"


def test_whatever_a_lap_waits_for_it_is_judged_and_the_run_decided(tmp_path: Path) -> None:
    laps = (
        Lap(lap_id="r1-1", number=1, lap_ns=9_000_000_000, follows_void=True, waits_for_verdict=True),
        Lap(lap_id="r1-2", number=2, lap_ns=3_000_000_000, is_short=True, waits_for_verdict=True,
            uncertainty_ns=90_000_000),
        Lap(lap_id="r1-3", number=3, lap_ns=9_000_000_000, flag="clock-set", waits_for_verdict=True),
    )  # fmt: skip

    async def story() -> FakeUnit:
        unit = FakeUnit()
        await unit.change(
            phase="review", run=Run(run_id="r1", competitor_id="c", name="Ann", run_ms=0, laps=laps)
        )
        async with open_stage(unit) as stage, asyncio.timeout(30):
            the_official = official(stage, tmp_path / "official.jsonl", seed=3, runs_max=1)
            the_official.finish(grace_ms=20_000)
            await the_official.run()
        return unit

    assert asyncio.run(story()).decisions == [("r1", "confirmed")]


def test_it_gives_up_when_the_touchscreen_never_comes_back(tmp_path: Path) -> None:
    async def story() -> None:
        lonely = ScriptedOfficial(
            ControlClient(tmp_path / "nothing.sock"),
            seed=1,
            log_path=tmp_path / "official.jsonl",
            clock=SystemClock(),
        )
        lonely.finish(grace_ms=200)
        async with asyncio.timeout(5):
            await lonely.run()

    asyncio.run(story())


def test_it_goes_on_after_the_touchscreen_was_killed_and_started_again(tmp_path: Path) -> None:
    log_path = tmp_path / "official.jsonl"

    async def story() -> FakeUnit:
        unit = FakeUnit()
        with contextlib.ExitStack() as tasks:
            async with open_stage(unit) as stage:
                folder = stage.folder
                driving = asyncio.create_task(drive(unit))
                tasks.callback(driving.cancel)
                the_official = official(stage, log_path, seed=3, runs_max=1)
                running = asyncio.create_task(the_official.run())
                tasks.callback(running.cancel)
                await stage.wait_for("stop")
            async with open_stage(unit, folder=folder), asyncio.timeout(40):
                await running
        return unit

    unit = asyncio.run(story())
    assert [(one.run, one.decision) for one in decisions(log_path)] == unit.decisions


@pytest.mark.parametrize("name", [name for name in NAMES if is_on_keys(name)])
def test_a_name_on_the_keys_is_typed_as_it_is_written(name: str) -> None:
    typed = ""
    for letter in name:
        key = key_of(letter).removeprefix("keyboard:")
        typed += " " if key == "space" else cased(key, typed)
    assert typed == name


def test_most_names_are_typed_key_by_key() -> None:
    assert sum(is_on_keys(name) for name in NAMES) >= len(NAMES) // 2
