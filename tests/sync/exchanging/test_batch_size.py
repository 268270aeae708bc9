"""A batch of the worst records that a node takes fits into one request."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import msgspec
import pytest

from pitboard.clock import ScriptedClock
from pitboard.doors.caller import REQUEST_MAX_BYTES
from pitboard.errors import RecordRefused
from pitboard.journal.records.record import (
    BODY_MAX_BYTES,
    Header,
    Record,
    WireRecord,
    from_wire,
    parse_record,
    to_wire,
)
from pitboard.journal.replica import Replica
from sync.exchanging.exchange import SyncRequest
from tests.race_story import ROOT, STRANGER, Teller


def next_with_body(teller: Teller, body: str) -> WireRecord:
    """Return the teller's next record with this text as its body, properly signed."""
    last = teller.records[-1]
    header_bytes = msgspec.json.encode(
        Header(
            stream=last.stream,
            seq=last.seq + 1,
            previous=last.header_hash.hex(),
            stamp=last.header.stamp + 1,
            kind="weather-noted",
            body=hashlib.sha256(body.encode()).hexdigest(),
        )
    )
    record: Record = parse_record(header_bytes, STRANGER.sign(header_bytes), body.encode())
    teller.records.append(record)
    return to_wire(record)


def test_control_characters_which_grow_sixfold_on_the_wire_are_refused() -> None:
    """Found beside the venue simulator: a batch of them got status 413 and blocked the link for ever."""
    wire = next_with_body(Teller(STRANGER, "Box"), "\x01" * BODY_MAX_BYTES)
    with pytest.raises(RecordRefused, match="control characters"):
        from_wire(wire)


def test_a_batch_of_quotes_which_double_on_the_wire_fits_a_request(tmp_path: Path) -> None:
    box = Teller(STRANGER, "Box")
    for _ in range(40):
        from_wire(next_with_body(box, '"' * BODY_MAX_BYTES))

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(box.records)
            batch = await replica.beyond({})
            request = SyncRequest(records=[to_wire(record) for record in batch])
            assert len(batch) > 10
            assert len(msgspec.json.encode(request)) < REQUEST_MAX_BYTES

    asyncio.run(story())
