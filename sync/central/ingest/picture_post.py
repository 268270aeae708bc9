"""Pictures of displays for central's admin: asked for while somebody looks, brought by units of the venue.

Central reaches no display itself. It says which pictures are wanted, each with a nonce of its own; a unit
that sees the display fetches it, and the display's signature shows that it is of now. In memory only."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

import msgspec
from aiohttp import web

from pitboard.clock import Clock
from pitboard.doors.caller import Caller, busy, take_body, the_caller
from pitboard.doors.fair_room import FairRoom
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused, PictureRefused
from pitboard.journal.replica import Replica
from pitboard.trust.signed_picture import SignedPicture, check_picture, new_nonce, read_picture
from sync.exchanging.picture_words import (
    PICTURE_PATH,
    WAIT_MAX_MS,
    WANTED_MAX_COUNT,
    WANTED_PATH,
    PicturesWanted,
)

WANTED_FOR_NS = 6_000_000_000
FRESH_FOR_NS = 3_000_000_000
"""So long a picture is shown again, however many look."""
KEPT_FOR_NS = 30_000_000_000
WAITING_MAX_COUNT = 128
LOOK_MAX_S = 4.0


class ShownPicture(msgspec.Struct, frozen=True, kw_only=True):
    """`picture` is a PNG; `age_ms` how long ago it was on the display."""

    picture: bytes
    age_ms: int


@dataclass(frozen=True, slots=True)
class _Want:
    nonce: str
    since_mono_ns: int


@dataclass(frozen=True, slots=True)
class _Kept:
    picture: bytes
    taken_mono_ns: int


class PicturePost:
    """Holds what is wanted and what came; at most one of each for a display of the roster."""

    def __init__(self, replica: Replica, clock: Clock) -> None:
        self._replica = replica
        self._clock = clock
        self._wanted: dict[str, _Want] = {}
        self._kept: dict[str, _Kept] = {}
        self._version = clock.utc_ms()
        """Of what is wanted; after a restart no unit takes it for one that it knows."""
        self._news = asyncio.Condition()
        self._waits = FairRoom(WAITING_MAX_COUNT)

    def add_to_ingest(self, app: web.Application) -> None:
        app.router.add_get(WANTED_PATH, self._tell)
        app.router.add_post(PICTURE_PATH, self._take)

    def add_to_admin(self, app: web.Application) -> None:
        app.router.add_get("/v1/admin/displays/picture", self._show)

    async def look(self, display: str) -> ShownPicture:
        """Return what the display shows now, from a few seconds ago at most where no unit brings it anew.

        Raises ActRefused where none is to be had.
        """
        if display not in self._replica.fold.roster.displays():
            raise ActRefused(code="display-not-enrolled", reason="Only an enrolled display shows a picture.")
        if (kept := self._kept_of(display)) is None or self._age_ns(kept) > FRESH_FOR_NS:
            await self._want(display)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_MAX_S), self._news:
                    await self._news.wait_for(lambda: display not in self._wanted)
            kept = self._kept_of(display)
        if kept is None:
            raise ActRefused(code="no-display-picture", reason="No unit of the venue brings its picture.")
        return ShownPicture(picture=kept.picture, age_ms=self._age_ns(kept) // 1_000_000)

    async def take(self, signed: SignedPicture) -> None:
        """Keep a picture that was wanted. Raises PictureRefused for any other."""
        want = self._still_wanted().get(signed.key)
        if want is None:
            raise PictureRefused("Nobody waits for this picture.")
        check_picture(signed, key=signed.key, nonce=want.nonce)
        async with self._news:
            self._wanted.pop(signed.key, None)
            self._kept[signed.key] = _Kept(signed.picture, self._clock.mono_ns())
            self._news.notify_all()

    async def wanted(self, after: int, wait_s: float) -> PicturesWanted:
        """Return what is wanted, once it is other than at `after` or the wait is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s), self._news:
                await self._news.wait_for(lambda: self._version != after and bool(self._still_wanted()))
        nonces = {display: want.nonce for display, want in self._still_wanted().items()}
        return PicturesWanted(version=self._version, nonces=nonces)

    async def _want(self, display: str) -> None:
        """Say that the picture is wanted; raises ActRefused where too many are."""
        wanted = self._still_wanted()
        if display in wanted:
            return
        if len(wanted) >= WANTED_MAX_COUNT:
            raise ActRefused(code="busy", reason="Too many pictures are asked for at once.")
        async with self._news:
            self._wanted[display] = _Want(new_nonce(), self._clock.mono_ns())
            self._version += 1
            self._news.notify_all()

    def _still_wanted(self) -> dict[str, _Want]:
        now_ns = self._clock.mono_ns()
        self._wanted = {
            display: want
            for display, want in self._wanted.items()
            if now_ns - want.since_mono_ns < WANTED_FOR_NS
        }
        return self._wanted

    def _kept_of(self, display: str) -> _Kept | None:
        """Return the last picture of it; those that nobody looked at for a while are forgotten."""
        displays = self._replica.fold.roster.displays()
        self._kept = {
            key: kept
            for key, kept in self._kept.items()
            if key in displays and self._age_ns(kept) < KEPT_FOR_NS
        }
        return self._kept.get(display)

    def _age_ns(self, kept: _Kept) -> int:
        return self._clock.mono_ns() - kept.taken_mono_ns

    async def _show(self, request: web.Request) -> web.Response:
        return json_response(await self.look(request.query.get("display", "")))

    async def _take(self, request: web.Request) -> web.Response:
        signed = read_picture(await take_body(request))
        the_caller().pay(1)  # a signature to check
        await self.take(signed)
        return json_response({})

    async def _tell(self, request: web.Request) -> web.Response:
        after, wait_ms = (whole_number(request.query.get(key, "")) for key in ("after", "wait_ms"))
        return json_response(await self.wait_for_wanted(the_caller(), after, min(WAIT_MAX_MS, wait_ms)))

    async def wait_for_wanted(self, caller: Caller, after: int, wait_ms: int) -> PicturesWanted:
        """Return what is wanted, as `wanted` does; only who proved to be of the event may wait here, and a
        stranger is told nothing."""
        if not may_wait(caller):
            return PicturesWanted()
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None) as patience:
                place = self._waits.enter(caller.name, lambda: patience.reschedule(loop.time()))
                if place is None:
                    raise busy()
                try:
                    return await self.wanted(after, wait_ms / 1_000)
                finally:
                    self._waits.leave(place)
        return PicturesWanted(version=after)  # another needed the place


def may_wait(caller: Caller) -> bool:
    """Return whether it is a node of the event, or our own ingest door, which looked already."""
    return caller.is_proven or caller.door.doorkeeper is None


def whole_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
