"""The public door: what it answers, what it refuses, and that it holds no way to write."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import types
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest

from pitboard.clock import SystemClock
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import HybridClock, StreamWriter
from pitboard.journal.replica import Replica
from pitboard.journal.views import competitor_search
from pitboard.journal.views.views import BoardView, CompetitorView
from pitboard.trust.identity import Identity
from sync.central.central_server import Central, open_central
from sync.central.joining.join_box import JoinBox
from sync.central.public import (
    board_feed,
    live_stream,
    race_reader,
)
from sync.central.public import (
    board_feed as encoded_answer,
)
from sync.central.public import (
    public_app as phone_page,
)
from sync.central.public import (
    public_app as public_api,
)
from sync.central.public import public_app as public_door
from sync.central.public.api_document import api_document
from sync.central.public.board_feed import BoardFeed
from sync.central.public.public_app import public_app, public_limits
from sync.central.public.race_reader import RaceReader, SearchView
from tests.sync.central.central_stage import TrackStory, central_at, central_config


class Spectator:
    """Asks a central's public door and remembers the last answer's status and headers."""

    def __init__(self, central: Central, session: aiohttp.ClientSession) -> None:
        self._base = f"http://127.0.0.1:{central.public_port}"
        self._session = session
        self.status = 0
        self.headers: Any = {}

    async def ask(self, path: str, *, method: str = "GET", **headers: str) -> bytes:
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        async with self._session.request(method, self._base + path, headers=names) as answer:
            self.status, self.headers = answer.status, answer.headers
            return await answer.read()

    async def refused(self, path: str) -> tuple[int, str]:
        body = json.loads(await self.ask(path))
        assert body["detail"].endswith(".")
        return self.status, body["error"]


def test_the_board_is_the_fold_and_is_sent_again_only_when_it_changed(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            spectator = Spectator(central, session)
            track = TrackStory().drives("c1", "Anna", 12.5, 11.25).drives("c2", "Ben", 13.0)
            await central.replica.accept(track.news())
            board = msgspec.json.decode(await spectator.ask("/api/v1/board"), type=BoardView)
            assert [(one.rank, one.name, one.best_ns) for one in board.entries] == [
                (1, "Anna", 11_250_000_000),
                (2, "Ben", 13_000_000_000),
            ]
            assert (board.event.name, board.newest) == ("Summer Cup", "c2")
            etag = spectator.headers["ETag"]
            assert await spectator.ask("/api/v1/board", If_None_Match=etag) == b""
            assert spectator.status == 304
            await central.replica.accept(track.drives("c3", "Carla", 10.0).news())
            assert b"Carla" in await spectator.ask("/api/v1/board", If_None_Match=etag)
            assert spectator.headers["ETag"] != etag
            top = msgspec.json.decode(await spectator.ask("/api/v1/board?count=1"), type=BoardView)
            assert [one.name for one in top.entries] == ["Carla"]

    asyncio.run(story())


def test_a_competitor_shows_runs_and_laps(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            await central.replica.accept(TrackStory().drives("c1", "Anna", 12.5, 1.0).news())
            body = await Spectator(central, session).ask("/api/v1/competitors/c1")
            view = msgspec.json.decode(body, type=CompetitorView)
            assert [(lap.lap_ns, lap.is_short, lap.counts) for lap in view.runs[0].laps] == [
                (12_500_000_000, False, True),
                (1_000_000_000, True, False),
            ]

    asyncio.run(story())


@pytest.mark.parametrize("marks", ["\u00af", " \u0301", "\u200b"])
def test_marks_that_no_name_holds_find_nobody_and_are_no_mistake(tmp_path: Path, marks: str) -> None:
    """What the API document allows is answered: it cannot say which marks a search leaves out."""

    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            answer = json.loads(await Spectator(central, session).ask("/api/v1/search?q=" + quote(marks)))
            assert (answer["results"], answer["found"]) == ([], 0)

    asyncio.run(story())


def test_what_cannot_be_answered_is_refused_with_a_code(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            spectator = Spectator(central, session)
            assert await spectator.refused("/api/v1/competitors/nobody") == (404, "unknown-competitor")
            assert await spectator.refused("/api/v1/competitors/" + "x" * 3_000) == (
                404,
                "unknown-competitor",
            )
            assert await spectator.refused("/api/v1/search") == (400, "query-empty")
            said = api_document()["paths"]["/api/v1/search"]["get"]["parameters"][0]["schema"]
            assert [bool(re.search(said["pattern"], typed)) for typed in ("", " ", " a")] == [
                False,
                False,
                True,
            ]
            assert await spectator.refused("/api/v1/search?q=%20%C2%A0") == (400, "query-empty")
            assert await spectator.refused("/api/v1/search?q=" + "a" * 81) == (400, "query-too-long")
            assert await spectator.refused("/api/v1/board?count=-1") == (400, "bad-count")
            assert await spectator.refused("/api/v1/board?count=%C2%B2") == (400, "bad-count")
            assert await spectator.refused("/api/v2/board") == (404, "unknown-call")
            assert b"read-only" in await spectator.ask("/api/v1/board", method="POST")
            assert spectator.status == 405
            assert b"<!doctype html>" in await spectator.ask("/wp-login.php")
            assert spectator.status == 404

    asyncio.run(story())


def test_head_answers_like_get_without_a_body(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            spectator = Spectator(central, session)
            for path in ("/", *(f"/api/v1/{call}" for call in ("board", "search?q=a", "live", "health"))):
                assert await spectator.ask(path, method="HEAD") == b""
                assert spectator.status == 200
                assert spectator.headers["X-Content-Type-Options"] == "nosniff"
                assert "default-src 'none'" in spectator.headers["Content-Security-Policy"]
                assert "inline" not in spectator.headers["Content-Security-Policy"]

    asyncio.run(story())


def test_what_is_answered_whole_is_what_the_app_answers_bit_by_bit(tmp_path: Path) -> None:
    """Only a call that keeps its connection is answered whole: `Connection: close` asks the app."""

    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            spectator = Spectator(central, session)
            await central.replica.accept(TrackStory().drives("c1", "Anna", 12.5, 11.25).news())
            await spectator.ask("/")
            version = spectator.headers["X-Page"]
            paths = [
                *(
                    "/",
                    "/shell",
                    "/icon.svg",
                    "/icon-192.png",
                    "/manifest.webmanifest",
                    "/worker.js",
                    f"/{version}/app.js",
                ),
                *("/embed", "/overlay", "/kiosk", "/join", "/api/v1/board", "/api/v1/board?count=1"),
                *("/api/v1/search?q=an", "/api/v1/search?q=nobody", "/api/v1/competitors/c1"),
                *("/api/v1/openapi.json", "/api/v1/live/page"),
            ]
            for path in paths:
                for asks in ({}, {"Accept_Encoding": "gzip"}, {"If_None_Match": "*"}):
                    asked = {"Accept_Encoding": "identity"} | asks
                    whole = await _answer(spectator, path, **asked)
                    by_the_app = await _answer(spectator, path, **asked, Connection="close")
                    assert whole == by_the_app, (path, asks)
                    assert whole[0] == (304 if "If_None_Match" in asks else 200)

    async def _answer(spectator: Spectator, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        body = await spectator.ask(path, **headers)
        told = {name.lower(): value for name, value in spectator.headers.items()}
        assert told.pop("date").endswith(" GMT")
        assert (told.pop("connection", "") == "close") == ("Connection" in headers)
        return spectator.status, told, body

    asyncio.run(story())


def test_search_finds_by_part_of_the_name_and_answers_with_the_entry(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            spectator = Spectator(central, session)
            track = TrackStory().drives("c1", "René Dubois", 12.5).drives("c2", "Irene", 13.0)
            await central.replica.accept(track.news())
            view = msgspec.json.decode(await spectator.ask("/api/v1/search?q=RENE"), type=SearchView)
            assert [one.name for one in view.results] == ["René Dubois", "Irene"]
            assert view.results[0].entry is not None
            assert view.results[0].entry.rank == 1
            assert view.found == 2

    asyncio.run(story())


def test_the_whole_page_is_small_on_the_wire(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession(auto_decompress=False) as session:
            spectator = Spectator(central, session)
            files = [
                "/",
                "/worker.js",
                "/app.js",
                "/fallback.js",
                "/icon.svg",
                "/manifest.webmanifest",
            ]
            page = await spectator.ask("/", Accept_Encoding="identity")
            files += sorted(
                {word.split('"')[0] for word in page.decode().split('href="')[1:] if ".js" in word}
            )
            sizes = {path: len(await spectator.ask(path, Accept_Encoding="gzip")) for path in files}
            assert len(sizes) == 25
            assert sum(sizes.values()) < 38_000

    asyncio.run(story())


def test_a_thousand_phones_of_one_address_get_every_file_whatever_their_neighbour_asks(
    tmp_path: Path,
) -> None:
    """One client behind the venue's address that asked for an icon without end broke 40 of 40 phones."""

    async def story() -> None:
        async with open_central(central_config(tmp_path, calls_per_s=10), SystemClock()) as central:
            base = f"http://127.0.0.1:{central.public_port}"
            headers = {"X-Forwarded-For": "192.0.2.7"}
            async with aiohttp.ClientSession(headers=headers) as session:
                async with session.get(base) as answer:
                    page = await answer.text()
                files = ["/", *re.findall(r'(?:href|src)="(/[^"]+)"', page)]
                versions = {name.split("/")[1] for name in files if name.endswith((".js", ".css"))}
                assert len(versions) == 1, "all of one version, in their very names"
                async with session.get(f"{base}/{versions.pop()}/app.js") as answer:
                    assert "immutable" in answer.headers["Cache-Control"]
                asked = 0
                while True:
                    asked += 1
                    async with session.get(f"{base}/api/v1/search?q=x") as answer:
                        if answer.status == 429:
                            break
                assert asked > 50
                for number in range(1_000):
                    async with session.get(base + files[number % len(files)]) as answer:
                        assert answer.status == 200, "what is fixed costs nothing, so no limit counts it"
                other = {"X-Forwarded-For": "192.0.2.8"}
                async with session.get(f"{base}/api/v1/board", headers=other) as answer:
                    assert answer.status == 200, "one address takes half of what costs, not all"

    asyncio.run(story())


