"""A trackside unit in a test: real journal, scripted clock, no process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from pitboard.clock import ScriptedClock
from pitboard.journal.replica import Replica
from pitboard.race.bodies.verdict_bodies import Verdict
from pitboard.race.runs.run import Run
from pitboard.unit_api.official_acts import Arm, Confirm, Discard, Judge, ManualPassing, Register, Stop
from pitboard.unit_api.program_calls import Delivery, Passing
from tests.race_story import ROOT, UNIT_A, central_enrols
from trackside.api.screen_feed import ScreenFeed
from trackside.timing.appointing import Appointing
from trackside.timing.lights import Lights
from trackside.timing.passing_intake import PassingIntake
from trackside.timing.run_control import RunControl
from trackside.timing.sign_in import SignIn


@dataclass
class Acting:
    """The official's acts in the words of the tests."""

    run_control: RunControl

    async def register(self, name: str) -> str:
        return (await self.run_control.carry_out(Register(name=name)))["competitor_id"]

    async def arm(self, competitor_id: str) -> str:
        return (await self.run_control.carry_out(Arm(competitor_id=competitor_id)))["run_id"]

    async def stop(self, run_id: str, mono_ns: int) -> None:
        await self.run_control.carry_out(Stop(run_id=run_id, mono_ns=mono_ns))

    async def record_manual_passing(self, run_id: str, mono_ns: int) -> None:
        await self.run_control.carry_out(ManualPassing(run_id=run_id, mono_ns=mono_ns))

    async def judge(self, run_id: str, lap_id: str, verdict: Verdict) -> None:
        await self.run_control.carry_out(Judge(run_id=run_id, lap_id=lap_id, verdict=verdict))

    async def confirm(self, run_id: str) -> None:
        await self.run_control.carry_out(Confirm(run_id=run_id))

    async def discard(self, run_id: str) -> None:
        await self.run_control.carry_out(Discard(run_id=run_id))


@dataclass
class Unit:
    """The parts of a unit around one replica."""

    replica: Replica
    clock: ScriptedClock
    run_control: RunControl
    intake: PassingIntake
    lights: Lights
    feed: ScreenFeed
    sign_in: SignIn
    appointing: Appointing

    @property
    def acting(self) -> Acting:
        return Acting(self.run_control)

    @property
    def run(self) -> Run:
        run = self.run_control.run
        assert run is not None
        return run

    async def cross(self, *seqs: int, sensor_boot: str = "dev") -> None:
        """Cars cross the beam now; the bridge delivers at once."""
        await self.intake.take(
            Delivery(passings=[self.passing(seq, sensor_boot=sensor_boot) for seq in seqs])
        )

    def passing(self, seq: int, *, sensor_boot: str = "dev", mono_ns: int | None = None) -> Passing:
        mono_ns = self.clock.now_mono_ns if mono_ns is None else mono_ns
        return Passing(
            sensor="beam-1",
            sensor_boot=sensor_boot,
            seq=seq,
            channel=1,
            boot_id=self.clock.boot_id,
            mono_ns=mono_ns,
            uncertainty_ns=1_000,
            received_mono_ns=mono_ns,
        )

    async def arm_new(self, name: str = "Ann") -> str:
        return await self.acting.arm(await self.acting.register(name))


def with_unit(
    folder: Path,
    story: Callable[[Unit], Awaitable[None]],
    *,
    clock: ScriptedClock | None = None,
    is_enrolled: bool = True,
) -> None:
    """Run the story on a unit whose journal is in `folder`; a second call is the unit restarted."""

    async def run() -> None:
        the_clock = clock or ScriptedClock()
        async with Replica.open(folder / "unit.db", root_key=ROOT.key, clock=the_clock) as replica:
            if is_enrolled and not replica.have():
                await replica.accept(central_enrols(UNIT_A).records)
            replica = await replica.open_stream(UNIT_A, "Track A")
            run_control = RunControl(replica, the_clock, unit_key=UNIT_A.key, track="1")
            await run_control.resume()
            lights = Lights(replica, the_clock, unit_key=UNIT_A.key, journal_folder=folder)
            unit = Unit(
                replica=replica,
                clock=the_clock,
                run_control=run_control,
                intake=PassingIntake(run_control, track="1"),
                lights=lights,
                feed=ScreenFeed(replica, run_control, lights, unit="Track A"),
                sign_in=SignIn(
                    folder / "tries", the_clock, lambda: replica.fold.race.roll.officials(), UNIT_A
                ),
                appointing=Appointing(replica, unit_key=UNIT_A.key),
            )
            await story(unit)

    asyncio.run(run())
