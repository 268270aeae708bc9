"""A unit whose machine is a day ahead, as processes: it is told so at its screen, and at central."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from pitboard.clock import SystemClock
from pitboard.errors import PeerLost
from pitboard.unit_api.unit_client import UnitLink
from sync.central.commands.admin_client import AdminClient
from sync.central.config import CentralConfig
from sync.central.ingest.unit_watch import UnitWatchView
from venue.demo.crew import Crew
from venue.demo.demo_venue import DemoVenue

STORY_MAX_S = 60
DAY_MS = 86_400_000
LIBRARIES = [
    Path("/usr/lib") / machine / "faketime/libfaketimeMT.so.1"
    for machine in ("x86_64-linux-gnu", "aarch64-linux-gnu", "arm-linux-gnueabihf")
]
FAKETIME = next((path for path in LIBRARIES if path.exists()), None)


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")
def test_a_machine_a_day_ahead_is_told_at_the_unit_and_at_central(tmp_path: Path) -> None:
    async def story() -> None:
        async with asyncio.timeout(STORY_MAX_S):
            await _a_day_ahead(tmp_path)

    asyncio.run(story())


async def _a_day_ahead(folder: Path) -> None:
    venue = DemoVenue.set_up(folder, has_windows=False)
    ahead = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+1d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    try:
        async with Crew.assembled(folder, {}) as crew:
            for program in ("central", "trackside", "sync"):
                environment = {} if program == "central" else ahead
                crew.add(program, program, "--config", venue.config(program), environment=environment)
                await crew.start(program)
            async with UnitLink.open(venue.socket_folder / "trackside.sock", clock=SystemClock()) as link:
                while "light.clock.ahead" not in await _said_by_the_unit(link):
                    await asyncio.sleep(0.1)
            admin = AdminClient(CentralConfig.load(folder / "central.toml").admin_socket)
            while True:
                view = await asyncio.to_thread(admin.ask, "/v1/admin/units/status", UnitWatchView)
                told = [unit.clock for unit in view.units if unit.clock is not None]
                if told:
                    break
                await asyncio.sleep(0.1)
            assert told[0].way == "ahead"
            assert abs(told[0].gap_ms - DAY_MS) < 5_000
            assert crew.unexpected_exits() == {}
    finally:
        shutil.rmtree(venue.socket_folder)


async def _said_by_the_unit(link: UnitLink) -> list[str]:
    try:
        screen = await link.screen(after=None)
    except PeerLost:
        return []  # it is just starting
    return [said.code for light in screen.lights for said in light.says]
