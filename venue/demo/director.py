"""Run the demo: start everything, let the official work, deal the planned blows, end well, take stock."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from pitboard.errors import NOT_UNDERSTOOD, PeerLost, Refusal
from pitboard.keeping.journal_copy import fold_file
from venue.demo.audit import (
    Audit,
    Frame,
    OfficialDecision,
    TruePassing,
    board_bytes,
    read_lines,
    spread,
    track_figures,
)
from venue.demo.crew import Crew
from venue.demo.demo_venue import SENSOR, DemoVenue
from venue.demo.earlier_day import EARLIER, write_earlier_day

VICTIMS = ("trackside", "bridge", "sync", "display", "central", "touch")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Blow:
    """At `at_s` seconds: kill and start again, or stop, or start."""

    at_s: float
    name: str
    act: Literal["kill", "stop", "start"]


class KillOption(click.ParamType[Blow]):
    """`trackside@12.5`"""

    name = "name@second"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Blow:
        match = re.fullmatch(r"([a-z]+)@(\d+(?:\.\d+)?)", str(value))
        if match is None or match[1] not in VICTIMS:
            self.fail(f"'{value}' is not NAME@SECOND with NAME one of {', '.join(VICTIMS)}", param, ctx)
        return Blow(at_s=float(match[2]), name=match[1], act="kill")


class SpanOption(click.ParamType[tuple[float, float]]):
    """`10:40`"""

    name = "from:to"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        match = re.fullmatch(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)", str(value))
        if match is None or float(match[1]) >= float(match[2]):
            self.fail(f"'{value}' is not FROM:TO in seconds, FROM before TO", param, ctx)
        return float(match[1]), float(match[2])


def plan(kills: tuple[Blow, ...], cut_central: tuple[float, float] | None) -> list[Blow]:
    """Return all blows in order of time."""
    blows = list(kills)
    if cut_central is not None:
        blows.append(Blow(at_s=cut_central[0], name="central", act="stop"))
        blows.append(Blow(at_s=cut_central[1], name="central", act="start"))
    return sorted(blows)


READY_MAX_S = 60.0
"""A first start compiles every module, of seven programs at once."""
OFFICIAL_MAX_S = 40.0
SETTLE_MAX_S = 20.0
PICTURE_MAX_S = 5.0
POLL_S = 0.1
BOARD_P50_MAX_MS = 1_000
PROGRAMS = ("central", "trackside", "sync", "bridge", "display", "touch")
REPLICAS = ("trackside", "display", "central")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is to happen."""

    seconds: float | None
    seed: int
    blows: Sequence[Blow]
    is_manual: bool
    has_noise: bool


