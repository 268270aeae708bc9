"""Passings packed into columns: a day has a hundred thousand, and most are never looked at again.

A passing lies in a slot: its numbers in columns, and all that many share, such as its sensor, as one shape.
It is made again for whoever asks. Slots stay: what is found here under a place was said there."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from struct import Struct
from sys import intern

from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.words.slot_row import SlotRow
from pitboard.race.words.stamp_caps import StampCaps
from pitboard.race.words.word import RecordPlace

_NO_TICK = -1
_Shape = tuple[object, ...]
_SHARED = (
    "sensor", "sensor_boot", "track", "boot_id", "channel", "transponder",
    "gate", "system", "lane", "flag", "clock", "slept_ns",
)  # fmt: skip
_NUMBERS = ("seq", "mono_ns", "uncertainty_ns", "received_mono_ns")
# A slot's numbers lie one after the other: those above, and then what the record says beside its body.
_SEQ, _MONO_NS, _TICK_US, _RECORD_SEQ, _STAMP, _WIDTH = 0, 1, 4, 5, 6, 7
_RATE_PPB, _SHAPE, _STREAM, _SMALL_WIDTH = 0, 1, 2, 3
# Packed first, a slot's numbers go into their column in half the time that one after the other takes.
_packed_numbers = Struct(f"{_WIDTH}q").pack
_packed_small = Struct(f"{_SMALL_WIDTH}i").pack


class PassingShelf:
    """Keeps the passings of every stream by the place of their record."""

    def __init__(self) -> None:
        self.caps = StampCaps()
        self._numbers = array("q")
        self._small = array("i")
        self._shapes: list[_Shape] = []
        self._shape_of: dict[_Shape, int] = {}
        self._streams: list[str] = []
        self._places: dict[str, tuple[int, SlotRow]] = {}  # by stream: its index, and slots by record

    def put(self, stream: str, record_seq: int, stamp: int, body: PassingRecorded) -> int:
        """Return the slot in which the passing of this record lies, from now on or already."""
        index, row = self._places.get(stream) or self._new_stream(stream)
        numbers = self._numbers
        known = row.get(record_seq)
        if known is not None:
            at = known * _WIDTH
            if numbers[at + _SEQ] == body.seq and numbers[at + _MONO_NS] == body.mono_ns:
                return known
        shape = (
            body.sensor, body.sensor_boot, body.track, body.boot_id, body.channel, body.transponder,
            body.gate, body.system, body.lane, body.flag, body.clock, body.slept_ns,
        )  # fmt: skip
        number = self._shape_of.get(shape)
        if number is None:
            number = self._new_shape(shape)
        slot = len(numbers) // _WIDTH
        tick_us = body.tick_us
        numbers.frombytes(_packed_numbers(
            body.seq, body.mono_ns, body.uncertainty_ns, body.received_mono_ns,
            _NO_TICK if tick_us is None else tick_us, record_seq, stamp,
        ))  # fmt: skip
        self._small.frombytes(_packed_small(body.rate_ppb, number, index))
        row.put(record_seq, slot)
        return slot

    def _new_stream(self, stream: str) -> tuple[int, SlotRow]:
        place = self._places[stream] = (len(self._streams), SlotRow())
        self._streams.append(stream)
        return place

    def _new_shape(self, shape: _Shape) -> int:
        texts = [intern(one) if isinstance(one, str) else one for one in shape]
        number = self._shape_of[tuple(texts)] = len(self._shapes)
        self._shapes.append(tuple(texts))
        return number

    def slot_of(self, stream: str, record_seq: int) -> int | None:
        """Return where the passing of this record lies, None where it is no passing or not here."""
        place = self._places.get(stream)
        return None if place is None else place[1].get(record_seq)

    def drop(self, stream: str, record_seq: int) -> None:
        """Let the record be no passing here; its slot stays unused."""
        if stream in self._places:
            self._places[stream][1].drop(record_seq)

    def body(self, slot: int) -> PassingRecorded:
        at = slot * _WIDTH
        numbers = self._numbers[at : at + _WIDTH]
        fields = dict(zip(_SHARED, self._shape_at(slot), strict=True))
        fields.update(zip(_NUMBERS, numbers, strict=False))
        tick_us = numbers[_TICK_US]
        fields["rate_ppb"] = self._small[slot * _SMALL_WIDTH + _RATE_PPB]
        return PassingRecorded(**fields, tick_us=None if tick_us == _NO_TICK else tick_us)  # type: ignore[arg-type]

    def shape_number(self, slot: int) -> int:
        """Return the same number for passings that differ in nothing but what is counted and timed."""
        return self._small[slot * _SMALL_WIDTH + _SHAPE]

    def _shape_at(self, slot: int) -> _Shape:
        return self._shapes[self._small[slot * _SMALL_WIDTH + _SHAPE]]

    def stamp(self, slot: int) -> int:
        """Return its record's stamp."""
        return self._numbers[slot * _WIDTH + _STAMP]

    def said_at(self, slot: int) -> tuple[int, str, int]:
        """Return the stamp that it counts with, and the place of its record."""
        stream, record_seq = self.record(slot)
        return (self.caps.stamp(stream, record_seq, self.stamp(slot)), stream, record_seq)

    def record(self, slot: int) -> RecordPlace:
        stream = self._streams[self._small[slot * _SMALL_WIDTH + _STREAM]]
        return (stream, self._numbers[slot * _WIDTH + _RECORD_SEQ])

    def named(self, slot: int) -> tuple[str, str, int]:
        """Return what a passing is named by: sensor, its start, and the number."""
        sensor, sensor_boot = self._shape_at(slot)[:2]
        return (str(sensor), str(sensor_boot), self._numbers[slot * _WIDTH + _SEQ])

    def passing_id(self, slot: int) -> str:
        sensor, sensor_boot, seq = self.named(slot)
        return f"{sensor}/{sensor_boot}/{seq}"

    def of_stream(self, stream: str) -> Iterator[tuple[int, int]]:
        """Yield (number of the record, slot) of the stream's passings, in order."""
        place = self._places.get(stream)
        if place is not None:
            for record_seq in place[1].numbers():
                slot = place[1].get(record_seq)
                if slot is not None:
                    yield record_seq, slot
