"""A racer asks by phone; real central, sync, trackside and touchscreen let them in."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import requests

from pitboard.keeping.journal_copy import fold_file
from tests.venue.finger import Finger, until
from venue.demo.crew import Crew
from venue.demo.demo_venue import DemoVenue


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
                process = crew.members[program].process
                assert process is not None
                assert os.getpgid(process.pid) == process.pid  # Ctrl-C at the terminal is the demo's alone
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
