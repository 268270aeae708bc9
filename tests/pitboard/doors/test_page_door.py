"""The door that only shows pages: whatever is asked, the answer is one of ours, and nobody can fill it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable

import pytest

from pitboard.doors.door_limits import REFUSAL_AFTER_S, DoorLimits, Rate
from pitboard.doors.page_door import HEAD_MAX_BYTES, Page, json_page, serve_pages
from tests.leaping_loop import LeapingLoop, run_leaping

LIMITS = DoorLimits(connections_max_count=4, calls_of_all=Rate(per_s=0.01, burst=20))
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def number(query: str) -> Page:
    return json_page({"number": 7})


async def broken(query: str) -> Page:
    raise ZeroDivisionError


async def large(query: str) -> Page:
    return Page("image/png", b"x" * 1_000_000)


def at_the_door(talk: Talk) -> None:
    async def story() -> None:
        pages = {"/v1/number": number, "/v1/broken": broken, "/v1/large": large}
        async with (
            asyncio.timeout(10),
            serve_pages(pages, "127.0.0.1", 0, tls=None, limits=LIMITS) as port,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await talk(reader, writer)
            finally:
                writer.transport.abort()

    asyncio.run(story())


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    assert length is not None
    return int(head.split()[1]), await reader.readexactly(int(length[1]))


def test_calls_follow_one_another_on_one_connection_even_in_one_packet_and_byte_by_byte() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = b"GET /v1/number?x=1 HTTP/1.1\r\nHost: here\r\n\r\n"
        writer.write(asked * 3)
        for _ in range(3):
            assert await answer(reader) == (200, b'{"number":7}')
        for byte in asked:
            writer.write(bytes([byte]))
            await writer.drain()
        assert await answer(reader) == (200, b'{"number":7}')
        writer.write(b"GET /v1/number HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert await answer(reader) == (200, b'{"number":7}')
        assert await reader.read() == b""

    at_the_door(talk)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (b"GET /v1/nothing HTTP/1.1\r\n\r\n", 404, "unknown-call"),
        (b"DELETE /v1/number HTTP/1.1\r\n\r\n", 405, "wrong-method"),
        (b"GET /v1/number HTTP/2.0\r\n\r\n", 400, "bad-request"),
        (b"GET /v1/number HTTP/1.1\r\nno header\r\n\r\n", 400, "bad-request"),
        (b"GET /v1/number HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 400, "bad-request"),
        (b"POST /v1/number HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad-request"),
        (b"\x16\x03\x01\x02\r\n\r\n", 400, "bad-request"),
        (b"GET /v1/broken HTTP/1.1\r\n\r\n", 500, "failed"),
    ],
)
def test_what_cannot_be_shown_has_a_stable_code(asked: bytes, status: int, code: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(asked)
        said, body = await answer(reader)
        assert (said, json.loads(body)["error"]) == (status, code)
        if status == 400:
            assert await reader.read() == b"", "nothing more is read of who speaks something else"

    at_the_door(talk)


def test_a_head_without_end_is_cut_at_its_bound() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /v1/number HTTP/1.1\r\nX: " + b"y" * (HEAD_MAX_BYTES - 32) + b"\r\n\r\n")
        assert (await answer(reader))[0] == 200  # of exactly that length it is taken
        writer.write(b"GET /v1/number HTTP/1.1\r\nX: " + b"y" * HEAD_MAX_BYTES)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)

    at_the_door(talk)


def test_who_reads_nothing_gets_one_answer_and_no_second() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /v1/large HTTP/1.1\r\n\r\n" * 10)
        await asyncio.sleep(0.1)
        for _ in range(10):
            assert (await answer(reader))[0] == 200

    at_the_door(talk)


def test_who_reads_nothing_makes_room_for_the_next() -> None:
    """Their answers were on the way for ever, and so they held every place that strangers have."""

    async def story() -> None:
        async with (
            asyncio.timeout(10),
            serve_pages({"/v1/large": large}, "127.0.0.1", 0, tls=None, limits=LIMITS) as port,
        ):
            deaf = []
            for _ in range(LIMITS.connections_max_count):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
                writer.write(b"GET /v1/large HTTP/1.1\r\n\r\n" * 10)
                deaf.append((reader, writer))
            await asyncio.sleep(0.1)  # until what the system takes is full
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /v1/large HTTP/1.1\r\n\r\n")
            assert (await answer(reader))[0] == 200
            for _, one in [*deaf, (reader, writer)]:
                one.transport.abort()

    asyncio.run(story())


def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    """Half a second later: told at once he asks again at once, and each refusal costs too."""

    async def story(loop: LeapingLoop) -> None:
        async with serve_pages({"/v1/number": number}, "127.0.0.1", 0, tls=None, limits=LIMITS) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(20):
                writer.write(b"GET /v1/number HTTP/1.1\r\n\r\n")
                assert (await answer(reader))[0] == 200
            writer.write(b"GET /v1/number HTTP/1.1\r\n\r\n")
            refused = asyncio.ensure_future(answer(reader))
            await asyncio.sleep(0.02)
            await loop.leap(REFUSAL_AFTER_S / 2)
            assert not refused.done()
            await loop.leap(REFUSAL_AFTER_S / 2)
            status, body = await refused
            assert status == 429
            assert json.loads(body)["retry_after_ms"] > 1_000
            writer.transport.abort()

    run_leaping(story)
