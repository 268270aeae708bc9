"""The admin door's calls about contacts: publish the key, hand out sealed rows, and write down who asked.

Rows leave sealed: the admin's own command opens them, so neither passphrase nor contact ever enters this
process. A read is durable in the list of reads and in the journal before its rows leave."""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import re
import socket
import struct
from collections.abc import Collection, Sequence
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.contacts.contact_seal import ContactEnvelope
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import KeyHex
from pitboard.race.bodies.people_bodies import ContactKeyPublished, ContactsRead
from pitboard.race.names import fold_name
from sync.central.admin.admin_act import checked_reason
from sync.central.contacts.contact_store import ContactRead, Contacts

log = logging.getLogger(__name__)

WRONG_PASSPHRASE_PAUSE_S = 2.0
_CONTACT_LIKE = re.compile(r"@|\d[\d ()/.-]{5,}\d")


class PublishKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key: KeyHex


class ReadContacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which contacts the admin wants, for what; `name_part` empty means all."""

    act: Literal["read", "export"]
    reason: Annotated[str, Meta(max_length=4_000)]
    name_part: Annotated[str, Meta(max_length=400)] = ""


class SealedRow(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    envelope: ContactEnvelope


class SealedRows(msgspec.Struct, frozen=True, kw_only=True):
    rows: list[SealedRow]


class Published(msgspec.Struct, frozen=True, kw_only=True):
    is_new: bool


class Reads(msgspec.Struct, frozen=True, kw_only=True):
    reads: list[ContactRead]


class ContactAdmin:
    """Serves the calls on central's replica and its sealed contacts."""

    def __init__(
        self, replica: WritingReplica, store: Contacts, *, pause_s: float = WRONG_PASSPHRASE_PAUSE_S
    ) -> None:
        self._replica = replica
        self._store = store
        self._pause_s = pause_s
        self._pausing = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/admin/contact-key", self._publish)
        app.router.add_post("/v1/admin/contacts/read", self._read)
        app.router.add_post("/v1/admin/contacts/wrong-passphrase", self._wrong_passphrase)
        app.router.add_get("/v1/admin/contacts/reads", self.tell_reads)

    async def _publish(self, request: web.Request) -> web.Response:
        key = msgspec.json.decode(await request.read(), type=PublishKey).key
        is_new = self._replica.fold.race.contact_key.value != key
        if is_new:
            await self._replica.append(ContactKeyPublished(key=key))
            log.info("contact key published: key=%s by=%s", key, _asker(request))
        return json_response(Published(is_new=is_new))

    async def _read(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=ReadContacts)
        reason = self.checked_reason(wanted.reason)
        rows = self.rows(await self._store.all(), wanted.name_part)
        await self.note_read(rows, act=wanted.act, reader=_asker(request), reason=reason)
        return json_response(SealedRows(rows=rows))

    async def sealed_of(self, competitors: Collection[str]) -> list[SealedRow]:
        """Return the newest sealed contact of each of these competitors, in their order."""
        now = self._replica.fold.race.roll.now
        newest = {now(row.envelope.competitor_id): row for row in self.rows(await self._store.all())}
        return [newest[one] for one in map(now, competitors) if one is not None and one in newest]

    async def note_read(
        self, rows: Sequence[SealedRow], *, act: Literal["read", "export"], reader: str, reason: str
    ) -> None:
        """Return once the read stands in the list of reads and in the journal."""
        competitors = sorted({row.envelope.competitor_id for row in rows})
        await self.note(reader, act, reason, competitors)
        await self._replica.append(ContactsRead(count=len(competitors), reason=reason))

    def checked_reason(self, text: str) -> str:
        """Return the reason as it is kept; raises ActRefused."""
        reason = checked_reason(text, self._replica.fold)
        if _CONTACT_LIKE.search(reason):
            raise ActRefused(
                code="contact-in-reason", reason="Leave addresses and numbers out of the reason: it is kept."
            )
        return reason

    async def _wrong_passphrase(self, request: web.Request) -> web.Response:
        await self.slow_down(_asker(request))
        return json_response({})

    async def slow_down(self, reader: str) -> None:
        """Write a wrong passphrase down, and return after the pause that it costs."""
        await self.note(reader, "wrong-passphrase", "", [])
        async with self._pausing:  # one after the other, however many ask at once
            await asyncio.sleep(self._pause_s)

    async def tell_reads(self, request: web.Request) -> web.Response:
        return json_response(Reads(reads=await self._store.reads()))

    async def note(self, reader: str, act: str, reason: str, competitors: list[str]) -> None:
        log.warning("contacts: act=%s by=%s competitors=%d", act, reader, len(competitors))
        await self._store.note(
            ContactRead(
                utc_ms=self._replica.clock.utc_ms(),
                reader=reader,
                act=act,
                reason=reason,
                competitors=competitors,
            )
        )

    def rows(self, envelopes: list[ContactEnvelope], name_part: str = "") -> list[SealedRow]:
        race = self._replica.fold.race
        words = fold_name(name_part).split()
        rows = [
            SealedRow(name=race.name_of(one.competitor_id), envelope=one)
            for one in envelopes
            if one.competitor_id not in race.erased
        ]
        return [
            row
            for row in rows
            if row.envelope.competitor_id == name_part or all(word in fold_name(row.name) for word in words)
        ]


def _asker(request: web.Request) -> str:
    """Return the system user at the other end, as the kernel tells it."""
    transport = request.transport
    connection = None if transport is None else transport.get_extra_info("socket")
    if connection is None:
        return "unknown"
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}" if uid != os.getuid() else "central"
