"""The local API's calls that carry contacts: sealed ones only, so that nothing here can read them.

The touchscreen seals what is typed before it leaves its process; see docs/contacts.md."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.contacts.contact_envelope import ENVELOPES_MAX_COUNT, SealedContact, sign_envelope
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.journal.replica import Replica
from pitboard.trust.identity import Identity
from trackside.api.contact_outbox import ContactOutbox

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
        if contact.competitor not in race.competitors or contact.competitor in race.erased:
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
