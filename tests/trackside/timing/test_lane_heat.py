"""A heat by lanes, from the lane timer's bytes to the board."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from firmware_bridge.config import SensorConfig
from firmware_bridge.decoders.lane_timers import LaneTime, encode_result
from firmware_bridge.lap_replay import laps_between
from firmware_bridge.makers.device_kinds import make_maker
from firmware_bridge.makers.reading import HoldOff
from pitboard.clock import ScriptedClock
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import view_board
from pitboard.race.bodies.event_bodies import EventConfigured, FormatSet
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.race.ranking.presets import preset
from pitboard.race.runs.run import Run
from pitboard.unit_api.official_acts import Arm, Confirm, Stop
from pitboard.unit_api.program_calls import Delivery
from tests.firmware_bridge.decoders.recorded_samples import FASTTRACK_LINE, FASTTRACK_RESULT
from tests.race_story import ROOT, UNIT_A, central_enrols
from trackside.timing.passing_intake import PassingIntake
from trackside.timing.run_control import RunControl

DRIVERS = ("Ann", "Bob", "Cid", "Dot")


class Derby:
    """A unit with a lane timer at its track."""

    def __init__(self, control: RunControl, clock: ScriptedClock, replica: Replica, kind: str) -> None:
        self.control = control
        self.clock = clock
        self.replica = replica
        self.sensor = SensorConfig(name="derby", kind=kind, port=Path("/dev/ttyUSB0"))  # type: ignore[arg-type]
        self.maker = make_maker(kind, sensor="derby", hold_off=HoldOff(hold_off_ms=500))
        self.intake = PassingIntake(control, track="1")

    async def arm(self, *drivers: str) -> str:
        """Arm a heat, the first driver on lane 1."""
        places = tuple(
            RunPlace(place=lane, competitor_id=driver, told_by="lane", lane=lane)
            for lane, driver in enumerate(drivers, start=1)
        )
        return (await self.control.carry_out(Arm(places=places)))["run_id"]

    async def print(self, line: bytes) -> None:
        reading = self.maker.feed(line, received_mono_ns=self.clock.mono_ns(), boot_id=self.clock.boot_id)
        passings = [self.sensor.placed(passing) for passing in reading.passings]
        if passings:
            await self.intake.take(Delivery(passings=passings))

    async def heat(self, *times_us: int | None) -> None:
        self.clock.advance(ms=12_000)
        order = sorted(time for time in times_us if time is not None)
        lanes = [
            LaneTime(lane=lane, time_us=time, place=None if time is None else order.index(time) + 1)
            for lane, time in enumerate(times_us, start=1)
        ]
        await self.print(encode_result(lanes))

    def times_ms(self, run_id: str) -> dict[str | None, Sequence[int]]:
        return {
            driven.competitor_id: [lap.lap_ns // 1_000_000 for lap in driven.laps]
            for driven in self.replica.fold.race.driven(run_id)
        }

    @property
    def run(self) -> Run:
        run = self.control.run
        assert run is not None
        return run


def at_the_derby(
    folder: Path, story: Callable[[Derby], Awaitable[None]], *, kind: str = "fasttrack", rules: str = "times"
) -> None:
    async def run() -> None:
        clock = ScriptedClock()
        derby: Format | None = preset(f"Pinewood derby, {rules}")
        assert derby is not None
        async with Replica.open(folder / "unit.db", root_key=ROOT.key, clock=clock) as replica:
            central = central_enrols(UNIT_A)
            central.say(FormatSet(name=derby.name, format=derby))
            central.say(EventConfigured(name="Derby", format=derby.name))
            for name in DRIVERS:
                central.say(CompetitorRegistered(competitor_id=name, name=name))
            await replica.accept(central.records)
            writing = await replica.open_stream(UNIT_A, "Derby")
            await story(
                Derby(RunControl(writing, clock, unit_key=UNIT_A.key, track="1"), clock, writing, kind)
            )

    asyncio.run(run())


def test_a_published_line_of_a_fast_track_gives_each_place_its_time(tmp_path: Path) -> None:
    async def story(derby: Derby) -> None:
        run_id = await derby.arm(*DRIVERS)
        derby.clock.advance(ms=10_000)
        await derby.print(FASTTRACK_LINE)
        printed = [lane.time_us for lane in FASTTRACK_RESULT.lanes[:4]]
        assert derby.times_ms(run_id) == {
            name: [time_us // 1_000] for name, time_us in zip(DRIVERS, printed, strict=True) if time_us
        }
        for driven in derby.replica.fold.race.driven(run_id):
            assert driven.laps[0].lap_ns % 1_000_000 == 0  # the device's own time, to the nanosecond
            assert driven.laps[0].uncertainty_ns <= 3_000_000
        assert derby.control.phase == "review"
        await derby.control.carry_out(Confirm(run_id=run_id))

    at_the_derby(tmp_path, story)


def test_four_heats_in_which_each_has_every_lane_make_the_board(tmp_path: Path) -> None:
    async def story(derby: Derby) -> None:
        speeds_us = {name: 3_000_000 + 100_000 * index for index, name in enumerate(DRIVERS)}
        for heat in range(4):
            drivers = DRIVERS[heat:] + DRIVERS[:heat]
            run_id = await derby.arm(*drivers)
            await derby.heat(*(speeds_us[name] + 1_000 * heat for name in drivers))
            await derby.control.carry_out(Confirm(run_id=run_id))
            derby.clock.advance(ms=5_000)
        board = view_board(derby.replica.fold)
        assert [(entry.name, entry.rank, entry.columns[0].value) for entry in board.entries] == [
            (name, rank, 4 * speeds_us[name] * 1_000 + 6_000_000)
            for rank, name in enumerate(DRIVERS, start=1)
        ]

    at_the_derby(tmp_path, story)


@pytest.mark.parametrize("kind", ["fasttrack", "champ"])
def test_who_did_not_finish_has_no_lap_and_the_others_have_theirs(tmp_path: Path, kind: str) -> None:
    async def story(derby: Derby) -> None:
        run_id = await derby.arm(*DRIVERS)
        await derby.heat(3_100_000, None, 3_300_000, 3_200_000)
        assert derby.times_ms(run_id) == {"Ann": [3_100], "Bob": [], "Cid": [3_300], "Dot": [3_200]}
        await derby.control.carry_out(Stop(run_id=run_id, mono_ns=derby.clock.mono_ns()))
        await derby.control.carry_out(Confirm(run_id=run_id))
        entries = view_board(derby.replica.fold).entries
        points = {entry.name: entry.columns[0].value for entry in entries}
        assert points == {"Ann": 4, "Dot": 3, "Cid": 2, "Bob": None}

    at_the_derby(tmp_path, story, kind=kind, rules="points")


def test_a_heat_that_began_before_anybody_was_armed_is_nobodys(tmp_path: Path) -> None:
    async def story(derby: Derby) -> None:
        derby.clock.advance(ms=60_000)
        run_id = await derby.arm(*DRIVERS)
        derby.clock.advance(ms=2_000)
        await derby.print(FASTTRACK_LINE)  # its first car came in before the heat was armed
        assert all(laps == [] for laps in derby.times_ms(run_id).values())
        await derby.heat(3_100_000, 3_000_000, 3_300_000, 3_200_000)
        assert derby.times_ms(run_id) == {"Ann": [3_100], "Bob": [3_000], "Cid": [3_300], "Dot": [3_200]}

    at_the_derby(tmp_path, story)


HEATS = ((10, FASTTRACK_LINE), (20, FASTTRACK_LINE.replace(b"A=4.009", b"A=4.010")))
"""Second and line of two heats; alike to the last digit they would be one, printed twice."""


def test_the_raw_log_read_again_names_the_same_passings() -> None:
    def read() -> list[tuple[str, int]]:
        maker = make_maker("fasttrack", sensor="derby", hold_off=HoldOff(hold_off_ms=0))
        return [
            (passing.sensor_boot, passing.seq)
            for second, line in HEATS
            for passing in maker.feed(line, received_mono_ns=second * 10**9, boot_id="boot").passings
        ]

    first = read()
    assert len(set(first)) == 16
    assert read() == first


def test_a_lane_timer_has_no_gate_of_its_own() -> None:
    sensor = SensorConfig(name="derby", kind="champ", port=Path("/dev/ttyUSB0"), gate="finish")
    assert "take the key out" in sensor.find_fault()


def test_the_laps_of_a_raw_log_are_those_of_the_lanes() -> None:
    maker = make_maker("fasttrack", sensor="derby", hold_off=HoldOff(hold_off_ms=0))
    passings = [
        passing
        for second, line in HEATS
        for passing in maker.feed(line, received_mono_ns=second * 10**9, boot_id="boot").passings
    ]
    times = [(lap.lane, lap.lap_ns) for lap in laps_between(passings)]
    printed = {lane.lane: lane.time_us * 1_000 for lane in FASTTRACK_RESULT.lanes if lane.time_us}
    later = {**printed, 1: printed[1] + 1_000_000}
    assert sorted(times) == sorted([*printed.items(), *later.items()])
