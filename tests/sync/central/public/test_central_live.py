"""The live stream gives everybody the newest board, and lets no slow phone hold the others or the memory."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from sync.central.central_server import Central
from sync.central.public import live_stream
from sync.central.public.board_change import changed
from sync.central.public.board_feed import BoardFeed
from sync.central.public.live_board import LiveBoard
from tests.leaping_loop import LeapingLoop, run_leaping
from tests.sync.central.central_stage import TrackStory, central_at


@contextlib.asynccontextmanager
async def follower(
    central: Central, session: aiohttp.ClientSession, **headers: str
) -> AsyncIterator[aiohttp.ClientResponse]:
    url = f"http://127.0.0.1:{central.public_port}/api/v1/live"
    async with session.get(
        url, headers={key.replace("_", "-"): text for key, text in headers.items()}
    ) as stream:
        yield stream


async def next_event(stream: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the next event's fields; comments and bare fields in between are skipped."""
    event: dict[str, str] = {}
    async with asyncio.timeout(5):
        while True:
            line = (await stream.content.readline()).decode().rstrip("\n")
            if not line and "data" in event:
                return event
            if not line:
                event = {}
                continue
            name, _, text = line.partition(": ")
            event[name] = text


_BOARDS: weakref.WeakKeyDictionary[aiohttp.ClientResponse, Any] = weakref.WeakKeyDictionary()


async def next_board(stream: aiohttp.ClientResponse) -> Any:
    """Return the next board as a phone has it: whole, or put together with what changed."""
    while (event := await next_event(stream))["event"] == "ping":
        pass
    told = json.loads(event["data"])
    if event["event"] == "board":
        assert told.pop("at") > 0
        assert told.pop("tag") == event["id"]
        board = told
    else:
        assert told.pop("at") > 0
        assert told.pop("to") == event["id"]
        former_tag, former = _BOARDS[stream]
        assert told.pop("from") == former_tag
        board = changed(former, told)
    _BOARDS[stream] = (event["id"], board)
    assert LiveBoard(board).tag == event["id"], "a change leads to the very board it was made of"
    return board


async def board_with(stream: aiohttp.ClientResponse, name: str) -> None:
    """Wait for it; a board that was on its way already comes before."""
    async with asyncio.timeout(10):
        while name not in [entry["name"] for entry in (await next_board(stream))["entries"]]:
            pass


async def board_led_by(stream: aiohttp.ClientResponse, name: str) -> None:
    """As `board_with`, in the first place."""
    async with asyncio.timeout(10):
        while (await next_board(stream))["entries"][0]["name"] != name:
            pass


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_follower_gets_the_board_at_once_and_each_newer_one(tmp_path: Path, encoding: str) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            track = TrackStory()
            async with follower(central, session, Accept_Encoding=encoding) as stream:
                assert stream.headers["Content-Type"] == "text/event-stream"
                assert stream.headers.get("Content-Encoding", "identity") == encoding
                assert (await next_board(stream))["entries"] == []
                for name in ("Anna", "Ben", "Carla"):
                    await central.replica.accept(track.drives(name, name, 12.5).news())
                    await board_with(stream, name)

    asyncio.run(story())


def test_many_changes_at_once_are_few_boards_and_the_last_one_is_right(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            track = TrackStory()
            async with follower(central, session) as stream:
                await next_board(stream)
                for number in range(40):
                    await central.replica.accept(track.drives(f"c{number}", f"Driver {number}", 12.5).news())
                boards = 0
                count = 0
                while count < 40:
                    count = len((await next_board(stream))["entries"])
                    boards += 1
                assert boards < 15

    asyncio.run(story())


def test_a_phone_that_comes_back_with_the_newest_board_is_not_sent_it_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            async with follower(central, session) as stream:
                known = (await next_event(stream))["id"]
            async with follower(central, session, Last_Event_ID=known) as stream:
                assert (await next_event(stream))["event"] == "ping"
            async with follower(central, session, Last_Event_ID="an older one") as stream:
                assert (await next_event(stream))["id"] == known

    asyncio.run(story())


def test_a_silent_stream_is_pinged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_stream, "PING_EVERY_S", 0.05)

    async def story() -> None:
        async with (
            central_at(tmp_path) as central,
            aiohttp.ClientSession() as session,
            follower(central, session) as stream,
        ):
            await next_board(stream)
            assert (await next_event(stream))["event"] == "ping"

    asyncio.run(story())


def test_followers_beyond_the_bound_are_asked_to_come_later(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            central_at(tmp_path, followers_max_count=2) as central,
            aiohttp.ClientSession() as session,
        ):
            async with follower(central, session) as one, follower(central, session) as two:
                await next_board(one)
                await next_board(two)
                async with follower(central, session) as refused:
                    assert refused.status == 503
                    assert int(refused.headers["Retry-After"]) > 0
                    assert (await refused.json())["error"] == "busy"
            async with asyncio.timeout(2):
                while True:
                    async with follower(central, session) as again:
                        if again.status == 200:
                            break
                    await asyncio.sleep(0.02)

    asyncio.run(story())


