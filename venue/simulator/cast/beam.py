"""Sensor and bridge of a unit, modelled: trips are kept until acknowledged, raw-logged, gated and delivered.

The gate is the real one. What it holds back stays in the raw log as evidence: a trip is never without a
passing of its own or one within the hold-off beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from firmware_bridge.makers.reading import HoldOff
from pitboard.unit_api.program_calls import Delivery, Passing
from trackside.timing.passing_intake import PassingIntake
from venue.simulator.cast.set_clock_loop import LoggedLine
from venue.simulator.world.virtual_loop import MachineClock
from venue.simulator.world.world import World

HOLD_OFF_MS = 250
RESEND_S = 0.4
DELIVERY_MAX_COUNT = 4
SENSOR = "beam-1"


@dataclass(frozen=True, slots=True)
class Trip:
    """The beam was broken: when in truth, and what the device and the host say of that instant."""

    seq: int
    true_ns: int
    sensor_boot: str
    boot_id: str
    mono_ns: int
    lane: int | None = None
    transponder: int | None = None
    gate: str = "finish"
    track: str | None = None

    @property
    def passing(self) -> str:
        return f"{SENSOR}/{self.sensor_boot}/{self.seq}"


@dataclass(slots=True)
class RawLog:
    """The bridge's durable spool of one card."""

    trips: dict[str, Trip] = field(default_factory=dict)
    loop_lines: list[LoggedLine] = field(default_factory=list)

    def copy(self) -> RawLog:
        return RawLog(dict(self.trips), list(self.loop_lines))


class Sensor:
    """Keeps each trip until the bridge has it durably; forgets everything when the power goes."""

    def __init__(self, world: World) -> None:
        self.unacknowledged: dict[int, Trip] = {}
        self.acknowledged: dict[str, Trip] = {}  # what a real device forgets, kept to check on the bridge
        self.news = asyncio.Event()
        self._world = world
        self._boot = world.new_id()[:6]
        self._seq = 0

    def trip(self, clock: MachineClock) -> Trip:
        """A car, or a bounce, breaks the beam now."""
        self._seq += 1
        chance = self._world.chance
        trip = Trip(
            self._seq,
            self._world.loop.now_ns,
            self._boot,
            clock.boot_id,
            clock.mono_ns(),
            lane=chance.choice((None, 1, 2)),
            transponder=chance.choice((None, None, None, 7, 7, 8)),
            gate=chance.choice(("finish",) * 6 + ("start", "split")),
            track=chance.choice((None,) * 6 + ("2",)),
        )
        self.unacknowledged[trip.seq] = trip
        self.news.set()
        return trip

    def acknowledge(self, trip: Trip) -> None:
        """The bridge has it durably, so the device forgets it."""
        self.unacknowledged.pop(trip.seq, None)
        self.acknowledged[trip.passing] = trip

    def cut_power(self) -> None:
        self.unacknowledged.clear()
        self._boot, self._seq = self._world.new_id()[:6], 0


class Bridge:
    """One process: reads the sensor, spools, gates, and delivers until trackside says that it has all."""

    def __init__(self, world: World, name: str, sensor: Sensor, raw_log: RawLog) -> None:
        self._world = world
        self._name = name
        self._sensor = sensor
        self._raw_log = raw_log
        self._gate = HoldOff(hold_off_ms=HOLD_OFF_MS)
        self._waiting: list[Trip] = []

    @property
    def has_waiting(self) -> bool:
        """Return whether something is spooled that trackside has not acknowledged."""
        return bool(self._waiting)

    async def run(self, intake: PassingIntake) -> None:
        """Deliver what the raw log holds and trackside lacks, then what comes."""
        self._gate = HoldOff(hold_off_ms=HOLD_OFF_MS)
        rebuilt = [trip for trip in self._raw_log.trips.values() if self.keeps(trip)]
        self._waiting = [trip for trip in rebuilt if not _is_known(intake, trip)]
        while True:
            await self._read()
            if self._waiting:
                await self._deliver(intake)
            elif not self._sensor.unacknowledged:
                self._sensor.news.clear()
                await self._sensor.news.wait()
            else:
                await asyncio.sleep(RESEND_S)

    def keeps(self, trip: Trip) -> bool:
        """Return whether the trip is a passing; what is held back stays in the raw log."""
        return self._gate.lets_through(trip.mono_ns, boot_id=trip.boot_id)

    async def _read(self) -> None:
        """Take the lines that come through the wire into the raw log, and only then acknowledge them."""
        chance = self._world.chance
        lines = [trip for trip in self._sensor.unacknowledged.values() if chance.random() > 0.1]
        if not lines:
            return
        await asyncio.sleep(chance.uniform(0.001, 0.02))
        for trip in lines:
            if trip.passing not in self._raw_log.trips:
                self._raw_log.trips[trip.passing] = trip
                if self.keeps(trip):
                    self._waiting.append(trip)
            self._sensor.acknowledge(trip)

    async def _deliver(self, intake: PassingIntake) -> None:
        batch = self._waiting[:DELIVERY_MAX_COUNT]
        chance = self._world.chance
        try:
            await asyncio.wait_for(intake.take(Delivery(passings=[_delivered(trip) for trip in batch])), 2.0)
        except TimeoutError:
            return
        if chance.random() > 0.1:  # else the answer was lost on its way
            del self._waiting[: len(batch)]
            self._world.trace.say(self._name, f"bridge delivered {len(batch)}")


def _delivered(trip: Trip) -> Passing:
    return Passing(
        sensor=SENSOR,
        sensor_boot=trip.sensor_boot,
        seq=trip.seq,
        channel=1,
        boot_id=trip.boot_id,
        mono_ns=trip.mono_ns,
        uncertainty_ns=1_000,
        received_mono_ns=trip.mono_ns,
        tick_us=trip.true_ns // 1_000,
        lane=trip.lane,
        transponder=trip.transponder,
        gate=trip.gate,
        track=trip.track,
    )


def _is_known(intake: PassingIntake, trip: Trip) -> bool:
    return any(first <= trip.seq <= last for first, last in intake.known(SENSOR, trip.sensor_boot))
