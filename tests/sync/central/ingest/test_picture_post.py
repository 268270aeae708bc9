"""Pictures of displays at central: asked for while somebody looks, and brought by units, proven."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiohttp import web

from pitboard.clock import ScriptedClock
from pitboard.doors.caller import Caller, Door
from pitboard.doors.door_limits import DoorLimits
from pitboard.doors.door_proof import Doorkeeper
from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES
from pitboard.errors import ActRefused, LossCode, PeerLost, PictureRefused
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import DisplayEnrolled, DisplayRevoked
from pitboard.race.bodies.body import Body
from pitboard.trust.identity import Identity
from pitboard.trust.signed_picture import new_nonce, read_picture, sign_picture
from sync.central.ingest.admin_relay import AdminRelay
from sync.central.ingest.picture_post import KEPT_FOR_NS, WAITING_MAX_COUNT, PicturePost, may_wait
from sync.exchanging.picture_words import PICTURE_PATH, WANTED_MAX_COUNT, WANTED_PATH, PicturesWanted
from sync.relay import PictureCourier
from tests.display.jumping_loop import run_jumping
from tests.pitboard.trust.test_signed_picture import png
from tests.race_story import STRANGER, UNIT_A, UNIT_B, central_enrols

STAND = UNIT_B
PICTURE = png()


class Venue:
    """A post, and a unit that sees the stand's display, as the courier asks them."""

    def __init__(self, clock: ScriptedClock) -> None:
        self.clock = clock
        self.central = central_enrols(UNIT_A)
        self.fold = Fold(self.central.identity.key)
        for record in self.central.records:
            self.fold.add(record)
        self.says(DisplayEnrolled(key=STAND.key, name="Stand"))
        self.post = PicturePost(SimpleNamespace(fold=self.fold), clock)  # type: ignore[arg-type]
        self.asked: list[str] = []

    def says(self, body: Body) -> None:
        self.fold.add(self.central.say(body))

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        wait_ms: int = 0,
        max_bytes: int = SMALL_ANSWER_MAX_BYTES,
    ) -> bytes:
        query = dict(one.split("=") for one in path.partition("?")[2].split("&") if one)
        if path.startswith("/v1/pictures-wanted"):
            wanted = await self.post.wanted(int(query["after"]), wait_ms / 1_000)
            return msgspec.json.encode(wanted)
        assert path.startswith(PICTURE_PATH)
        if body is None:
            self.asked.append(query["display"])
            if query["display"] != STAND.key:
                raise PeerLost(peer="this unit", code=LossCode.NO_ANSWER)
            return msgspec.json.encode(sign_picture(PICTURE, query["nonce"], STAND))
        await self.post.take(read_picture(body))
        return b"{}"


def at_central(story: Callable[[Venue], Coroutine[Any, Any, None]]) -> None:
    clock = ScriptedClock()
    run_jumping(clock, story(Venue(clock)))


