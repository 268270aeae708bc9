"""A TCP proxy with moods: honest, slow, cutting connections short, swallowing all, refusing.

One line on its control socket changes the mood: `slow 200` (ms), `cut 5000` (bytes), `stall`, `refuse`,
`honest`. Open connections take the new mood at once."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from random import Random

CHUNK_BYTES = 4_096
ANSWER_MAX_S = 5.0


@dataclass(slots=True)
class Mood:
    name: str = "honest"
    amount: int = 0


class CrookedProxy:
    """Carries bytes between whoever connects and `target`, as its mood allows."""

    def __init__(self, target: tuple[str, int], *, seed: int) -> None:
        self._target = target
        self._random = Random(f"proxy {seed}")
        self._mood = Mood()
        self._changed = asyncio.Event()

    async def take_order(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one line that says the new mood, and answer when it holds."""
        name, _, amount = (await reader.readline()).decode().strip().partition(" ")
        self._mood = Mood(name, int(amount or 0))
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        writer.write(b"ok\n")
        await _close(writer)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until one side ends it or the mood does."""
        if self._mood.name == "refuse":
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        ways = [
            asyncio.create_task(self._carry_one_way(reader, back)),
            asyncio.create_task(self._carry_one_way(there, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.wait(ways)
        for end in (writer, back):
            end.transport.abort() if self._mood.name == "cut" else await _close(end)

    async def _carry_one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                while self._mood.name == "stall":
                    await self._changed.wait()
                if self._mood.name == "slow":
                    await asyncio.sleep(self._random.uniform(0, 2 * self._mood.amount) / 1_000)
                if self._mood.name == "cut" and carried + len(data) >= self._mood.amount:
                    writer.write(data[: max(0, self._mood.amount - carried)])
                    await writer.drain()
                    return
                carried += len(data)
                writer.write(data)
                await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def set_mood(control: Path, mood: str) -> None:
    """Tell a running proxy its mood, such as `slow 200`."""
    async with asyncio.timeout(ANSWER_MAX_S):
        reader, writer = await asyncio.open_unix_connection(control)
        writer.write(mood.encode() + b"\n")
        await reader.readline()
        await _close(writer)


async def serve(arguments: argparse.Namespace) -> None:
    proxy = CrookedProxy((arguments.to_host, arguments.port), seed=arguments.seed)
    await asyncio.start_server(proxy.carry, arguments.host, arguments.port)
    await asyncio.start_unix_server(proxy.take_order, arguments.control)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", required=True)
    parser.add_argument("--to-host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--control", type=Path, required=True)
    asyncio.run(serve(parser.parse_args()))
