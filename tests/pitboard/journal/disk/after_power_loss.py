"""What must hold of files that a power cut left, opened by the very code that wrote them.

Each check raises AssertionError with what is missing. A chain is verified once for each different header, for
most of what one cut leaves the next one leaves as well."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from firmware_bridge.spool.raw_log import RawLog, raw_files, read_raw_records
from pitboard.clock import ScriptedClock
from pitboard.journal.disk.storage import read_all
from pitboard.journal.records.record import NO_PREVIOUS, Record
from pitboard.journal.replica import Replica
from pitboard.trust.identity import Identity, signature_holds
from tests.pitboard.journal.disk.power_loss_writer import CONTACTS, JOURNAL, KEY, envelope
from tests.race_story import ROOT, UNIT_B, passing
from trackside.api.contact_outbox import ContactOutbox

_verified: set[bytes] = set()


async def check_journal(folder: Path, acknowledged: Sequence[str]) -> None:
    """Every acknowledged record is there and chained, the erased is gone, a new stream takes records."""
    said = [line.split() for line in acknowledged]
    clock = ScriptedClock()
    async with Replica.open(folder / JOURNAL, root_key=ROOT.key, clock=clock) as replica:
        before = {(record.stream, record.seq): record async for record in read_all(replica.journal)}
        replica = await replica.open_stream(UNIT_B, "After the cut")
        [written] = await replica.append(passing(1, s=1.0))
        assert len(before) + 2 == sum(replica.have().values())
    for words in said:
        match words:
            case ["key", key]:
                assert Identity.load_or_create(folder / KEY).key == key
            case ["erased", stream, seq]:
                assert before[stream, int(seq)].body_bytes is None
            case [stream, seq, header_hash]:
                assert before[stream, int(seq)].header_hash.hex() == header_hash
    _check_chains(before)
    after = _stored(folder / JOURNAL)
    assert (written.stream, 2) in after
    assert before.keys() <= after


async def check_contacts(folder: Path, acknowledged: Sequence[str]) -> None:
    """Every contact kept is there until it is forgotten, and then leaves no trace; a new one can be kept."""
    said = [line.split() for line in acknowledged]
    kept = {words[1] for words in said if words[0] == "kept"}
    asked = {words[1] for words in said if words[0] == "forgetting"}
    forgotten = {words[1]: words[2] for words in said if words[0] == "forgotten"}
    async with ContactOutbox.open(folder / CONTACTS) as outbox:
        waiting = set()
        while envelopes := await outbox.waiting():
            waiting |= {one.contact for one in envelopes}
            await outbox.forget_delivered([one.contact for one in envelopes])
        assert kept - asked <= waiting
        assert not waiting & forgotten.keys()
        await outbox.keep(envelope(99_999))
        assert [one.competitor_id for one in await outbox.waiting()] == ["c99999"]
    left = _all_bytes(folder)
    assert not any(sealed.encode() in left for sealed in forgotten.values())


def check_raw_log(folder: Path, acknowledged: Sequence[str]) -> None:
    """Every synced line is there, in order and once; what is appended next is read back too."""
    clock = ScriptedClock(now_utc_ms=2_000_000_000_000)
    with RawLog.open(folder, clock=clock) as raw_log:
        raw_log.append_bytes("beam-1", b"after the cut", mono_ns=1)
        raw_log.sync()
    read = [record.data for record in read_raw_records(raw_files(folder))]
    assert read.pop() == b"after the cut"
    numbers = [int(data[:6]) for data in read]
    assert numbers == sorted(set(numbers))
    last = int(acknowledged[-1]) if acknowledged else 0
    assert numbers[:last] == list(range(1, last + 1))
    assert all(data == data[:6] * 30 for data in read)


def _all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def _check_chains(records: dict[tuple[str, int], Record]) -> None:
    """Each stream is dense from 1, each header names the one before, each body is the one that was signed."""
    keys: dict[str, str] = {}
    for (stream, seq), record in sorted(records.items()):
        previous = records.get((stream, seq - 1))
        assert record.header.previous == (
            NO_PREVIOUS if seq == 1 else previous and previous.header_hash.hex()
        )
        if record.body_bytes is not None and record.header_hash not in _verified:
            assert hashlib.sha256(record.body_bytes).hexdigest() == record.header.body
            if seq == 1:
                keys[stream] = _opening_key(record)
            assert stream not in keys or signature_holds(keys[stream], record.header_bytes, record.signature)
            _verified.add(record.header_hash)


def _opening_key(record: Record) -> str:
    assert record.body_bytes is not None
    return str(msgspec.json.decode(record.body_bytes)["key"])


def _stored(path: Path) -> set[tuple[str, int]]:
    """Return what a plain SQLite finds in the file, which it also looks through for damage."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return set(database.execute("SELECT stream, seq FROM records"))
