"""Lets simulated cars cross a simulated sensor in real time, on a real pseudo-terminal.

A trip carries the planned instant of the crossing, however late this process wakes up."""

from __future__ import annotations

import asyncio
import logging
from random import Random

from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.simulated.simulated_cars import SimulatedCars
from firmware_bridge.simulated.simulated_faults import SILENCE_NS, FaultPlan, NoisyWire
from firmware_bridge.simulated.simulated_sensor import SensorLine, SimulatedSensor
from firmware_bridge.simulated.truth_log import Crossed, TruthLog
from pitboard.clock import Clock

# A restart costs no trip: nothing waits in the device, and no car comes while it starts.
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
        """Drive until `stop` is set, and then until the host has acknowledged every trip, or does not."""
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
        due = min(due, self._cars.next_crossing.true_mono_ns)
        return due if self._faults is None else min(due, self._faults.silence_mono_ns)

    def _step(self, now: int) -> None:
        while self._stops_at_mono_ns is None and self._cars.next_crossing.true_mono_ns <= now:
            self._cross()
        if self._faults is not None:
            self._fail(self._faults, now)
        for line in self._sensor.lines_due(now):
            self._write(line)

    def _cross(self) -> None:
        crossing = self._cars.drive_on()
        trip = self._sensor.cross(
            crossing.true_mono_ns, channel=crossing.channel, blocked_ns=crossing.blocked_ns
        )
        self._truth.note_crossing(
            Crossed(
                sensor_boot=trip.boot,
                seq=trip.seq,
                channel=trip.channel,
                true_mono_ns=crossing.true_mono_ns,
                tick_us=trip.unwrapped_us,
            )
        )

    def _fail(self, faults: FaultPlan, now: int) -> None:
        if now >= faults.silence_mono_ns:
            log.info("simulated fault: the sensor falls silent for %d ms", SILENCE_NS // 1_000_000)
            self._sensor.fall_silent(now + SILENCE_NS)
            faults.plan_silence()
        is_clear = self._cars.next_crossing.true_mono_ns - now > RESTART_CLEAR_NS
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
