"""Pictures of sponsors, from the desk to every display: signed records, so that a display that boots without
central has them.

Nothing is ever taken out of a journal: so what an event may hold of pictures is bounded for good. One that is
shown again costs no more."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Body, Id, KeyHex
from pitboard.race.bodies.display_bodies import (
    PICTURE_PART_MAX_BYTES,
    SPONSOR_PARTS_MAX_COUNT,
    PicturePart,
    SponsorSet,
)
from pitboard.race.names import clean_name, fold_name
from sync.central.admin.act_plan import signed
from sync.central.admin.actor import the_actor
from sync.central.admin.picture_check import PictureSize, kind_of, size_of_picture
from sync.central.admin.said import told
from sync.central.admin.seen import Seen, SeenCheck

SAVE_MAX_S = 10.0
PICTURE_MAX_BYTES = PICTURE_PART_MAX_BYTES * SPONSOR_PARTS_MAX_COUNT
SPONSORS_MAX_COUNT = 24
EVENT_MAX_BYTES = 4 * 1_024 * 1_024
"""Of all pictures that were ever sent in an event: every node of it keeps them."""


class ShowSponsor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whoever has the name already gets the new picture."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    content: bytes
    seen: Seen = None


class RemoveSponsor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Here and in `ShowSponsor`, `seen` is the `name` and `picture` that the page showed, null for none."""

    sponsor_id: Id
    seen: Seen = None


class SponsorView(msgspec.Struct, frozen=True, kw_only=True):
    """`bytes` is None while the picture is not whole here."""

    sponsor_id: str
    name: str
    picture: KeyHex
    bytes: int | None


class SponsorsView(msgspec.Struct, frozen=True, kw_only=True):
    """`bytes_left` is how much may still be sent in this event."""

    sponsors: list[SponsorView]
    picture_max_bytes: int
    bytes_left: int


class SponsorDesk:
    """`size_of` says whether bytes are a picture that can be shown, and how large."""

    def __init__(
        self,
        replica: WritingReplica,
        size_of: Callable[[bytes], Awaitable[PictureSize | None]] = size_of_picture,
    ) -> None:
        self._size_of = size_of
        self._replica = replica
        self._programme = replica.fold.race.programme
        self._acting = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/admin/sponsors", self._list)
        app.router.add_post("/v1/admin/sponsors", self._show)
        app.router.add_post("/v1/admin/sponsors/remove", self._remove)
        app.router.add_get("/v1/admin/sponsors/{sponsor_id}/picture", self._picture)

    async def _list(self, request: web.Request) -> web.Response:
        views = []
        for one in self._programme.sponsors():
            content = self._programme.picture(one)
            views.append(
                SponsorView(
                    sponsor_id=one.sponsor_id,
                    name=one.name,
                    picture=one.picture,
                    bytes=None if content is None else len(content),
                )
            )
        return json_response(
            SponsorsView(
                sponsors=views,
                picture_max_bytes=PICTURE_MAX_BYTES,
                bytes_left=max(0, EVENT_MAX_BYTES - self._programme.pictures_bytes()),
            )
        )

    async def _show(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await take_body(request), type=ShowSponsor)
        name = clean_name(wanted.name)
        if not name:
            raise ActRefused(code="bad-name", reason="Give a name that can be read.")
        if len(wanted.content) > PICTURE_MAX_BYTES:
            raise ActRefused(
                code="large-picture",
                reason=f"A picture has at most {PICTURE_MAX_BYTES // 1_024} KiB; make it smaller.",
            )
        async with self._acting:  # one at a time is unpacked, and what is left is counted once
            if await self._size_of(wanted.content) is None:
                raise ActRefused(
                    code="no-picture",
                    reason="This is no PNG or JPEG that can be shown, or it has more than 4 million pixels.",
                )
            bodies = self._bodies(name, wanted.content)
            self._check(wanted.seen, self._named(name), bodies[-1])
            async with asyncio.timeout(SAVE_MAX_S):
                await self._replica.append(*signed(bodies, the_actor(), ""))
        return json_response(told("desk.done-sponsor", name=name))

    def _bodies(self, name: str, content: bytes) -> list[Body]:
        standing = self._programme.sponsors()
        same = self._named(name)
        if same is None and len(standing) >= SPONSORS_MAX_COUNT:
            reason = f"There are {SPONSORS_MAX_COUNT} sponsors already; take one away first."
            raise ActRefused(code="too-many-sponsors", reason=reason)
        parts = [
            content[start : start + PICTURE_PART_MAX_BYTES]
            for start in range(0, len(content), PICTURE_PART_MAX_BYTES)
        ]
        sponsor = SponsorSet(
            sponsor_id=secrets.token_hex(8) if same is None else same.sponsor_id,
            name=name,
            picture=hashlib.sha256(content).hexdigest(),
            parts_count=len(parts),
        )
        if self._programme.picture(sponsor) is not None:
            return [sponsor]
        if self._programme.pictures_bytes() + len(content) > EVENT_MAX_BYTES:
            raise ActRefused(
                code="pictures-full",
                reason="This event has had 4 MiB of pictures, and its machines keep all of them; put further "
                "ones into the displays' own folder of sponsors.",
            )
        said = [
            PicturePart(picture=sponsor.picture, part=part, content=piece) for part, piece in enumerate(parts)
        ]
        return [*said, sponsor]

    async def _remove(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await take_body(request), type=RemoveSponsor)
        standing = self._standing(said.sponsor_id)
        self._check(said.seen, standing)
        async with asyncio.timeout(SAVE_MAX_S):
            gone = msgspec.structs.replace(standing, is_gone=True)
            await self._replica.append(*signed([gone], the_actor(), ""))
        return json_response(told("desk.done-sponsor-gone", name=standing.name))

    async def _picture(self, request: web.Request) -> web.Response:
        content = self._programme.picture(self._standing(request.match_info["sponsor_id"]))
        if content is None:
            raise ActRefused(code="no-picture", reason="The picture is not whole here yet.")
        return web.Response(body=content, content_type=f"image/{kind_of(content)}")

    def _named(self, name: str) -> SponsorSet | None:
        standing = self._programme.sponsors()
        return next((one for one in standing if fold_name(one.name) == fold_name(name)), None)

    def _check(self, seen: Seen, standing: SponsorSet | None, wanted: Body | None = None) -> None:
        subject = ("sponsor", "" if standing is None else standing.sponsor_id)
        check = SeenCheck(self._replica.fold)
        check.check(seen, _shown(standing), subject, wanted=_shown(wanted))

    def _standing(self, sponsor_id: str) -> SponsorSet:
        for one in self._programme.sponsors():
            if one.sponsor_id == sponsor_id:
                return one
        raise ActRefused(code="unknown-sponsor", reason="This sponsor is gone already.")


def _shown(sponsor: Body | None) -> dict[str, object]:
    if not isinstance(sponsor, SponsorSet):
        return {}
    return {"name": sponsor.name, "picture": sponsor.picture}