def test_the_service_worker_keeps_every_file_of_the_page() -> None:
    folder = Path(phone_page.__file__).parent / "page"
    listed = set(
        re.findall(r'"(/[\w.]*)"', (folder / "worker.js").read_text().split("FILES = [")[1].split("]")[0])
    )
    # Pictures are for home screens, which ask for them once.
    there = {f"/{file.name}" for file in folder.iterdir() if file.suffix != ".png"} | {"/words.js"}
    assert listed == there - {"/worker.js", "/index.html"} | {"/"}


def test_the_public_app_holds_nothing_that_writes() -> None:
    fold = Fold("0" * 64)
    app = public_app(
        RaceReader(fold),
        BoardFeed(fold),
        JoinBox(),
        followers_max_count=1,
        limits=public_limits(1, calls_per_s=1),
    )
    held = _everything_held_by(app)
    assert fold in held
    assert not [
        one for one in held if isinstance(one, Replica | Journal | Identity | StreamWriter | HybridClock)
    ]


def test_the_modules_of_the_public_door_know_no_writer() -> None:
    doors = (board_feed, competitor_search, encoded_answer, live_stream, phone_page, public_api)
    for module in (*doors, public_door, race_reader):
        known = [one for one in vars(module).values() if one in (Replica, Journal, Identity, StreamWriter)]
        assert known == [], module.__name__


def _everything_held_by(root: object) -> list[object]:
    """Return every object reachable from `root`, not through modules, classes or a function's globals."""
    seen: dict[int, object] = {}
    waiting: list[object] = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, types.ModuleType | type):
            continue
        seen[id(one)] = one
        if isinstance(one, types.FunctionType):
            waiting += [cell.cell_contents for cell in one.__closure__ or ()]
        else:
            waiting += gc.get_referents(one)
    return list(seen.values())
