"""The bounds that all decoders rest on."""

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.decoders.decoder import FrameSplitter, Piece


class CountingMarker:
    """Searches like the pattern it wraps, and counts the bytes it was given to search."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern = pattern
        self.searched = 0

    def finditer(self, data: bytes) -> Iterator[re.Match[bytes]]:
        self.searched += len(data)
        return self._pattern.finditer(data)


def split(splitter: FrameSplitter, *parts: bytes) -> list[Piece]:
    return [piece for part in parts for piece in splitter.feed(part)] + list(splitter.finish())


def test_each_byte_is_searched_once_however_it_arrives() -> None:
    for step in (1, 7, 5000):
        splitter = FrameSplitter(starts=b"<", ends=b">", max_length=100)
        counting = CountingMarker(splitter._marker)
        splitter._marker = counting  # type: ignore[assignment]
        stream = (b"x" * 3000 + b"<" + b"y" * 50 + b">") * 20
        split(splitter, *(stream[at : at + step] for at in range(0, len(stream), step)))
        assert counting.searched == len(stream)


def test_what_waits_is_never_longer_than_twice_the_cap() -> None:
    splitter = FrameSplitter(starts=b"", ends=b"\n", max_length=100)
    for _ in range(1000):
        assert list(splitter.feed(b"x" * 77)) == []
        assert splitter.waiting_length <= 200 + 77
    (piece,) = splitter.feed(b"\n")
    assert (piece.dropped, piece.offset, len(piece.content)) == (76_900, 76_900, 100)


@given(st.lists(st.binary(max_size=60).map(lambda part: part[:30] + b"<" + part[30:] + b">")))
def test_the_pieces_of_a_splitter_that_keeps_ends_are_the_whole_stream(parts: list[bytes]) -> None:
    stream = b"".join(parts)
    splitter = FrameSplitter(starts=b"<", ends=b">", max_length=1000, keep_ends=True)
    pieces = split(splitter, stream)
    assert b"".join(piece.content for piece in pieces) == stream
    at = 0
    for piece in pieces:
        assert piece.offset == at
        assert piece.has_start == piece.content.startswith(b"<")
        assert piece.has_end == piece.content.endswith(b">")
        at += len(piece.content)
