"""Contacts of chosen competitors at the desk, opened by the passphrase.

They are opened at central and not in the browser: the page's code comes from central too, so a browser would
add nothing against a bad central; and the key file, which can be guessed at, stays here, where each guess
costs time and is written down. Here they are in a process of their own that ends with the call. A read is
durable before anything of it leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused, ConfigRefused, PassphraseRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Id
from pitboard.sentences.language import LanguageCode
from sync.central.admin.actor import the_actor
from sync.central.contacts.contact_admin import ContactAdmin
from sync.central.contacts.contact_key_file import ContactKeyFile
from sync.central.contacts.contact_opener import Opening, RowToOpen, open_aside

CHOSEN_MAX_COUNT = 500


class OpenContacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    passphrase: Annotated[str, Meta(max_length=1_000)]
    reason: Annotated[str, Meta(max_length=4_000)]
    competitors: Annotated[list[Id], Meta(min_length=1, max_length=CHOSEN_MAX_COUNT)]
    as_csv: bool = False
    language: LanguageCode = "en"


class ContactsKnown(msgspec.Struct, frozen=True, kw_only=True):
    """Of which of the competitors a contact is here, and whether there is a key that opens any."""

    has_key: bool
    with_contact: list[str]


class ContactsApi:
    """Serves the calls; `admin` notes the reads, as it does for the terminal."""

    def __init__(self, replica: WritingReplica, admin: ContactAdmin, key_file: Path) -> None:
        self._fold = replica.fold
        self._admin = admin
        self._key_file = key_file
        self._opening = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/desk/contacts", self._known)
        app.router.add_post("/v1/desk/contacts/open", self._open)
        app.router.add_get("/v1/desk/contacts/reads", self._admin.tell_reads)

    async def _known(self, request: web.Request) -> web.Response:
        entered = [one.competitor_id for one in self._fold.race.roll.entered()]
        rows = await self._admin.sealed_of(entered)
        now = self._fold.race.roll.now
        ids = [now(row.envelope.competitor_id) or "" for row in rows]
        return json_response(ContactsKnown(has_key=self._key_file.exists(), with_contact=ids))

    async def _open(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await take_body(request), type=OpenContacts)
        reason = self._admin.checked_reason(wanted.reason)
        reader = f"{the_actor().where} {the_actor().by}"
        file = self._load()
        rows = await self._admin.sealed_of(wanted.competitors)
        to_open = [
            RowToOpen(name=row.name, envelope=row.envelope, rank=self._rank(row.envelope.competitor_id))
            for row in rows
        ]
        opening = Opening(
            file=file,
            passphrase=wanted.passphrase,
            rows=to_open,
            as_csv=wanted.as_csv,
            language=wanted.language,
        )
        async with self._opening:  # one at a time: each takes a quarter of a gigabyte
            try:
                answer = await open_aside(opening)
            except PassphraseRefused as error:
                await self._admin.slow_down(reader)
                raise ActRefused(
                    code="wrong-passphrase", reason="The passphrase is wrong; the try is written down."
                ) from error
        await self._admin.note_read(
            rows, act="export" if wanted.as_csv else "read", reader=reader, reason=reason
        )
        kind = "text/csv" if wanted.as_csv else "application/json"
        return web.Response(body=answer, content_type=kind)

    def _load(self) -> ContactKeyFile:
        try:
            file = ContactKeyFile.load(self._key_file, event_key=self._fold.root_key)
        except ConfigRefused as error:
            raise ActRefused(code="bad-contact-key", reason=str(error)) from error
        if file is None:
            raise ActRefused(
                code="no-contact-key",
                reason="No contact was ever taken: 'pitboard central contact-key' makes the key first.",
            )
        return file

    def _rank(self, competitor: str) -> str:
        standing = self._fold.board.standing_of(self._fold.race.roll.now(competitor) or competitor)
        rank = None if standing is None else self._fold.board.rank_of(standing)
        return "" if rank is None else str(rank)
