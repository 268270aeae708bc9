"""Sponsors' pictures from the desk to a display that has nobody but its own journal."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pygame
import pytest

from display.scene.blocks import SentPicture
from display.scene.show import Moment, Show
from display.screen.show_maker import DisplayFacts, ShowMaker
from pitboard.clock import SystemClock
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.journal.disk.storage import read_all
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.race.bodies.display_bodies import PicturePart, SponsorSet
from sync.central.admin.picture_check import PictureSize, size_of_picture
from sync.central.admin.sponsor_desk import (
    EVENT_MAX_BYTES,
    PICTURE_MAX_BYTES,
    SPONSORS_MAX_COUNT,
    SponsorDesk,
)
from tests.display.example_boards import LIVE
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols

PATH = "/v1/admin/sponsors"
JPEG = b"\xff\xd8\xff\xc0\0\x11\x08\0\x10\0\x10\x03"
"""As much of a picture as says how large it is."""


async def any_picture(content: bytes) -> PictureSize | None:
    return PictureSize(1, 1)


class Desk:
    def __init__(self, replica: WritingReplica, session: aiohttp.ClientSession, base: str) -> None:
        self.replica = replica
        self._session = session
        self._base = base

    async def ask(self, path: str = PATH, body: object = None) -> tuple[int, Any]:
        method = "GET" if body is None else "POST"
        async with self._session.request(method, self._base + path, json=body) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else await answer.read()

    async def send(self, name: str, content: bytes) -> tuple[int, Any]:
        return await self.ask(PATH, {"name": name, "content": base64.b64encode(content).decode()})


@contextlib.asynccontextmanager
async def desk_at(
    path: Path, size_of: Callable[[bytes], Awaitable[PictureSize | None]] = any_picture
) -> AsyncIterator[Desk]:
    async with Replica.open(path, root_key=ROOT.key, clock=SystemClock()) as replica:
        writing = await replica.open_stream(ROOT, "central")
        app = new_app()
        SponsorDesk(writing, size_of).add_to(app)
        async with serve_tcp(app, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
            yield Desk(writing, session, f"http://127.0.0.1:{port}")


def picture(width: int = 40, height: int = 20, kind: str = "png") -> bytes:
    into = io.BytesIO()
    surface = pygame.Surface((width, height))
    surface.fill((200, 30, 30))
    pygame.image.save(surface, into, f"x.{kind}")
    return into.getvalue()


def shown(replica: Replica) -> Show:
    return ShowMaker(DisplayFacts(), LIVE).take(replica.fold, Moment(0))


def test_a_picture_is_on_a_display_that_boots_without_central(tmp_path: Path) -> None:
    sent = picture()

    async def scenario() -> None:
        async with desk_at(tmp_path / "central.db", size_of_picture) as desk:
            assert (await desk.send("Tyre & Son", sent))[0] == 200
            _, seen = await desk.ask()
            [one] = seen["sponsors"]
            assert (one["name"], one["bytes"]) == ("Tyre & Son", len(sent))
            assert (await desk.ask(f"{PATH}/{one['sponsor_id']}/picture"))[1] == sent
            records = [record async for record in read_all(desk.replica.journal)]
        async with Replica.open(tmp_path / "display.db", root_key=ROOT.key, clock=SystemClock()) as replica:
            await replica.accept(records)
        async with Replica.open(tmp_path / "display.db", root_key=ROOT.key, clock=SystemClock()) as replica:
            [kept] = shown(replica).sponsors
            assert isinstance(kept, SentPicture)
            assert kept.content == sent

    asyncio.run(scenario())


def test_another_picture_takes_the_place_of_the_former_and_one_that_is_taken_away_is_gone(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with desk_at(tmp_path / "central.db") as desk:
            maker = ShowMaker(DisplayFacts(), LIVE)

            def contents() -> list[bytes]:
                show = maker.take(desk.replica.fold, Moment(0))
                return [one.content for one in show.sponsors if isinstance(one, SentPicture)]

            await desk.send("B", JPEG + b"b")
            await desk.send("a", JPEG + b"a")
            assert contents() == [JPEG + b"b", JPEG + b"a"]
            await desk.send("A", JPEG + b"c")
            assert contents() == [JPEG + b"c", JPEG + b"b"]
            _, seen = await desk.ask()
            gone = {"sponsor_id": seen["sponsors"][0]["sponsor_id"]}
            assert (await desk.ask(f"{PATH}/remove", gone))[0] == 200
            assert contents() == [JPEG + b"b"]
            status, refusal = await desk.ask(f"{PATH}/remove", gone)
            assert (status, refusal["error"]) == (409, "unknown-sponsor")

    asyncio.run(scenario())


def test_what_an_event_holds_of_pictures_is_bounded_for_good(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with desk_at(tmp_path / "central.db") as desk:
            for number in range(SPONSORS_MAX_COUNT):
                assert (await desk.send(f"S{number}", b"same"))[0] == 200
            assert (await desk.send("One more", b"same"))[1]["error"] == "too-many-sponsors"
            assert desk.replica.fold.race.programme.pictures_bytes() == 4, "one picture is kept once"
            assert (await desk.send("S0", bytes(PICTURE_MAX_BYTES + 1)))[1]["error"] == "large-picture"
            left = EVENT_MAX_BYTES - 4
            for number in range(left // PICTURE_MAX_BYTES):
                whole = number.to_bytes(2, "big") + bytes(PICTURE_MAX_BYTES - 2)
                assert (await desk.send("S0", whole))[0] == 200
            rest = left % PICTURE_MAX_BYTES
            assert (await desk.send("S0", bytes(rest + 1)))[1]["error"] == "pictures-full"
            assert (await desk.send("S0", bytes(rest)))[0] == 200
            assert (await desk.ask())[1]["bytes_left"] == 0
            assert (await desk.send("S1", whole))[0] == 200, "what is in the journal costs no more"

    asyncio.run(scenario())


def bomb() -> bytes:
    """A PNG that says it is small, and unpacks to a hundred million bytes."""
    honest = picture()
    head, rest = honest[:33], zlib.compress(bytes(100_000_000))
    return head + len(rest).to_bytes(4, "big") + b"IDAT" + rest + bytes(4) + honest[-12:]


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (picture(2_000, 2_000, "jpg"), (2_000, 2_000)),
        (picture()[:-20], None),
        (bomb()[:200_000], None),
        (picture(2_001, 2_000, "jpg"), None),
        (b"GIF89a" + bytes(100), None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"", None),
    ],
    ids=["4 million pixels", "cut off", "bomb", "a row too many", "another kind", "markup", "nothing"],
)
def test_only_a_picture_that_unpacks_is_a_picture(content: bytes, size: tuple[int, int] | None) -> None:
    assert asyncio.run(size_of_picture(content)) == size


def test_a_units_word_puts_no_picture_on_a_display_and_other_bytes_are_not_shown(tmp_path: Path) -> None:
    root, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    mark = "ab" * 32
    for teller, name in ((unit, "Thief"), (root, "True")):
        teller.say(PicturePart(picture=mark, part=0, content=picture()))
        teller.say(SponsorSet(sponsor_id=name, name=name, picture=mark, parts_count=1))

    async def scenario() -> None:
        async with Replica.open(tmp_path / "display.db", root_key=ROOT.key, clock=SystemClock()) as replica:
            await replica.accept([*root.records, *unit.records])
            programme = replica.fold.race.programme
            assert [one.name for one in programme.sponsors()] == ["True"]
            assert programme.picture(programme.sponsors()[0]) is None, "the hash is of other bytes"
            assert shown(replica).sponsors == ()

    asyncio.run(scenario())
