"""A real display is steered from central's desk and from a real touchscreen, and by nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pygame
from aiohttp import web

from pitboard.clock import SystemClock
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, NodeClient
from pitboard.doors.session import ANY_CERTIFICATE, UNIX_PREFIX
from pitboard.errors import PeerLost
from pitboard.journal.replica import Replica
from pitboard.program.config import display_key_beside
from pitboard.race.bodies.display_bodies import DisplayAssigned, PlaylistItem
from pitboard.race.scene_names import WHOLE_VENUE
from pitboard.trust.identity import Identity
from pitboard.trust.signed_picture import SIGNED_MAX_BYTES
from sync.central.config import CentralConfig
from sync.exchanging.exchange_api import ExchangeApi
from tests.race_story import STRANGER
from tests.venue.finger import Finger, until
from venue.demo.crew import Crew
from venue.demo.demo_venue import DemoVenue

Status = dict[str, Any]


class ShownPicture(msgspec.Struct):
    """The picture in an answer, whoever gave it."""

    picture: bytes


@contextlib.asynccontextmanager
async def strangers_box(folder: Path, event_key: str) -> AsyncIterator[tuple[int, list[str]]]:
    """A box that serves the event's exchange and wants every display dark; what it is asked is noted."""
    asked: list[str] = []

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        asked.append(request.path)
        answer: web.StreamResponse = await handler(request)
        return answer

    async with Replica.open(folder / "stranger.db", root_key=event_key, clock=SystemClock()) as replica:
        writing = await replica.open_stream(STRANGER, "Track A")
        playlist = (PlaylistItem(scene="technical"),)
        await writing.append(
            DisplayAssigned(display=WHOLE_VENUE, name=WHOLE_VENUE, playlist=playlist, is_on=False)
        )
        app = new_app()
        app.middlewares.append(note)
        ExchangeApi(writing, STRANGER).add_to(app)
        async with serve_tcp(app, "127.0.0.1", 0) as port:
            yield port, asked


def follow_too(config: Path, url: str) -> None:
    config.write_text(f"{config.read_text()}units = {json.dumps([url])}\n")


def test_a_display_obeys_desk_and_touchscreen_after_a_power_cut_too_and_no_stranger(tmp_path: Path) -> None:
    venue = DemoVenue.set_up(tmp_path / "demo", has_windows=False)
    door = NodeClient(f"https://127.0.0.1:{venue.display_port}", pin=ANY_CERTIFICATE)
    seen: list[Status] = []

    def look() -> Status:
        said: Status = json.loads(
            door.call("GET", "/v1/status", within_s=5, max_bytes=SMALL_ANSWER_MAX_BYTES)
        )
        seen.append(said)
        return said

    async def shows(what: str, holds: Callable[[Status], bool]) -> None:
        await until(lambda: holds(look()), what)

    async def pictured(ask: Callable[[], bytes], what: str) -> None:
        """Wait until the picture of what the display shows, in whatever it was asked, has many colours."""

        def colours() -> int:
            try:
                picture = msgspec.json.decode(ask(), type=ShownPicture).picture
            except PeerLost:
                return 0
            surface = pygame.image.load(io.BytesIO(picture), "picture.png")
            return len(set(pygame.image.tobytes(surface, "RGB")))

        await until(lambda: colours() > 20, what)

    def at_the_unit() -> bytes:
        unit = NodeClient(f"{UNIX_PREFIX}{venue.socket_folder / 'trackside.sock'}")
        path = f"/v1/display-picture?display={key}"
        return unit.call("GET", path, within_s=5, max_bytes=SIGNED_MAX_BYTES)

    def at_central() -> bytes:
        central = NodeClient(f"{UNIX_PREFIX}{CentralConfig.load(Path(venue.config('central'))).admin_socket}")
        path = f"/v1/admin/displays/picture?display={key}"
        return central.call("GET", path, within_s=10, max_bytes=SIGNED_MAX_BYTES)

    key = Identity.load_or_create(display_key_beside(venue.journal("display"))).key

    async def at_the_desk(*words: str) -> None:
        command = ("-m", "pitboard", "central", "--config", venue.config("central"), "display", *words)
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said

    async def story() -> None:
        async with (
            strangers_box(tmp_path, venue.event_key) as (port, asked),
            Crew.assembled(tmp_path / "demo", {"SDL_VIDEODRIVER": "dummy"}) as crew,
        ):
            follow_too(Path(venue.config("display")), f"http://127.0.0.1:{port}")
            for program in ("central", "trackside", "sync", "touch", "display"):
                crew.add(program, program, "--config", venue.config(program))
                await crew.start(program)
            await shows("the display is live", lambda now: bool(now["is_live"]))
            await at_the_desk("Grandstand", "--brightness", "60")
            await shows("it is dimmed", lambda now: now["brightness_percent"] == 60)
            await pictured(at_central, "the admin sees what it shows")
            await crew.cut_off("central")  # from here on the venue is alone

            await pictured(at_the_unit, "so does the official, without central")
            finger = Finger(venue.control_socket)

            async def tap(*names: str) -> None:
                for name in names:
                    await finger.tap(name)

            await tap("light:central", "displays", "display:1", "scene:podium")
            await shows("the podium", lambda now: now["scenes"] == ["podium"])
            await tap("display:1", "display:light")
            await shows("black", lambda now: not now["is_on"])
            await tap("display:1", "scene:identify")
            await shows("its name", lambda now: now["is_on"] and now["scenes"] == ["identify", "podium"])
            await crew.kill("display")
            await shows(
                "the same as before the power cut", lambda now: now["scenes"] == ["identify", "podium"]
            )
            await shows("the same light", lambda now: now["brightness_percent"] == 60 and now["is_live"])
            assert not crew.unexpected_exits()
            await tap("display:1", "display:restart")
            await until(lambda: crew.unexpected_exits() == {"display": [0]}, "it ends, to be started anew")
            await shows(
                "the same again", lambda now: now["scenes"] == ["identify", "podium"] and now["is_live"]
            )
            await tap("display:0", "scene:schedule")
            await shows("one scene for the whole venue", lambda now: now["scenes"] == ["schedule"])
            assert asked
            assert not any(one["scenes"] == ["technical"] for one in seen)

    asyncio.run(story())
