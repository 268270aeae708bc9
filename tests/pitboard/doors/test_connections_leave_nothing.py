"""What a stranger's connection held is free as soon as it ends: nothing waits for the garbage collector.

With TLS each holds some 70 kB, and central's collector comes round seldom, for the sake of its followers."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from pitboard.doors.bounded_listener import DoorConnection
from pitboard.doors.http_api import json_response, new_app, serve_tcp
from pitboard.trust.certificate import Certificate
from tests.attack.strangers import Target, request

COUNT = 20
Visit = Callable[[Target], Awaitable[None]]


async def no_http(target: Target) -> None:
    async with target.connected() as (reader, writer):
        writer.write(b"\x00\xff rubbish \r\n" * 20)
        await reader.read()


async def no_tls(target: Target) -> None:
    reader, writer = await asyncio.open_connection(target.host, target.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n" * 10)
    with contextlib.suppress(ConnectionError):
        await reader.read()
    writer.transport.abort()


async def half_a_handshake(target: Target) -> None:
    _, writer = await asyncio.open_connection(target.host, target.port)
    await asyncio.sleep(0.005)
    writer.transport.abort()


async def half_a_body(target: Target) -> None:
    async with target.connected() as (_, writer):
        writer.write(request("/take", b"{", length=1_000))
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("visit", [no_http, no_tls, half_a_handshake, half_a_body])
def test_what_a_connection_held_is_free_when_it_ends(tmp_path: Path, visit: Visit) -> None:
    async def story() -> None:
        certificate = Certificate.load_or_create(tmp_path / "node.pem")
        app = new_app()
        app.router.add_post("/take", _take)
        async with serve_tcp(app, "127.0.0.1", 0, tls=certificate.server_context()) as port:
            target = Target(port)
            await visit(target)
            gc.collect()
            gc.disable()
            try:
                for _ in range(COUNT):
                    await visit(target)
                await asyncio.sleep(0.05)
                for kind in (DoorConnection, _SelectorSocketTransport):
                    held = [one for one in gc.get_objects() if isinstance(one, kind)]
                    assert len(held) <= 4, f"{len(held)} of {COUNT} {kind.__name__} are still there"
            finally:
                gc.enable()

    asyncio.run(story())


async def _take(request: web.Request) -> web.Response:
    await request.read()
    return json_response({})
