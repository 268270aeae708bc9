"""Lets simulated cars cross a simulated sensor in real time, on a real pseudo-terminal.

A line carries the planned instant of its passing, however late this process wakes up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import BinaryIO

import msgspec

from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.simulated.simulated_sensor import (
    SILENCE_NS,
    FaultPlan,
    NoisyWire,
    SensorLine,
    SimulatedSensor,
)
from pitboard.clock import Clock


class Crossed(msgspec.Struct, kw_only=True):
    """`written_mono_ns`: the first sending; `intact_mono_ns`: the first that left undamaged."""

    sensor_boot: str
    seq: int
    channel: int
    true_mono_ns: int
    tick_us: int
    written_mono_ns: int | None = None
    intact_mono_ns: int | None = None


class TruthLog:
    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file
        self._waiting: dict[tuple[str, int], Crossed] = {}

    @classmethod
    @contextmanager
    def open(cls, path: Path | None) -> Iterator[TruthLog]:
        if path is None:
            log = cls(None)
            yield log
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb", buffering=0) as file:
            log = cls(file)
            try:
                yield log
            finally:
                log.finish()

    def note_passing(self, crossed: Crossed) -> None:
        self._waiting[crossed.sensor_boot, crossed.seq] = crossed

    def note_sending(self, sensor_boot: str, seq: int, *, mono_ns: int, is_intact: bool) -> None:
        """Note that bytes of this passing were written; repeats after the first whole one change nothing."""
        crossed = self._waiting.get((sensor_boot, seq))
        if crossed is None:
            return
        if crossed.written_mono_ns is None:
            crossed.written_mono_ns = mono_ns
        if is_intact:
            crossed.intact_mono_ns = mono_ns
            self._write(crossed)
            del self._waiting[sensor_boot, seq]

    def finish(self) -> None:
        for crossed in self._waiting.values():
            self._write(crossed)
        self._waiting.clear()

    def _write(self, crossed: Crossed) -> None:
        if self._file is not None:
            self._file.write(msgspec.json.encode(crossed) + b"\n")


CAR_LENGTH_MIN_MM = 300
CAR_LENGTH_MAX_MM = 500
PASSING_SPEED_MIN_MM_S = 3_000
PASSING_SPEED_MAX_MM_S = 9_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePassing:
    """The nose of the car reaches the beam at `true_mono_ns` and its tail leaves `blocked_ns` later."""

    true_mono_ns: int
    blocked_ns: int
    channel: int = 1


class SimulatedCars:
    """One car at a time, for ever."""

    def __init__(self, *, random: Random, lap_min_ms: int, lap_max_ms: int, started_mono_ns: int) -> None:
        self._random = random
        self._lap_min_ns = lap_min_ms * 1_000_000
        self._lap_max_ns = lap_max_ms * 1_000_000
        self._next = self._passing_after(started_mono_ns)

    @property
    def next_passing(self) -> TruePassing:
        return self._next

    def drive_on(self) -> TruePassing:
        """Return the true passing that is next, and drive another lap."""
        true_passing = self._next
        self._next = self._passing_after(true_passing.true_mono_ns)
        return true_passing

    def _passing_after(self, mono_ns: int) -> TruePassing:
        length_mm = self._random.randint(CAR_LENGTH_MIN_MM, CAR_LENGTH_MAX_MM)
        speed_mm_s = self._random.randint(PASSING_SPEED_MIN_MM_S, PASSING_SPEED_MAX_MM_S)
        return TruePassing(
            true_mono_ns=mono_ns + self._random.randint(self._lap_min_ns, self._lap_max_ns),
            blocked_ns=length_mm * 1_000_000_000 // speed_mm_s,
        )


# A restart costs no passing: nothing waits in the device, and no car comes while it starts.
RESTART_CLEAR_NS = 500_000_000
STOP_MAX_NS = 2_000_000_000

log = logging.getLogger(__name__)


class SimulatedTrack:
    """One car, one sensor, one line. `has_noise` brings damage, silences and restarts."""

    def __init__(
        self,
        *,
        seed: int,
        lap_min_ms: int,
        lap_max_ms: int,
        has_noise: bool,
        terminal: PseudoTerminal,
        truth: TruthLog,
        clock: Clock,
    ) -> None:
        now = clock.mono_ns()
        self._clock = clock
        self._terminal = terminal
        self._truth = truth
        self._sensor = SimulatedSensor(random=Random(f"sensor {seed}"), now_mono_ns=now)
        self._cars = SimulatedCars(
            random=Random(f"cars {seed}"), lap_min_ms=lap_min_ms, lap_max_ms=lap_max_ms, started_mono_ns=now
        )
        self._wire_out = NoisyWire(random=Random(f"wire out {seed}")) if has_noise else None
        self._wire_in = NoisyWire(random=Random(f"wire in {seed}")) if has_noise else None
        self._faults = FaultPlan(random=Random(f"faults {seed}"), started_mono_ns=now) if has_noise else None
        self._woken = asyncio.Event()
        self._stops_at_mono_ns: int | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Drive until `stop` is set, and then until the host has acknowledged every passing, or does not."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._terminal.fileno(), self._hear_host)
        try:
            async with asyncio.TaskGroup() as tasks:
                stopping = tasks.create_task(self._stop_when(stop), name="stop")
                await self._drive()
                stopping.cancel()
        finally:
            loop.remove_reader(self._terminal.fileno())

    async def _drive(self) -> None:
        while not self._is_done():
            self._step(self._clock.mono_ns())
            wait_ns = self._next_due_mono_ns() - self._clock.mono_ns()
            if wait_ns > 0:
                await self._wait(wait_ns)

    async def _stop_when(self, stop: asyncio.Event) -> None:
        """Let no car cross any more, and end a silence; what the device holds is still delivered."""
        await stop.wait()
        now = self._clock.mono_ns()
        self._stops_at_mono_ns = now + STOP_MAX_NS
        self._faults = None
        self._sensor.fall_silent(now)
        self._woken.set()

    def _is_done(self) -> bool:
        if self._stops_at_mono_ns is None:
            return False
        return self._sensor.is_ring_empty or self._clock.mono_ns() >= self._stops_at_mono_ns

    async def _wait(self, wait_ns: int) -> None:
        self._woken.clear()
        try:
            async with asyncio.timeout(wait_ns / 1e9):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _next_due_mono_ns(self) -> int:
        due = self._sensor.next_due_mono_ns
        if self._stops_at_mono_ns is not None:
            return min(due, self._stops_at_mono_ns)
        due = min(due, self._cars.next_passing.true_mono_ns)
        return due if self._faults is None else min(due, self._faults.silence_mono_ns)

    def _step(self, now: int) -> None:
        while self._stops_at_mono_ns is None and self._cars.next_passing.true_mono_ns <= now:
            self._cross()
        if self._faults is not None:
            self._fail(self._faults, now)
        for line in self._sensor.lines_due(now):
            self._write(line)

    def _cross(self) -> None:
        true_passing = self._cars.drive_on()
        passing = self._sensor.cross(
            true_passing.true_mono_ns, channel=true_passing.channel, blocked_ns=true_passing.blocked_ns
        )
        self._truth.note_passing(
            Crossed(
                sensor_boot=passing.boot,
                seq=passing.seq,
                channel=passing.channel,
                true_mono_ns=true_passing.true_mono_ns,
                tick_us=passing.unwrapped_us,
            )
        )

    def _fail(self, faults: FaultPlan, now: int) -> None:
        if now >= faults.silence_mono_ns:
            log.info("simulated fault: the sensor falls silent for %d ms", SILENCE_NS // 1_000_000)
            self._sensor.fall_silent(now + SILENCE_NS)
            faults.plan_silence()
        is_clear = self._cars.next_passing.true_mono_ns - now > RESTART_CLEAR_NS
        if now >= faults.restart_mono_ns and self._sensor.is_ring_empty and is_clear:
            self._sensor.restart(now)
            log.info("simulated fault: the sensor restarts as %s", self._sensor.boot)
            faults.plan_restart()

    def _write(self, line: SensorLine) -> None:
        data, is_intact = line.data, True
        if self._wire_out is not None:
            arrived = self._wire_out.carry(line.data)
            data, is_intact = arrived.data, arrived.is_intact
        mono_ns = self._clock.mono_ns()
        written = self._terminal.write(data)
        if line.seq is not None and written:
            self._truth.note_sending(
                line.boot,
                line.seq,
                mono_ns=mono_ns,
                is_intact=is_intact and written == len(data),
            )

    def _hear_host(self) -> None:
        data = self._terminal.read()
        if data and self._wire_in is not None:
            data = self._wire_in.carry(data).data
        self._sensor.receive(data)
        self._woken.set()
