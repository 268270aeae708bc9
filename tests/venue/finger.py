"""A finger on a real touchscreen, by its control socket, and patience with real processes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import requests

from pitboard.errors import PitboardError

WITHIN_S = 40
Found = TypeVar("Found")


async def until(look: Callable[[], Found | None], what: str) -> Found:
    end_s = time.monotonic() + WITHIN_S
    while time.monotonic() < end_s:
        try:
            found = await asyncio.to_thread(look)
        except (requests.RequestException, PitboardError, OSError, ValueError):
            found = None
        if found:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


class Finger:
    """Taps the real touchscreen through its control socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def ask(self, **question: object) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self._socket), limit=1 << 20)
        writer.write(json.dumps(question).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await reader.readline())
        writer.close()
        return answer

    async def tap(self, name: str) -> None:
        end_s = time.monotonic() + WITHIN_S
        while time.monotonic() < end_s:
            shown = (await self.ask(ask="widgets"))["widgets"] if self._socket.exists() else []
            found = next((one for one in shown if one["name"].startswith(name) and one["enabled"]), None)
            if found is not None:
                await asyncio.sleep(0.5)  # it has to stand still before it counts
                x, y, w, h = found["rect"]
                await self.ask(ask="tap", x=x + w // 2, y=y + h // 2, hold_ms=found["hold_ms"])
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"no {name} on the screen: {[one['name'] for one in shown]}")
