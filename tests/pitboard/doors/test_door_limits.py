"""A source that asks too much is turned away, and the others notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import socket
import threading
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from pitboard.doors import bounded_listener
from pitboard.doors.bounded_listener import (
    ACCEPTED_AT_ONCE_COUNT,
    GIVE_BACK_EVERY_COUNT,
    GIVE_BACK_FROM_COUNT,
    HANDSHAKE_MAX_S,
    HEAD_MAX_S,
    IDLE_MAX_S,
    SWEEP_EVERY_S,
    BoundedListener,
    DoorConnection,
)
from pitboard.doors.caller import (
    BODY_MAX_S,
    HELD_BODY_MAX_BYTES,
    REQUEST_MAX_BYTES,
    take_body,
)
from pitboard.doors.door_limits import REFUSAL_AFTER_S, SOURCES_MAX_COUNT, DoorLimits, Rate, TokenBuckets
from pitboard.doors.http_api import LINGER_MAX_S, json_response, new_app, serve_tcp
from pitboard.trust.certificate import Certificate
from tests.leaping_loop import LeapingLoop, run_leaping

SECOND_NS = 1_000_000_000
LIMITS = DoorLimits(
    connections_max_count=4,
    calls_of_source=Rate(per_s=0.001, burst=3),
    trusted_proxies=(),
)


def answering_app(limits: DoorLimits | None = None) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        return json_response({"bytes": len(await take_body(request))})

    app = new_app(limits)
    app.router.add_post("/", answer)
    return app


def test_a_bucket_lets_a_burst_through_and_then_the_steady_rate() -> None:
    buckets = TokenBuckets(of_source=Rate(per_s=2, burst=3), of_all=Rate(per_s=100, burst=100))
    assert [buckets.take("a", now_mono_ns=0) for _ in range(4)] == [None, None, None, 501]
    assert buckets.take("b", now_mono_ns=0) is None
    assert buckets.take("a", now_mono_ns=SECOND_NS // 2) is None
    assert buckets.take("a", now_mono_ns=SECOND_NS // 2) is not None
    assert [buckets.take("a", now_mono_ns=60 * SECOND_NS) for _ in range(4)][:3] == [None] * 3


def test_all_together_are_bounded_too_and_a_flooder_takes_nothing_from_the_rest() -> None:
    buckets = TokenBuckets(of_source=Rate(per_s=1, burst=2), of_all=Rate(per_s=1, burst=10))
    for _ in range(1_000):
        buckets.take("flooder", now_mono_ns=0)
    assert [buckets.take(f"s{number}", now_mono_ns=0) for number in range(9)] == [None] * 8 + [1_001]
    assert buckets.take(None, now_mono_ns=0) is not None


def test_who_asks_little_goes_on_where_a_few_have_used_up_what_all_may_ask() -> None:
    """A display has no key: two boxes that ask without end must not take it off its unit."""
    limits = DoorLimits()
    buckets = TokenBuckets(limits.calls_of_source, limits.calls_of_all, limits.calls_of_quiet)
    refused = {"box-1": 0, "box-2": 0, "display": 0}
    for ms in range(0, 60_000, 2):
        for source in ("box-1", "box-2"):
            refused[source] += buckets.take(source, now_mono_ns=ms * 1_000_000, cost=4) is not None
        if ms % 100 == 0:
            refused["display"] += buckets.take("display", now_mono_ns=ms * 1_000_000) is not None
    assert refused["display"] == 0
    assert min(refused["box-1"], refused["box-2"]) > 25_000


def test_sources_are_remembered_up_to_a_bound() -> None:
    buckets = TokenBuckets(of_source=Rate(per_s=1, burst=1), of_all=Rate(per_s=1e9, burst=10**9))
    for number in range(SOURCES_MAX_COUNT + 10):
        buckets.take(str(number), now_mono_ns=0)
    assert len(buckets._buckets) == SOURCES_MAX_COUNT
    assert buckets.take(str(SOURCES_MAX_COUNT + 9), now_mono_ns=0) is not None


def test_a_source_is_an_address_a_network_or_what_a_trusted_proxy_says() -> None:
    limits = DoorLimits(trusted_proxies=("192.0.2.9",))
    assert limits.source_of("192.0.2.1", "198.51.100.7") == "192.0.2.1", "anybody can write a header"
    assert limits.source_of("192.0.2.9", "1.1.1.1, 198.51.100.7") == "198.51.100.7"
    assert limits.source_of("192.0.2.9", "2001:db8:1:2::a") == limits.source_of("2001:db8:1:2:ffff::b")
    assert limits.source_of("192.0.2.9") is None
    assert limits.source_of("127.0.0.1") == "127.0.0.1"
    assert DoorLimits().source_of("127.0.0.1") is None
    assert DoorLimits().source_of("127.0.0.2") == "127.0.0.2"


def test_when_a_door_is_full_the_longest_idle_connection_goes() -> None:
    async def story() -> None:
        async with serve_tcp(answering_app(LIMITS), "127.0.0.1", 0) as port:
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
            async with aiohttp.ClientSession() as session, asyncio.timeout(5):
                async with session.post(f"http://127.0.0.1:{port}/", data=b"x") as answer:
                    assert answer.status == 200
                assert await held[0][0].read() == b""
            for _, writer in held:
                writer.close()

    asyncio.run(story())


def test_between_16_that_are_accepted_everybody_else_has_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who connects faster than we accept would hold the loop for ever."""
    accepted: list[None] = []
    monkeypatch.setattr(
        BoundedListener, "_admit", lambda _, make, socket_, host: accepted.append(socket_.close())
    )
    count = 5 * ACCEPTED_AT_ONCE_COUNT

    async def story() -> None:
        async with serve_tcp(answering_app(LIMITS), "127.0.0.1", 0) as port:
            await asyncio.sleep(0)
            came = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
            seen = [0]
            while seen[-1] < count:
                await asyncio.sleep(0)
                seen.append(len(accepted))
            assert max(later - former for former, later in itertools.pairwise(seen)) == 16
            for one in came:
                one.close()

    asyncio.run(story())


