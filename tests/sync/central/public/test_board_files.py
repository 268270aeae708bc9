"""The board as files, and the real nginx that serves them by the shipped configuration."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import shutil
import statistics
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import brotli
import msgspec
import pytest
from aiohttp import web

from pitboard.clock import SystemClock
from pitboard.doors.http_api import serve_unix
from pitboard.errors import ConfigRefused
from pitboard.tasks import beside
from sync.central import doors
from sync.central.central_server import Central, open_central
from sync.central.config import PublicConfig
from sync.central.public import crowd_push
from sync.central.public.board_change import changed
from sync.central.public.crowd_push import CrowdPush
from sync.central.public.live_board import LiveBoard
from tests.nginx_server import NCHAN, need_nginx, need_program, running_nginx, shipped
from tests.sync.central.central_stage import TrackStory, central_config

_PLAIN = {"Accept-Encoding": "identity"}
BOARD = "/api/v1/board?count=100"


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name: at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="pitboard-ng-"))
    yield folder
    shutil.rmtree(folder)


@dataclass
class Stage:
    central: Central
    session: aiohttp.ClientSession

    async def ask(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        async with self.session.request(method, f"http://venue{path}", headers=_PLAIN | headers) as answer:
            return answer.status, answer.headers, await answer.read()

    async def board_with(self, wanted: bytes) -> tuple[Mapping[str, str], bytes]:
        async with asyncio.timeout(20):
            while True:
                status, headers, body = await self.ask(BOARD)
                if status == 200 and wanted in body and not headers["ETag"].startswith("W/"):
                    return headers, body
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def central_with_files(
    folder: Path, push: Path | None = None, calls_per_s: int = 2_000
) -> AsyncIterator[Central]:
    public = PublicConfig(port=0, files=folder / "files", push=push, calls_per_s=calls_per_s)
    config = msgspec.structs.replace(central_config(folder), public=public)
    async with open_central(config, SystemClock()) as central:
        yield central


@contextlib.asynccontextmanager
async def stage_at(folder: Path, push: Path | None = None, calls_per_s: int = 2_000) -> AsyncIterator[Stage]:
    need_nginx()
    socket = folder / "web.sock"
    async with central_with_files(folder, push, calls_per_s) as central:
        port = central.public_port
        text = shipped(listen=f"unix:{socket}", files=folder / "files", public_port=port, push=push)
        with running_nginx(folder, text, socket=socket):
            connector = aiohttp.UnixConnector(str(socket))
            async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
                yield Stage(central, session)


def test_nginx_serves_each_change_in_every_form_with_an_etag_of_its_content(short_path: Path) -> None:
    async def story() -> None:
        async with stage_at(short_path) as stage:
            track = TrackStory()
            await stage.central.replica.accept(track.drives("c1", "Anna", 12.5).news())
            headers, board = await stage.board_with(b"Anna")
            own = f"http://127.0.0.1:{stage.central.public_port}{BOARD}"
            async with aiohttp.ClientSession() as session, session.get(own) as answer:
                assert await answer.read() == board
            for coding, opened in (("gzip", gzip.decompress), ("br", brotli.decompress)):
                _, coded, body = await stage.ask(BOARD, **{"Accept-Encoding": coding})
                assert coded["Content-Encoding"] == coding
                assert opened(body) == board
                status, _, body = await stage.ask(
                    BOARD, **{"Accept-Encoding": coding, "If-None-Match": coded["ETag"]}
                )
                assert (status, body) == (304, b"")
            assert headers["Content-Type"] == "application/json"
            assert headers["Cache-Control"] == "no-cache"
            assert headers["Access-Control-Allow-Origin"] == "*"
            assert "Last-Modified" not in headers
            assert (await stage.ask(BOARD, **{"If-None-Match": headers["ETag"]}))[0] == 304
            await stage.central.replica.accept(track.drives("c2", "Berg", 13.5).news())
            changed, _ = await stage.board_with(b"Berg")
            assert changed["ETag"] != headers["ETag"]
            assert (await stage.ask(BOARD, **{"If-None-Match": headers["ETag"]}))[0] == 200

    asyncio.run(story())


def test_what_is_no_file_comes_from_central_through_nginx(short_path: Path) -> None:
    async def story() -> None:
        async with stage_at(short_path) as stage:
            await stage.central.replica.accept(TrackStory().drives("c1", "Anna", 12.5).news())
            await stage.board_with(b"Anna")
            assert b"Anna" in (await stage.ask("/api/v1/board"))[2]
            status, headers, too_old = await stage.ask("/api/v1/live/since/0123456789")
            assert (status, headers["Server"]) == (404, "nginx"), "central is not asked"
            for path in ("/api/v1/board?count=7", "/api/v1/board?count=100&x=1", "/api/v1/search?q=anna"):
                status, headers, body = await stage.ask(path)
                assert status == 200
                assert headers["ETag"].startswith("W/")
                assert b"Anna" in body
            assert (await stage.ask("/api/v1/board?count=x"))[0] == 400
            assert b"<html" in (await stage.ask("/"))[2]
            assert (await stage.ask(BOARD, method="DELETE"))[0] == 405
            assert (await stage.ask("/api/v1/../board.json"))[0] == 404
            async with stage.session.get("http://venue/api/v1/live?plain") as live:
                async with asyncio.timeout(10):
                    assert b"retry" in await live.content.readline()
            whole = (await stage.ask("/api/v1/live/page"))[2]
            (short_path / "files" / "live" / "page.json").unlink()
            (short_path / "files" / "board.json").unlink()
            assert (await stage.ask(BOARD))[1]["ETag"].startswith("W/")
            assert (await stage.ask("/api/v1/live/page"))[2] == whole
            status, headers, same = await stage.ask("/api/v1/live/since/0123456789")
            assert (status, headers["Server"], json.loads(same)) == (404, "nginx", json.loads(too_old))
            own = f"http://127.0.0.1:{stage.central.public_port}/api/v1/live/since/0123456789"
            async with aiohttp.ClientSession() as session, session.get(own) as answer:
                assert await answer.json() == json.loads(too_old), "nginx says it in central's words"

    asyncio.run(story())


def test_a_thousand_phones_of_one_address_get_page_files_and_board_through_nginx(short_path: Path) -> None:
    """All come by one socket, as all phones behind a venue's router do; a neighbour asks without end."""

    async def story() -> None:
        async with stage_at(short_path, calls_per_s=100) as stage:
            await stage.central.replica.accept(TrackStory().drives("c1", "Anna", 12.5).news())
            await stage.board_with(b"Anna")
            page = (await stage.ask("/"))[2].decode()
            files = re.findall(r'(?:href|src)="(/[^"]+)"', page)

            async def ask_until_refused() -> None:
                while (await stage.ask("/api/v1/search?q=an"))[0] != 429:
                    pass

            async with asyncio.timeout(20):
                await asyncio.gather(*(ask_until_refused() for _ in range(8)))
            at_once = asyncio.Semaphore(40)

            async def arrive(number: int) -> None:
                async with at_once:
                    for path in ("/", files[number % len(files)], BOARD):
                        status, _, body = await stage.ask(path)
                        assert (status, bool(body)) == (200, True), path

            await asyncio.gather(*(arrive(number) for number in range(1_000)))

    asyncio.run(story())


