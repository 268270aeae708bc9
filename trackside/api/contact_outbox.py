"""Sealed contacts that central does not have yet, in a file of their own; this unit cannot open them.

A contact stays until central says that it holds it durably, and then leaves no trace here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import msgspec

from pitboard.contacts.contact_envelope import ENVELOPES_MAX_COUNT, ContactEnvelope
from pitboard.contacts.sealed_store import SideDatabase
from pitboard.errors import ActRefused
from pitboard.patience import happened

OUTBOX_MAX_COUNT = 10_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (
    arrival INTEGER PRIMARY KEY,
    contact TEXT NOT NULL UNIQUE,
    competitor TEXT NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
"""
_KEEP = "INSERT OR IGNORE INTO contacts (contact, competitor, envelope) VALUES (?, ?, ?)"


class ContactOutbox:
    """Opened by `ContactOutbox.open`; each call raises JournalLost when its file cannot be used."""

    def __init__(self, side: SideDatabase) -> None:
        self._side = side
        self._arrived = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[ContactOutbox]:
        async with SideDatabase.open(path, schema=_SCHEMA) as side:
            yield cls(side)

    async def keep(self, envelope: ContactEnvelope) -> None:
        """Return once the contact is durable; one that is here already is left as it is."""
        [(count,)] = await self._side.fetch("SELECT count(*) FROM contacts")
        if count >= OUTBOX_MAX_COUNT:
            raise ActRefused(
                code="contacts-full", reason="Too many contacts wait for central; connect this unit to it."
            )
        content = msgspec.json.encode(envelope)
        await self._side.write([(_KEEP, (envelope.contact, envelope.competitor, content))])
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()

    async def waiting(self, *, wait_s: float = 0.0) -> list[ContactEnvelope]:
        """Return the oldest contacts that central lacks; where there is none, wait for one."""
        arrived = self._arrived
        envelopes = await self._oldest()
        if envelopes or not wait_s:
            return envelopes
        await happened(arrived, wait_s)
        return await self._oldest()

    async def forget_delivered(self, contacts: Collection[str]) -> None:
        """Delete what central holds; an id that is not here changes nothing."""
        await self._side.delete([("DELETE FROM contacts WHERE contact = ?", (one,)) for one in contacts])

    async def forget_competitors(self, competitors: Collection[str]) -> None:
        """Delete the contacts of people who were erased."""
        await self._side.delete(
            [("DELETE FROM contacts WHERE competitor = ?", (one,)) for one in competitors]
        )

    async def _oldest(self) -> list[ContactEnvelope]:
        rows = await self._side.fetch(
            "SELECT envelope FROM contacts ORDER BY arrival LIMIT ?", (ENVELOPES_MAX_COUNT,)
        )
        return [msgspec.json.decode(content, type=ContactEnvelope) for (content,) in rows]
