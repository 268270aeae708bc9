"""Any bytes at any door get a stable code: no 500, no traceback, no word of what we run on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pygame
import pytest

from display.following.display_presence import STATUS_LIMITS, DisplayStatus, status_pages
from display.screen.screen_picture import Thumbnail
from pitboard.clock import SystemClock
from pitboard.doors.page_door import serve_pages
from sync.central.central_server import open_central
from tests.firmware_bridge.device_stage import free_port
from tests.race_story import ROOT
from tests.sync.central.central_stage import central_config
from trackside.config import ApiConfig, LanConfig, TracksideConfig
from trackside.unit import run_unit

SEED = 7
TRIES_COUNT = 400
PATHS = (
    "/v1/sync",
    "/v1/contacts",
    "/v1/unit-status",
    "/v1/enrolment",
    "/v1/enrolment/reveal",
    "/v1/health",
    "/v1/next-event?after=%ff",
    "/v1/status",
    "/v1/act",
    "/v1/passings",
    "/v1/door-proof",
    "/v1/screen?after=\u00b2",
    "/v1/screen?after=1&wait_ms=\u00b2",
    "/v1/run?run_id=%ff",
    "/v1/search?text=%ff%00",
    "/v1/signs?after=x",
    "/v1/passings/known?sensor=%ff",
    "/v1/sign-in",
    "/v1/appoint-official",
    "/v1/central-places",
    "/v1/unit-status?wait_ms=-1",
    "/v1/contact",
    "/v1/contacts/delivered",
    "/v1/contacts/sealed?wait_ms=x",
    "/v1/backup",
    "/v1/admin/act",
    "/v1/admin/enrolments",
    "/v1/admin/enrolments/decide",
    "/v1/admin/units/revoke",
    "/v1/admin/contacts",
    "/api/v1/board?count=%ff",
    "/api/v1/search?q=%ff%00",
    "/api/v1/competitors/%ff%0a",
    "/",
    "/%00",
    "/../../etc/passwd",
)
SHAPES = (
    b"",
    b"{",
    b"\xff\xfe",
    b'{"have":{"\xff":1}}',
    b'{"have":{"x":-1}}',
    b'{"have":[]}',
    b'{"records":[{"h":"\\ud800","s":"zz","b":"x"}]}',
    b'{"records":[{"h":"{}","s":"00","b":null}],"wait_ms":1e9}',
    b'{"secret":"0000000000000\\n","role":"unit","commitment":"0"}',
    b'{"act":"register","name":"\\u0000"}',
    b'{"challenge":"\xc3\x28","fingerprint":""}',
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b"null",
    b"1e400",
    b'"' + b"\\ud800" * 50 + b'"',
)


def damaged(chance: random.Random) -> bytes:
    body = bytearray(chance.choice(SHAPES))
    for _ in range(chance.randrange(4)):
        body.insert(chance.randrange(len(body) + 1), chance.randrange(256))
    return bytes(body)


def request(chance: random.Random) -> bytes:
    """Return something like a call, or nothing like one."""
    if chance.random() < 0.15:
        return chance.randbytes(chance.randrange(1, 300)) + b"\r\n\r\n"
    method = chance.choice((b"POST", b"POST", b"POST", b"GET", b"PUT", b"TRACE", b"\xffET", b"HEAD"))
    path = chance.choice(PATHS).encode("latin-1")
    body = damaged(chance)
    headers = [b"Host: x", b"Content-Length: %d" % len(body)]
    if chance.random() < 0.3:
        headers.append(
            chance.choice(
                (
                    b"Content-Encoding: gzip",
                    b"Content-Type: text/plain; charset=klingon",
                    b"Expect: something",
                    b"Pitboard-Proof: \xff." + b"0" * 300,
                    b"X-Forwarded-For: \xff, \x0b",
                    b"If-None-Match: \xff",
                    b"Accept-Encoding: gzip;q=\xff",
                    b"Transfer-Encoding: chunked",
                    b"Cookie: \xff=\xff",
                )
            )
        )
    return method + b" " + path + b" HTTP/1.1\r\n" + b"\r\n".join(headers) + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def all_doors(folder: Path) -> AsyncIterator[dict[str, int | Path]]:
    config = central_config(folder)
    status = DisplayStatus(
        name="d", key="k", scene="s", source=None, is_live=False, badge="", heads=0, records=0, size=(1, 1)
    )
    picture = Thumbnail(lambda: pygame.Surface((640, 360)), SystemClock()).picture
    async with (
        open_central(config, SystemClock()) as central,
        serve_pages(
            status_pages(lambda: status, picture), "127.0.0.1", 0, tls=None, limits=STATUS_LIMITS
        ) as status_port,
    ):
        yield {
            "ingest": central.ingest_port,
            "public": central.public_port,
            "display": status_port,
            "admin": config.admin_socket,
        }


async def answer_to(door: int | Path, sent: bytes, *, within_s: float = 0.2) -> bytes:
    """Return the first bytes of the answer; none where the door closed, or waits for more."""
    if isinstance(door, Path):
        reader, writer = await asyncio.open_unix_connection(str(door))
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", door)
    try:
        writer.write(sent)
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(within_s):
                return await reader.read(2_000)
        return b""
    finally:
        writer.transport.abort()


def assert_plain(answer: bytes, sent: bytes) -> None:
    if not answer:
        return
    head = answer.partition(b"\r\n\r\n")[0]
    status = int(head.split()[1])
    assert status < 500 or status in (501, 503), (status, sent)
    assert b"python" not in answer.lower(), sent
    assert b"aiohttp" not in answer.lower(), sent
    assert b"Traceback" not in answer, sent


@contextlib.asynccontextmanager
async def unit_doors(folder: Path) -> AsyncIterator[dict[str, int | Path]]:
    """A real unit at work: its door in the venue, and the one for the programs of its own machine."""
    config = TracksideConfig(
        name="Track A",
        event_key=ROOT.key,
        key_file=folder / "unit.key",
        journal=folder / "unit.db",
        api=ApiConfig(socket=folder / "unit.sock"),
        lan=LanConfig(host="127.0.0.1", port=free_port(), tls=False, mdns=False),
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_unit(config, stop))
        while not config.api.socket.exists():
            await asyncio.sleep(0.01)
        yield {"unit": config.lan.port, "unit's own": config.api.socket}
        stop.set()


@contextlib.asynccontextmanager
async def the_door(folder: Path, name: str) -> AsyncIterator[int | Path]:
    async with (unit_doors if name.startswith("unit") else all_doors)(folder) as doors:
        yield doors[name]


@pytest.mark.parametrize("name", ["ingest", "public", "display", "admin", "unit", "unit's own"])
def test_any_bytes_get_a_stable_code(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(SEED)

    async def story() -> None:
        async with the_door(tmp_path, name) as door:
            for _ in range(TRIES_COUNT):
                sent = request(chance)
                assert_plain(await answer_to(door, sent), sent)

    asyncio.run(story())
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert [record.message for record in caplog.records if record.exc_info] == []


def test_a_body_that_is_not_utf_8_is_refused_in_plain_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with all_doors(tmp_path) as doors:
            body = b'{"have":{"\xff":1}}'
            sent = b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            answer = await answer_to(doors["ingest"], sent, within_s=5)  # there is one, and it is awaited
            assert answer.startswith(b"HTTP/1.1 400 "), answer
            assert b'"error":"bad-request"' in answer

    asyncio.run(story())
