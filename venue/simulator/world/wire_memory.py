"""What pure functions of the real program gave for the same bytes before, remembered for a day.

Each record is unpacked by every node that it comes to, and in a simulated venue that is one process: the
same bytes give the same values, which nobody can change. What is refused is not remembered."""

from __future__ import annotations

import pitboard.journal.records.kinds
import pitboard.journal.records.record
from pitboard.journal.records.record import Record, WireRecord
from pitboard.race.bodies.body import Body

_bodies: dict[tuple[str, bytes], Body | None] = {}
_records: dict[tuple[str, str, str | None], Record] = {}
_wires: dict[tuple[bytes, bytes, bytes | None], WireRecord] = {}


def remembered_body(kind: str, body_bytes: bytes) -> Body | None:
    """Stand in for `read_body`."""
    place = (kind, body_bytes)
    try:
        return _bodies[place]
    except KeyError:
        body = _bodies[place] = pitboard.journal.records.kinds.read_body(kind, body_bytes)
        return body


def remembered_record(wire: WireRecord) -> Record:
    """Stand in for `from_wire`."""
    place = (wire.h, wire.s, wire.b)
    record = _records.get(place)
    if record is None:
        record = _records[place] = pitboard.journal.records.record.from_wire(wire)
    return record


def remembered_wire(record: Record) -> WireRecord:
    """Stand in for `to_wire`."""
    place = (record.header_bytes, record.signature, record.body_bytes)
    wire = _wires.get(place)
    if wire is None:
        wire = _wires[place] = pitboard.journal.records.record.to_wire(record)
    return wire


def forget_wires() -> None:
    """Begin a new day."""
    _bodies.clear()
    _records.clear()
    _wires.clear()
