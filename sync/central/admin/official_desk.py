"""The admin appoints officials, gives them another PIN, and dismisses them; each is one signed record.

The PIN itself never comes here, only what it is checked against."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused, PinRefused
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.people_bodies import OfficialAppointed, OfficialDismissed
from pitboard.race.names import clean_name, fold_name
from pitboard.race.roll import Official
from sync.central.admin.act_plan import signed
from sync.central.admin.actor import the_actor
from sync.central.admin.pin_keeper import appointment
from sync.central.admin.said import Told, told
from sync.central.admin.seen import Seen, SeenCheck

SAVE_MAX_S = 10.0


class AppointOfficial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whoever has the name already gets the new PIN."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    pin: Annotated[str, Meta(min_length=1, max_length=400)]
    seen: Seen = None


class DismissOfficial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Here and in `AppointOfficial`, `seen` is the `pin_utc_ms` that the page showed, null for nobody."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    seen: Seen = None


class OfficialNames(msgspec.Struct, frozen=True, kw_only=True):
    """`pin_utc_ms` says of each in turn when the PIN was given."""

    names: list[str]
    pin_utc_ms: list[int | None]


class OfficialDesk:
    def __init__(self, replica: WritingReplica) -> None:
        self._replica = replica

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/admin/officials", self._list)
        app.router.add_post("/v1/admin/officials", self._appoint)
        app.router.add_post("/v1/admin/officials/dismiss", self._dismiss)

    async def _list(self, request: web.Request) -> web.Response:
        officials = self._officials()
        return json_response(
            OfficialNames(
                names=[one.name for one in officials],
                pin_utc_ms=[self._shown(one).get("pin_utc_ms") for one in officials],
            )
        )

    async def _appoint(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=AppointOfficial)
        return json_response(await self.appoint(wanted.name, wanted.pin, wanted.seen))

    async def appoint(self, typed: str, verifier: str, seen: Seen = None) -> Told:
        """Appoint whoever has the name, or give another PIN, checked against `verifier`."""
        name = clean_name(typed)
        if not name:
            raise ActRefused(code="bad-name", reason="Type a name with at least one letter or digit.")
        known = self._named(name)
        self._check(seen, known)
        official_id = secrets.token_hex(8) if known is None else known.official_id
        try:
            units = self._replica.fold.roster.enrolled()
            await self._save(
                appointment(official_id, name, verifier, root=self._replica.identity, units=units)
            )
        except PinRefused as error:
            raise ActRefused(code="bad-pin", reason=str(error)) from error
        return told("desk.done-appointed" if known is None else "desk.done-other-pin", name=name)

    async def _dismiss(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=DismissOfficial)
        known = self._named(wanted.name)
        if known is None:
            names = ", ".join(one.name for one in self._officials()) or "nobody"
            reason = f"No official is called '{wanted.name}'. Appointed: {names}."
            raise ActRefused(code="unknown-official", reason=reason)
        self._check(wanted.seen, known)
        await self._save(OfficialDismissed(official_id=known.official_id))
        return json_response(told("desk.done-dismissed", name=known.name))

    def _officials(self) -> list[Official]:
        return self._replica.fold.race.roll.officials()

    def _check(self, seen: Seen, known: Official | None) -> None:
        subject = ("official", "" if known is None else known.official_id)
        SeenCheck(self._replica.fold).check(seen, self._shown(known), subject)

    def _shown(self, known: Official | None) -> dict[str, int]:
        """Return what a page shows of the official beside the name."""
        if known is None:
            return {}
        said = self._replica.fold.race.statements.in_force(("official", known.official_id))
        stamps = [one.word.stamp for one in said if isinstance(one.body, OfficialAppointed)]
        return {"pin_utc_ms": stamp_utc_ms(stamps[-1])} if stamps else {}

    def _named(self, name: str) -> Official | None:
        return next((one for one in self._officials() if fold_name(one.name) == fold_name(name)), None)

    async def _save(self, body: OfficialAppointed | OfficialDismissed) -> None:
        async with asyncio.timeout(SAVE_MAX_S):
            await self._replica.append(*signed([body], the_actor(), ""))
