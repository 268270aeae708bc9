"""Decode the serial output of ALGE TdC 8000/8001 and Timy 1-3: impulses, and the net times of the device.

Lines come in the order of the official's work, not of time: one impulse may be given to three racers in turn,
and a cancelled line (`c`) takes an earlier one back. So nothing is merged, and no line is a duplicate."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from firmware_bridge.decoders.decoder import (
    Event,
    FramedDecoder,
    FrameSplitter,
    Piece,
    clock_us,
    format_clock,
)
from pitboard.errors import FrameRefused

LINE_MAX_LENGTH = 256
IMPULSE_DECIMALS = 4  # as many as the device prints where the field is full
NET_DECIMALS = 2

_RECORD = re.compile(
    rb"(?P<flag>[ ?a-zA-Z])(?P<number>\d{4})(?P<lane>[ rb])(?P<channel>[A-Z][A-Z0-9])(?P<manual>[MRT ]) "
    rb"(?P<time>[\d:]*\d(?P<fraction>[.,]\d*)?)(?: +(?P<tail>\S{1,4}(?: +\d{1,4})?))? *"
)
_WHOLE_RECORD_LENGTHS = (28, 26)  # with and without a checksum
_ANNOUNCEMENT = re.compile(rb"[a-zA-Z]\d{4}")
# A word is what half a timing line never holds.
_TEXT = re.compile(rb"(?=[ -~]*[A-Za-z]{4})(?![ -~]*\d\d:\d\d:\d\d)[ -~]{4,60}")
_GROUP = re.compile(rb"\d{1,2}(?: +\d{1,4})?")  # a ranking's place may follow it
_GROUP_AND_CHECK = re.compile(rb"\d\d[0-?]{2}")
_PRINTOUT_BEGINS = b"CLASSEMENT:"
_PRINTOUT_CAPTION = re.compile(rb"(?![ ?a-zA-Z]\d{4} )[ -~]{1,40}")
_PRINTOUT_ENDS = re.compile(rb"\d\d-\d\d-\d\d +\d\d?:\d\d")
CAPTIONS_MAX_COUNT = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgeImpulse(Event):
    """An impulse given to a number. `flag` is the device's: a blank is valid, `?` belongs to no racer.

    `lane` is `r` or `b` in a parallel slalom; it is left out of JSON where there is none. So is `decimals`
    where the time has all four: a device may be set to print fewer.
    """

    kind: ClassVar[str] = "impulse"

    flag: str
    number: int
    channel: str
    manual: bool
    time_of_day_us: int
    lane: str | None = None
    decimals: int = IMPULSE_DECIMALS

    def as_fields(self) -> dict[str, object]:
        shown = Event.as_fields(self)
        if self.lane is None:
            del shown["lane"]
        if self.decimals == IMPULSE_DECIMALS:
            del shown["decimals"]
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgeNet(Event):
    """A time that the device computed: RT for the run, TT for the total, and so on."""

    kind: ClassVar[str] = "net"

    flag: str
    number: int
    channel: str
    time_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgeAnnouncement(Event):
    """A number alone: `n` is the next expected at the finish, `s` at the start."""

    kind: ClassVar[str] = "announcement"

    flag: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgeText(Event):
    """What the device says of itself in words, such as `PULSE HOLD`: an input is stuck."""

    kind: ClassVar[str] = "text"

    text: str


class AlgeDecoder(FramedDecoder):
    """Lines ended by CR, LF or both. A ranking is read as net times, and its captions are passed over."""

    def __init__(self) -> None:
        super().__init__(
            FrameSplitter(starts=b"", ends=b"\r\n", max_length=LINE_MAX_LENGTH), ignored=b" \r\n"
        )
        self._captions_left = 0

    def _read(self, piece: Piece) -> Iterable[Event]:
        line = piece.content.rstrip(b" ") if piece.has_end else piece.content
        if not line.strip(b" ") and not piece.dropped:
            return []
        if _ANNOUNCEMENT.fullmatch(line) and not piece.dropped:
            self.counters.frames_good += 1
            return [AlgeAnnouncement(flag=chr(line[0]), number=int(line[1:]))]
        if self._is_caption(line) and not piece.dropped:
            return []
        if _TEXT.fullmatch(line) and piece.has_end and not piece.dropped:
            self.counters.frames_good += 1
            return [AlgeText(text=line.decode("ascii").strip())]
        return self._read_record(piece, line)

    def _read_record(self, piece: Piece, line: bytes) -> list[Event]:
        match = _RECORD.fullmatch(line)
        if match is not None and not piece.dropped:
            event = _event(match, is_ended=piece.has_end)
            self.counters.frames_good += 1
            return [event]
        # A whole record may stand behind half a one, or behind noise that held no line end.
        for length in _WHOLE_RECORD_LENGTHS:
            match = _RECORD.fullmatch(line[-length:]) if len(line) >= length else None
            if match is not None:
                event = _event(match, is_ended=True)
                self.counters.frames_good += 1
                noise = self._damage(
                    piece, reason="bytes in front of a timing line", length=len(line) - length
                )
                return [*noise, event]
        raise FrameRefused(reason="no timing line")

    def _is_caption(self, line: bytes) -> bool:
        if line.startswith(_PRINTOUT_BEGINS):
            self._captions_left = CAPTIONS_MAX_COUNT
            return True
        if self._captions_left == 0:
            return False
        if not _PRINTOUT_CAPTION.fullmatch(line):
            return False
        self._captions_left -= 1
        if _PRINTOUT_ENDS.fullmatch(line):
            self._captions_left = 0
        return True


def encode_impulse(impulse: AlgeImpulse, *, group: int = 0, with_checksum: bool = False) -> bytes:
    """Return the line as the device sends it, ended by CR."""
    time = format_clock(impulse.time_of_day_us, decimals=impulse.decimals)
    mark = "M" if impulse.manual else " "
    head = f"{impulse.flag}{impulse.number:04d}{impulse.lane or ' '}{impulse.channel}{mark} "
    return _encode(head, time, group, with_checksum=with_checksum)


def encode_net(net: AlgeNet, *, group: int = 0, with_checksum: bool = False) -> bytes:
    head = f"{net.flag}{net.number:04d} {net.channel}  "
    return _encode(head, format_clock(net.time_us, decimals=NET_DECIMALS), group, with_checksum=with_checksum)


def encode_announcement(announcement: AlgeAnnouncement) -> bytes:
    return f"{announcement.flag}{announcement.number:04d}\r".encode("ascii")


def _encode(head: str, time: str, group: int, *, with_checksum: bool) -> bytes:
    line = f"{head}{time:<13} {group:02d}".encode("ascii")
    return line + (_checksum(line) if with_checksum else b"") + b"\r"


def _event(match: re.Match[bytes], *, is_ended: bool) -> AlgeImpulse | AlgeNet:
    _check_tail(match, is_ended=is_ended)
    time_us = clock_us(match["time"])
    if time_us is None:
        raise FrameRefused(reason="time cannot be read")
    flag, channel, number = match["flag"].decode(), match["channel"].decode(), int(match["number"])
    if not channel[1].isdigit():
        return AlgeNet(flag=flag, number=number, channel=channel, time_us=time_us)
    return AlgeImpulse(
        flag=flag,
        number=number,
        channel=channel,
        manual=match["manual"] == b"M",
        time_of_day_us=time_us,
        lane=match["lane"].decode().strip() or None,
        decimals=min(IMPULSE_DECIMALS, len(match["fraction"] or b".") - 1),
    )


def _check_tail(match: re.Match[bytes], *, is_ended: bool) -> None:
    """Refuse a line that may have lost bytes: only what follows the time shows that the time is whole."""
    tail = match["tail"]
    if tail is None:
        decimals = len(match["fraction"] or b".") - 1
        wanted = IMPULSE_DECIMALS if match["channel"][1:].isdigit() else NET_DECIMALS
        if not is_ended or decimals < wanted:
            raise FrameRefused(reason="line ends within its time")
    elif _GROUP_AND_CHECK.fullmatch(tail):
        if _checksum(match.string[: match.end("tail") - 2]) != tail[2:]:
            raise FrameRefused(reason="checksum does not hold")
    elif not _GROUP.fullmatch(tail) or (not is_ended and len(tail) < 2):
        raise FrameRefused(reason="group cannot be read")


def _checksum(line: bytes) -> bytes:
    """The sum of the line's bytes as two characters from 0 to ?, which the command CHK1 makes it add."""
    total = sum(line) & 0xFF
    return bytes([0x30 + (total >> 4), 0x30 + (total & 0xF)])
