"""What waits for a lap in the hall goes before what the unit itself makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pitboard.clock import ScriptedClock
from pitboard.doors.caller import NEWS_TO_OWN_PROGRAMS_AFTER_S, Caller, Door, the_caller
from pitboard.doors.door_limits import DoorLimits
from pitboard.journal.records.kinds import KIND_OF
from pitboard.journal.records.record import write_record
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.tasks import beside
from sync.exchanging.exchange import SyncRequest, answer
from tests.display.jumping_loop import run_jumping
from tests.race_story import UNIT_A
from tests.trackside.unit_story import Unit, with_unit
from trackside.timing.run_acts import MANUAL_SENSOR
from trackside.unit import PASSING_SHOWN_AFTER_S, follow_news, follow_time


def test_a_display_that_waits_has_its_records_before_the_unit_looks_what_follows(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await unit.arm_new()
        done: list[str] = []
        run_control = unit.run_control
        look = run_control.follow_time

        async def looks() -> None:
            done.append("unit")
            await look()

        async def display() -> None:
            await unit.replica.wait_for_news(unit.replica.version, 60.0)
            done.append("display")

        run_control.follow_time = looks  # type: ignore[method-assign]
        follower = asyncio.create_task(follow_time(unit.replica, run_control, unit.clock))
        await asyncio.sleep(0.01)
        done.clear()
        waiting = asyncio.create_task(display())
        await asyncio.sleep(0.01)
        await unit.cross(1)
        await waiting
        follower.cancel()
        assert done[0] == "display"
        assert "unit" in done

    with_unit(tmp_path, story)


def test_displays_have_time_to_paint_before_the_sync_program_of_the_unit_has_the_news(
    tmp_path: Path,
) -> None:
    async def story(unit: Unit) -> None:
        await unit.arm_new()
        done: list[str] = []

        async def wait(name: str, caller: Caller) -> None:
            request = SyncRequest(have=unit.replica.have(), wait_ms=10_000)
            assert (await answer(unit.replica, request, caller.let_others_see_first)).records
            done.append(name)

        async def shows(name: str) -> None:
            await wait(name, Caller(Door(DoorLimits(), None), None, "key of a display"))
            await asyncio.sleep(NEWS_TO_OWN_PROGRAMS_AFTER_S / 2)
            done.append(f"{name} painted")

        async with asyncio.TaskGroup() as waiting:
            waiting.create_task(wait("sync", the_caller()))
            for name in ("display 1", "display 2"):
                waiting.create_task(shows(name))
            await asyncio.sleep(0.01)
            await unit.cross(1)
        assert done == ["display 1", "display 2", "display 1 painted", "display 2 painted", "sync"]

    with_unit(tmp_path, story)


class _News:
    """Stands in for the replica: what it is told of has arrived."""

    def __init__(self) -> None:
        self.version = 0
        self._followers: list[Callable[[Any], None]] = []
        self._changed = asyncio.Event()

    def add_follower(self, follower: Callable[[Any], None]) -> None:
        self._followers.append(follower)

    def arrive(self, body: Body) -> None:
        kind = KIND_OF[type(body)]
        record = write_record(UNIT_A, stream="0" * 32, seq=1, previous="", stamp=1, kind=kind, body=body)
        for follower in self._followers:
            follower(record)
        self.version += 1
        self._changed.set()

    async def wait_for_news(self, version: int, timeout_s: float) -> bool:
        while self.version == version:
            self._changed.clear()
            await self._changed.wait()
        return True


def _passing(sensor: str) -> PassingRecorded:
    return PassingRecorded(
        sensor=sensor,
        sensor_boot="b",
        seq=1,
        track="1",
        boot_id="b",
        mono_ns=1,
        uncertainty_ns=1,
        received_mono_ns=1,
    )


BY_SENSOR, BY_HAND = _passing("beam-1"), _passing(MANUAL_SENSOR)
ACT = CompetitorRegistered(competitor_id="c", name="Ann")


@pytest.mark.parametrize(
    ("bodies", "after_s"),
    [
        ([BY_SENSOR], PASSING_SHOWN_AFTER_S),
        ([BY_SENSOR, BY_SENSOR], PASSING_SHOWN_AFTER_S),
        ([BY_HAND], 0),
        ([ACT], 0),
        ([BY_SENSOR, ACT], 0),
    ],
)
def test_the_touchscreen_has_a_tap_at_once_and_a_passing_once_displays_had_time_to_paint_it(
    bodies: Sequence[Body], after_s: float
) -> None:
    clock = ScriptedClock()

    async def story() -> None:
        news, shown = _News(), asyncio.Event()
        feed = SimpleNamespace(bump=shown.set)
        async with beside(follow_news(news, feed), name="news"):  # type: ignore[arg-type]
            for _ in range(2):  # what was shown holds for that time alone
                await asyncio.sleep(1)
                shown.clear()
                for body in bodies:
                    news.arrive(body)
                began_ns = clock.mono_ns()
                await shown.wait()
                assert clock.mono_ns() - began_ns == round(after_s * 1_000_000_000)

    run_jumping(clock, story())
