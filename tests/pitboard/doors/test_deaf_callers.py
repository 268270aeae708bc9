"""Who asks and takes no answer holds neither memory nor a place: 256 such held a hundred megabytes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from pitboard.doors.bounded_listener import SWEEP_EVERY_S, UNTAKEN_MAX_S
from pitboard.doors.caller import DOOR
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.doors.session import client_context
from pitboard.doors.whole_answer import WholeAnswer, head_of
from pitboard.trust.certificate import Certificate
from tests.leaping_loop import LeapingLoop, run_leaping
from trackside.unit import LAN_LIMITS

ANSWER_BYTES = 256 * 1_024
LARGE, QUICK = "/large", "/quick"


class Deaf:
    """Asks, over TLS where it is given, and takes nothing until told to."""

    def __init__(self, raw: socket.socket, tls: ssl.SSLContext | None) -> None:
        self._line = tls.wrap_socket(raw) if tls else raw
        self._line.settimeout(5)

    @classmethod
    async def at(cls, port: int, tls: ssl.SSLContext | None = None) -> Deaf:
        return await asyncio.to_thread(cls._connected, port, tls)

    @classmethod
    def _connected(cls, port: int, tls: ssl.SSLContext | None) -> Deaf:
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.connect(("127.0.0.1", port))
        return cls(raw, tls)

    def ask(self, path: str = LARGE) -> None:
        self._line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    async def hears(self, most: int = ANSWER_BYTES) -> int:
        """Return how many bytes came until the line was cut, or an answer was whole."""
        return await asyncio.to_thread(self._heard, most)

    def _heard(self, most: int) -> int:
        count = 0
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while count < most and (piece := self._line.recv(65_536)):
                count += len(piece)
        return count

    def close(self) -> None:
        self._line.close()


@contextlib.asynccontextmanager
async def door(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[web.Application, int]]:
    async def large(request: web.Request) -> web.Response:
        return web.Response(body=bytes(ANSWER_BYTES))

    limits = replace(LAN_LIMITS, connections_max_count=256)
    app = new_app(limits)
    app.router.add_get(LARGE, large)
    head = head_of({"Content-Length": str(ANSWER_BYTES)})
    app[DOOR].quick_answers[QUICK] = lambda request: WholeAnswer(200, head, bytes(ANSWER_BYTES))
    async with serve_tcp(app, "127.0.0.1", 0, tls=tls) as port:
        yield app, port


def untaken(app: web.Application) -> list[int]:
    listener = app[DOOR].listener
    assert listener is not None
    return [one._count_untaken() for one in listener._all]


async def until_held(app: web.Application, count: int) -> None:
    async with asyncio.timeout(10):
        while sum(size > 100_000 for size in untaken(app)) < count:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "tls"])
def test_an_answer_of_which_nothing_is_taken_waits_twenty_seconds(tmp_path: Path, is_tls: bool) -> None:
    tls = Certificate.load_or_create(tmp_path / "node.pem").server_context() if is_tls else None

    async def story(loop: LeapingLoop) -> None:
        async with door(tls) as (app, port):
            deaf = await Deaf.at(port, client_context() if is_tls else None)
            deaf.ask()
            await until_held(app, 1)
            for _ in range(round(UNTAKEN_MAX_S)):
                await loop.leap(SWEEP_EVERY_S)
            assert len(untaken(app)) == 1
            for _ in range(3):
                await loop.leap(SWEEP_EVERY_S)
            assert untaken(app) == []
            assert await deaf.hears() < ANSWER_BYTES
            deaf.close()

    run_leaping(story)


def test_who_takes_an_answer_slowly_gets_it_whole() -> None:
    async def story(loop: LeapingLoop) -> None:
        async with door() as (app, port):
            slow = await Deaf.at(port)
            slow.ask()
            await until_held(app, 1)
            heard = 0
            while sum(untaken(app)):
                heard += len(await asyncio.to_thread(slow._line.recv, 16_384))
                await asyncio.sleep(0.01)  # until the kernel has passed it on
                await loop.leap(0.8)
            assert await slow.hears(ANSWER_BYTES - heard) + heard >= ANSWER_BYTES
            slow.close()

    run_leaping(story)


def test_4_mib_lie_untaken_of_strangers_in_all_and_the_longest_idle_goes_first() -> None:
    async def story(loop: LeapingLoop) -> None:
        async with door() as (app, port):
            crowd = []
            for number in range(30):
                crowd.append(await Deaf.at(port))
                crowd[-1].ask()
                await until_held(app, min(number + 1, 12))
            async with asyncio.timeout(5):
                while sum(untaken(app)) > 4 * 1_024 * 1_024:
                    await loop.leap(SWEEP_EVERY_S)
            assert sum(untaken(app)) > LAN_LIMITS.untaken_max_bytes - ANSWER_BYTES
            assert await crowd[0].hears() < ANSWER_BYTES
            assert await crowd[-1].hears() >= ANSWER_BYTES
            for one in crowd:
                one.close()

    run_leaping(story)


@pytest.mark.parametrize("path", [LARGE, QUICK])
def test_who_asks_on_without_reading_is_cut(tmp_path: Path, path: str) -> None:
    tls = Certificate.load_or_create(tmp_path / "node.pem").server_context()

    async def story(loop: LeapingLoop) -> None:
        async with door(tls) as (app, port):
            deaf = await Deaf.at(port, client_context())
            deaf.ask(path)
            await until_held(app, 1)
            deaf.ask(path)
            async with asyncio.timeout(5):
                while untaken(app):
                    await asyncio.sleep(0.005)
                    await loop.leap(0)
            deaf.close()

    run_leaping(story)
