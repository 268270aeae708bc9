"""What a node may answer to those who ask it, on real sockets: just within the bound it is taken, one byte or
entry beyond it is not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
import pytest

from pitboard.doors.bounded_socket import HEAD_MAX_BYTES
from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, NodeClient
from pitboard.errors import LossCode, PeerLost
from pitboard.presence.heard_nodes import FoundNode
from sync.exchanging.exchange import (
    ANSWER_MAX_BYTES,
    UNITS_TOLD_MAX_COUNT,
    SyncRequest,
    UnitPlace,
    unpack_answer,
)
from sync.exchanging.requests_peer import RequestsPeer
from tests.pitboard.doors.test_node_client import Serve, answering, box
from tests.race_story import UNIT_A
from trackside.others.display_watch import ask_status

Ask = Callable[[str], Awaitable[object]]


async def exchange(url: str) -> object:
    peer = RequestsPeer(url)
    with contextlib.closing(peer):
        return await peer.sync(SyncRequest(have={}))


async def status_of_display(url: str) -> object:
    parts = urlsplit(url)
    node = FoundNode(name="d", host=parts.hostname or "", port=parts.port or 0, properties={"tls": "no"})
    return await ask_status(node)


async def anything_else(url: str) -> object:
    peer = RequestsPeer(url)
    with contextlib.closing(peer):
        return await peer.call("GET", "/v1/anything")


def padded(body: bytes, size: int) -> bytes:
    return body + b" " * (size - len(body))


@pytest.mark.parametrize(
    ("ask", "body", "most"),
    [
        (exchange, b'{"have":{},"records":[]}', ANSWER_MAX_BYTES),
        (status_of_display, b'{"name":"Stand"}', SMALL_ANSWER_MAX_BYTES),
        (anything_else, b"{}", SMALL_ANSWER_MAX_BYTES),
    ],
    ids=["exchange", "status", "else"],
)
def test_an_answer_is_taken_up_to_its_callers_bound_and_not_a_byte_beyond(
    ask: Ask, body: bytes, most: int
) -> None:
    assert most == (2 * 1_024 * 1_024 if ask is exchange else 64 * 1_024)
    with box(answering(padded(body, most))) as (_, url):
        asyncio.run(taken(ask, url))
    with box(answering(padded(body, most + 1))) as (_, url), pytest.raises(PeerLost) as lost:
        asyncio.run(taken(ask, url))
    assert lost.value.code == LossCode.TOO_LONG


async def taken(ask: Ask, url: str) -> None:
    await ask(url)


def answer_of(size: int, *, beyond: int = 0) -> Serve:
    """An answer of so many bytes, nearly all of it headers."""
    bare = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%b\r\n{}"
    count = 90
    room = size + beyond - len(bare % b"")
    each, last = divmod(room, count)
    lines = [b"X: " + b"y" * (each - 5) + b"\r\n" for _ in range(count - 1)]
    lines.append(b"X: " + b"y" * (each + last - 5) + b"\r\n")
    whole = bare % b"".join(lines)
    assert len(whole) == size + beyond
    return lambda connection: connection.sendall(whole)


def test_a_head_of_64_kib_is_read_and_a_longer_one_is_not() -> None:
    with box(answer_of(HEAD_MAX_BYTES)) as (_, url), contextlib.closing(NodeClient(url)) as client:
        assert client.call("GET", "/", within_s=5, max_bytes=10) == b"{}"
    with (
        box(answer_of(HEAD_MAX_BYTES, beyond=3)) as (_, url),
        contextlib.closing(NodeClient(url)) as client,
        pytest.raises(PeerLost) as lost,
    ):
        client.call("GET", "/", within_s=5, max_bytes=10)
    assert lost.value.code == LossCode.TOO_LONG


def test_an_answer_tells_of_sixteen_units_and_not_of_more() -> None:
    def answer(count: int) -> bytes:
        places = [UnitPlace(f"https://192.0.2.7:{port}", "B", UNIT_A.key) for port in range(1, count + 1)]
        return msgspec.json.encode({"have": {}, "records": [], "units": places})

    assert len(unpack_answer(answer(UNITS_TOLD_MAX_COUNT), peer="x").units) == 16
    with pytest.raises(PeerLost):
        unpack_answer(answer(UNITS_TOLD_MAX_COUNT + 1), peer="x")
