"""What every decoder has in common: bytes in, events out, losses counted.

A decoder does no I/O and knows no clock. The stream may be cut anywhere: the events depend on the bytes
alone, never on how many of them arrived at once."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import ClassVar, NamedTuple, Protocol

from pitboard.errors import FrameRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a decoder read. `kind` names it in JSON; the other fields are those of the dataclass."""

    kind: ClassVar[str]

    def as_fields(self) -> dict[str, object]:
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Event):
    """The device numbered these records and we never got them."""

    kind: ClassVar[str] = "gap"

    first_missing: int
    last_missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged(Event):
    """Bytes that are no good frame. `offset` counts from the first byte ever fed."""

    kind: ClassVar[str] = "damaged"

    offset: int
    length: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Counters:
    """Totals since the first byte. `bytes_skipped` is the length of all damaged stretches together."""

    frames_good: int = 0
    frames_damaged: int = 0
    bytes_skipped: int = 0
    gaps: int = 0
    duplicates: int = 0


class Decoder(Protocol):
    """One stream of one device: a new connection or a re-opened port needs a new decoder."""

    @property
    def counters(self) -> Counters: ...

    def feed(self, data: bytes) -> list[Event]:
        """Return what these bytes complete, oldest first. Raises nothing, whatever the bytes are."""
        ...

    def finish(self) -> list[Event]:
        """Return what the end of the stream decides; a frame left half is damaged. Call it once, last."""
        ...


class Piece(NamedTuple):
    """The bytes between two markers. `content` begins at `offset`, counted from the first byte ever fed.

    A piece that `has_start` carries its start marker at the front; one that `has_end` came to an end marker.
    `dropped` bytes right before `offset` were over the cap and are gone.
    """

    offset: int
    content: bytes
    has_start: bool
    has_end: bool
    dropped: int = 0


class FrameSplitter:
    """Splits before each of `starts` and after each of `ends`; ends are taken off unless `keep_ends`."""

    def __init__(self, *, starts: bytes, ends: bytes, max_length: int, keep_ends: bool = False) -> None:
        self._marker = re.compile(b"[" + re.escape(starts + ends) + b"]")
        self._starts = frozenset(starts)
        self._max_length = max_length
        self._keep_ends = keep_ends
        self._waiting = bytearray()
        self._has_start = False
        self._dropped = 0
        self._offset = 0  # of the first byte not yet split

    @property
    def waiting_length(self) -> int:
        return len(self._waiting)

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Yield what these bytes complete; empty pieces are left out."""
        base = self._offset
        self._offset += len(data)
        begin = 0
        for match in self._marker.finditer(data):
            at = match.start()
            opens = data[at] in self._starts
            end = at + 1 if self._keep_ends and not opens else at
            if self._waiting or self._dropped:
                self._wait_for(data[begin:end])
                yield self._flush(end_offset=base + end, has_end=not opens)
            elif end > begin:
                yield self._whole(base + begin, data[begin:end], has_end=not opens)
            self._has_start = opens
            begin = at if opens else at + 1
        if begin < len(data):
            self._wait_for(data[begin:])

    def finish(self) -> Iterator[Piece]:
        """Yield the piece that never came to its end."""
        if self._waiting or self._dropped:
            yield self._flush(end_offset=self._offset, has_end=False)
        self._has_start = False

    def _whole(self, offset: int, content: bytes, *, has_end: bool) -> Piece:
        over = max(0, len(content) - self._max_length)
        return Piece(offset + over, content[over:], self._has_start and not over, has_end, over)

    def _wait_for(self, data: bytes) -> None:
        self._waiting += data
        # Twice the cap, so that cutting costs each byte at most one move.
        if len(self._waiting) > 2 * self._max_length:
            self._cut_to_cap()

    def _cut_to_cap(self) -> None:
        over = len(self._waiting) - self._max_length
        if over > 0:
            del self._waiting[:over]
            self._dropped += over

    def _flush(self, *, end_offset: int, has_end: bool) -> Piece:
        self._cut_to_cap()
        content = bytes(self._waiting)
        piece = Piece(
            end_offset - len(content), content, self._has_start and not self._dropped, has_end, self._dropped
        )
        self._waiting.clear()
        self._dropped = 0
        return piece


class FramedDecoder:
    """Keeps the counters right: every byte of a refused piece is reported once, as damaged."""

    def __init__(self, splitter: FrameSplitter, *, ignored: bytes = b"") -> None:
        self.counters = Counters()
        self._splitter = splitter
        self._ignored = ignored

    def feed(self, data: bytes) -> list[Event]:
        return self._take(self._splitter.feed(data))

    def finish(self) -> list[Event]:
        return self._take(self._splitter.finish())

    def _take(self, pieces: Iterable[Piece]) -> list[Event]:
        events: list[Event] = []
        for piece in pieces:
            try:
                events += self._read(piece)
            except FrameRefused as refusal:
                events += self._damage(piece, reason=refusal.reason)
        return events

    def _read(self, piece: Piece) -> Iterable[Event]:
        """Return the events of one piece. Raises FrameRefused, having changed nothing."""
        raise NotImplementedError

    def _damage(self, piece: Piece, *, reason: str, length: int | None = None) -> list[Event]:
        """Report the piece, or its first `length` bytes with all that was dropped before them, as damaged.

        What is only filling between frames (line ends, and NUL where a protocol sprinkles them) is no loss.
        """
        content = piece.content if length is None else piece.content[:length]
        if not piece.dropped and not content.strip(self._ignored):
            return []
        skipped = piece.dropped + len(content)
        self.counters.frames_damaged += 1
        self.counters.bytes_skipped += skipped
        return [Damaged(offset=piece.offset - piece.dropped, length=skipped, reason=reason)]

    def _gap(self, first_missing: int, last_missing: int) -> Gap:
        self.counters.gaps += 1
        return Gap(first_missing=first_missing, last_missing=last_missing)


DAY_US = 86_400_000_000

_SECONDS = re.compile(rb"(\d{1,1000})(?:\.(\d*))?")
_CLOCK = re.compile(rb"(?:(?:(\d{1,1000}):)?(\d{1,1000}):)?(\d{1,1000})(?:[.,](\d*))?")


def seconds_us(text: bytes) -> int | None:
    """Return `688.41` as 688410000, or None where the text is no decimal number."""
    match = _SECONDS.fullmatch(text)
    if match is None:
        return None
    whole, fraction = match.groups()
    return int(whole) * 1_000_000 + fraction_us(fraction)


def clock_us(text: bytes) -> int | None:
    """Return `[[HH:]MM:]SS[.fraction]` in microseconds, or None where the text is none.

    The last field may have any number of digits: `00:00:100.5` is a hundred seconds and a half."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, whole, fraction = match.groups()
    seconds = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(whole)
    return seconds * 1_000_000 + fraction_us(fraction)


def fraction_us(digits: bytes | None) -> int:
    return int((digits or b"")[:6].ljust(6, b"0"))


def format_seconds(duration_us: int, *, decimals: int) -> str:
    """Return `12.345`; decimals beyond those asked for are cut."""
    seconds, fraction = divmod(duration_us, 1_000_000)
    return f"{seconds}.{fraction:06d}"[: len(str(seconds)) + 1 + decimals]


def format_clock(instant_us: int, *, decimals: int) -> str:
    """Return `HH:MM:SS.ffff`; decimals beyond those asked for are cut."""
    minutes, rest_us = divmod(instant_us, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:" + format_seconds(rest_us, decimals=decimals).zfill(3 + decimals)
