"""Sensor and bridge of a unit, modelled: passings are kept until acknowledged, logged, gated and delivered.

The gate is the real one. What it holds back stays in the raw log as evidence: a passing is never without a
passing of its own or one within the hold-off beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from msgspec.structs import replace

from firmware_bridge.makers.reading import HoldOff, lane_at
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
class TruePassing:
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
    def passing_id(self) -> str:
        return f"{SENSOR}/{self.sensor_boot}/{self.seq}"


@dataclass(slots=True)
class RawLog:
    """The bridge's durable spool of one card."""

    passings: dict[str, TruePassing] = field(default_factory=dict)
    loop_lines: list[LoggedLine] = field(default_factory=list)

    def copy(self) -> RawLog:
        return RawLog(dict(self.passings), list(self.loop_lines))


class Sensor:
    """Keeps each passing until the bridge has it durably; forgets everything when the power goes."""

    def __init__(self, world: World) -> None:
        self.unacknowledged: dict[int, TruePassing] = {}
        # What a real device forgets; kept to check on the bridge.
        self.acknowledged: dict[str, TruePassing] = {}
        self.news = asyncio.Event()
        self._world = world
        self._boot = world.new_id()[:6]
        self._seq = 0

    def sense(self, clock: MachineClock) -> TruePassing:
        """A car, or a bounce, breaks the beam now."""
        self._seq += 1
        chance = self._world.chance
        passing = TruePassing(
            self._seq,
            self._world.loop.now_ns,
            self._boot,
            clock.boot_id,
            clock.mono_ns(),
            lane=chance.choice(self._world.plan.lanes),
            transponder=chance.choice(self._world.plan.transponders),
            gate=chance.choice(self._world.plan.gates),
            track=chance.choice((None,) * 6 + ("2",)),
        )
        self.unacknowledged[passing.seq] = passing
        self.news.set()
        return passing

    def acknowledge(self, passing: TruePassing) -> None:
        """The bridge has it durably, so the device forgets it."""
        self.unacknowledged.pop(passing.seq, None)
        self.acknowledged[passing.passing_id] = passing

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
        self._waiting: list[TruePassing] = []

    @property
    def has_waiting(self) -> bool:
        """Return whether something is spooled that trackside has not acknowledged."""
        return bool(self._waiting)

    async def run(self, intake: PassingIntake) -> None:
        """Deliver what the raw log holds and trackside lacks, then what comes."""
        self._gate = HoldOff(hold_off_ms=HOLD_OFF_MS)
        rebuilt = [passing for passing in self._raw_log.passings.values() if self.keeps(passing)]
        self._waiting = [passing for passing in rebuilt if not _is_known(intake, passing)]
        while True:
            await self._read()
            if self._waiting:
                await self._deliver(intake)
            elif not self._sensor.unacknowledged:
                self._sensor.news.clear()
                await self._sensor.news.wait()
            else:
                await asyncio.sleep(RESEND_S)

    def keeps(self, passing: TruePassing) -> bool:
        """Return whether the bridge lets the passing through; what is held back stays in the raw log."""
        return self._gate.lets_through(passing.mono_ns, boot_id=passing.boot_id)

    async def _read(self) -> None:
        """Take the lines that come through the wire into the raw log, and only then acknowledge them."""
        chance = self._world.chance
        lines = [passing for passing in self._sensor.unacknowledged.values() if chance.random() > 0.1]
        if not lines:
            return
        await asyncio.sleep(chance.uniform(0.001, 0.02))
        for passing in lines:
            if passing.passing_id not in self._raw_log.passings:
                self._raw_log.passings[passing.passing_id] = passing
                if self.keeps(passing):
                    self._waiting.append(passing)
            self._sensor.acknowledge(passing)

    async def _deliver(self, intake: PassingIntake) -> None:
        batch = self._waiting[:DELIVERY_MAX_COUNT]
        chance = self._world.chance
        try:
            await asyncio.wait_for(
                intake.take(Delivery(passings=[_delivered(passing) for passing in batch])), 2.0
            )
        except TimeoutError:
            return
        if chance.random() > 0.1:  # else the answer was lost on its way
            del self._waiting[: len(batch)]
            self._world.trace.say(self._name, f"bridge delivered {len(batch)}")


def _delivered(passing: TruePassing) -> Passing:
    delivered = Passing(
        sensor=SENSOR,
        sensor_boot=passing.sensor_boot,
        seq=passing.seq,
        channel=1,
        boot_id=passing.boot_id,
        mono_ns=passing.mono_ns,
        uncertainty_ns=1_000,
        received_mono_ns=passing.mono_ns,
        tick_us=passing.true_ns // 1_000,
        lane=passing.lane,
        transponder=passing.transponder,
        gate=passing.gate,
        track=passing.track,
    )
    return replace(delivered, lane=lane_at(passing.gate, delivered, has_lanes=False))


def _is_known(intake: PassingIntake, passing: TruePassing) -> bool:
    return any(first <= passing.seq <= last for first, last in intake.known(SENSOR, passing.sensor_boot))
