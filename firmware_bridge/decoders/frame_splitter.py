"""Cut a byte stream into pieces at marker bytes, at any cut of the stream and in bounded memory.

Each byte is looked at once: only new bytes are searched, and what waits for its end is capped. Where a
protocol has no start marker, the end of an over-long piece is kept, since a good frame may be its tail."""

import re
from collections.abc import Iterator
from typing import NamedTuple


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
