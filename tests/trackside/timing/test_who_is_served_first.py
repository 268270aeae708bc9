"""What waits for a lap in the hall goes before what the unit itself makes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pitboard.doors.caller import NEWS_TO_OWN_PROGRAMS_AFTER_S, Caller, Door, the_caller
from pitboard.doors.door_limits import DoorLimits
from sync.exchanging.exchange import SyncRequest, answer
from tests.trackside.unit_story import Unit, with_unit
from trackside.unit import follow_time


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
