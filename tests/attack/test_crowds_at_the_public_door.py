"""Strangers take every place that the public door has, at its real bounds and on real sockets: a phone behind
another address gets page, board and stream, and an enrolled node its exchange."""

from __future__ import annotations

import asyncio
import re
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import pytest

from display.node import peer_at
from pitboard.clock import SystemClock
from pitboard.doors import bounded_listener
from pitboard.journal.records.record import to_wire
from sync.central.central_server import Central, open_central
from sync.central.config import PublicConfig
from sync.central.public.public_app import SPARE_CONNECTIONS_COUNT
from sync.exchanging.exchange import SyncRequest
from tests.attack.elsewhere import besieged_from_elsewhere
from tests.attack.strangers import Target, live_streams, silent_connections
from tests.race_story import UNIT_A
from tests.sync.central.central_stage import TrackStory, central_config

FEW = ("127.0.1.1", "127.0.1.2")
MANY = tuple(f"127.0.2.{host}" for host in range(1, 251))
SERVED_MAX_S = 1.0
STREAM_MAX_BYTES = 32 * 1_024
SILENT_MAX_BYTES = 16 * 1_024


@pytest.fixture(autouse=True)
def room_for_sockets() -> Iterator[None]:
    """As a central makes for itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def central_with_its_own_bounds(folder: Path) -> AsyncIterator[Central]:
    config = msgspec.structs.replace(central_config(folder), public=PublicConfig(port=0))
    async with open_central(config, SystemClock()) as central:
        yield central


class Phone:
    """Somebody of the public, behind this address."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{port}"

    @classmethod
    @asynccontextmanager
    async def at(cls, address: str, port: int) -> AsyncIterator[Phone]:
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        async with aiohttp.ClientSession(connector=connector) as session:
            yield cls(session, port)

    async def sees_page_and_board(self) -> None:
        page = (await self.get("/")).decode()
        files = re.findall(r'"(/page-[0-9a-f]+/[a-z_]+\.js)"', page)
        assert files
        for path in files:
            assert await self.get(path)
        assert b"Anna" in await self.get("/api/v1/board")

    async def get(self, path: str) -> bytes:
        async with asyncio.timeout(SERVED_MAX_S), self._session.get(self._url + path) as answer:
            assert answer.status == 200
            return await answer.read()

    async def followers(self) -> int:
        """Return how many follow; while a crowd comes in there is no second for it."""
        async with self._session.get(self._url + "/api/v1/health") as answer:
            return int((await answer.json())["followers"])

    async def follows(self) -> int:
        """Return the status with which the live board begins, its first line read."""
        async with asyncio.timeout(SERVED_MAX_S), self._session.get(self._url + "/api/v1/live") as answer:
            assert await answer.content.readline()
            return answer.status


def resident_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1_024


def test_among_5_000_live_streams_of_few_and_of_many_addresses_everybody_else_is_served(
    tmp_path: Path,
) -> None:
    """Each change of the board held central for a fifth of a second, and a unit's exchange with it."""
    most = PublicConfig().followers_max_count

    async def story() -> None:
        async with central_with_its_own_bounds(tmp_path) as central:
            track = TrackStory().drives("c1", "Anna", 12.5)
            await central.replica.accept(track.news())
            url = f"http://127.0.0.1:{central.ingest_port}"
            node = peer_at(url, name="central", pin=None, identity=UNIT_A)
            before = resident_bytes()
            crowd = Target(central.public_port, is_tls=False, sources=FEW * 125 + MANY)
            async with (
                besieged_from_elsewhere(live_streams, crowd, count=most, begun_after_count=most),
                Phone.at("127.0.9.9", central.public_port) as phone,
                Phone.at(FEW[0], central.public_port) as neighbour,
            ):
                async with asyncio.timeout(60):
                    while await phone.followers() < most:
                        await asyncio.sleep(0.05)
                assert (resident_bytes() - before) // most < STREAM_MAX_BYTES
                track.drives("c2", "Ben", 11.5)
                async with asyncio.timeout(SERVED_MAX_S):
                    await node.sync(SyncRequest(records=[to_wire(record) for record in track.news()]))
                await phone.sees_page_and_board()
                await neighbour.sees_page_and_board()
                assert await neighbour.follows() == 503, "its address has more than any other"
                assert await phone.follows() == 200
                async with asyncio.timeout(SERVED_MAX_S):
                    await node.sync(SyncRequest())
            assert most <= crowd.tries["live_streams"] < most + 100, "they were kept, but for one"
            node.close()

    asyncio.run(story())


def test_among_5_512_connections_that_say_nothing_a_phone_gets_its_page_and_the_longest_idle_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_listener, "HEAD_MAX_S", 300)  # or the first go while the last come
    most = PublicConfig().followers_max_count + SPARE_CONNECTIONS_COUNT
    assert most == 5_512

    async def story() -> None:
        async with central_with_its_own_bounds(tmp_path) as central:
            await central.replica.accept(TrackStory().drives("c1", "Anna", 12.5).news())
            before = resident_bytes()
            crowd = Target(central.public_port, is_tls=False, sources=FEW)
            first, said = await asyncio.open_connection(
                "127.0.0.1", central.public_port, local_addr=(FEW[0], 0)
            )
            async with besieged_from_elsewhere(
                silent_connections, crowd, count=most - 1, begun_after_count=most - 1
            ):
                await asyncio.sleep(0.1)
                assert not first.at_eof(), "all of them have room"
                assert (resident_bytes() - before) // most < SILENT_MAX_BYTES
                async with Phone.at("127.0.9.9", central.public_port) as phone:
                    await phone.sees_page_and_board()
                    assert await phone.follows() == 200
                assert await first.read() == b""
                said.close()
            assert crowd.tries["silent_connections"] < most + 500, "cut is who makes room, not the crowd"

    asyncio.run(story())
