"""Passings packed into columns: a day has a hundred thousand, and most are never looked at again.

A passing lies in a slot: its numbers in columns, and all that many share, such as its sensor, as one shape.
It is made again for whoever asks. Slots stay: what is found here under a place was said there."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from sys import intern

from pitboard.race.bodies import PassingRecorded
from pitboard.race.slot_row import SlotRow
from pitboard.race.word import RecordPlace

_NO_TICK = -1
_Shape = tuple[object, ...]
_NUMBERS = ("seq", "mono_ns", "uncertainty_ns", "received_mono_ns", "rate_ppb", "slept_ns")
_SHARED = (
    "sensor", "sensor_boot", "track", "boot_id", "channel", "transponder",
    "gate", "system", "lane", "flag", "clock",
)  # fmt: skip


class PassingShelf:
    """Keeps the passings of every stream by the place of their record."""

    def __init__(self) -> None:
        self._shapes: list[_Shape] = []
        self._shape_of: dict[_Shape, int] = {}
        self._shape = array("I")
        self._stream = array("I")
        self._record_seq = array("Q")
        self._stamp = array("Q")
        self._tick_us = array("q")
        self._columns = {name: array("q") for name in _NUMBERS}
        self._mono_ns, self._seq = self._columns["mono_ns"], self._columns["seq"]
        self._append = [(name, column.append) for name, column in self._columns.items()]
        self._streams: list[str] = []
        self._places: dict[str, tuple[int, SlotRow]] = {}  # by stream: its index, and slots by record

    def put(self, stream: str, record_seq: int, stamp: int, body: PassingRecorded) -> int:
        """Return the slot in which the passing of this record lies, from now on or already."""
        index, row = self._places.get(stream) or self._new_stream(stream)
        known = row.get(record_seq)
        if known is not None and self._seq[known] == body.seq and self._mono_ns[known] == body.mono_ns:
            return known
        slot = len(self._shape)
        shape = (
            body.sensor, body.sensor_boot, body.track, body.boot_id, body.channel, body.transponder,
            body.gate, body.system, body.lane, body.flag, body.clock,
        )  # fmt: skip
        number = self._shape_of.get(shape)
        if number is None:
            number = self._new_shape(shape)
        self._shape.append(number)
        self._stream.append(index)
        self._record_seq.append(record_seq)
        self._stamp.append(stamp)
        self._tick_us.append(_NO_TICK if body.tick_us is None else body.tick_us)
        for name, append in self._append:
            append(getattr(body, name))
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
        tick_us = self._tick_us[slot]
        fields = dict(zip(_SHARED, self._shapes[self._shape[slot]], strict=True))
        numbers = {name: column[slot] for name, column in self._columns.items()}
        return PassingRecorded(**fields, **numbers, tick_us=None if tick_us == _NO_TICK else tick_us)  # type: ignore[arg-type]

    def mono_ns(self, slot: int) -> int:
        """Return when it was stamped."""
        return self._mono_ns[slot]

    def stamp(self, slot: int) -> int:
        """Return its record's stamp."""
        return self._stamp[slot]

    def record(self, slot: int) -> RecordPlace:
        return (self._streams[self._stream[slot]], self._record_seq[slot])

    def named(self, slot: int) -> tuple[str, str, int]:
        """Return what a passing is named by: sensor, its start, and the number."""
        sensor, sensor_boot = self._shapes[self._shape[slot]][:2]
        return (str(sensor), str(sensor_boot), self._seq[slot])

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
