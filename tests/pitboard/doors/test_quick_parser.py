"""What is answered from memory comes in its turn, however the bytes are cut, and counts as any call does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web

from pitboard.doors.caller import DOOR, QUICK_PER_TURN_COUNT
from pitboard.doors.door_limits import DoorLimits, Rate
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.doors.turnstile import Turnstile
from pitboard.doors.whole_answer import WholeAnswer, head_of
from tests.leaping_loop import LeapingLoop, run_leaping

QUICK = b"GET /quick?a=1 HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
LIMITS = DoorLimits(trusted_proxies=())


def an_app(limits: DoorLimits = LIMITS, *, is_free: bool = True) -> tuple[web.Application, list[int]]:
    """Return an app that says `quick` at once, `app` where it is asked, and the statuses that were told."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="app")

    app, told = new_app(limits), list[int]()
    for path in ("/quick", "/slow"):
        app.router.add_route("*", path, answer)
    head = head_of({"Content-Length": "5"})
    app[DOOR].quick_answers["/quick"] = lambda message: WholeAnswer(200, head, b"quick")
    app[DOOR].free_paths = frozenset(["/quick"] if is_free else [])
    app[DOOR].on_quick_answer = lambda status, took_ns: told.append(status)
    return app, told


async def hear(reader: asyncio.StreamReader) -> str:
    """Return the next answer's body, or its status where that is not 200."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
    body = (await reader.readexactly(int(length or "0"))).decode()
    return body if head[9:12] == "200" else head[9:12]


@pytest.mark.parametrize(
    ("pieces", "answers"),
    [
        ([QUICK], ["quick"]),
        ([QUICK[:9], QUICK[9:-1], QUICK[-1:]], ["quick"]),
        ([SLOW + QUICK], ["app", "app"]),
        ([QUICK + SLOW + QUICK], ["app", "app", "app"]),
        ([QUICK + SLOW[:12], SLOW[12:]], ["quick", "app"]),
        ([b"GET /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"], ["app"]),
        ([b"GET /quick HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"], ["app"]),
        ([b"POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"], ["app"]),
        ([b"GET /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"], ["app"]),
        ([b"GET /quick HTTP/1.0\r\n\r\n"], ["app"]),
        ([b"GET /quick HTTP/1.1\r\nHost: x\r\n broken\r\n\r\n"], ["400"]),
    ],
)
def test_each_call_is_answered_once_and_in_order(pieces: list[bytes], answers: list[str]) -> None:
    async def story(loop: LeapingLoop) -> None:
        app, _ = an_app()
        async with serve_tcp(app, "127.0.0.1", 0) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(QUICK)
            assert await hear(reader) in ("quick", "app")  # aiohttp's own task may not have begun
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.002)
            assert [await hear(reader) for _ in answers] == answers
            writer.close()

    run_leaping(story)


def test_what_costs_something_is_counted_with_all_other_calls_and_bounded_in_each_turn() -> None:
    async def story(loop: LeapingLoop) -> None:
        limits = replace(LIMITS, calls_of_source=Rate(per_s=1, burst=5), calls_of_all=Rate(per_s=1, burst=5))
        app, told = an_app(limits, is_free=False)
        async with serve_tcp(app, "127.0.0.1", 0) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            heard = []
            for number in range(6):
                writer.write(QUICK if number else SLOW)
                answer = asyncio.ensure_future(hear(reader))
                if number == 5:
                    await asyncio.sleep(0.05)
                    await loop.leap(0.6)
                heard.append(await answer)
            assert heard == ["app", *4 * ["quick"], "429"]
            assert told == 4 * [200]
            turnstile = app[DOOR].quick_turnstile
            passed = [turnstile.is_passed_at_once() for _ in range(QUICK_PER_TURN_COUNT + 1)]
            assert passed == [*QUICK_PER_TURN_COUNT * [True], False]
            app[DOOR].quick_turnstile = Turnstile(0)
            await loop.leap(5)
            writer.write(QUICK)
            assert await hear(reader) == "app"
            writer.close()

    run_leaping(story)
