"""Decode AMB/MyLaps P3, the binary protocol of newer decoders (TCP 5403, or serial where the menu says so).

`rtc_us` is the decoder's own wall clock, of its own time zone: a label, and exact only in differences."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from firmware_bridge.decoders.decoder import Event, FramedDecoder, FrameSplitter, Piece
from firmware_bridge.decoders.device_numbers import PassingSequence, SeenBefore
from firmware_bridge.decoders.p3_frame import (
    DECODER_TAG,
    END,
    START,
    RecordType,
    encode_frame,
    fields,
    read_frame,
    unescape,
)
from pitboard.errors import FrameRefused

FRAME_MAX_LENGTH = 4096  # on the wire; records seen in the field have less than 150 bytes
SEEN_MAX_COUNT = 16_384
DECODERS_MAX_COUNT = 64
NUMBER_MODULUS = 2**32
# Three bytes that are all letters are no number that a version would have.
TEXT_MIN_LENGTH = 3
NUMBER_MAX = 2**64 - 1
RESENT_MAX_AGE_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class P3Event(Event):
    """A record; `is_checked` is false for one accepted with checksum 0000, and only then shown in JSON."""

    decoder: int | None
    is_checked: bool = True

    def as_fields(self) -> dict[str, object]:
        shown = Event.as_fields(self)
        if shown.pop("is_checked"):
            return shown
        return {**shown, "unchecked": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class P3Passing(P3Event):
    """One passing; a gate or beam passing has neither strength nor hits."""

    kind: ClassVar[str] = "passing"

    passing_number: int | None
    transponder: int | None
    rtc_us: int | None
    strength: int | None
    hits: int | None
    flags: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class P3Status(P3Event):
    """The heartbeat. The unit of `temperature` is not known for sure: whole degrees is plausible."""

    kind: ClassVar[str] = "status"

    noise: int | None
    temperature: int | None
    supply_decivolt: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class P3Time(P3Event):
    """The answer to a time request."""

    kind: ClassVar[str] = "time"

    rtc_us: int | None
    utc_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class P3Version(P3Event):
    """The answer to a version request. None was ever seen: a value shows itself whether it is text."""

    kind: ClassVar[str] = "version"

    model: str | None
    text: str | None
    version: str | None
    release: str | None
    build: str | None

    @property
    def device(self) -> str:
        """What kind of decoder it is, and which; empty where it does not tell."""
        return " ".join(str(one) for one in (self.text or self.model, self.decoder) if one is not None)

    @property
    def firmware(self) -> str:
        named = (("", self.version), ("release ", self.release), ("build ", self.build))
        return " ".join(f"{name}{value}" for name, value in named if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class P3Other(P3Event):
    """A sound record of a type that we do not read further."""

    kind: ClassVar[str] = "other"

    record_type: int


class P3Decoder(FramedDecoder):
    """Passings and status of any number of decoders on one line, each with its own passing numbers."""

    def __init__(self, *, accept_unchecked: bool = False) -> None:
        super().__init__(
            FrameSplitter(
                starts=bytes([START]), ends=bytes([END]), max_length=FRAME_MAX_LENGTH, keep_ends=True
            ),
            ignored=b"\r\n",  # some programs write one after each record that they keep
        )
        self._accept_unchecked = accept_unchecked
        self._sequences: dict[int | None, _Numbers] = {}
        self._seen = SeenBefore(max_count=SEEN_MAX_COUNT)

    def starts_of(self, decoder: int | None) -> int:
        """Return how often this decoder was seen to number anew."""
        return self._numbers(decoder).starts

    def _read(self, piece: Piece) -> Iterable[Event]:
        if not piece.has_start:
            reason = "longer than any record" if piece.dropped else "no start of a record"
            raise FrameRefused(reason=reason)
        if not piece.has_end:
            raise FrameRefused(reason="record without its end")
        frame = unescape(piece.content)
        record_type, body, is_checked = read_frame(frame, accept_unchecked=self._accept_unchecked)
        event = _READERS.get(record_type, _other)(fields(body), is_checked, record_type)
        self.counters.frames_good += 1
        if record_type == RecordType.RESET:
            self._numbers(event.decoder).restart()
        return self._once(event) if isinstance(event, P3Passing) else [event]

    def _once(self, passing: P3Passing) -> list[Event]:
        number = passing.passing_number
        if number is None:
            return [passing]
        if self._seen.add((passing.decoder, number, passing.transponder, passing.rtc_us)):
            self.counters.duplicates += 1
            return []
        missing = self._numbers(passing.decoder).take(number, passing.rtc_us)
        return [passing] if missing is None else [self._gap(*missing), passing]

    def _numbers(self, decoder: int | None) -> "_Numbers":
        numbers = self._sequences.get(decoder)
        if numbers is None:
            if len(self._sequences) >= DECODERS_MAX_COUNT:
                del self._sequences[next(iter(self._sequences))]
            numbers = self._sequences[decoder] = _Numbers()
        return numbers


class _Numbers:
    """The passing numbers of one decoder. They begin anew when it is switched on."""

    def __init__(self) -> None:
        self.starts = 0
        self._sequence = PassingSequence(modulus=NUMBER_MODULUS)
        self._latest_rtc_us: int | None = None

    def restart(self) -> None:
        self.starts += 1
        self._sequence.restart()
        self._latest_rtc_us = None

    def take(self, number: int, rtc_us: int | None) -> tuple[int, int] | None:
        """Return the first and last number lost before this one, or None."""
        if self._sequence.is_behind(number):
            if self._was_sent_again(rtc_us):
                return None
            self.restart()
        self._latest_rtc_us = rtc_us
        return self._sequence.step(number)

    def _was_sent_again(self, rtc_us: int | None) -> bool:
        """What is sent again lies in the recent past; a restarted decoder is later, or lost its clock."""
        if rtc_us is None or self._latest_rtc_us is None:
            return False
        return 0 <= self._latest_rtc_us - rtc_us <= RESENT_MAX_AGE_US


Fields = dict[int, int]


def _passing(record: Fields, is_checked: bool, _: int) -> P3Event:
    return P3Passing(
        passing_number=record.get(0x01),
        transponder=record.get(0x03),
        rtc_us=record.get(0x04),
        strength=record.get(0x05),
        hits=record.get(0x06),
        flags=record.get(0x08),
        decoder=record.get(DECODER_TAG),
        is_checked=is_checked,
    )


def _status(record: Fields, is_checked: bool, _: int) -> P3Event:
    return P3Status(
        noise=record.get(0x01),
        temperature=record.get(0x07),
        supply_decivolt=record.get(0x0C),
        decoder=record.get(DECODER_TAG),
        is_checked=is_checked,
    )


def _time(record: Fields, is_checked: bool, _: int) -> P3Event:
    return P3Time(
        rtc_us=record.get(0x01),
        utc_us=record.get(0x05),
        decoder=record.get(DECODER_TAG),
        is_checked=is_checked,
    )


_MODELS = {0x10: "AMBrc", 0x11: "AMBMX", 0x12: "TranX", 0x13: "TranX Pro", 0x14: "TranX Pro"}


def _version(record: Fields, is_checked: bool, _: int) -> P3Event:
    model = record.get(0x01)
    return P3Version(
        model=None if model is None else _MODELS.get(model, f"decoder type {model}"),
        text=_word(record.get(0x02)),
        version=_word(record.get(0x03)),
        release=_word(record.get(0x04)),
        build=_word(record.get(0x0A)),
        decoder=record.get(DECODER_TAG),
        is_checked=is_checked,
    )


def _word(value: int | None) -> str | None:
    """Return a text as it is, and what is none as a number."""
    if value is None:
        return None
    data = value.to_bytes((value.bit_length() + 7) // 8, "little")
    is_text = len(data) >= TEXT_MIN_LENGTH and all(0x20 <= byte < 0x7F for byte in data)
    return data.decode("ascii").strip() if is_text else str(min(value, NUMBER_MAX))


def _other(record: Fields, is_checked: bool, record_type: int) -> P3Event:
    return P3Other(record_type=record_type, decoder=record.get(DECODER_TAG), is_checked=is_checked)


_READERS: dict[int, Callable[[Fields, bool, int], P3Event]] = {
    RecordType.PASSING: _passing,
    RecordType.STATUS: _status,
    RecordType.GET_TIME: _time,
    RecordType.VERSION: _version,
}


def request_version() -> bytes:
    return encode_frame(RecordType.VERSION, [(tag, b"") for tag in (0x01, 0x02, 0x03, 0x04, 0x08, 0x0A)])


def request_time() -> bytes:
    return encode_frame(RecordType.GET_TIME, [(tag, b"") for tag in (0x01, 0x04, 0x05)])


def request_resend(first: int, last: int) -> bytes:
    """Ask for the passings with these numbers and all between."""
    return encode_frame(
        RecordType.RESEND, [(0x01, first.to_bytes(4, "little")), (0x02, last.to_bytes(4, "little"))]
    )


def encode_passing(passing: P3Passing) -> bytes:
    """Return the record as a decoder sends it; fields that are None are left out."""
    return _encode(
        RecordType.PASSING,
        (0x01, passing.passing_number, 4),
        (0x03, passing.transponder, 4),
        (0x04, passing.rtc_us, 8),
        (0x05, passing.strength, 2),
        (0x06, passing.hits, 2),
        (0x08, passing.flags, 2),
        (DECODER_TAG, passing.decoder, 4),
    )


def encode_status(status: P3Status) -> bytes:
    return _encode(
        RecordType.STATUS,
        (0x01, status.noise, 2),
        (0x07, status.temperature, 2),
        (0x0C, status.supply_decivolt, 1),
        (DECODER_TAG, status.decoder, 4),
    )


def encode_time(*, rtc_us: int, decoder: int) -> bytes:
    """The answer to a time request, as we suppose it: none was ever seen."""
    return _encode(RecordType.GET_TIME, (0x01, rtc_us, 8), (DECODER_TAG, decoder, 4))


def encode_version(version: P3Version, *, model: int) -> bytes:
    """The answer to a version request, as we suppose it, with its texts as texts."""
    texts = ((0x02, version.text), (0x03, version.version), (0x04, version.release), (0x0A, version.build))
    return encode_frame(
        RecordType.VERSION,
        [
            *_present(((0x01, model, 1),)),
            *((tag, text.encode("ascii")) for tag, text in texts if text is not None),
            *_present(((DECODER_TAG, version.decoder, 4),)),
        ],
    )


def _encode(record_type: int, *values: tuple[int, int | None, int]) -> bytes:
    return encode_frame(record_type, _present(values))


def _present(values: tuple[tuple[int, int | None, int], ...]) -> Iterator[tuple[int, bytes]]:
    for tag, value, length in values:
        if value is not None:
            yield tag, value.to_bytes(length, "little")