def test_phones_read_what_changed_from_files_and_it_is_small(short_path: Path) -> None:
    async def story() -> None:
        async with stage_at(short_path) as stage:
            track = TrackStory()
            for number in range(120):
                track.drives(f"c{number:031x}", f"Driver {number}", 12.5 + number / 10)
            await stage.central.replica.accept(track.news())
            await stage.board_with(b"Driver 99")
            phone = json.loads((await stage.ask("/api/v1/live/page"))[2])
            sizes = []
            for number in range(4):
                tag = phone.pop("tag")
                same = json.loads((await stage.ask(f"/api/v1/live/since/{tag}"))[2])
                assert (same["from"], same["to"], changed(phone, same)["entries"]) == (
                    tag,
                    tag,
                    phone["entries"],
                )
                name = f"c{number + 40:031x}"
                await stage.central.replica.accept(track.drives(name, f"Driver {number + 40}", 11.0).news())
                async with asyncio.timeout(20):
                    while (change := json.loads((await stage.ask(f"/api/v1/live/since/{tag}"))[2]))[
                        "to"
                    ] == tag:
                        await asyncio.sleep(0.02)
                assert change.pop("from") == tag
                phone = {"tag": change.pop("to"), **changed(phone, change)}
                coded, _, small = await stage.ask(f"/api/v1/live/since/{tag}", **{"Accept-Encoding": "br"})
                assert coded == 200
                sizes.append(len(small))
            async with asyncio.timeout(20):
                while phone != json.loads((await stage.ask("/api/v1/live/page"))[2]):
                    await asyncio.sleep(0.02)  # written after the changes that lead to it
            assert statistics.median(sizes) <= 300

    asyncio.run(story())


async def told_on(stream: aiohttp.StreamReader) -> tuple[str, dict[str, str]]:
    """Return the next event of the stream and what it says."""
    async with asyncio.timeout(20):
        event = ""
        while not (line := await stream.readline()).startswith(b"data: "):
            event = line[7:].decode().strip() if line.startswith(b"event: ") else event
    return event, json.loads(line[6:])


