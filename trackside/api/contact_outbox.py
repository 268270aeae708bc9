"""Sealed contacts that central does not have yet, in a file of their own; this unit cannot open them.

A contact stays until central says that it holds it durably, and then leaves no trace here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.clock import happened
from pitboard.contacts.contact_seal import ENVELOPES_MAX_COUNT, ContactEnvelope, SealedContact, sign_envelope
from pitboard.contacts.sealed_store import SideDatabase
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.journal.replica import Replica
from pitboard.trust.identity import Identity

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
        await self._side.write([(_KEEP, (envelope.contact, envelope.competitor_id, content))])
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


SAVE_MAX_S = 4.0
WAIT_MAX_MS = 10_000


class Delivered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ids that central holds durably."""

    contacts: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=ENVELOPES_MAX_COUNT)]


class OfferedContact(SealedContact, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, and nothing else: an e-mail beside it would be refused, not stored."""


_contact_decoder = msgspec.json.Decoder(OfferedContact)
_delivered_decoder = msgspec.json.Decoder(Delivered)


class ContactApi:
    """Takes contacts from the touchscreen and hands them to the sync process."""

    def __init__(self, replica: Replica, outbox: ContactOutbox, identity: Identity) -> None:
        self._replica = replica
        self._outbox = outbox
        self._identity = identity

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/contact", self._keep)
        app.router.add_get("/v1/contacts/sealed", self._waiting)
        app.router.add_post("/v1/contacts/delivered", self._delivered)

    async def _keep(self, request: web.Request) -> web.Response:
        contact = _contact_decoder.decode(await request.read())
        race = self._replica.fold.race
        if contact.contact_key != race.contact_key.value:
            raise ActRefused(
                code="wrong-contact-key", reason="The event has no such contact key; type the contact again."
            )
        if contact.competitor_id not in race.competitors or contact.competitor_id in race.erased:
            raise ActRefused(code="unknown-competitor", reason="This competitor is not registered.")
        envelope = sign_envelope(self._identity, contact, event_key=self._replica.fold.root_key)
        async with asyncio.timeout(SAVE_MAX_S):
            await self._outbox.keep(envelope)
        return json_response({"contact": envelope.contact})

    async def _waiting(self, request: web.Request) -> web.Response:
        text = request.query.get("wait_ms", "0")
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise ActRefused(code="bad-request", reason="'wait_ms' must be a whole number.")
        wait_s = min(WAIT_MAX_MS, int(text)) / 1_000
        return json_response({"contacts": await self._outbox.waiting(wait_s=wait_s)})

    async def _delivered(self, request: web.Request) -> web.Response:
        await self._outbox.forget_delivered(_delivered_decoder.decode(await request.read()).contacts)
        return json_response({})