def test_two_addresses_cannot_take_all_live_streams(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            central_at(tmp_path, followers_max_count=6) as central,
            aiohttp.ClientSession() as session,
            contextlib.AsyncExitStack() as streams,
        ):
            url = f"http://127.0.0.1:{central.public_port}/api/v1/live"

            async def follow(source: str) -> aiohttp.ClientResponse:
                headers = {"X-Forwarded-For": source}
                return await streams.enter_async_context(session.get(url, headers=headers))

            greedy = [await follow(f"192.0.2.{number % 2}") for number in range(6)]
            assert {stream.status for stream in greedy} == {200}
            assert (await follow("192.0.2.0")).status == 503, "its own phones are not cut for one more"
            assert (await follow("192.0.2.9")).status == 200
            with pytest.raises(aiohttp.ClientError):
                await greedy[0].content.read()

    asyncio.run(story())


def test_a_follower_that_takes_nothing_is_cut_off_and_holds_up_nobody(tmp_path: Path) -> None:
    async def story(loop: LeapingLoop) -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            track = TrackStory()
            for number in range(100):
                track.drives(f"c{number}", f"Driver with a rather long name, number {number}", 12.5 + number)
            records = track.news()
            await central.replica.accept(records)
            stalled = _stalled_follower(central.public_port)
            with stalled:
                async with follower(central, session, Accept_Encoding="identity") as stream:
                    await next_board(stream)
                    for number in range(8):  # a change of everything is large
                        for one in range(100):
                            name = f"Fast {number}" if one == 0 else f"Driver {one}, renamed {number} times"
                            track.teller.say(CompetitorRegistered(competitor_id=f"c{one}", name=name))
                        await central.replica.accept(track.news())
                        await board_led_by(stream, f"Fast {number}")
                    await loop.leap(live_stream.SLOW_MAX_S - 2)
                    await asyncio.sleep(2 * live_stream.SLOW_LOOK_EVERY_S)
                    assert await _followers(central, session) == 2
                    await loop.leap(2)
                    async with asyncio.timeout(5):
                        while await _followers(central, session) > 1:
                            await asyncio.sleep(0.05)

    run_leaping(story)


def test_an_asker_of_http_1_0_gets_the_stream_without_chunks(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central:
            reader, writer = await asyncio.open_connection("127.0.0.1", central.public_port)
            writer.write(b"GET /api/v1/live?plain HTTP/1.0\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"chunked" not in head
            assert await reader.readuntil(b"\n\n") == b"retry: 2000\n\n"
            assert (await reader.readuntil(b"\n\n")).startswith(b"id: ")
            await central.replica.accept(TrackStory().drives("c1", "Anna", 12.5).news())
            change = await reader.readuntil(b"\n\n")
            assert change.startswith(b"id: ")
            assert b"Anna" in change
            writer.close()

    asyncio.run(story())


def test_stopping_ends_the_streams_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with aiohttp.ClientSession() as session:
            async with central_at(tmp_path) as central:
                streams = [
                    await session.get(f"http://127.0.0.1:{central.public_port}/api/v1/live") for _ in range(5)
                ]
                for stream in streams:
                    await next_board(stream)
                stopping_s = asyncio.get_running_loop().time()
            assert asyncio.get_running_loop().time() - stopping_s < 0.5
            for stream in streams:
                assert await stream.content.read() == b""

    asyncio.run(story())


def test_of_5_000_who_wait_for_a_change_32_are_told_in_each_turn_of_the_loop() -> None:
    """All in one turn held a unit's exchange and every page for a fifth of a second."""

    async def story() -> None:
        feed = BoardFeed(Fold("0" * 64))
        told: list[None] = []

        async def follower() -> None:
            if await feed.wait_beyond(feed.newest.tag, 60):
                told.append(None)

        followers = [asyncio.ensure_future(follower()) for _ in range(5_000)]
        await asyncio.sleep(0)
        gone = followers.pop(0)
        gone.cancel()
        await asyncio.sleep(0)
        feed.newest = LiveBoard({"another": True})
        feed._wake()
        counts = [0]
        while len(told) < 4_999:
            await asyncio.sleep(0)
            counts.append(len(told))
        assert max(later - former for former, later in itertools.pairwise(counts)) == 32
        await asyncio.gather(*followers)

    asyncio.run(story())


def test_the_feed_is_still_while_the_board_is_the_same() -> None:
    async def story() -> None:
        feed = BoardFeed(Fold("0" * 64))
        assert not feed.refresh()
        assert not await feed.wait_beyond(feed.newest.tag, 0.01)
        assert await feed.wait_beyond(None, 0.01)
        feed.close()
        assert not await feed.wait_beyond(None, 10)

    asyncio.run(story())


def _stalled_follower(port: int) -> socket.socket:
    """Return a connection that asks for the stream, has a tiny window and never reads."""
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    stalled.connect(("127.0.0.1", port))
    stalled.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: x\r\n\r\n")
    return stalled


async def _followers(central: Central, session: aiohttp.ClientSession) -> int:
    async with session.get(f"http://127.0.0.1:{central.public_port}/api/v1/health") as answer:
        return int((await answer.json())["followers"])
