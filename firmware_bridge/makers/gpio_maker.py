"""Turn logged edges into passings: a passage runs from its first edge until its beam was clear for a while.

`seq` is the number of the passage's first edge, so passings have the same numbers wherever a log begins.
A beam that flickers makes none; what it did is counted as uncounted."""

from __future__ import annotations

from firmware_bridge.decoders.beamline import COUNTER_SPAN_US, BeamPassing, Heartbeat
from firmware_bridge.lines.flicker import FlickerWatches
from firmware_bridge.lines.gpio_edge import Edge, LoggedEdge, LoggedFlicker, LoggedLevels, parse_line
from firmware_bridge.makers.reading import HoldOff, LineCounters, Reading, with_sleep
from pitboard.race.passings.device_clocks import EDGE_LOST, FLICKERED
from pitboard.unit_api.program_calls import Passing

LINE_MAX_BYTES = 160
CHANNELS_MAX_COUNT = 32


class GpioMaker:
    """See PassingSource for the contract; the bytes are those of GpioLine."""

    def __init__(self, *, sensor: str, hold_off: HoldOff) -> None:
        self.counters = LineCounters()
        self.hold_off = hold_off
        self._sensor = sensor
        self._partial = b""
        self._boot = ""
        self._last_number = 0
        self._last_edges: dict[int, Edge] = {}
        self._overruns = 0
        self._unseen: str | None = None  # why a car may have been missed since the last passing
        self._slept_ns = 0
        self._watches = FlickerWatches()
        self._told_flickering: set[int] = set()
        self.flickering: tuple[int, ...] = ()

    @property
    def may_be_quiet(self) -> bool:
        return False

    def open_port(self) -> None:
        self._partial = b""

    def host_slept(self, slept_ns: int) -> None:
        self._slept_ns = slept_ns

    def named_starts(self) -> str:
        return ""

    def go_on(self, named_starts: str) -> None:
        """Each line names its start."""

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
                self._watch(logged.mono_ns)
                reading.heartbeats.append(self._heartbeat(logged))
            elif isinstance(logged, LoggedFlicker):
                self._take_flicker(logged)
            elif logged.number <= self._last_number:
                self.counters.repeats += 1
            else:
                self._take(logged, received_mono_ns, boot_id, reading)
        reading.passings = with_sleep(reading.passings, self._slept_ns)
        return reading

    def _begin(self, boot: str) -> None:
        self._boot = boot
        self._last_number = self._overruns = 0
        self._last_edges = {}
        self._watches = FlickerWatches()
        self._told_flickering = set()
        self.flickering = ()

    def _take(self, logged: LoggedEdge, received_mono_ns: int, boot_id: str, reading: Reading) -> None:
        edge = logged.edge
        last = self._last_edges.get(edge.channel)
        if last is not None:
            self._count_dropped(logged, last)
        self._last_number = logged.number
        if last is not None or len(self._last_edges) < CHANNELS_MAX_COUNT:
            self._last_edges[edge.channel] = edge
        if edge.channel in self._told_flickering:
            self._told_flickering.discard(edge.channel)
            self._watches.forget(edge.channel)
        is_again = logged.is_both and last is not None and last.is_high == edge.is_high
        if not logged.is_interruption and not is_again:
            return
        if self._watches.of(edge.channel).interrupted(edge.mono_ns):
            self.counters.uncounted += 1
            self._unseen = FLICKERED
            self._watch(edge.mono_ns)
            return
        if not logged.is_interruption:
            return  # the one before it was never seen, and is counted as lost
        # The edge before an interruption is the one that cleared the beam.
        if last is not None and edge.mono_ns - last.mono_ns < logged.clear_ns:
            return
        tick_us = edge.mono_ns // 1000
        reading.beam_passings.append(
            BeamPassing(
                boot=logged.boot,
                seq=logged.number,
                channel=edge.channel,
                tick_us=tick_us % COUNTER_SPAN_US,
                unwrapped_us=tick_us,
                uptime_s=tick_us // 1_000_000,
                blocked_us=0,
            )
        )
        if not self.hold_off.lets_through(edge.mono_ns, boot_id=boot_id, channel=edge.channel):
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
                flag=self._unseen,
            )
        )
        self._unseen = None

    def _take_flicker(self, logged: LoggedFlicker) -> None:
        """Take a second of a flickering beam, whose edges have no line of their own."""
        channel = logged.edge.channel
        last = self._last_edges.get(channel)
        if last is not None and logged.edge.kernel_seq and last.kernel_seq:
            self._overran(logged.edge.kernel_seq - last.kernel_seq - logged.edges_count)
        if last is not None or len(self._last_edges) < CHANNELS_MAX_COUNT:
            self._last_edges[channel] = logged.edge
        self._last_number = max(self._last_number, logged.number)
        self.counters.uncounted += logged.interruptions_count
        self._unseen = FLICKERED
        self._told_flickering.add(channel)
        if logged.is_over:
            self._told_flickering.discard(channel)
            self._watches.forget(channel)
        self._watch(logged.edge.mono_ns)

    def _watch(self, now_mono_ns: int) -> None:
        self.flickering = tuple(sorted({*self._watches.settle(now_mono_ns), *self._told_flickering}))

    def _count_dropped(self, logged: LoggedEdge, last: Edge) -> None:
        """Count edges that the pin made before this one and that are in no line.

        The kernel's numbers tell what its buffer or we dropped, but they count only what the kernel saw. What
        it never saw shows by the levels alone: two edges the same way had an odd number of others between
        them, two that differ an even number.
        """
        edge = logged.edge
        if edge.kernel_seq and last.kernel_seq:
            dropped_count = max(0, edge.kernel_seq - last.kernel_seq - 1)
        else:
            dropped_count = logged.number - self._last_number - 1
        if logged.is_both and (dropped_count % 2 == 1) != (edge.is_high == last.is_high):
            dropped_count += 1
        self._overran(dropped_count)

    def _overran(self, count: int) -> None:
        self._overruns += max(0, count)
        self.counters.overruns += max(0, count)
        if count > 0 and self._unseen is None:
            self._unseen = EDGE_LOST

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
