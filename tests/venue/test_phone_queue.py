"""A racer asks by phone; real central, sync, trackside and touchscreen let them in."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

from pitboard.errors import PitboardError
from pitboard.keeping.journal_copy import fold_file
from venue.demo.crew import Crew
from venue.demo.demo_venue import DemoVenue

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


@pytest.mark.alone
def test_a_phone_asks_at_central_and_the_officials_tap_lets_it_in(tmp_path: Path) -> None:
    venue = DemoVenue.set_up(tmp_path / "demo", has_windows=False)
    journal = venue.journal("trackside")

    def code_at_the_unit() -> str | None:
        given = fold_file(journal).race.programme.join_code()
        return None if given is None else given.code

    async def story() -> None:
        async with Crew.assembled(tmp_path / "demo", {"SDL_VIDEODRIVER": "dummy"}) as crew:
            for program in ("central", "trackside", "sync", "touch"):
                crew.add(program, program, "--config", venue.config(program))
                await crew.start(program)
            info = f"{venue.public_url}api/v1/join"
            await until(lambda: requests.get(info, timeout=5).json()["is_linked"], "central hears the unit")
            code = await until(code_at_the_unit, "the code reaches the unit")
            ask = {"entry_id": "ab" * 16, "code": code, "name": "Zoë Ōta"}
            said = await asyncio.to_thread(lambda: requests.post(info, json=ask, timeout=10))
            assert (said.status_code, said.json()["state"]) == (200, "asked"), said.text
            finger = Finger(venue.control_socket)
            for name in ("queue", "asked", "accept:"):
                await finger.tap(name)
            place = f"{info}/{ask['entry_id']}"
            waits = await until(
                lambda: (at := requests.get(place, timeout=5).json())["state"] == "waiting" and at,
                "the phone sees its place",
            )
            assert waits["ahead"] == 0
            assert not crew.unexpected_exits()

    asyncio.run(story())
