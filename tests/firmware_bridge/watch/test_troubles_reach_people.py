"""From a real port to the official's screen and central's admin: each trouble within three seconds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
from aiohttp import web

from firmware_bridge.bridge import run_bridge
from firmware_bridge.config import BridgeConfig
from firmware_bridge.decoders.beamline import encode_heartbeat
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from pitboard.clock import SystemClock
from pitboard.doors.http_api import new_app, serve_tcp, serve_unix
from sync.central.ingest.unit_watch import UnitWatch
from sync.exchanging.requests_peer import RequestsPeer
from sync.relay import StatusCourier
from tests.firmware_bridge.decoders.test_beamline import heartbeat
from tests.firmware_bridge.test_bridge_process import answering
from tests.race_story import UNIT_A
from tests.trackside.unit_story import Unit, with_unit
from trackside.api.local_api import LocalApi, UnitStatusApi

TROUBLE_WITHIN_S = 3.0
CONFIG = """
spool_folder = "spool"
[api]
socket = "api.sock"
[[sensor]]
name = "beam-1"
port = "tty"
"""


def test_each_trouble_is_on_the_screen_and_at_central_within_three_seconds(tmp_path: Path) -> None:
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

            async def shown(state: str, sentence: str) -> None:
                async with asyncio.timeout(TROUBLE_WITHIN_S):
                    while True:
                        async with session.get("http://unit/v1/screen") as response:
                            light = (await response.json())["lights"][0]
                        if sentence in light["detail"] and _states(watch) == [state]:
                            assert (light["state"] == "ok") == (state == "ok")
                            return
                        await asyncio.sleep(0.05)

            await shown("port-gone", "is the sensor plugged in?")
            with PseudoTerminal.open(tmp_path / "tty") as terminal:
                async with answering(terminal):
                    await shown("ok", "")
                await shown("silent", "No good line for")
                for second in range(3):
                    terminal.write(encode_heartbeat(heartbeat(last_seq=0, unwrapped_us=second * 1_000_000)))
                    await asyncio.sleep(0.01)
                await shown("blocked", "is interrupted")
            await shown("port-gone", "")
            stop.set()
            carrying.cancel()

    with_unit(tmp_path, story)


def local_app(unit: Unit) -> web.Application:
    app = LocalApi(
        replica=unit.replica,
        run_control=unit.run_control,
        intake=unit.intake,
        lights=unit.lights,
        feed=unit.feed,
        sign_in=unit.sign_in,
        appointing=unit.appointing,
    ).app()
    # The unit of these stories stands still in time, and what it says must not.
    UnitStatusApi(unit.lights, UNIT_A, SystemClock(), name="Track A").add_to(app)
    return app


def _states(watch: UnitWatch) -> list[str]:
    status = watch.view().units[0].status
    return [sensor.state for sensor in status.sensors] if status is not None else []
