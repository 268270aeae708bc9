"""Messages of MyLaps Timing & Scoring TCP/IP, V1 and V2: `Source@Function@data@...@$`.

Date and time are of the device's own clock and time zone, so they label and do not measure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from firmware_bridge.decoders.decoder import Event, clock_us, format_clock
from pitboard.errors import FrameRefused

END = b"$"
NUMBER_MAX_LENGTH = 18
# Each is answered by its name with Ack in front, the numbered ones with their number.
NUMBERED_FUNCTIONS = ("Store", "Passing", "Marker")
ANSWERED_FUNCTIONS = ("Ping", "Pong", *NUMBERED_FUNCTIONS)

_STORE_RECORD = re.compile(
    rb"(?P<chip>.{7})(?P<time>\d\d:\d\d:\d\d\.\d{3}) (?P<device>.) (?P<reader>..)"
    rb"(?P<lap>  \d| \d\d|\d{3})(?P<number>[0-9A-Fa-f]{4})(?P<date>\d{6})(?P<sum>[0-9A-Fa-f]{2})",
    re.DOTALL,
)
_SUMMED_LENGTH = 37
_MARKER_TIME = re.compile(rb"(?:\d\d(\d\d)-(\d\d)-(\d\d) )?([\d:]+\.?\d*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TnsPassing(Event):
    """One passing. `number` is the sequence number in V1 and the bib in V2, where much may be absent."""

    kind: ClassVar[str] = "passing"

    chip: str
    time_of_day_us: int
    date: str | None
    device: int | None
    lap: int | None
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TnsMarker(Event):
    """A gunshot or another mark in time."""

    kind: ClassVar[str] = "marker"

    time_of_day_us: int
    date: str | None
    type: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TnsMessage(Event):
    """A whole message; it comes after the passings it carried. Acknowledge it once those are durable."""

    kind: ClassVar[str] = "message"

    source: str
    function: str
    number: int | None


def acknowledgement(message: TnsMessage, *, our_name: str, fields: Sequence[str] = ()) -> bytes | None:
    """Return what must be sent back, or None. What is not acknowledged comes again each 10 to 20 s, for ever.

    With `fields` a greeting is answered by asking for version 2.1 and these fields; without, it stays V1.
    """
    if message.function not in ANSWERED_FUNCTIONS:
        return None
    parts = [our_name, f"Ack{message.function}"]
    if message.function == "Pong" and fields:
        parts += ["Version2.1", "|".join(fields)]
    elif message.function in NUMBERED_FUNCTIONS:
        if message.number is None:
            return None
        parts.append(str(message.number))
    return encode_message(parts)


def read_store_record(record: bytes) -> TnsPassing:
    """Read the 39 characters of V1. Raises FrameRefused."""
    match = _STORE_RECORD.fullmatch(record)
    if match is None:
        raise FrameRefused(reason="stored record has not its 39 characters in order")
    if sum(record[:_SUMMED_LENGTH]) & 0xFF != int(match["sum"], 16):
        raise FrameRefused(reason="stored record's checksum does not hold")
    return TnsPassing(
        chip=match["chip"].decode("latin-1").strip(),
        time_of_day_us=_time_of_day_us(match["time"]),
        date=_date(match["date"]),
        device=whole_number(match["device"]),
        lap=int(match["lap"]),
        number=int(match["number"], 16),
    )


def read_passing_record(record: bytes) -> TnsPassing:
    """Read V2's `t=...|c=...|...`. Raises FrameRefused where time or chip is missing."""
    values = _values(record)
    if b"t" not in values or not values.get(b"c"):
        raise FrameRefused(reason="passing without time or chip")
    number = whole_number(values.get(b"n", b""))
    return TnsPassing(
        chip=values[b"c"].decode("latin-1"),
        time_of_day_us=_time_of_day_us(values[b"t"]),
        date=_date(values[b"d"]) if b"d" in values else None,
        device=whole_number(values.get(b"dv", b"")),
        lap=whole_number(values.get(b"l", b"")),
        number=whole_number(values.get(b"b", b"")) if number is None else number,
    )


def read_marker_record(record: bytes) -> TnsMarker:
    """Read V2's `t=...|mt=...|n=...`, or the three without names, as also seen. Raises FrameRefused."""
    values = _values(record)
    if b"t" in values:
        time, kind, name = values[b"t"], values.get(b"mt", b""), values.get(b"n", b"")
    else:
        time, kind, name = (*record.split(b"|"), b"", b"", b"")[:3]
    match = _MARKER_TIME.fullmatch(time)
    if match is None:
        raise FrameRefused(reason="marker without time")
    return TnsMarker(
        time_of_day_us=_time_of_day_us(match[4]),
        date=_date(b"".join(match.groups()[:3])) if match[1] else None,
        type=kind.decode("latin-1"),
        name=name.decode("latin-1"),
    )


def encode_message(parts: Iterable[str]) -> bytes:
    return "".join(f"{part}@" for part in parts).encode("latin-1") + END


def encode_store_record(passing: TnsPassing) -> str:
    """Return V1's 39 characters; all fields of the passing must be there."""
    time = format_clock(passing.time_of_day_us, decimals=3)
    date = (passing.date or "").replace("-", "")[2:]
    summed = f"{passing.chip:7}{time} {passing.device} 0F{passing.lap:3d}{passing.number:04X}{date}"
    return f"{summed}{sum(summed.encode('latin-1')) & 0xFF:02X}"


def encode_passing_record(passing: TnsPassing) -> str:
    """Return V2's fields, those that are None left out."""
    values = {
        "t": format_clock(passing.time_of_day_us, decimals=3),
        "c": passing.chip,
        "d": passing.date and passing.date.replace("-", "")[2:],
        "l": passing.lap,
        "dv": passing.device,
        "n": passing.number,
    }
    return "|".join(f"{key}={value}" for key, value in values.items() if value is not None)


def _values(record: bytes) -> dict[bytes, bytes]:
    pairs = (part.partition(b"=") for part in record.split(b"|"))
    return {key: value for key, equals, value in pairs if equals}


def _time_of_day_us(text: bytes) -> int:
    time_us = clock_us(text)
    if time_us is None:
        raise FrameRefused(reason="time cannot be read")
    return time_us


def _date(text: bytes) -> str:
    if len(text) != 6 or not text.isdigit():
        raise FrameRefused(reason="date cannot be read")
    digits = text.decode("ascii")
    return f"20{digits[:2]}-{digits[2:4]}-{digits[4:]}"


def whole_number(text: bytes) -> int | None:
    return int(text) if text.isdigit() and len(text) <= NUMBER_MAX_LENGTH else None
