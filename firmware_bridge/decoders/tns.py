"""Decode MyLaps Timing & Scoring TCP/IP, V1 and V2: the timing software dials us and repeats until acknowledged.

So a gap is never reported, but the same passing comes again and again, and counts once. NUL, CR and LF may
stand anywhere and mean nothing."""

import re
from collections import deque
from collections.abc import Callable, Iterable

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
        function = _function(piece.content)
        begin = piece.content.rfind(b"@", 0, function.start()) + 1
        noise = (
            self._damage(piece, reason="bytes in front of a message", length=begin)
            if begin or piece.dropped
            else []
        )
        message = Piece(piece.offset + begin, piece.content[begin:], False, True)
        return [*noise, *self._read_message(message, function[1])]

    def _read_message(self, message: Piece, function: bytes) -> list[Event]:
        parts = message.content.split(b"@")
        source, _, *data = (part.translate(None, _FILLING) for part in parts)
        if data[-1:] != [b""]:
            return self._damage(message, reason="message without its last separator")
        number = None
        events: list[Event] = []
        if function in _READERS:
            if len(data) < 2 or not data[-2].isdigit():
                return self._damage(message, reason="message without its number")
            number = int(data[-2])
            events, is_whole = self._read_records(message, parts, _READERS[function])
            if not is_whole:
                return events
        self.counters.frames_good += 1
        text = function.decode("ascii")
        return [*events, TnsMessage(source=source.decode("latin-1"), function=text, number=number)]

    def _read_records(
        self, message: Piece, parts: list[bytes], read: Callable[[bytes], Event]
    ) -> tuple[list[Event], bool]:
        events: list[Event] = []
        is_whole = True
        offset = message.offset + len(parts[0]) + len(parts[1]) + 2
        for part in parts[2:-2]:
            try:
                record = read(part.translate(None, _FILLING))
            except FrameRefused as refusal:
                is_whole = False
                events += self._damage(Piece(offset, part, False, True), reason=refusal.reason)
            else:
                events += [] if self._came_again(record) else [record]
            offset += len(part) + 1
        return events, is_whole

    def _came_again(self, record: Event) -> bool:
        if not self._seen.add(record):
            return False
        if isinstance(record, TnsPassing):
            self.counters.duplicates += 1
        return True


def _function(content: bytes) -> re.Match[bytes]:
    """Return the function of the last message in these bytes; half a message or noise may stand in front."""
    known = deque(_KNOWN_FUNCTION.finditer(content), maxlen=1)
    function = known.pop() if known else _ANY_FUNCTION.search(content)
    if function is None:
        raise FrameRefused(reason="no message")
    return function
