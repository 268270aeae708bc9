"""The sealed contacts in PostgreSQL; `sync.central.contacts.contact_store.Contacts` for one of its roles.

The ingest role adds contacts and counts those of a unit; only the admin role reads or deletes any."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection, Sequence

import msgspec

from pitboard.contacts.contact_seal import ContactEnvelope
from sync.central.contacts.contact_store import ContactRead
from sync.central.database.postgres_link import PostgresLink
from sync.central.database.schema import ROLE_NAMES, Role

# Without naming what conflicts: that would need the right to read it.
_KEEP = """
INSERT INTO contacts (contact, competitor, unit, received_utc_ms, envelope) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""


class PostgresContacts:
    """Opened by `PostgresContacts.open`; each call raises JournalLost when the database cannot be used."""

    def __init__(self, link: PostgresLink) -> None:
        self._link = link

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str, *, role: Role) -> AsyncIterator[PostgresContacts]:
        link = PostgresLink(url, user=ROLE_NAMES[role])
        try:
            yield cls(link)
        finally:
            await link.close()

    async def keep(self, envelopes: Sequence[ContactEnvelope], *, received_utc_ms: int) -> None:
        """Return once all are durable; one that is here already is left as it is."""
        rows = [
            (one.contact, one.competitor_id, one.unit, received_utc_ms, msgspec.json.encode(one))
            for one in envelopes
        ]
        async with self._link.used() as connection:
            await connection.executemany(_KEEP, rows)  # one transaction

    async def count_of_unit(self, unit: str) -> int:
        async with self._link.used() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM contacts WHERE unit = $1", unit))

    async def all(self) -> list[ContactEnvelope]:
        """Return every contact in the order of arrival."""
        return [envelope for _, envelope in await self.arrivals()]

    async def arrivals(self) -> list[tuple[int, ContactEnvelope]]:
        """Return every contact in the order of arrival, each after when it was received (UTC, ms)."""
        async with self._link.used() as connection:
            rows = await connection.fetch("SELECT received_utc_ms, envelope FROM contacts ORDER BY arrival")
        return [(received, msgspec.json.decode(content, type=ContactEnvelope)) for received, content in rows]

    async def forget_competitors(self, competitors: Collection[str]) -> None:
        """Delete the contacts of people who were erased."""
        async with self._link.used() as connection:
            await connection.execute("DELETE FROM contacts WHERE competitor = ANY($1)", list(competitors))

    async def note(self, read: ContactRead) -> None:
        """Return once the read stands durably in the list of reads."""
        async with self._link.used() as connection:
            await connection.execute(
                "INSERT INTO reads (utc_ms, reader, act, reason, competitors) VALUES ($1, $2, $3, $4, $5)",
                read.utc_ms,
                read.reader,
                read.act,
                read.reason,
                msgspec.json.encode(read.competitors).decode(),
            )

    async def reads(self) -> list[ContactRead]:
        async with self._link.used() as connection:
            rows = await connection.fetch(
                "SELECT utc_ms, reader, act, reason, competitors FROM reads ORDER BY read"
            )
        return [
            ContactRead(
                utc_ms=row["utc_ms"],
                reader=row["reader"],
                act=row["act"],
                reason=row["reason"],
                competitors=msgspec.json.decode(row["competitors"], type=list[str]),
            )
            for row in rows
        ]
