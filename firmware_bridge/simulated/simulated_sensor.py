"""A sensor of ours without the hardware: the same lines, counter, ring and resending as the firmware.

Pure: the time goes in, lines come out. A passing is latched at its planned instant, as by an interrupt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

from firmware_bridge.decoders.beamline import (
    COUNTER_SPAN_US,
    PROTOCOL_VERSION,
    Acknowledgement,
    BeamPassing,
    Heartbeat,
    Hello,
    HostLineReader,
    encode_beam_passing,
    encode_heartbeat,
    encode_hello,
)

RING_MAX_COUNT = 256
HEARTBEAT_NS = 1_000_000_000
# A damaged passing should not be late by a human moment; after that one, patience.
FIRST_RESEND_NS = 30_000_000
RESEND_NS = 500_000_000
RESEND_MAX_COUNT = 16
DRIFT_MAX_PPB = 40_000
LATCH_JITTER_MAX_US = 3
FIRST_WRAP_MAX_US = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorLine:
    """A whole line as it leaves the device; `seq` where it carries a passing."""

    data: bytes
    boot: str
    seq: int | None = None


@dataclass(slots=True, kw_only=True)
class KeptPassing:
    """A passing in the ring, until it is acknowledged."""

    passing: BeamPassing
    cleared_mono_ns: int
    blocked_us: int
    sent_count: int = 0
    due_mono_ns: int = 0

    def note_sent(self, now_mono_ns: int) -> None:
        self.sent_count += 1
        self.due_mono_ns = now_mono_ns + (FIRST_RESEND_NS if self.sent_count == 1 else RESEND_NS)


class SimulatedSensor:
    """One device on one line."""

    def __init__(self, *, random: Random, now_mono_ns: int, device: str = "simulated-1") -> None:
        self._random = random
        self._device = device
        self._ring: list[KeptPassing] = []
        self._host_lines = HostLineReader()
        self._drift_ppb = random.randint(-DRIFT_MAX_PPB, DRIFT_MAX_PPB)
        self._start(now_mono_ns)

    @property
    def boot(self) -> str:
        return self._boot

    @property
    def is_ring_empty(self) -> bool:
        return not self._ring

    @property
    def next_due_mono_ns(self) -> int:
        """When `lines_due` has something to say, if nothing happens before."""
        due = 0 if self._is_asked else self._heartbeat_due_mono_ns
        for kept in self._ring:
            due = min(due, kept.due_mono_ns)
        return max(due, self._silent_until_mono_ns)

    def restart(self, now_mono_ns: int) -> None:
        """Lose all memory, as when the supply fails for a moment."""
        self._start(now_mono_ns)

    def fall_silent(self, until_mono_ns: int) -> None:
        """Send nothing until then, an instant gone by ends a silence; the interrupt goes on latching."""
        self._silent_until_mono_ns = until_mono_ns

    def cross(self, mono_ns: int, *, channel: int = 1, blocked_ns: int = 30_000_000) -> BeamPassing:
        """Latch a true passing and return it as it will be sent first."""
        unwrapped_us = self._counter_us(mono_ns) + self._random.randint(0, LATCH_JITTER_MAX_US)
        self._last_seq += 1
        passing = BeamPassing(
            boot=self._boot,
            seq=self._last_seq,
            channel=channel,
            tick_us=unwrapped_us % COUNTER_SPAN_US,
            unwrapped_us=unwrapped_us,
            uptime_s=unwrapped_us // 1_000_000,
            blocked_us=0,
        )
        self._blocked_until_mono_ns[channel] = mono_ns + blocked_ns
        if len(self._ring) == RING_MAX_COUNT:
            # The oldest goes: a host that hears but cannot acknowledge loses nothing by it.
            del self._ring[0]
            self._overruns += 1
        self._ring.append(
            KeptPassing(passing=passing, cleared_mono_ns=mono_ns + blocked_ns, blocked_us=blocked_ns // 1_000)
        )
        return passing

    def receive(self, data: bytes) -> None:
        """Take bytes of the host; the answer is due at once."""
        for request in self._host_lines.feed(data):
            if isinstance(request, Acknowledgement):
                if request.boot == self._boot:
                    self._ring = [kept for kept in self._ring if kept.passing.seq > request.seq]
            else:
                self._is_asked = True

    def lines_due(self, now_mono_ns: int) -> list[SensorLine]:
        """Return what leaves the device now, passings before all else."""
        if now_mono_ns < self._silent_until_mono_ns:
            return []
        lines = list(self._passings_due(now_mono_ns))
        if self._is_asked:
            self._is_asked = False
            lines += [self._line(encode_hello(self._hello())), self._heartbeat(now_mono_ns)]
        if now_mono_ns >= self._heartbeat_due_mono_ns:
            missed = (now_mono_ns - self._heartbeat_due_mono_ns) // HEARTBEAT_NS
            self._heartbeat_due_mono_ns += (missed + 1) * HEARTBEAT_NS
            lines.append(self._heartbeat(now_mono_ns))
        return lines

    def _start(self, now_mono_ns: int) -> None:
        self._boot = f"{self._random.getrandbits(32):08x}"
        self._started_mono_ns = now_mono_ns
        # So that the counter wraps soon: on a real device it stands there after 17.9 minutes.
        self._counter_start_us = COUNTER_SPAN_US - self._random.randint(2_000_000, FIRST_WRAP_MAX_US)
        self._last_seq = 0
        self._overruns = 0
        self._ring = []
        self._is_asked = True  # it says hello by itself
        self._heartbeat_due_mono_ns = now_mono_ns + HEARTBEAT_NS
        self._silent_until_mono_ns = now_mono_ns
        self._blocked_until_mono_ns: dict[int, int] = {}
        self._host_lines = HostLineReader()

    def _counter_us(self, mono_ns: int) -> int:
        """What the crystal has counted, wraps included."""
        since_ns = mono_ns - self._started_mono_ns
        return self._counter_start_us + since_ns * (1_000_000_000 + self._drift_ppb) // 10**12

    def _passings_due(self, now_mono_ns: int) -> Iterable[SensorLine]:
        due = [kept for kept in self._ring if now_mono_ns >= kept.due_mono_ns]
        for kept in due[:RESEND_MAX_COUNT]:
            kept.note_sent(now_mono_ns)
            is_cleared = now_mono_ns >= kept.cleared_mono_ns
            passing = replace(kept.passing, blocked_us=kept.blocked_us if is_cleared else 0)
            yield self._line(encode_beam_passing(passing), seq=passing.seq)

    def _heartbeat(self, now_mono_ns: int) -> SensorLine:
        counter_us = self._counter_us(now_mono_ns)
        levels = sum(
            1 << channel for channel, until in self._blocked_until_mono_ns.items() if now_mono_ns < until
        )
        beat = Heartbeat(
            boot=self._boot,
            last_seq=self._last_seq,
            oldest_seq=self._ring[0].passing.seq if self._ring else self._last_seq + 1,
            tick_us=counter_us % COUNTER_SPAN_US,
            unwrapped_us=counter_us,
            uptime_s=counter_us // 1_000_000,
            levels=levels,
            overruns=self._overruns,
        )
        return self._line(encode_heartbeat(beat))

    def _hello(self) -> Hello:
        return Hello(boot=self._boot, protocol=PROTOCOL_VERSION, firmware="sim-1.0", device=self._device)

    def _line(self, data: bytes, *, seq: int | None = None) -> SensorLine:
        return SensorLine(data=data, boot=self._boot, seq=seq)


FLIPPED_PERMILLE = 15
CUT_PERMILLE = 10
GARBAGE_PERMILLE = 25
GARBAGE_MAX_BYTES = 40
SILENCE_NS = 2_000_000_000
SILENCE_EVERY_MIN_NS = 20_000_000_000
SILENCE_EVERY_MAX_NS = 60_000_000_000
RESTART_EVERY_MIN_NS = 25_000_000_000
RESTART_EVERY_MAX_NS = 90_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WireBytes:
    """What arrives of a line, and whether the line itself is whole."""

    data: bytes
    is_intact: bool


class NoisyWire:
    """Damages some of the lines that pass."""

    def __init__(self, *, random: Random) -> None:
        self._random = random

    def carry(self, line: bytes) -> WireBytes:
        draw = self._random.randrange(1000)
        if draw < FLIPPED_PERMILLE:
            damaged = bytearray(line)
            for _ in range(self._random.randint(1, 3)):
                damaged[self._random.randrange(len(line))] ^= 1 << self._random.randrange(8)
            return WireBytes(data=bytes(damaged), is_intact=bytes(damaged) == line)
        draw -= FLIPPED_PERMILLE
        if draw < CUT_PERMILLE:
            return WireBytes(data=line[: self._random.randrange(len(line))], is_intact=False)
        draw -= CUT_PERMILLE
        if draw < GARBAGE_PERMILLE:
            garbage = self._random.randbytes(self._random.randint(1, GARBAGE_MAX_BYTES))
            return WireBytes(data=garbage + line, is_intact=True)
        return WireBytes(data=line, is_intact=True)


class FaultPlan:
    """When the next silence and the next restart are wished for."""

    def __init__(self, *, random: Random, started_mono_ns: int) -> None:
        self._random = random
        self._silence_mono_ns = started_mono_ns
        self._restart_mono_ns = started_mono_ns
        self.plan_silence()
        self.plan_restart()

    @property
    def silence_mono_ns(self) -> int:
        return self._silence_mono_ns

    @property
    def restart_mono_ns(self) -> int:
        return self._restart_mono_ns

    def plan_silence(self) -> None:
        self._silence_mono_ns += self._random.randint(SILENCE_EVERY_MIN_NS, SILENCE_EVERY_MAX_NS)

    def plan_restart(self) -> None:
        self._restart_mono_ns += self._random.randint(RESTART_EVERY_MIN_NS, RESTART_EVERY_MAX_NS)
