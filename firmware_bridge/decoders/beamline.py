"""Our own sensor line: a checksummed ASCII line per passing, a heartbeat each second; see `docs/beamline.md`.

The device repeats a passing until it is acknowledged: a repeat is counted in `duplicates`, not reported."""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from firmware_bridge.decoders.decoder import Counters, Damaged, Event, Gap
from firmware_bridge.decoders.device_numbers import SeqRanges

COUNTER_SPAN_US = 1 << 30
LINE_MAX_BYTES = 128
CHECKSUM_BYTES = 5  # '*' and four hex digits
_CHECKSUM = re.compile(rb"\*[0-9A-F]{4}\Z")
_LINE_START = re.compile(rb"[THI],")
_BOOT = rb"([0-9a-f]{8})"
_NUMBER = rb"(\d{1,10})"
_WORD = rb"([A-Za-z0-9._-]{1,32})"
_PASSING = re.compile(b",".join([rb"T", _BOOT] + [_NUMBER] * 5))
_HEARTBEAT = re.compile(b",".join([rb"H", _BOOT] + [_NUMBER] * 4 + [rb"([0-9A-F]{1,8})", _NUMBER]))
_HELLO = re.compile(b",".join([rb"I", _BOOT, _NUMBER, _WORD, _WORD]))


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamPassing(Event):
    """A beam was interrupted. `tick_us` is the wrapping counter, `unwrapped_us` the same without wraps."""

    kind: ClassVar[str] = "passing"

    boot: str
    seq: int
    channel: int
    tick_us: int
    unwrapped_us: int
    uptime_s: int
    blocked_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Event):
    """The device lives. Passings below `oldest_seq` it no longer has; a bit of `levels` is a blocked beam."""

    kind: ClassVar[str] = "heartbeat"

    boot: str
    last_seq: int
    oldest_seq: int
    tick_us: int
    unwrapped_us: int
    uptime_s: int
    levels: int
    overruns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello(Event):
    """Who speaks: at each start of the device, and when asked."""

    kind: ClassVar[str] = "hello"

    boot: str
    protocol: int
    firmware: str
    device: str


def checksum(body: bytes) -> bytes:
    """Return the four hex digits that follow the '*'."""
    return b"%04X" % crc_hqx(body, 0xFFFF)


def unwrap(tick_us: int, uptime_s: int) -> int:
    """Return the counter without its wraps: congruent to `tick_us`, nearest to the up-time."""
    near_us = uptime_s * 1_000_000
    half = COUNTER_SPAN_US // 2
    return near_us + (tick_us - near_us + half) % COUNTER_SPAN_US - half


class BeamlineDecoder:
    """Reads what a device of ours sends; see Decoder for the contract."""

    def __init__(self) -> None:
        self._counters = Counters()
        self._tail = b""  # the last LINE_MAX_BYTES of the line under way
        self._line_length = 0
        self._line_offset = 0
        self._boot = ""
        self._seen = SeqRanges()
        self._known_to: int | None = None  # the highest number we heard of

    @property
    def counters(self) -> Counters:
        return self._counters

    def feed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        *line_ends, rest = data.split(b"\n")
        for line_end in line_ends:
            self._collect(line_end)
            self._end_line(events)
        self._collect(rest)
        return events

    def finish(self) -> list[Event]:
        events: list[Event] = []
        if self._line_length:
            self._damage(events, length=self._line_length, reason="the stream ended within a line")
        return events

    def _collect(self, part: bytes) -> None:
        self._line_length += len(part)
        self._tail = (self._tail + part[-LINE_MAX_BYTES:])[-LINE_MAX_BYTES:]

    def _end_line(self, events: list[Event]) -> None:
        line = self._tail.removesuffix(b"\r")
        total = self._line_length + 1
        if line or self._line_length > len(self._tail):
            body, reason = _find_body(line)
            if body is None:
                self._damage(events, length=total, reason=reason)
            else:
                garbage = self._line_length - len(self._tail) + len(line) - len(body) - CHECKSUM_BYTES
                if garbage:
                    self._damage(events, length=garbage, reason="garbage before a line")
                self._read(body, events, length=total - garbage)
        self._line_offset += total
        self._tail = b""
        self._line_length = 0

    def _read(self, body: bytes, events: list[Event], *, length: int) -> None:
        event = _parse(body)
        if event is None:
            self._damage(events, length=length, reason="the fields are not those of a line we know")
            return
        self._counters.frames_good += 1
        if event.boot != self._boot:
            self._boot, self._seen, self._known_to = event.boot, SeqRanges(), None
        if isinstance(event, BeamPassing):
            self._hear_of(event.seq - 1, events)
            self._known_to = max(self._known_to or 0, event.seq)
            if not self._seen.add(event.seq):
                self._counters.duplicates += 1
                return
        elif isinstance(event, Heartbeat):
            self._hear_of(event.last_seq, events)
        events.append(event)

    def _hear_of(self, last_seq: int, events: list[Event]) -> None:
        """Report numbers up to `last_seq` that are new to us and whose passings did not come."""
        # What lies before the first number we hear is not missing: the device had it acknowledged.
        if self._known_to is not None and last_seq > self._known_to:
            self._counters.gaps += 1
            events.append(Gap(first_missing=self._known_to + 1, last_missing=last_seq))
        self._known_to = max(self._known_to or 0, last_seq)

    def _damage(self, events: list[Event], *, length: int, reason: str) -> None:
        self._counters.frames_damaged += 1
        self._counters.bytes_skipped += length
        events.append(Damaged(offset=self._line_offset, length=length, reason=reason))