def test_from_accept_to_a_whole_head_and_for_idling_there_is_a_time() -> None:
    async def story() -> None:
        now_s = asyncio.get_running_loop().time()
        connection = DoorConnection(
            asyncio.Protocol, host="192.0.2.1", on_made=lambda _: None, on_lost=lambda _: None
        )
        assert not connection.is_overdue(now_s + HEAD_MAX_S - 1)
        assert connection.is_overdue(now_s + HEAD_MAX_S + 1), "it was accepted and said nothing"
        connection.begin_call()
        assert not connection.is_overdue(now_s + 10 * IDLE_MAX_S), "its call is at work"
        connection.end_call()
        assert not connection.is_overdue(now_s + IDLE_MAX_S - 1)
        assert connection.is_overdue(now_s + IDLE_MAX_S + 1)
        connection.inner = asyncio.Protocol()
        connection.data_received(b"G")
        assert connection.is_overdue(now_s + HEAD_MAX_S + 1), "the next head has begun and does not end"

    asyncio.run(story())


def test_whoever_never_ends_the_tls_handshake_is_let_go(tmp_path: Path) -> None:
    certificate = Certificate.load_or_create(tmp_path / "node.pem")

    async def story(loop: LeapingLoop) -> None:
        app, tls = answering_app(), certificate.server_context()
        async with serve_tcp(app, "127.0.0.1", 0, tls=tls, limits=LIMITS) as port:
            for _ in range(6):  # one after the other: each place comes back
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                ended = asyncio.ensure_future(_ended(reader))
                await asyncio.sleep(0.02)  # until it is accepted
                await loop.leap(HANDSHAKE_MAX_S - 1)
                assert not ended.done()
                await loop.leap(1)
                async with asyncio.timeout(5):
                    await ended
                writer.close()

    run_leaping(story)