def test_for_a_crowd_nginx_tells_each_change_itself_and_who_joins_which_board_is_the_newest(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_program(NCHAN)
    monkeypatch.setattr(crowd_push, "AGAIN_S", 0.02)
    monkeypatch.setattr(doors, "FILES_EVERY_S", 0.02)
    follow = {"Accept": "text/event-stream"}

    async def story() -> None:
        async with stage_at(short_path, short_path / "push.sock") as stage:
            async with stage.session.get("http://venue/api/v1/live", headers=follow) as live:
                event, told = await told_on(live.content)
                assert event == "ping"
                phone = json.loads((await stage.ask("/api/v1/live/page"))[2])
                assert told == {"tag": phone.pop("tag")}
                await stage.central.replica.accept(TrackStory().drives("c1", "Anna", 12.5).news())
                event, change = await told_on(live.content)
                assert (event, change.pop("from")) == ("change", told["tag"])
                newest = change.pop("to")
                page = (await stage.ask("/api/v1/live/page"))[2]
                assert {"tag": newest, **changed(phone, change)} == json.loads(page), "its files come first"
            async with stage.session.get("http://venue/api/v1/live?since=x", headers=follow) as again:
                assert (await told_on(again.content))[1]["to"] == newest
            assert (await stage.ask("/push", method="POST"))[0] == 404, "phones tell nothing"

    asyncio.run(story())


def test_where_nothing_changes_a_crowd_hears_that_the_board_is_of_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd_push, "BEAT_EVERY_S", 0.02)
    heard: list[tuple[str, bytes]] = []

    async def nchan(request: web.Request) -> web.Response:
        heard.append((request.headers["X-EventSource-Event"], await request.read()))
        return web.json_response({"messages": 1, "subscribers": 3}, status=503 if len(heard) == 2 else 201)

    async def story() -> None:
        app = web.Application()
        app.router.add_post("/push", nchan)
        newest = LiveBoard({"count": 1})
        push = CrowdPush(tmp_path / "push.sock", lambda: newest)
        async with serve_unix(app, tmp_path / "push.sock"), beside(push.run(), name="push"):
            async with asyncio.timeout(10):
                while len(heard) < 2:
                    await asyncio.sleep(0.005)
                newest = LiveBoard({"count": 2})  # while the server refuses
                while len(heard) < 4:
                    await asyncio.sleep(0.005)
            assert push.followers == 3

    monkeypatch.setattr(crowd_push, "AGAIN_S", 0.02)
    asyncio.run(story())
    first, second = LiveBoard({"count": 1}).tag, LiveBoard({"count": 2}).tag
    assert [event for event, _ in heard[:4]] == ["ping", "ping", "change", "ping"]
    told = [json.loads(body) for _, body in heard[:4]]
    assert (told[0], told[2]["from"], told[2]["to"], told[3]) == (
        {"tag": first},
        first,
        second,
        {"tag": second},
    )


def test_a_server_that_tells_changes_needs_the_files() -> None:
    with pytest.raises(ValueError, match="push needs files"):
        PublicConfig(push=Path("push.sock"))


def times_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Return {name: (time, mode)} of what stands there; a file that is being written has a dot before it."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")]
    return {
        str(file.relative_to(folder)): (int(file.stat().st_mtime), file.stat().st_mode & 0o777)
        for file in files
    }


def is_on(board: Path, name: bytes) -> bool:
    return board.exists() and name in board.read_bytes()


async def files_written(folder: Path) -> dict[str, tuple[int, int]]:
    async with asyncio.timeout(20):
        while not {"board.json", "live/page.json"} <= set(found := times_of(folder)):
            await asyncio.sleep(0.02)
    return {name: told for name, told in found.items() if "since" not in name}  # those are of this start


def test_the_same_board_has_the_same_time_after_a_start_and_a_stop_takes_the_files_away(
    tmp_path: Path,
) -> None:
    files = tmp_path / "files"

    async def story() -> None:
        async with central_with_files(tmp_path) as central:
            await central.replica.accept(TrackStory().drives("c1", "Anna", 12.5).news())
            async with asyncio.timeout(20):
                while not is_on(files / "board.json", b"Anna"):
                    await asyncio.sleep(0.02)
            first = await files_written(files)
            assert set(first) == {
                f"{name}{suffix}"
                for name in ("board.json", "live/page.json")
                for suffix in ("", ".gz", ".br")
            }
            assert {mode for _, mode in first.values()} == {0o644}
        assert times_of(files) == {}
        async with central_with_files(tmp_path):
            again = await files_written(files)
            assert set(again) == set(first)
            # The live board says after how many records it was so, and a start is a record.
            of_boards = [name for name in first if name.startswith("board.json")]
            assert [again[name] for name in of_boards] == [first[name] for name in of_boards]

    asyncio.run(story())


def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")

    async def story() -> None:
        async with central_with_files(tmp_path):
            await asyncio.sleep(5)

    with pytest.raises(ConfigRefused, match="cannot be made"):
        asyncio.run(story())
