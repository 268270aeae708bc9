"""The proxy between unit and central must really do what its mood says, or the chaos run proves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.chaos.crooked_proxy import CrookedProxy, set_mood

TOLD = bytes(range(256)) * 100
Ask = Callable[[], Awaitable[bytes]]


def with_proxy(folder: Path, story: Callable[[Ask, Path], Awaitable[None]]) -> None:
    """Run the story with a proxy in front of a server that tells every caller the same."""

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(TOLD)
        writer.close()

    async def run() -> None:
        told = await asyncio.start_server(tell, "127.0.0.1", 0)
        proxy = CrookedProxy(told.sockets[0].getsockname(), seed=1)
        door = await asyncio.start_server(proxy.carry, "127.0.0.1", 0)
        control = await asyncio.start_unix_server(proxy.take_order, folder / "control")

        async def ask() -> bytes:
            reader, writer = await asyncio.open_connection(*door.sockets[0].getsockname())
            try:
                return await reader.read(-1)
            except ConnectionError:
                return b""
            finally:
                writer.close()

        async with told, door, control:
            await story(ask, folder / "control")

    asyncio.run(run())


def test_an_honest_proxy_carries_every_byte_and_a_cutting_one_only_some(tmp_path: Path) -> None:
    async def story(ask: Ask, control: Path) -> None:
        assert await ask() == TOLD
        await set_mood(control, "cut 5000")
        assert len(await ask()) <= 5_000
        await set_mood(control, "refuse")
        assert await ask() == b""
        await set_mood(control, "honest")
        assert await ask() == TOLD

    with_proxy(tmp_path, story)


def test_a_stalling_proxy_holds_the_bytes_until_its_mood_changes(tmp_path: Path) -> None:
    async def story(ask: Ask, control: Path) -> None:
        await set_mood(control, "stall")
        asking = asyncio.ensure_future(ask())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asking), 0.1)
        await set_mood(control, "honest")
        assert await asking == TOLD

    with_proxy(tmp_path, story)
