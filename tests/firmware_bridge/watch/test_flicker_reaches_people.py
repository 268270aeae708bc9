"""A real bridge whose beam flickers: red on the unit's screen and at central in two seconds, then clear."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp

from firmware_bridge.bridge import run_bridge
from firmware_bridge.config import BridgeConfig
from firmware_bridge.decoders.beamline import encode_beam_passing, encode_heartbeat
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from pitboard.clock import SystemClock
from pitboard.doors.http_api import new_app, serve_tcp, serve_unix
from sync.central.commands.admin_commands import lines_of
from sync.central.ingest.unit_watch import UnitWatch
from sync.exchanging.requests_peer import RequestsPeer
from sync.relay import StatusCourier
from tests.firmware_bridge.decoders.test_beamline import beam_passing, heartbeat
from tests.firmware_bridge.watch.test_troubles_reach_people import CONFIG, local_app
from tests.trackside.unit_story import Unit, with_unit

FLICKER_MS = 100
SAID_WITHIN_S = 3.0  # two seconds of flicker, the bridge's opening and the courier's half second


def test_a_flicker_is_on_the_screen_and_at_central_and_makes_no_flood(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text(CONFIG)

    async def story(unit: Unit) -> None:
        clock = SystemClock()
        watch = UnitWatch(unit.replica, clock)
        central = new_app()
        watch.add_to_ingest(central)
        watch.add_to_admin(central)
        socket = tmp_path / "api.sock"
        stop = asyncio.Event()
        async with (
            serve_unix(local_app(unit), socket),
            serve_tcp(central, "127.0.0.1", 0) as port,
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket))) as session,
            asyncio.TaskGroup() as tasks,
        ):
            courier = StatusCourier(
                RequestsPeer(f"unix:{socket}"), RequestsPeer(f"http://127.0.0.1:{port}", name="central")
            )
            tasks.create_task(run_bridge(BridgeConfig.load(tmp_path / "bridge.toml"), stop, clock=clock))
            carrying = tasks.create_task(courier.run())

            async def light() -> dict[str, str]:
                async with session.get("http://unit/v1/screen") as response:
                    found: dict[str, str] = (await response.json())["lights"][0]
                    return found

            async def until_shown(state: str, sentence: str, *, within_s: float) -> None:
                async with asyncio.timeout(within_s):
                    while True:
                        shown, told = await light(), "\n".join(lines_of(watch.view().units[0]))
                        if shown["state"] == state and sentence in shown["detail"] and sentence in told:
                            return
                        await asyncio.sleep(0.05)

            with PseudoTerminal.open(tmp_path / "tty") as terminal:
                flickering = tasks.create_task(flicker(terminal))
                await until_shown(
                    "bad", "Beam 1 flickers: stray light or a loose cable", within_s=SAID_WITHIN_S
                )
                flickering.cancel()
                beating = tasks.create_task(beat(terminal, from_ms=60_000))
                await until_shown("warning", "flickered a moment ago", within_s=5)
                beating.cancel()
            stop.set()
            carrying.cancel()

    with_unit(tmp_path, story)


async def flicker(terminal: PseudoTerminal) -> None:
    """Ten interruptions a second, with the heartbeats between them."""
    seq = 0
    while True:
        terminal.read()
        if seq % 10 == 0:
            terminal.write(clear_beat(seq, ms=1_000 + seq * FLICKER_MS))
        seq += 1
        terminal.write(
            encode_beam_passing(beam_passing(seq, unwrapped_us=1_000_000 + seq * FLICKER_MS * 1_000))
        )
        await asyncio.sleep(FLICKER_MS / 1_000)


async def beat(terminal: PseudoTerminal, *, from_ms: int) -> None:
    while True:
        terminal.read()
        terminal.write(clear_beat(1, ms=from_ms))
        from_ms += 200
        await asyncio.sleep(0.2)


def clear_beat(last_seq: int, *, ms: int) -> bytes:
    return encode_heartbeat(replace(heartbeat(last_seq=last_seq, unwrapped_us=ms * 1_000), levels=0))