class Director:
    """Runs one demo in one folder."""

    def __init__(self, venue: DemoVenue, crew: Crew, script: Script) -> None:
        self._venue = venue
        self._crew = crew
        self._script = script

    def cast(self) -> None:
        """Name every member and how it is started."""
        venue, seed = self._venue, str(self._script.seed)
        windows = (
            {} if venue.windows is None else {"display": venue.windows.board, "touch": venue.windows.touch}
        )
        for program in PROGRAMS:
            place = {"SDL_VIDEO_WINDOW_POS": windows[program].position} if program in windows else None
            self._crew.add(
                program,
                program,
                *("--config", venue.config(program)),
                environment=place,
                may_be_closed=program in windows,
            )
        self._crew.add(
            "cars",
            "simulated-cars",
            *("--link", str(venue.beam_link), "--seed", seed, "--log", str(venue.log("truth"))),
            "--noise" if self._script.has_noise else "--no-noise",
        )
        self._crew.add(
            "official",
            "scripted-official",
            *("--control", str(venue.control_socket), "--seed", seed, "--log", str(venue.log("official"))),
            "--until-signal",
        )

    async def open(self) -> None:
        """Start everything and return when each program answers."""
        await write_earlier_day(self._venue, seed=self._script.seed)
        for name in ("central", "trackside", "sync", "cars", "bridge", "display", "touch"):
            await self._crew.start(name)
        ports = {
            "central": self._venue.public_port,
            "trackside": self._venue.unit_port,
            "display": self._venue.display_port,
        }
        await until_all_answer(ports, self._venue.control_socket, self._venue.folder / "logs")
        if not self._script.is_manual:
            await self._crew.start("official")

    async def play(self, stop: asyncio.Event) -> None:
        """Let the race go on for its seconds, or until `stop`, dealing the blows on time."""
        loop = asyncio.get_running_loop()
        opened_s = loop.time()
        async with asyncio.TaskGroup() as tasks:
            blows = [
                tasks.create_task(self._deal(blow, opened_s), name=str(blow)) for blow in self._script.blows
            ]
            picture = tasks.create_task(self._picture_a_run(), name="touch picture")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._script.seconds):
                    await stop.wait()
            await asyncio.gather(*blows)
            picture.cancel()

    async def _deal(self, blow: Blow, opened_s: float) -> None:
        await asyncio.sleep(max(0.0, opened_s + blow.at_s - asyncio.get_running_loop().time()))
        click.echo(f"{blow.at_s:6.1f} s  {blow.act} {blow.name}", err=True)
        match blow.act:
            case "kill":
                await self._crew.kill(blow.name)
            case "stop":
                await self._crew.stop(blow.name)
            case "start":
                await self._crew.start(blow.name)

    async def _picture_a_run(self) -> None:
        """Keep a picture of the touchscreen with laps on it."""
        path = self._venue.folder / "touch.png"
        while True:
            await asyncio.sleep(1.0)
            with contextlib.suppress(PeerLost):
                widgets = await self._ask_touch({"ask": "widgets"})
                if widgets.get("phase") == "review" or not path.exists():
                    await self._ask_touch({"ask": "picture", "path": str(path)})

    async def _ask_touch(self, question: dict[str, str]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(PICTURE_MAX_S):
                reader, writer = await asyncio.open_unix_connection(self._venue.control_socket)
                try:
                    writer.write(msgspec.json.encode(question) + b"\n")
                    answer: dict[str, Any] = msgspec.json.decode(await reader.readline())
                    return answer
                finally:
                    writer.close()
        except (OSError, TimeoutError, *NOT_UNDERSTOOD) as error:
            raise PeerLost(peer="the touchscreen", reason=str(error)) from error

    async def close(self) -> None:
        """Let the official finish, let every replica catch up, then stop everything, writers last."""
        if not self._script.is_manual:
            self._crew.send("official", signal.SIGTERM)
            await self._crew.wait("official", OFFICIAL_MAX_S)
        await self._crew.stop("cars")
        await self._settle()
        for name in ("display", "touch", "bridge", "sync", "central", "trackside"):
            await self._crew.stop(name)

    async def _settle(self) -> None:
        """Wait until all replicas show the same board, bounded."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_MAX_S):
                while True:
                    boards = {
                        hashlib.sha256(board_bytes(self._venue.journal(name))).digest() for name in REPLICAS
                    }
                    if len(boards) == 1:
                        return
                    await asyncio.sleep(0.5)


async def until_all_answer(
    ports: Mapping[str, int], control_socket: Path, logs: Path, *, within_s: float = READY_MAX_S
) -> None:
    """Return once each program listens, the touchscreen last; raises Refusal naming the one that does not."""
    awaited = ""
    try:
        async with asyncio.timeout(within_s):
            for awaited, port in ports.items():  # noqa: B007 - told where time is up
                await _answers(port)
            awaited = "touch"
            while not control_socket.exists():  # noqa: ASYNC110, ASYNC240 - made by another process
                await asyncio.sleep(POLL_S)
    except TimeoutError as error:
        raise Refusal(
            f"{awaited} does not answer after {within_s:.0f} s; its reason, if it has one, stands in "
            f"{logs}/{awaited}.log. A machine with much else to do only needs longer: try again"
        ) from error


async def _answers(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(POLL_S)
        else:
            writer.close()
            return


def summarise(venue: DemoVenue, crew: Crew, script: Script) -> dict[str, Any]:
    """Return the summary of a demo that has ended; see docs/demo.md for each key."""
    fold = fold_file(venue.journal("trackside"))
    frames: list[Frame] = read_lines(venue.log("frames"), Frame)  # type: ignore[assignment]
    true_passings: list[TruePassing] = read_lines(venue.log("truth"), TruePassing)  # type: ignore[assignment]
    decisions: list[OfficialDecision] = read_lines(venue.log("official"), OfficialDecision)  # type: ignore[assignment]
    audit = Audit(fold, true_passings, frames, sensor=SENSOR, earlier=EARLIER)
    checks = [audit.check(run) for run in audit.runs()]
    boards = [board_bytes(venue.journal(name)) for name in REPLICAS]
    last_drawn = frames[-1].board_sha if frames else None
    return {
        "seconds": script.seconds,
        "seed": script.seed,
        "blows": [msgspec.to_builtins(blow) for blow in script.blows],
        **track_figures(audit, checks, decisions),
        "lap_error_us": spread([abs(error) for check in checks for error in check.lap_errors_ns], 1_000),
        "beam_to_board_ms": spread([delay for check in checks for delay in check.delays_ns], 1_000_000),
        "boards_equal": len(set(boards)) == 1,
        "last_frame_shows_board": last_drawn == hashlib.sha256(boards[0]).hexdigest()[:16],
        "unexpected_exits": crew.unexpected_exits(),
        "closed": crew.closed(),
        "board": msgspec.json.decode(boards[0])["entries"],
    }


def is_sound(summary: dict[str, Any]) -> bool:
    """Return whether nothing was lost, doubled, timed wrong or shown late or differently, and no program fell
    over by itself."""
    return bool(
        summary["boards_equal"]
        and (summary["last_frame_shows_board"] or "display" in summary["closed"])
        and summary["passings_sent"] == summary["passings_received"]
        and summary["passings_sent"] > 0
        and not summary["laps_lost"]
        and not summary["laps_doubled"]
        and not summary["laps_wrong"]
        and (summary["beam_to_board_ms"]["p50"] or 0) <= BOARD_P50_MAX_MS
        and not summary["decisions_lost"]
        and not summary["unexpected_exits"]
    )
