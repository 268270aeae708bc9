"""Turn logged edges into passings: a passage runs from its first edge until its beam was clear for a while.

`seq` is the number of the passage's first edge, so passings have the same numbers wherever a log begins."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.decoders.beamline import COUNTER_SPAN_US, Heartbeat, Trip
from firmware_bridge.lines.gpio_edge import LoggedEdge, LoggedLevels, parse_line
from firmware_bridge.makers.reading import Gate, LineCounters, Reading
from pitboard.unit_api.unit_calls import Passing

LINE_MAX_BYTES = 160
CHANNELS_MAX_COUNT = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _LastEdge:
    mono_ns: int
    is_high: bool
    kernel_seq: int


class GpioMaker:
    """See PassingSource for the contract; the bytes are those of GpioLine."""

    def __init__(self, *, sensor: str, gate: Gate) -> None:
        self.counters = LineCounters()
        self.gate = gate
        self._sensor = sensor
        self._partial = b""
        self._boot = ""
        self._last_number = 0
        self._last_edges: dict[int, _LastEdge] = {}
        self._overruns = 0

    @property
    def may_be_quiet(self) -> bool:
        return False

    def open_port(self) -> None:
        self._partial = b""

    def greetings(self) -> tuple[bytes, ...]:
        return ()

    def requests_due(self, now_mono_ns: int) -> bytes:
        return b""

    def feed(self, data: bytes, *, received_mono_ns: int, boot_id: str) -> Reading:
        reading = Reading()
        *lines, rest = (self._partial + data).split(b"\n")
        self._partial = rest[-LINE_MAX_BYTES:]
        for line in lines:
            logged = parse_line(line)
            if logged is None:
                self.counters.lines_damaged += 1
                continue
            self.counters.lines_good += 1
            reading.has_lines = True
            if logged.boot != self._boot:
                self._begin(logged.boot)
            if isinstance(logged, LoggedLevels):
                reading.heartbeats.append(self._heartbeat(logged))
            elif logged.number <= self._last_number:
                self.counters.repeats += 1
            else:
                self._take(logged, received_mono_ns, boot_id, reading)
        return reading

    def _begin(self, boot: str) -> None:
        self._boot = boot
        self._last_number = self._overruns = 0
        self._last_edges = {}

    def _take(self, logged: LoggedEdge, received_mono_ns: int, boot_id: str, reading: Reading) -> None:
        edge = logged.edge
        last = self._last_edges.get(edge.channel)
        if last is not None:
            self._count_dropped(logged, last)
        self._last_number = logged.number
        if last is not None or len(self._last_edges) < CHANNELS_MAX_COUNT:
            self._last_edges[edge.channel] = _LastEdge(
                mono_ns=edge.mono_ns, is_high=edge.is_high, kernel_seq=edge.kernel_seq
            )
        # The edge before an interruption is the one that cleared the beam.
        is_clear = last is None or edge.mono_ns - last.mono_ns >= logged.clear_ns
        if not (logged.is_interruption and is_clear):
            return
        tick_us = edge.mono_ns // 1000
        reading.trips.append(
            Trip(
                boot=logged.boot,
                seq=logged.number,
                channel=edge.channel,
                tick_us=tick_us % COUNTER_SPAN_US,
                unwrapped_us=tick_us,
                uptime_s=tick_us // 1_000_000,
                blocked_us=0,
            )
        )
        if not self.gate.lets_through(edge.mono_ns, boot_id=boot_id):
            self.counters.held_off += 1
            return
        reading.passings.append(
            Passing(
                sensor=self._sensor,
                sensor_boot=logged.boot,
                seq=logged.number,
                channel=edge.channel,
                tick_us=tick_us,
                rate_ppb=0,
                boot_id=boot_id,
                mono_ns=edge.mono_ns,
                uncertainty_ns=edge.uncertainty_ns,
                received_mono_ns=received_mono_ns,
            )
        )

    def _count_dropped(self, logged: LoggedEdge, last: _LastEdge) -> None:
        """Count edges that the kernel, a library on the way, or our full queue dropped before this one."""
        edge = logged.edge
        if edge.kernel_seq and last.kernel_seq:
            dropped_count = max(0, edge.kernel_seq - last.kernel_seq - 1)
        else:
            dropped_count = logged.number - self._last_number - 1
            # Without the kernel's numbers only this shows: two edges the same way had another between them.
            if not dropped_count and logged.is_both and edge.is_high == last.is_high:
                dropped_count = 1
        self._overruns += dropped_count
        self.counters.overruns += dropped_count

    def _heartbeat(self, logged: LoggedLevels) -> Heartbeat:
        tick_us = logged.mono_ns // 1000
        return Heartbeat(
            boot=logged.boot,
            last_seq=self._last_number,
            oldest_seq=self._last_number + 1,
            tick_us=tick_us % COUNTER_SPAN_US,
            unwrapped_us=tick_us,
            uptime_s=tick_us // 1_000_000,
            levels=logged.levels,
            overruns=self._overruns,
        )
