"""The real display process beside a real unit that comes and goes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pygame
import pytest

from pitboard.clock import SystemClock
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.verdict_bodies import RunDecided
from sync.exchanging.exchange_api import ExchangeApi
from tests.race_story import ROOT, UNIT_A, armed, central_enrols, finished, passing

WAIT_MAX_S = 20.0
SIZE = (1280, 720)


class Unit:
    """A trackside unit as far as a display knows one: a replica behind the exchange."""

    def __init__(self, replica: WritingReplica, port: int) -> None:
        self.replica = replica
        self.url = f"http://127.0.0.1:{port}"

    @classmethod
    @contextlib.asynccontextmanager
    async def serving(cls, journal: Path) -> AsyncIterator[Unit]:
        async with Replica.open(journal, root_key=ROOT.key, clock=SystemClock()) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            replica = await replica.open_stream(UNIT_A, "Track A")
            app = new_app()
            ExchangeApi(replica, UNIT_A).add_to(app)
            async with serve_tcp(app, "127.0.0.1", 0) as port:
                yield cls(replica, port)

    async def say(self, *bodies: Body) -> None:
        await self.replica.append(*bodies)

    async def tell_a_confirmed_run(self) -> None:
        await self.say(CompetitorRegistered(competitor_id="c1", name="日本語の名前"), armed("r1", "c1", s=10))
        for seq, at_s in enumerate((11, 15.5, 19.75), start=1):
            await self.say(passing(seq, s=at_s))
        await self.say(finished("r1", s=21), RunDecided(run_id="r1", decision="confirmed"))


class Display:
    """A display process and what can be seen of it from outside."""

    def __init__(self, folder: Path, *urls: str, sounds: Sequence[str] = ()) -> None:
        self.folder = folder
        self.port = _free_port()
        self._config = folder / "display.toml"
        self._config.write_text(
            f'name = "Stand"\nevent_key = "{ROOT.key}"\njournal = "display.db"\nunits = {json.dumps(urls)}\n'
            f"status_tls = false\nmdns = false\nsize = {list(SIZE)}\n"
            f'status_host = "127.0.0.1"\nstatus_port = {self.port}\n'
            'frame_log = "frames.jsonl"\npicture_path = "board.png"\n'
            f"sounds = {json.dumps(sounds)}\n"
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        (self.folder / "frames.jsonl").unlink(missing_ok=True)
        process = await self.start()
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pitboard", "display", "--config", str(self._config)),
            env={**os.environ, "SDL_VIDEODRIVER": "dummy"},
            stderr=asyncio.subprocess.PIPE,
        )

    def frames(self) -> list[dict[str, Any]]:
        with contextlib.suppress(OSError):
            lines = (self.folder / "frames.jsonl").read_text().splitlines(keepends=True)
            return [json.loads(line) for line in lines if line.endswith("\n")]
        return []

    async def status(self) -> dict[str, Any]:
        async with aiohttp.ClientSession() as session:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{self.port}/v1/status") as response:
                    return dict(await response.json())
        return {"is_live": None, "badge": "", "source": None}

    async def picture(self, process: asyncio.subprocess.Process) -> pygame.Surface:
        path = self.folder / "board.png"
        path.unlink(missing_ok=True)
        process.send_signal(signal.SIGUSR1)
        await until(path.exists)
        return pygame.image.load(path)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_MAX_S):
        while not holds():
            await asyncio.sleep(0.02)


async def until_status(display: Display, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_MAX_S):
        while not holds(status := await display.status()):
            await asyncio.sleep(0.05)
    return status


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tell(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def test_each_passing_is_drawn_as_it_comes_and_a_lap_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard.raw"
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(heard))

    async def story() -> None:
        async with Unit.serving(tmp_path / "unit.db") as unit:
            display = Display(tmp_path, unit.url, sounds=["lap"])
            async with display.running():
                await until_status(display, lambda status: status["is_live"] is True)
                await unit.say(CompetitorRegistered(competitor_id="c1", name="Anna"), armed("r1", "c1", s=10))
                for seq in range(1, 6):
                    await unit.say(passing(seq, s=10 + 4 * seq))
                    wanted = passing(seq, s=0).passing_id
                    await until(lambda wanted=wanted: display.frames()[-1]["newest_passing"] == [wanted])  # type: ignore[misc]
                last = display.frames()[-1]["runs"][0]
                assert (last["phase"], last["passings"], last["laps"]) == ("running", 5, 4)
                assert last["last_lap_ns"] == 4_000_000_000
                await until(lambda: heard.exists() and any(heard.read_bytes()))

    tell(story())


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_last_board_outlives_the_unit_and_the_display(tmp_path: Path, end: signal.Signals) -> None:
    async def story() -> None:
        async with Unit.serving(tmp_path / "unit.db") as unit:
            display = Display(tmp_path, unit.url)
            running = display.running()
            process = await running.__aenter__()
            await unit.tell_a_confirmed_run()
            await until(lambda: any(frame["entries"] == 1 for frame in display.frames()))
            status = await until_status(display, lambda status: status["is_live"] is True)
            assert status["badge"] == "Live"
            before = await display.picture(process)
            sha = display.frames()[-1]["board_sha"]
        status = await until_status(display, lambda status: status["is_live"] is False)
        assert status["badge"].endswith("s old: timing unit 127.0.0.1 does not answer")
        process.send_signal(end)
        async with asyncio.timeout(2.0):
            assert await process.wait() == (0 if end == signal.SIGTERM else -signal.SIGKILL)
        await running.__aexit__(None, None, None)

        async with display.running() as process:
            await until(lambda: len(display.frames()) > 0)
            assert display.frames()[0]["entries"] == 1
            assert display.frames()[0]["board_sha"] == sha
            status = await until_status(display, lambda status: status["badge"] != "")
            assert " old: " in status["badge"]
            after = await display.picture(process)
        rows = pygame.Rect(0, SIZE[1] * 5 // 6, SIZE[0], SIZE[1] // 6)  # above, a new result is bright
        assert pygame.image.tobytes(before.subsurface(rows), "RGB") == pygame.image.tobytes(
            after.subsurface(rows), "RGB"
        )

    tell(story())


def test_a_display_moves_to_another_unit_within_seconds(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "b").mkdir()
        async with (
            Unit.serving(tmp_path / "b" / "unit.db") as second,
            contextlib.AsyncExitStack() as first_up,
        ):
            first = await first_up.enter_async_context(Unit.serving(tmp_path / "unit.db"))
            display = Display(tmp_path, first.url, second.url)
            async with display.running():
                await until_status(display, lambda status: status["is_live"] is True)
                await first_up.aclose()
                await second.tell_a_confirmed_run()
                async with asyncio.timeout(6):
                    await until(lambda: display.frames()[-1]["entries"] == 1)

    tell(story())


def test_a_damaged_journal_is_moved_aside_and_the_display_goes_on(tmp_path: Path) -> None:
    content = b"no journal " * 500

    async def story() -> None:
        display = Display(tmp_path)
        (tmp_path / "display.db").write_bytes(content)
        async with display.running():
            status = await until_status(display, lambda status: status["badge"] != "")
            assert status["badge"] == "Looking for a timing unit"
        assert (tmp_path / "display.db.damaged-1").read_bytes() == content

    tell(story())


def test_a_new_display_without_a_network_invites_and_looks(tmp_path: Path) -> None:
    async def story() -> None:
        display = Display(tmp_path)
        (tmp_path / "display.db").touch()  # as the power may be cut right after the file was made
        async with display.running() as process:
            status = await until_status(display, lambda status: status["badge"] != "")
            assert status["badge"] == "Looking for a timing unit"
            assert display.frames()[0]["entries"] == 0
            picture = await display.picture(process)
            assert picture.get_size() == SIZE

    tell(story())
