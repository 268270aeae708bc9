"""Two mornings of a ski race as an ALGE timer tells them, with what went wrong on real ones.

The lines are made like recorded ones: a cancelled start, a finish given to the wrong racer, one impulse
that is the finish of three, a pair inserted ten minutes late, and impulses of nobody. The results are the
device's own net times, cut and not rounded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from firmware_bridge.decoders.alge import AlgeImpulse, encode_impulse
from firmware_bridge.makers.reading import HoldOff
from firmware_bridge.makers.timer_makers import AlgeMaker
from pitboard.clock import ScriptedClock
from pitboard.journal.replica import Replica
from pitboard.journal.views.run_views import view_run
from pitboard.journal.views.views import view_board
from pitboard.race.bodies.event_bodies import EventConfigured, FormatSet
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.unit_api.official_acts import Arm, Confirm, IgnorePassing, InsertPassing, Register
from pitboard.unit_api.program_calls import Delivery, Passing
from tests.race_story import ROOT, UNIT_A, central_enrols
from trackside.timing.passing_intake import PassingIntake
from trackside.timing.run_control import RunControl

SKI = Format(
    name="Alpine", clock="start-gate", ends="open", ranking="net", lap_min_ms=0, resolution_ns=10_000_000
)
BEGIN_US = 10 * 3_600_000_000


def at_us(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * 1_000_000 + int(fraction.ljust(6, "0"))


class SkiDay:
    """The timer's line, its maker, the unit, and the official at it."""

    def __init__(self, control: RunControl, clock: ScriptedClock, replica: Replica) -> None:
        self.control = control
        self.intake = PassingIntake(control, track="1")
        self.clock = clock
        self.replica = replica
        self.maker = AlgeMaker(sensor="alge", hold_off=HoldOff(hold_off_ms=300))
        self.runs: dict[int, str] = {}
        self.passings: dict[str, Passing] = {}

    async def arm(self, *numbers: int) -> None:
        for number in numbers:
            registered = await self.control.carry_out(Register(name=f"Racer {number}", number=str(number)))
            place = RunPlace(
                competitor_id=registered["competitor_id"], told_by="transponder", transponders=(number,)
            )
            self.runs[number] = (await self.control.carry_out(Arm(places=(place,))))["run_id"]

    async def line(self, flag: str, number: int, channel: str, time: str, *, printed: str = "") -> None:
        """One line of the device, printed a few milliseconds after its impulse, or as late as said."""
        impulse = AlgeImpulse(
            flag=flag, number=number, channel=channel, manual=False, time_of_day_us=at_us(time)
        )
        received_us = at_us(printed or time) - BEGIN_US + 12_000
        self.clock.now_mono_ns = max(self.clock.now_mono_ns, 1_000_000_000 + received_us * 1_000)
        passings = self.maker.feed(
            encode_impulse(impulse), received_mono_ns=self.clock.now_mono_ns, boot_id=self.clock.boot_id
        ).passings
        await self.intake.take(Delivery(passings=passings))
        for passing in passings:
            self.passings[f"{channel} {time}"] = passing

    def id_of(self, impulse: str) -> str:
        passing = self.passings[impulse]
        return f"{passing.sensor}/{passing.sensor_boot}/{passing.seq}"

    def net(self, number: int) -> list[str]:
        fold = self.replica.fold
        view = view_run(fold, fold.race.runs[self.runs[number]])
        return [f"{lap.lap_ns / 1e9:.2f}" for lap in view.laps]

    async def ignore(self, number: int, impulse: str) -> None:
        run_id = self.runs[number]
        await self.control.carry_out(IgnorePassing(run_id=run_id, passing_id=self.id_of(impulse)))

    async def insert(self, number: int, impulse: str) -> None:
        run_id = self.runs[number]
        await self.control.carry_out(InsertPassing(run_id=run_id, copy_of=self.id_of(impulse)))


async def morning(day: SkiDay) -> None:
    await day.line("?", 0, "C0", "10:00:12.0001")
    await day.arm(1)
    await day.line(" ", 1, "C0", "10:04:55.6513")
    await day.line("?", 0, "C1", "10:05:30.0298")
    await day.line(" ", 1, "C1", "10:05:55.4113")
    await day.arm(42, 43, 44)
    await day.line(" ", 42, "C0", "11:00:30.9700")
    await day.line(" ", 43, "C0", "11:00:54.2500")
    await day.line(" ", 44, "C0", "11:01:12.7100")
    await day.line(" ", 42, "C1", "11:01:49.1146")
    await day.line(" ", 43, "C1", "11:02:00.3564")


async def noon(day: SkiDay) -> None:
    await day.arm(96)
    await day.line("?", 0, "C1", "12:16:20.0000")
    await day.arm(131)
    await day.line(" ", 131, "C0", "12:31:16.7488")
    await day.line("c", 131, "C0", "12:31:16.7488", printed="12:31:30.0000")
    await day.line("i", 96, "C0", "12:16:38.5795", printed="12:31:35.0000")
    await day.line("i", 96, "C1", "12:17:36.8095", printed="12:31:36.0000")
    await day.line(" ", 131, "C0", "12:31:49.1918")
    await day.line(" ", 131, "C1", "12:32:47.4868")


def live(folder: Path, story: Callable[[SkiDay], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = ScriptedClock()
        async with Replica.open(folder / "unit.db", root_key=ROOT.key, clock=clock) as replica:
            central = central_enrols(UNIT_A)
            central.say(FormatSet(name="Alpine", format=SKI))
            central.say(EventConfigured(name="Ski day", format="Alpine"))
            await replica.accept(central.records)
            writing = await replica.open_stream(UNIT_A, "Finish")
            await story(SkiDay(RunControl(writing, clock, unit_key=UNIT_A.key, track="1"), clock, writing))

    asyncio.run(run())


def test_each_racers_net_time_is_the_devices_cut_and_not_rounded(tmp_path: Path) -> None:
    async def story(day: SkiDay) -> None:
        await morning(day)
        assert (day.net(1), day.net(42), day.net(43), day.net(44)) == (["59.76"], ["78.14"], ["66.10"], [])
        # The official takes 0043's finish back, and gives the impulse before it to 0043 and to 0044 as well.
        await day.ignore(43, "C1 11:02:00.3564")
        await day.insert(43, "C1 11:01:49.1146")
        await day.insert(44, "C1 11:01:49.1146")
        assert (day.net(42), day.net(43), day.net(44)) == (["78.14"], ["54.86"], ["36.40"])

        await noon(day)
        assert (day.net(96), day.net(131)) == (["58.23"], ["90.73"])
        await day.ignore(131, "C0 12:31:16.7488")
        assert day.net(131) == ["58.29"]  # 58.2950 s are not 58.30

        for run_id in day.runs.values():
            await day.control.carry_out(Confirm(run_id=run_id))
        board = [(entry.name, entry.columns[0].value) for entry in view_board(day.replica.fold).entries]
        assert board == [
            ("Racer 44", 36_400_000_000),
            ("Racer 43", 54_860_000_000),
            ("Racer 96", 58_230_000_000),
            ("Racer 131", 58_290_000_000),
            ("Racer 1", 59_760_000_000),
            ("Racer 42", 78_140_000_000),
        ]

    live(tmp_path, story)
