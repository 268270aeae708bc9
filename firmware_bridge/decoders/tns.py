"""Decode MyLaps Timing & Scoring TCP/IP, V1 and V2: the software dials us and repeats until acknowledged.

So a gap is never reported, but the same passing comes again and again, and counts once. NUL, CR and LF may
stand anywhere and mean nothing."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from firmware_bridge.decoders.decoder import Event, FramedDecoder, FrameSplitter, Piece
from firmware_bridge.decoders.device_numbers import SeenBefore
from firmware_bridge.decoders.tns_messages import (
    END,
    TnsMessage,
    TnsPassing,
    read_marker_record,
    read_passing_record,
    read_store_record,
    whole_number,
)
from pitboard.errors import FrameRefused

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
    With `gives_again` each passing is given as often as it comes, for whoever can tell it from another.
    """

    def __init__(self, *, gives_again: bool = False) -> None:
        super().__init__(FrameSplitter(starts=b"", ends=END, max_length=MESSAGE_MAX_LENGTH), ignored=_FILLING)
        self._gives_again = gives_again
        self._seen = SeenBefore(max_count=SEEN_MAX_COUNT)

    def _read(self, piece: Piece) -> Iterable[Event]:
        content = piece.content.translate(None, _FILLING)
        if not content and not piece.dropped:
            return []
        begins = _message_begins(content)
        if not begins or not piece.has_end:
            raise FrameRefused(reason="no message" if piece.has_end else "message without its end")
        text = _Text(piece, content, _places(piece.content, content))
        events: list[Event] = []
        if begins[0] or piece.dropped:
            length = text.places[begins[0]]
            events += self._damage(piece, reason="bytes in front of a message", length=length)
        # All but the last lost their end sign; those that are whole without it still count.
        for begin, end in pairwise([*begins, len(content)]):
            events += self._read_message(text, begin, end)
        return events

    def _read_message(self, text: "_Text", begin: int, end: int) -> list[Event]:
        source, function, *data = text.content[begin:end].split(b"@")
        if data[-1:] != [b""]:
            return self._damage_part(text, begin, end, "message without its last separator")
        number = None
        events: list[Event] = []
        if function in _READERS:
            number = whole_number(data[-2]) if len(data) > 1 else None
            if number is None:
                return self._damage_part(text, begin, end, "message without its number")
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
        if self._gives_again and isinstance(record, TnsPassing):
            return False
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


def _message_begins(content: bytes) -> list[int]:
    """Return where messages begin, whole or half: at the source in front of the name of a function."""
    functions = list(_KNOWN_FUNCTION.finditer(content))
    if not functions and (unknown := _ANY_FUNCTION.search(content)):
        functions = [unknown]
    return [content.rfind(b"@", 0, function.start()) + 1 for function in functions]


def _places(content: bytes, text: bytes) -> Sequence[int]:
    """Return for each byte of the text without filling, and for its end, where in the content it stands."""
    if len(text) == len(content):
        return range(len(content) + 1)
    return [at for at, value in enumerate(content) if value not in _FILLING] + [len(content)]
