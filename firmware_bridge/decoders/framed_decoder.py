"""The half of a decoder that all protocols share: split, count, report damage.

A protocol adds `_read`, which turns one piece into events or says why it cannot."""

from collections.abc import Iterable

from firmware_bridge.decoders.decoder import Counters, Damaged, Event, Gap
from firmware_bridge.decoders.frame_splitter import FrameSplitter, Piece
from pitboard.errors import Refusal


class FrameRefused(Refusal):
    """A piece is no good frame; `reason` goes into the `damaged` event."""

    code = "frame-refused"

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
