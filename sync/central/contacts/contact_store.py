"""Central's sealed contacts, and who read them: a file of its own that only this module opens.

The public door is never given it, and what is in it opens with the admin's passphrase only."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from pitboard.contacts.contact_seal import ContactEnvelope
from pitboard.contacts.sealed_store import SideDatabase

_SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (
    arrival INTEGER PRIMARY KEY,
    contact TEXT NOT NULL UNIQUE,
    competitor TEXT NOT NULL,
    unit TEXT NOT NULL,
    received_utc_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS contacts_of_unit ON contacts (unit);
CREATE TABLE IF NOT EXISTS reads (
    read INTEGER PRIMARY KEY,
    utc_ms INTEGER NOT NULL,
    reader TEXT NOT NULL,
    act TEXT NOT NULL,
    reason TEXT NOT NULL,
    competitors TEXT NOT NULL
) STRICT;
"""
_KEEP = """
INSERT OR IGNORE INTO contacts (contact, competitor, unit, received_utc_ms, envelope) VALUES (?, ?, ?, ?, ?)
"""
_NOTE = "INSERT INTO reads (utc_ms, reader, act, reason, competitors) VALUES (?, ?, ?, ?, ?)"


class ContactRead(msgspec.Struct, frozen=True, kw_only=True):
    """Who opened or tried to open contacts: `act` is read, export or wrong-passphrase."""

    utc_ms: int
    reader: str
    act: str
    reason: str
    competitors: list[str]


class Contacts(Protocol):
    """Sealed contacts and who read them; each call raises JournalLost when their store cannot be used."""

    async def keep(self, envelopes: Sequence[ContactEnvelope], *, received_utc_ms: int) -> None:
        """Return once all are durable; one that is here already is left as it is."""

    async def count_of_unit(self, unit: str) -> int: ...

    async def all(self) -> list[ContactEnvelope]:
        """Return every contact in the order of arrival."""
        ...

    async def arrivals(self) -> list[tuple[int, ContactEnvelope]]:
        """Return every contact in the order of arrival, each after when it was received (UTC, ms)."""
        ...

    async def forget_competitors(self, competitors: Collection[str]) -> None:
        """Delete the contacts of people who were erased."""

    async def note(self, read: ContactRead) -> None:
        """Return once the read stands durably in the list of reads."""

    async def reads(self) -> list[ContactRead]: ...


class ContactStore:
    """`Contacts` in a file of its own, opened by `ContactStore.open`."""

    def __init__(self, side: SideDatabase) -> None:
        self._side = side

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[ContactStore]:
        async with SideDatabase.open(path, schema=_SCHEMA) as side:
            yield cls(side)

    async def keep(self, envelopes: Sequence[ContactEnvelope], *, received_utc_ms: int) -> None:
        """Return once all are durable; one that is here already is left as it is."""
        await self._side.write(
            [
                (
                    _KEEP,
                    (one.contact, one.competitor_id, one.unit, received_utc_ms, msgspec.json.encode(one)),
                )
                for one in envelopes
            ]
        )

    async def count_of_unit(self, unit: str) -> int:
        [(count,)] = await self._side.fetch("SELECT count(*) FROM contacts WHERE unit = ?", (unit,))
        return int(count)

    async def all(self) -> list[ContactEnvelope]:
        """Return every contact in the order of arrival."""
        return [envelope for _, envelope in await self.arrivals()]

    async def arrivals(self) -> list[tuple[int, ContactEnvelope]]:
        """Return every contact in the order of arrival, each after when it was received (UTC, ms)."""
        rows = await self._side.fetch("SELECT received_utc_ms, envelope FROM contacts ORDER BY arrival")
        return [(received, msgspec.json.decode(content, type=ContactEnvelope)) for received, content in rows]

    async def forget_competitors(self, competitors: Collection[str]) -> None:
        """Delete the contacts of people who were erased."""
        await self._side.delete(
            [("DELETE FROM contacts WHERE competitor = ?", (one,)) for one in competitors]
        )

    async def note(self, read: ContactRead) -> None:
        """Return once the read stands durably in the list of reads."""
        competitors = msgspec.json.encode(read.competitors).decode()
        await self._side.write([(_NOTE, (read.utc_ms, read.reader, read.act, read.reason, competitors))])

    async def reads(self) -> list[ContactRead]:
        rows = await self._side.fetch(
            "SELECT utc_ms, reader, act, reason, competitors FROM reads ORDER BY read"
        )
        return [
            ContactRead(
                utc_ms=utc_ms,
                reader=reader,
                act=act,
                reason=reason,
                competitors=msgspec.json.decode(competitors, type=list[str]),
            )
            for utc_ms, reader, act, reason, competitors in rows
        ]
