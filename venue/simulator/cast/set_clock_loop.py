"""A bought decoder beside each unit's track, whose clock is set, drifts and leaps, read by the real makers.

No run is timed by it: its passings are of a track of its own, and the judge holds each lap between two of
them against the truth. It keeps its own power; a line sent while the bridge is down is lost.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from firmware_bridge.decoders.alge import AlgeImpulse, encode_impulse
from firmware_bridge.decoders.decoder import DAY_US
from firmware_bridge.makers.device_kinds import make_maker
from firmware_bridge.makers.reading import HoldOff
from firmware_bridge.simulated.p3_simulator import SimulatedP3
from pitboard.unit_api.program_calls import NAMED_BY_TIME, Delivery, Passing
from trackside.timing.passing_intake import PassingIntake
from venue.simulator.world.virtual_loop import MachineClock
from venue.simulator.world.world import World

LOOP_TRACK = "loop"
SENSOR = "loop"
KINDS = ("p3", "tns", "alge")
STARTED = datetime(2026, 6, 6, 23, 59, 50, tzinfo=UTC)
STEPS_MS = (-3_600_000, -18_000, -12_000, -5_000, -1_000, -300, -40, 40, 300, 1_000, 2_500, 18_000, 3_600_000)
DRIFT_MAX_PPB = 40_000
JITTER_MS = 2.0
DELIVERY_MAX_COUNT = 50
# A clock that is set while the very line that would show it is held up cannot be told: that does not happen.
QUIET_LINES_COUNT = 4


@dataclass(frozen=True, slots=True)
class LoggedLine:
    """What the bridge wrote to its raw log, and when the car truly passed, which it does not know."""

    data: bytes
    received_mono_ns: int
    boot_id: str
    true_ns: int


@dataclass(slots=True)
class LoopDevice:
    """One decoder; its clock runs on whatever happens to the unit."""

    chance: Random
    often: int = 1
    """How many times as often as on a long day its clock is set, or a line held up."""
    kind: str = ""
    drift_ppb: int = 0
    set_ms: int = 0
    number: int = 0
    quiet_count: int = QUIET_LINES_COUNT
    held_up_s: float = 0.0
    stamped: dict[str, int] = field(default_factory=dict)
    """Passing id -> when the car truly passed."""
    true_ns_in: dict[tuple[str, int], int] = field(default_factory=dict)
    """The same by boot and arrival: two machines with one key, or with and without a log, share ids."""

    def __post_init__(self) -> None:
        self.kind = self.chance.choice(KINDS)
        self.drift_ppb = self.chance.randint(-DRIFT_MAX_PPB, DRIFT_MAX_PPB)

    def line(self, true_ns: int) -> bytes:
        """Return what it says of a car that passes now."""
        self.number += 1
        ticks_us = true_ns * (10**9 + self.drift_ppb) // 10**12
        at = STARTED + timedelta(microseconds=ticks_us, milliseconds=self.set_ms)
        if self.kind == "p3":
            device = SimulatedP3(first_passing_number=self.number)
            return device.passing(transponder=7, rtc_us=int(at.timestamp() * 1_000) * 1_000)
        if self.kind == "tns":
            said = f"t={at:%H:%M:%S}.{at.microsecond // 1_000:03}|c=CAR7|d={at:%y%m%d}|l=1|dv=1|n=1"
            return f"Loop@Passing@{said}@{self.number}@$".encode()
        of_day_us = (at - datetime(2026, 6, 6, tzinfo=UTC)) // timedelta(microseconds=1) % DAY_US
        return encode_impulse(
            AlgeImpulse(flag=" ", number=1, channel="C1", manual=False, time_of_day_us=of_day_us // 100 * 100)
        )

    def held_up_by(self, seconds: float) -> float:
        """Return for how long a line is held up: often as long as the last, as by a link that sends again."""
        if not self.held_up_s or self.number % 2:
            self.held_up_s = seconds
        return self.held_up_s

    def happens(self, probability: float) -> bool:
        """Return whether one of the rare things happens now; after one the next lines are quiet."""
        if self.quiet_count > 0 or self.chance.random() > probability * self.often:
            return False
        self.quiet_count = QUIET_LINES_COUNT
        return True


class LoopBridge:
    """One process: makes the passings of its raw log anew, then reads the device."""

    def __init__(self, world: World, clock: MachineClock, device: LoopDevice, log: list[LoggedLine]) -> None:
        self._world = world
        self._clock = clock
        self._device = device
        self._log = log
        self._maker = make_maker(device.kind, sensor=SENSOR, hold_off=HoldOff(hold_off_ms=0))

    async def run(self, intake: PassingIntake) -> None:
        """Deliver what the raw log holds and what comes, until killed."""
        waiting = [passing for line in self._log for passing in self._take(line)]
        self._maker.open_port()
        chance, device = self._world.chance, self._device
        while True:
            waiting = await self._deliver(intake, waiting)
            await asyncio.sleep(chance.uniform(0.6, 1.8))  # nearer lines may be held up together
            device.quiet_count -= 1
            if device.happens(0.1):
                device.set_ms += chance.choice(STEPS_MS)
            true_ns = self._world.loop.now_ns
            data = device.line(true_ns)
            held_up_s = device.held_up_by(chance.uniform(0.3, 4.0)) if device.happens(0.06) else 0.0
            await asyncio.sleep(0.001 + min(chance.expovariate(1_000 / JITTER_MS), 0.02) + held_up_s)
            line = LoggedLine(data, self._clock.mono_ns(), self._clock.boot_id, true_ns)
            self._log.append(line)
            waiting += self._take(line)

    def _take(self, line: LoggedLine) -> list[Passing]:
        reading = self._maker.feed(line.data, received_mono_ns=line.received_mono_ns, boot_id=line.boot_id)
        for passing in reading.passings:
            name = f"{passing.sensor}/{passing.sensor_boot}/{passing.seq}"
            if passing.sensor_boot.startswith(NAMED_BY_TIME):
                # Where its log is lost the bridge cannot know better: trackside tells the two apart.
                name = f"{name} of {passing.boot_id}"
            if self._device.stamped.setdefault(name, line.true_ns) != line.true_ns:
                self._world.truth.violate("one-name-one-passing", f"{name} names two passings")
            self._device.true_ns_in[passing.boot_id, passing.received_mono_ns] = line.true_ns
        return reading.passings

    async def _deliver(self, intake: PassingIntake, waiting: list[Passing]) -> list[Passing]:
        """Return what is still to be delivered: nothing, or all where no answer came in time."""
        delivered = [_delivered(passing) for passing in waiting[:DELIVERY_MAX_COUNT]]
        if not delivered:
            return waiting
        try:
            await asyncio.wait_for(intake.take(Delivery(passings=delivered)), 2.0)
        except TimeoutError:
            return waiting
        return waiting[DELIVERY_MAX_COUNT:]


def _delivered(passing: Passing) -> Passing:
    fields = {**msgspec.structs.asdict(passing), "track": LOOP_TRACK}
    return Passing(**fields)
