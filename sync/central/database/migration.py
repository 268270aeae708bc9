"""Move central's records and sealed contacts from a file to a database, or back; typed again it goes on.

Nothing of the source is changed. At the end both are read, and each stream's headers must be the same up
to the source's head."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitboard.contacts.sealed_store import beside
from pitboard.errors import JournalLost, MigrationRefused
from pitboard.journal.disk.sqlite_storage import Journal, QuarantinedRow
from pitboard.journal.disk.storage import read_all
from pitboard.journal.records.record import Record, stored_record
from sync.central.contacts.contact_store import Contacts, ContactStore
from sync.central.database.postgres_contacts import PostgresContacts
from sync.central.database.postgres_storage import PostgresJournal

BATCH_COUNT = 1_000
_FILE = "sqlite:///"
_DATABASE = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class Moved:
    """What is in both places now; `fresh` of the records were not there before."""

    records: int
    fresh: int
    streams: int
    erased: int
    quarantined: int
    contacts: int


@dataclass(slots=True)
class _StreamSum:
    """One stream as it was read in order: its head, and a hash over the hashes of its headers."""

    head: int
    sum: Any


def file_of(place: str) -> Path:
    """Return the file that `sqlite:///PATH`, or just PATH, names; the former is always from the root."""
    return Path("/" + place.removeprefix(_FILE).lstrip("/") if place.startswith(_FILE) else place)


@contextlib.asynccontextmanager
async def opened(place: str, *, root_key: str) -> AsyncIterator[tuple[Journal | PostgresJournal, Contacts]]:
    """Open the journal and contacts at `postgresql://…`, or in the file `sqlite:///PATH` or PATH."""
    if place.startswith(_DATABASE):
        async with (
            PostgresJournal.open(place, role="admin", root_key=root_key, waits=False) as journal,
            PostgresContacts.open(place, role="admin") as contacts,
        ):
            yield journal, contacts
        return
    path = file_of(place)
    async with (
        Journal.open(path, root_key=root_key) as journal_file,
        ContactStore.open(beside(path, "contacts")) as contact_file,
    ):
        yield journal_file, contact_file


async def migrate(
    source: str, target: str, *, root_key: str, tell: Callable[[int, int], None] = lambda done, of: None
) -> Moved:
    """Copy everything, verify it, and return what there is; `tell(done, of)` hears how far the records are.

    Raises MigrationRefused where the target holds other records than the source, with the source's left out.
    """
    if not source.startswith(_DATABASE) and not os.path.exists(file_of(source)):  # noqa: ASYNC240
        raise MigrationRefused(f"There is no journal {file_of(source)}.")
    async with (
        opened(source, root_key=root_key) as (here, contacts_here),
        opened(target, root_key=root_key) as (there, contacts_there),
    ):
        before = await there.last_arrival()
        sums = await _copy_records(here, there, tell)
        quarantined = await _copy_quarantine(here, there)
        count = await _copy_contacts(contacts_here, contacts_there)
        erased = await _verify(sums, there)
        return Moved(
            records=sum(one.head for one in sums.values()),
            fresh=await there.last_arrival() - before,
            streams=len(sums),
            erased=erased,
            quarantined=quarantined,
            contacts=count,
        )


async def _copy_records(
    here: Journal | PostgresJournal, there: Journal | PostgresJournal, tell: Callable[[int, int], None]
) -> dict[str, _StreamSum]:
    sums: dict[str, _StreamSum] = {}
    last = await here.last_arrival()
    done = 0
    batch: list[Record] = []
    async for record in read_all(here):
        _add(sums, record)
        batch.append(record)
        if len(batch) >= BATCH_COUNT:
            await _hand_over(batch, there)
            done += len(batch)
            batch = []
            tell(done, last)
    await _hand_over(batch, there)
    tell(done + len(batch), last)
    return sums


async def _hand_over(batch: list[Record], there: Journal | PostgresJournal) -> None:
    for record, (_, holder) in zip(batch, await there.append(batch), strict=True):
        if record.header_hash != holder:
            raise MigrationRefused(
                f"Record {record.seq} of stream {record.stream[:8]} is another one at the target."
                " Take an empty target, and ask which of the two is the event's."
            )
    # Where it was copied with its body once, and has been erased at the source since.
    await there.erase_bodies([(one.stream, one.seq) for one in batch if one.body_bytes is None])


async def _copy_quarantine(here: Journal | PostgresJournal, there: Journal | PostgresJournal) -> int:
    rows: list[QuarantinedRow] = await here.quarantined_rows()
    for _, _, header, signature, body, reason in rows:
        await there.quarantine(stored_record(header, signature, body), reason)
    return len(rows)


async def _copy_contacts(here: Contacts, there: Contacts) -> int:
    contacts = await here.arrivals()
    for received_utc_ms, envelope in contacts:
        await there.keep([envelope], received_utc_ms=received_utc_ms)
    kept = {one.contact for one in await there.all()}
    if not kept >= {one.contact for _, one in contacts}:
        raise MigrationRefused("A sealed contact did not arrive; try again.")
    reads, known = await here.reads(), await there.reads()
    if reads[: len(known)] != known:
        raise MigrationRefused("The target's list of who read contacts is another one. Take an empty target.")
    for read in reads[len(known) :]:
        await there.note(read)
    return len(contacts)


async def _verify(sums: dict[str, _StreamSum], there: Journal | PostgresJournal) -> int:
    """Read the target, compare each stream up to the source's head, and return how many bodies are erased."""
    found: dict[str, _StreamSum] = {}
    erased = 0
    async for record in read_all(there):  # a body that is not the signed one does not come through
        wanted = sums.get(record.stream)
        if wanted is not None and record.seq <= wanted.head:
            _add(found, record)
            erased += record.body_bytes is None
    for stream, wanted in sums.items():
        got = found.get(stream)
        if got is None or (got.head, got.sum.digest()) != (wanted.head, wanted.sum.digest()):
            raise JournalLost(path="at the target", reason=f"stream {stream[:8]} is not what the source has")
    return erased


def _add(sums: dict[str, _StreamSum], record: Record) -> None:
    stream = sums.setdefault(record.stream, _StreamSum(0, hashlib.sha256()))
    if record.seq != stream.head + 1:
        raise JournalLost(path="", reason=f"stream {record.stream[:8]} lacks record {stream.head + 1}")
    stream.head = record.seq
    stream.sum.update(record.header_hash)
