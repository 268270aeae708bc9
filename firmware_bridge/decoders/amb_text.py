"""Decode the text protocol of AMBrc and RC-4 decoders and their clones (TCP 5100, or serial).

One counter numbers every line, status lines too: a leap in it is a lost line, and no line is sent again.
The checksum is over the bytes as received, since decoders drop trailing zeros when they print a number."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from firmware_bridge.decoders.decoder import (
    Event,
    FramedDecoder,
    FrameSplitter,
    Piece,
    format_seconds,
    seconds_us,
)
from firmware_bridge.decoders.device_numbers import PassingSequence, SeenBefore
from firmware_bridge.decoders.p3_frame import amb_checksum
from pitboard.errors import FrameRefused

START = b"\x01"
LINE_MAX_LENGTH = 512
SEEN_MAX_COUNT = 4096
DECODER_TYPES_MAX_COUNT = 64
# Where the counter wraps is not known; a wrap looks like a restart, and no loss is reported for either.
SEQ_MODULUS = 2**64

# The same look, but neither number nor checksum: a type, then a transponder and its time, or a status.
_ILAP = re.compile(rb"\x01(?:@\t\d+\t\d+\t\d+\.\d+|%\t\d+(?:\t\d+){2})[ \t]*")
_CHECKSUM = re.compile(rb"x[0-9A-Fa-f]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbTextEvent(Event):
    """A line; `is_checked` is false for one accepted without a checksum, and only then shown in JSON."""

    seq: int
    is_checked: bool = True

    def as_fields(self) -> dict[str, object]:
        shown = Event.as_fields(self)
        if shown.pop("is_checked"):
            return shown
        return {**shown, "unchecked": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbTextPassing(AmbTextEvent):
    """One passing; `time_us` counts from the moment the decoder was switched on."""

    kind: ClassVar[str] = "passing"

    transponder: int
    time_us: int
    hits: int | None
    strength: int | None
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbTextStatus(AmbTextEvent):
    """The heartbeat; what follows the noise in some models is not known."""

    kind: ClassVar[str] = "status"

    noise: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbTextOther(AmbTextEvent):
    """A sound line of another type."""

    kind: ClassVar[str] = "other"

    type: str
    fields: list[str]


class AmbTextDecoder(FramedDecoder):
    """One line of one decoder; lines of several decoder types in one recording are counted apart."""

    def __init__(self, *, accept_unchecked: bool = False) -> None:
        super().__init__(
            FrameSplitter(starts=START, ends=b"\r\n", max_length=LINE_MAX_LENGTH), ignored=b"\r\n"
        )
        self._accept_unchecked = accept_unchecked
        self._sequences: dict[bytes, PassingSequence] = {}
        self._seen = SeenBefore(max_count=SEEN_MAX_COUNT)
        self._latest_line: bytes | None = None
        self._replayed: dict[bytes, int] = {}  # where a stretch that comes again has got to
        self.starts = 0  # how often numbers began anew
        self.cousin_lines_count = 0  # sound lines of an I-Lap

    def _read(self, piece: Piece) -> Iterable[Event]:
        if _ILAP.fullmatch(piece.content):
            self.cousin_lines_count += 1
            raise FrameRefused(reason="an I-Lap's line: it has neither sequence number nor checksum")
        checked, printed = _split_checksum(piece.content)
        is_checked = self._check(checked, printed)
        kind, *values = checked.split(b"\t")[:-1]
        if len(values) < 2:
            raise FrameRefused(reason="too few fields")
        decoder_type = values[0]
        event = _event(kind, values[1:], is_checked)
        self.counters.frames_good += 1
        if self._came_again(event, decoder_type, checked):
            self.counters.duplicates += 1
            self._replayed[decoder_type] = event.seq
            return []
        sequence = self._sequence(decoder_type)
        if sequence.is_behind(event.seq):
            # A stretch that was recorded twice: its lines follow one that came again.
            if self._replayed.get(decoder_type) == event.seq - 1:
                self._replayed[decoder_type] = event.seq
                return [event]
            sequence.restart()
            self.starts += 1
        missing = sequence.step(event.seq)
        return [event] if missing is None else [self._gap(*missing), event]

    def _check(self, checked: bytes, printed: int | None) -> bool:
        is_checked = printed is not None and amb_checksum(checked) == printed
        if is_checked or (self._accept_unchecked and not printed):
            return is_checked
        raise FrameRefused(reason="no checksum" if printed is None else "checksum does not hold")

    def _came_again(self, event: AmbTextEvent, decoder_type: bytes, line: bytes) -> bool:
        is_latest, self._latest_line = line == self._latest_line, line
        if isinstance(event, AmbTextPassing):
            return self._seen.add((decoder_type, event.seq, event.transponder, event.time_us))
        return is_latest

    def _sequence(self, decoder_type: bytes) -> PassingSequence:
        if decoder_type not in self._sequences and len(self._sequences) >= DECODER_TYPES_MAX_COUNT:
            oldest = next(iter(self._sequences))
            del self._sequences[oldest]
            self._replayed.pop(oldest, None)
        return self._sequences.setdefault(decoder_type, PassingSequence(modulus=SEQ_MODULUS))


def encode_passing(passing: AmbTextPassing, *, decoder_type: int = 20) -> bytes:
    """Return the line as a decoder sends it, with milliseconds."""
    seconds = format_seconds(passing.time_us, decimals=3)
    values = (passing.transponder, seconds, passing.hits, passing.strength, passing.status)
    return _encode("@", decoder_type, passing.seq, *values)


def encode_status(status: AmbTextStatus, *, decoder_type: int = 20) -> bytes:
    return _encode("#", decoder_type, status.seq, status.noise, 0)


def _encode(*values: object) -> bytes:
    checked = "".join(f"{value}\t" for value in values).encode("ascii")
    return START + checked + b"x%04X\r\n" % amb_checksum(checked)


def _split_checksum(line: bytes) -> tuple[bytes, int | None]:
    """Return what the checksum is over, the TAB before it included, and the checksum where there is one."""
    line = line.removeprefix(START).rstrip(b" \0")
    head, tab, tail = line.rpartition(b"\t")
    if not head:
        raise FrameRefused(reason="no record")
    if _CHECKSUM.fullmatch(tail):
        return head + tab, int(tail[1:], 16)
    return (line + tab if tail else line), None


def _event(kind: bytes, values: list[bytes], is_checked: bool) -> AmbTextEvent:
    seq = _whole_number(values[0], name="sequence number")
    if kind == b"@":
        return _passing(seq, values[1:], is_checked)
    if kind == b"#":
        noise = _whole_number(values[1], name="noise") if len(values) > 1 else None
        return AmbTextStatus(seq=seq, noise=noise, is_checked=is_checked)
    texts = [value.decode("latin-1") for value in values[1:]]
    return AmbTextOther(seq=seq, type=kind.decode("latin-1"), fields=texts, is_checked=is_checked)


def _passing(seq: int, values: list[bytes], is_checked: bool) -> AmbTextPassing:
    if len(values) < 2:
        raise FrameRefused(reason="passing without transponder or time")
    time_us = seconds_us(values[1])
    if time_us is None:
        raise FrameRefused(reason="time is no decimal number")
    hits, strength, status = (
        [_whole_number(value, name="value") for value in values[2:5]] + [None, None, None]
    )[:3]
    return AmbTextPassing(
        seq=seq,
        transponder=_whole_number(values[0], name="transponder"),
        time_us=time_us,
        hits=hits,
        strength=strength,
        status=status,
        is_checked=is_checked,
    )


def _whole_number(text: bytes, *, name: str) -> int:
    if not text.isdigit():
        raise FrameRefused(reason=f"{name} is no whole number")
    return int(text)