def test_who_looks_gets_the_picture_of_now_and_nobody_is_asked_while_nobody_looks() -> None:
    async def story(venue: Venue) -> None:
        courier = PictureCourier(venue, venue)
        assert await courier.carry_once()  # the wait ends without news
        assert venue.asked == []
        async with asyncio.TaskGroup() as tasks:
            looks = [tasks.create_task(venue.post.look(STAND.key)) for _ in range(3)]
            await asyncio.sleep(0.01)
            await courier.carry_once()
        assert {one.result().picture for one in looks} == {PICTURE}
        assert venue.asked == [STAND.key]
        await asyncio.sleep(2.5)
        assert (await venue.post.look(STAND.key)).age_ms == 2_500
        await asyncio.sleep(1)
        assert (await venue.post.look(STAND.key)).age_ms == 7_500  # asked anew, and nobody brought one
        venue.clock.advance(ms=KEPT_FOR_NS // 1_000_000)
        with pytest.raises(ActRefused, match="No unit"):
            await venue.post.look(STAND.key)

    at_central(story)


def test_only_what_is_wanted_is_taken_and_only_of_who_belongs_to_the_event() -> None:
    async def story(venue: Venue) -> None:
        with pytest.raises(PictureRefused, match="Nobody waits"):
            await venue.post.take(sign_picture(PICTURE, new_nonce(), STAND))
        with pytest.raises(ActRefused, match="enrolled"):
            await venue.post.look(STRANGER.key)
        looking = asyncio.ensure_future(venue.post.look(STAND.key))
        await asyncio.sleep(0.01)
        nonce = (await venue.post.wanted(0, 0)).nonces[STAND.key]
        forged = msgspec.structs.replace(sign_picture(PICTURE, nonce, STRANGER), key=STAND.key)
        for wrong in (forged, sign_picture(PICTURE, new_nonce(), STAND)):
            with pytest.raises(PictureRefused, match="not signed"):
                await venue.post.take(wrong)
        await venue.post.take(sign_picture(PICTURE, nonce, STAND))
        assert (await looking).picture == PICTURE
        venue.says(DisplayRevoked(key=STAND.key, reason="stolen"))
        with pytest.raises(ActRefused, match="enrolled"):
            await venue.post.look(STAND.key)

    at_central(story)


def test_a_want_ends_by_itself_and_a_unit_that_cannot_bring_it_does_not_ask_without_end() -> None:
    async def story(venue: Venue) -> None:
        looking = asyncio.ensure_future(venue.post.look(STAND.key))
        await asyncio.sleep(0.01)
        first = await venue.post.wanted(0, 10)
        assert list(first.nonces) == [STAND.key]
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        await venue.post.wanted(first.version, 10)  # the same is no news
        assert loop.time() - before_s >= 10
        with pytest.raises(ActRefused, match="No unit"):
            await looking
        assert (await venue.post.wanted(0, 0)).nonces == {}

    at_central(story)


def test_a_stranger_waits_for_nothing_and_128_nodes_wait_the_next_ends_the_longest_of_who_holds_most() -> (
    None
):
    door = Door(DoorLimits(), Doorkeeper(fingerprint=None, knows=lambda key: True, now_mono_ns=lambda: 0))

    async def story(venue: Venue) -> None:
        looking = asyncio.ensure_future(venue.post.look(STAND.key))
        await asyncio.sleep(0.01)
        stranger = Caller(door, "192.0.2.9", None)
        assert await venue.post.wait_for_wanted(stranger, 0, 10_000) == PicturesWanted()
        seen = (await venue.post.wanted(0, 0)).version
        names = ["unit-0", "unit-0", *(f"unit-{number}" for number in range(1, WAITING_MAX_COUNT - 1))]
        waiting = [
            asyncio.ensure_future(venue.post.wait_for_wanted(Caller(door, None, name), seen, 10_000))
            for name in names
        ]
        await asyncio.sleep(0.01)
        assert not any(one.done() for one in waiting)
        last = asyncio.ensure_future(venue.post.wait_for_wanted(Caller(door, None, "next"), seen, 10_000))
        await asyncio.sleep(0.01)
        assert [number for number, one in enumerate(waiting) if one.done()] == [0]
        assert not last.done()
        for one in (looking, last, *waiting):
            one.cancel()
        await asyncio.gather(looking, last, *waiting, return_exceptions=True)

    at_central(story)
    assert WAITING_MAX_COUNT == 128


def test_64_pictures_are_wanted_at_once_and_no_more() -> None:
    async def story(venue: Venue) -> None:
        keys = [Identity.from_seed(bytes([number]) * 32).key for number in range(WANTED_MAX_COUNT + 1)]
        for number, key in enumerate(keys):
            venue.says(DisplayEnrolled(key=key, name=f"Wall {number}"))
        looking = [asyncio.ensure_future(venue.post.look(key)) for key in keys]
        await asyncio.sleep(0.01)
        assert [one.done() for one in looking] == [False] * WANTED_MAX_COUNT + [True]
        assert len((await venue.post.wanted(0, 0)).nonces) == WANTED_MAX_COUNT == 64
        outcomes = await asyncio.gather(*looking, return_exceptions=True)
        assert "Too many" in str(outcomes[-1])

    at_central(story)


def test_an_ingest_door_of_its_own_hands_pictures_on_and_lets_only_nodes_wait(tmp_path: Path) -> None:
    """The admin's process cannot know who proved himself at the ingest door."""
    relay = AdminRelay(tmp_path / "nobody.sock")
    app = web.Application()
    relay.add_to_ingest(app)
    paths = {route.resource.canonical for route in app.router.routes() if route.resource is not None}
    assert {PICTURE_PATH, WANTED_PATH} <= paths
    door = Door(DoorLimits(), Doorkeeper(fingerprint=None, knows=lambda key: True, now_mono_ns=lambda: 0))
    assert not may_wait(Caller(door, "192.0.2.9", None))
    assert may_wait(Caller(door, None, UNIT_A.key))
    assert may_wait(Caller(Door(DoorLimits(), None), "192.0.2.9", None))