def _find_body(line: bytes) -> tuple[bytes | None, str]:
    """Return the checksummed end of the line without its checksum, or None and why there is none."""
    if not _CHECKSUM.search(line):
        return None, "no checksum at the end of the line"
    body, digits = line[:-CHECKSUM_BYTES], line[-4:]
    for start in _LINE_START.finditer(body):
        if checksum(body[start.start() :]) == digits:
            return body[start.start() :], ""
    return None, "the checksum does not fit"


def _parse(body: bytes) -> BeamPassing | Heartbeat | Hello | None:
    parse = _PARSERS[body[:1]]
    return parse(body)


def _parse_passing(body: bytes) -> BeamPassing | None:
    if not (match := _PASSING.fullmatch(body)):
        return None
    seq, channel, tick_us, uptime_s, blocked_us = map(int, match.groups()[1:])
    unwrapped_us = unwrap(tick_us, uptime_s)
    if not seq or tick_us >= COUNTER_SPAN_US or unwrapped_us < 0:
        return None
    return BeamPassing(
        boot=match[1].decode(),
        seq=seq,
        channel=channel,
        tick_us=tick_us,
        unwrapped_us=unwrapped_us,
        uptime_s=uptime_s,
        blocked_us=blocked_us,
    )


def _parse_heartbeat(body: bytes) -> Heartbeat | None:
    if not (match := _HEARTBEAT.fullmatch(body)):
        return None
    last_seq, oldest_seq, tick_us, uptime_s = map(int, match.groups()[1:5])
    unwrapped_us = unwrap(tick_us, uptime_s)
    if not 1 <= oldest_seq <= last_seq + 1 or tick_us >= COUNTER_SPAN_US or unwrapped_us < 0:
        return None
    return Heartbeat(
        boot=match[1].decode(),
        last_seq=last_seq,
        oldest_seq=oldest_seq,
        tick_us=tick_us,
        unwrapped_us=unwrapped_us,
        uptime_s=uptime_s,
        levels=int(match[6], 16),
        overruns=int(match[7]),
    )


def _parse_hello(body: bytes) -> Hello | None:
    if not (match := _HELLO.fullmatch(body)):
        return None
    return Hello(
        boot=match[1].decode(), protocol=int(match[2]), firmware=match[3].decode(), device=match[4].decode()
    )


_PARSERS: dict[bytes, Callable[[bytes], BeamPassing | Heartbeat | Hello | None]] = {
    b"T": _parse_passing,
    b"H": _parse_heartbeat,
    b"I": _parse_hello,
}


PROTOCOL_VERSION = 1
HOST_LINE_MAX_BYTES = 64
_ACKNOWLEDGEMENT = re.compile(rb"A,([0-9a-f]{8}),(\d{1,10})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The host has every passing of that device start up to `seq`."""

    boot: str
    seq: int


@dataclass(frozen=True, slots=True)
class Identify:
    """The host asks who we are."""


def frame(body: bytes) -> bytes:
    """Return the body with its checksum and line end."""
    return b"%s*%s\n" % (body, checksum(body))


IDENTIFY = frame(b"?")


def encode_beam_passing(passing: BeamPassing) -> bytes:
    when = f"{passing.tick_us},{passing.uptime_s},{passing.blocked_us}"
    return frame(f"T,{passing.boot},{passing.seq},{passing.channel},{when}".encode())


def encode_heartbeat(beat: Heartbeat) -> bytes:
    return frame(
        f"H,{beat.boot},{beat.last_seq},{beat.oldest_seq},{beat.tick_us},{beat.uptime_s},"
        f"{beat.levels:X},{beat.overruns}".encode()
    )


def encode_hello(hello: Hello) -> bytes:
    return frame(f"I,{hello.boot},{hello.protocol},{hello.firmware},{hello.device}".encode())


def encode_acknowledgement(acknowledgement: Acknowledgement) -> bytes:
    return frame(f"A,{acknowledgement.boot},{acknowledgement.seq}".encode())


class HostLineReader:
    """The device's side of the line: bytes of the host in, what they ask out; damaged lines are ignored."""

    def __init__(self) -> None:
        self._partial = b""

    def feed(self, data: bytes) -> list[Acknowledgement | Identify]:
        *lines, rest = (self._partial + data).split(b"\n")
        self._partial = rest[-HOST_LINE_MAX_BYTES:]
        return [request for line in lines if (request := _parse_host_line(line)) is not None]


def _parse_host_line(line: bytes) -> Acknowledgement | Identify | None:
    body, star, digits = line.rpartition(b"*")
    if not star or checksum(body) != digits:
        return None
    if body == b"?":
        return Identify()
    if match := _ACKNOWLEDGEMENT.fullmatch(body):
        return Acknowledgement(boot=match[1].decode(), seq=int(match[2]))
    return None
