"""The desktop's connection wakes the display; one that nobody reads does not keep it awake."""

from __future__ import annotations

import asyncio
import socket

from pitboard.drawing.window_watch import UNREAD_MAX_COUNT, WindowWatch


def test_news_of_the_desktop_wake_at_once_and_silence_does_not() -> None:
    ours, theirs = socket.socketpair()

    async def story() -> None:
        watch, loop = WindowWatch(lambda: [ours.fileno()]), asyncio.get_running_loop()
        waiting = asyncio.create_task(watch.wait())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        began = loop.time()
        theirs.send(b"a key")
        await waiting
        assert loop.time() - began < 0.5  # not the look once per second
        assert ours.recv(100) == b"a key"

    with ours, theirs:
        asyncio.run(story())


def test_a_connection_that_is_never_read_is_left_alone() -> None:
    ours, theirs = socket.socketpair()

    async def story() -> int:
        watch, wakes = WindowWatch(lambda: [ours.fileno()]), 0
        theirs.send(b"not for us")
        for _ in range(UNREAD_MAX_COUNT):
            async with asyncio.timeout(0.5):
                await watch.wait()
            wakes += 1
        waiting = asyncio.create_task(watch.wait())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        waiting.cancel()
        return wakes

    with ours, theirs:
        assert asyncio.run(story()) == UNREAD_MAX_COUNT


def test_a_screen_that_went_away_is_waited_for_without_spinning() -> None:
    gone, other = socket.socketpair()
    descriptor = gone.fileno()
    gone.close()
    other.close()

    async def story() -> None:
        waiting = asyncio.create_task(WindowWatch(lambda: [descriptor]).wait())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        waiting.cancel()

    asyncio.run(story())
