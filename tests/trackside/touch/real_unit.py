"""A whole unit on this machine's clock, behind a real socket: what an official's taps truly do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pitboard.clock import SystemClock
from pitboard.doors.http_api import bound_unix, serve_bound_unix
from pitboard.journal.replica import Replica
from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.people_bodies import OfficialAppointed
from pitboard.unit_api.program_calls import Delivery, Passing
from tests.race_story import ROOT, UNIT_A, central_enrols
from trackside.api.local_api import LocalApi
from trackside.api.screen_feed import ScreenFeed
from trackside.timing.appointing import Appointing
from trackside.timing.lights import Lights
from trackside.timing.passing_intake import PassingIntake
from trackside.timing.run_control import RunControl
from trackside.timing.sign_in import SignIn
from trackside.unit import follow_news, follow_time

LAP_MIN_MS = 40
_NS_PER_MS = 1_000_000


class RealUnit:
    """`serve` runs it; cars cross by `cross`, now or a while ago."""

    def __init__(self, journal: Path, *, officials: Sequence[OfficialAppointed] = ()) -> None:
        self._journal = journal
        self._officials = officials
        self.clock = SystemClock()
        self._seq = 0
        self.run_control: RunControl
        self.feed: ScreenFeed
        self._intake: PassingIntake

    @asynccontextmanager
    async def serve(self, socket: Path) -> AsyncIterator[None]:
        central = central_enrols(UNIT_A)
        central.say(EventConfigured(name="Test race", lap_min_ms=LAP_MIN_MS))
        for official in self._officials:
            central.say(official)
        async with Replica.open(self._journal, root_key=ROOT.key, clock=self.clock) as reader:
            await reader.accept(central.records)
            replica = await reader.open_stream(UNIT_A, "Track A")
            self.run_control = RunControl(replica, self.clock, unit_key=UNIT_A.key, track="1")
            lights = Lights(replica, self.clock, unit_key=UNIT_A.key, journal_folder=self._journal.parent)
            self.feed = ScreenFeed(replica, self.run_control, lights, unit="Track A")
            self._intake = PassingIntake(self.run_control, track="1")
            api = LocalApi(
                replica=replica,
                run_control=self.run_control,
                intake=self._intake,
                lights=lights,
                feed=self.feed,
                sign_in=SignIn(
                    self._journal.with_suffix(".tries"),
                    self.clock,
                    lambda: replica.fold.race.roll.officials(),
                    UNIT_A,
                ),
                appointing=Appointing(replica, unit_key=UNIT_A.key),
            )
            with bound_unix(socket) as listener:
                async with serve_bound_unix(api.app(), listener), asyncio.TaskGroup() as tasks:
                    followers = [
                        tasks.create_task(follow_news(replica, self.feed)),
                        tasks.create_task(follow_time(replica, self.run_control, self.clock)),
                    ]
                    yield
                    for follower in followers:
                        follower.cancel()

    async def cross(self, *, ms_ago: int = 0) -> None:
        """A car crosses the beam."""
        self._seq += 1
        mono_ns = self.clock.mono_ns()
        passing = Passing(
            sensor="beam-1",
            sensor_boot="dev",
            seq=self._seq,
            channel=1,
            boot_id=self.clock.boot_id,
            mono_ns=mono_ns - ms_ago * _NS_PER_MS,
            uncertainty_ns=1_000,
            received_mono_ns=mono_ns,
        )
        await self._intake.take(Delivery(passings=[passing]))
