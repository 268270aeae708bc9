"""A source that asks too much is turned away, and the others notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
import io
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from pitboard.doors import bounded_listener
from pitboard.doors.door_limits import SOURCES_MAX_COUNT, ConnectionCount, DoorLimits, Rate, TokenBuckets
from pitboard.doors.http_api import REQUEST_MAX_BYTES, json_response, new_app, serve_tcp
from pitboard.trust.certificate import Certificate

SECOND_NS = 1_000_000_000
LIMITS = DoorLimits(
    connections_max_count=4,
    source_connections_max_count=2,
    calls_of_source=Rate(per_s=0.001, burst=3),
    spares_loopback=False,
)


def answering_app(limits: DoorLimits | None = None) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        return json_response({"bytes": len(await request.read())})

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


def test_sources_are_remembered_up_to_a_bound() -> None:
    buckets = TokenBuckets(of_source=Rate(per_s=1, burst=1), of_all=Rate(per_s=1e9, burst=10**9))
    for number in range(SOURCES_MAX_COUNT + 10):
        buckets.take(str(number), now_mono_ns=0)
    assert len(buckets._buckets) == SOURCES_MAX_COUNT
    assert buckets.take(str(SOURCES_MAX_COUNT + 9), now_mono_ns=0) is not None


def test_connections_are_counted_by_source_and_in_all() -> None:
    count = ConnectionCount(LIMITS)
    assert [count.enter("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert [count.enter("2001:db8:1:2::a"), count.enter("2001:db8:1:2:ffff::b")] == [True, True]
    assert not count.enter("192.0.2.2"), "there is room for four"
    count.leave("192.0.2.1")
    assert not count.enter("2001:db8:1:2::c"), "a /64 network is one source"
    assert count.enter("192.0.2.2")


def test_a_proxy_on_this_machine_is_bounded_in_all_only() -> None:
    count = ConnectionCount(DoorLimits(connections_max_count=3, source_connections_max_count=1))
    assert [count.enter("127.0.0.1") for _ in range(4)] == [True, True, True, False]


def test_connections_beyond_the_bound_are_closed_and_their_places_come_back() -> None:
    async def story() -> None:
        async with serve_tcp(answering_app(), "127.0.0.1", 0, limits=LIMITS) as port:
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(5):
                    assert await reader.read() == b""
            for _, former in (*held, (reader, writer)):
                former.close()
            async with aiohttp.ClientSession() as session, asyncio.timeout(5):
                while True:
                    with contextlib.suppress(aiohttp.ClientError):
                        async with session.post(f"http://127.0.0.1:{port}/", data=b"x") as answer:
                            assert answer.status == 200
                            return
                    await asyncio.sleep(0.01)

    asyncio.run(story())


def test_whoever_never_ends_the_tls_handshake_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_listener, "HANDSHAKE_MAX_S", 0.05)
    certificate = Certificate.load_or_create(tmp_path / "node.pem")

    async def story() -> None:
        app, tls = answering_app(), certificate.server_context()
        async with serve_tcp(app, "127.0.0.1", 0, tls=tls, limits=LIMITS) as port:
            for _ in range(6):  # one after the other: each place comes back
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                with contextlib.suppress(ConnectionError):
                    async with asyncio.timeout(5):
                        assert await reader.read() == b""
                writer.close()

    asyncio.run(story())


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
