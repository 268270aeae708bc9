"""Decode MyLaps Timing & Scoring TCP/IP, V1 and V2: the software dials us and repeats until acknowledged.

So a gap is never reported, but the same passing comes again and again, and counts once. NUL, CR and LF may
stand anywhere and mean nothing."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from .decoder import Event
from .frame_splitter import FrameSplitter, Piece
from .framed_decoder import FramedDecoder, FrameRefused
from .passing_sequence import SeenBefore
from .tns_messages import (
    END,
    TnsMessage,
    TnsPassing,
    read_marker_record,
    read_passing_record,
    read_store_record,
)

MESSAGE_MAX_LENGTH = 65_536
SEEN_MAX_COUNT = 32_768

_FILLING = b"\0\r\n"
_KNOWN_FUNCTION = re.compile(rb"@((?:Ack)?(?:Ping|Pong|Store|Passing|Marker|GetLocations|GetInfo))@")
_ANY_FUNCTION = re.compile(rb"@([A-Z][A-Za-z]{2,30})@")
_READERS: dict[bytes, Callable[[bytes], Event]] = {
    b"Store": read_store_record,
    b"Passing": read_passing_record,
    b"Marker": read_marker_record,
}


class TnsDecoder(FramedDecoder):
    """Events of one connection: passings and markers once each, and every message, to be acknowledged.

    A message with a damaged record gives its other passings but is not reported itself: unacknowledged, it
    comes again.
    `duplicates` counts the passings that came again; a marker that comes again is dropped without counting.
    """

    def __init__(self) -> None:
        super().__init__(FrameSplitter(starts=b"", ends=END, max_length=MESSAGE_MAX_LENGTH), ignored=_FILLING)
        self._seen = SeenBefore(max_count=SEEN_MAX_COUNT)

    def _read(self, piece: Piece) -> Iterable[Event]:
        if not piece.has_end:
            raise FrameRefused(reason="message without its end")
        text = piece.content.translate(None, _FILLING)
        if not text and not piece.dropped:
            return []
        function = _function(text)
        places = _places(piece.content, text)
        begin = text.rfind(b"@", 0, function.start()) + 1
        noise: list[Event] = []
        if begin or piece.dropped:
            noise = self._damage(piece, reason="bytes in front of a message", length=places[begin])
        return [*noise, *self._read_message(_Text(piece, text, places), begin, function[1])]

    def _read_message(self, text: "_Text", begin: int, function: bytes) -> list[Event]:
        source, _, *data = text.content[begin:].split(b"@")
        if data[-1:] != [b""]:
            return self._damage_part(text, begin, len(text.content), "message without its last separator")
        number = None
        events: list[Event] = []
        if function in _READERS:
            if len(data) < 2 or not data[-2].isdigit():
                return self._damage_part(text, begin, len(text.content), "message without its number")
            number = int(data[-2])
            damaged_before = self.counters.frames_damaged
            records_begin = begin + len(source) + len(function) + 2
            events = self._read_records(text, data[:-2], records_begin, _READERS[function])
            if self.counters.frames_damaged > damaged_before:
                return events
        self.counters.frames_good += 1
        name = function.decode("ascii")
        return [*events, TnsMessage(source=source.decode("latin-1"), function=name, number=number)]

    def _read_records(
        self, text: "_Text", records: list[bytes], begin: int, read: Callable[[bytes], Event]
    ) -> list[Event]:
        events: list[Event] = []
        for record in records:
            end = begin + len(record)
            try:
                event = read(record)
            except FrameRefused as refusal:
                events += self._damage_part(text, begin, end, refusal.reason)
            else:
                events += [] if self._came_again(event) else [event]
            begin = end + 1
        return events

    def _damage_part(self, text: "_Text", begin: int, end: int, reason: str) -> list[Event]:
        first, after = text.places[begin], text.places[end]
        part = Piece(text.piece.offset + first, text.piece.content[first:after], False, True)
        return self._damage(part, reason=reason)

    def _came_again(self, record: Event) -> bool:
        if not self._seen.add(record):
            return False
        if isinstance(record, TnsPassing):
            self.counters.duplicates += 1
        return True


class _Text(NamedTuple):
    """A piece without its filling, and the place of each byte in the piece."""

    piece: Piece
    content: bytes
    places: Sequence[int]


def _function(content: bytes) -> re.Match[bytes]:
    """Return the function of the last message in these bytes; half a message or noise may stand in front."""
    known = deque(_KNOWN_FUNCTION.finditer(content), maxlen=1)
    function = known.pop() if known else _ANY_FUNCTION.search(content)
    if function is None:
        raise FrameRefused(reason="no message")
    return function


def _places(content: bytes, text: bytes) -> Sequence[int]:
    """Return for each byte of the text without filling, and for its end, where in the content it stands."""
    if len(text) == len(content):
        return range(len(content) + 1)
    return [at for at, value in enumerate(content) if value not in _FILLING] + [len(content)]