async def _ended(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""


def test_a_source_that_calls_too_often_is_told_when_to_come_back() -> None:
    async def story() -> None:
        async with (
            serve_tcp(answering_app(LIMITS), "127.0.0.1", 0) as port,
            aiohttp.ClientSession() as session,
        ):
            statuses = []
            for _ in range(4):
                async with session.post(f"http://127.0.0.1:{port}/", data=b"x") as answer:
                    statuses.append(answer.status)
                    said = await answer.json()
            assert statuses == [200, 200, 200, 429]
            assert said["error"] == "too-often"
            assert int(answer.headers["Retry-After"]) > 1

    asyncio.run(story())


def test_who_calls_too_often_waits_for_the_refusal_and_whoever_brings_much_is_cut_off() -> None:
    """Told at once they called at once again, a thousand times per second; what waits is held in memory."""

    async def story(loop: LeapingLoop) -> None:
        limits = DoorLimits(calls_of_source=Rate(per_s=0.001, burst=1), trusted_proxies=())
        async with serve_tcp(answering_app(limits), "127.0.0.1", 0) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            small = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
            writer.write(small)
            assert b" 200 " in await reader.readuntil(b"}")
            writer.write(small)
            refused = asyncio.create_task(reader.readuntil(b"}"))
            await loop.leap(REFUSAL_AFTER_S / 2)
            assert not refused.done()
            await loop.leap(REFUSAL_AFTER_S / 2)
            assert b" 429 " in await refused
            writer.close()
            await writer.wait_closed()
            for much in (
                b"Content-Length: %d\r\n\r\n" % (HELD_BODY_MAX_BYTES + 1),
                b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n" + much)
                assert b" 429 " in await reader.readuntil(b"}"), "without a wait"
                ended = asyncio.create_task(_ended(reader))
                await loop.leap(LINGER_MAX_S)
                async with asyncio.timeout(5):
                    await ended
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

    run_leaping(story)


def test_a_body_has_ten_seconds_and_all_of_them_together_two_mebibytes() -> None:
    async def story(loop: LeapingLoop) -> None:
        limits = DoorLimits(trusted_proxies=())
        async with serve_tcp(answering_app(limits), "127.0.0.1", 0) as port:

            async def promising(count: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nx" % count)
                return reader, writer

            held = [await promising(REQUEST_MAX_BYTES) for _ in range(3)]
            async with asyncio.timeout(5):
                await _ended(held[0][0])  # two fit, and whoever holds longest goes
            await loop.leap(BODY_MAX_S - 1)
            waiting = [asyncio.create_task(_ended(reader)) for reader, _ in held[1:]]
            await asyncio.sleep(0.01)
            assert not any(task.done() for task in waiting)
            await loop.leap(1)
            async with asyncio.timeout(5):
                await asyncio.gather(*waiting)
            for _, writer in held:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

    run_leaping(story)


def test_what_many_connections_held_is_given_back_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """A siege of a minute left a third of its memory with the program, free and of no use."""
    given_back = threading.Event()
    monkeypatch.setattr(bounded_listener, "give_back_memory", given_back.set)

    async def story(loop: LeapingLoop) -> None:
        async with serve_tcp(answering_app(), "127.0.0.1", 0) as port:
            for wanted in (False, True):
                for _ in range(GIVE_BACK_FROM_COUNT - 1 if not wanted else 1):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.write(b"rubbish\r\n\r\n")
                    await reader.read()
                    writer.close()
                    await writer.wait_closed()
                for _ in range(GIVE_BACK_EVERY_COUNT + 1):
                    await loop.leap(SWEEP_EVERY_S)
                assert await asyncio.to_thread(given_back.wait, 5 if wanted else 0) is wanted

    run_leaping(story)


def test_a_request_larger_than_the_bound_is_refused() -> None:
    async def story() -> None:
        async with (
            serve_tcp(answering_app(), "127.0.0.1", 0) as port,
            aiohttp.ClientSession() as session,
            session.post(
                f"http://127.0.0.1:{port}/", data=io.BytesIO(bytes(REQUEST_MAX_BYTES + 1))
            ) as answer,
        ):
            assert answer.status == 413

    asyncio.run(story())
