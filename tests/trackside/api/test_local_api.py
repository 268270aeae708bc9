"""The unit's local API over a real Unix socket, and what the LAN may do."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from pitboard.doors.http_api import new_app, serve_tcp, serve_unix
from pitboard.sentences.language import Sentence
from pitboard.unit_api.sensor_sentences import OK_SENTENCE
from sync.exchanging.exchange_api import ExchangeApi
from tests.trackside.unit_story import Unit, with_unit
from trackside.api.local_api import LocalApi
from trackside.timing.lights import light_of

Ask = Callable[..., Coroutine[Any, Any, tuple[int, Any]]]


def with_api(folder: Path, story: Callable[[Unit, Ask], Awaitable[None]]) -> None:
    async def run(unit: Unit) -> None:
        api = LocalApi(
            replica=unit.replica,
            run_control=unit.run_control,
            intake=unit.intake,
            lights=unit.lights,
            feed=unit.feed,
            sign_in=unit.sign_in,
            appointing=unit.appointing,
        )
        socket = folder / "api.sock"
        async with (
            serve_unix(api.app(), socket),
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket))) as session,
        ):
            assert stat.S_IMODE(socket.stat().st_mode) == 0o660

            async def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
                data = body if isinstance(body, bytes) else msgspec.json.encode(body)
                async with session.request(method, f"http://unit{path}", data=data) as response:
                    return response.status, await response.json()

            await story(unit, ask)

    with_unit(folder, run)


def test_a_run_by_the_api_alone(tmp_path: Path) -> None:
    async def story(unit: Unit, ask: Ask) -> None:
        _, registered = await ask("POST", "/v1/act", {"act": "register", "name": "Ann"})
        _, armed = await ask("POST", "/v1/act", {"act": "arm", "competitor_id": registered["competitor_id"]})
        for seq in (1, 2):
            unit.clock.advance(ms=5_000)
            status, _ = await ask("POST", "/v1/passings", {"passings": [unit.passing(seq)]})
            assert status == 200
        _, screen = await ask("GET", "/v1/screen")
        assert (screen["phase"], screen["run"]["name"]) == ("running", "Ann")
        lap = screen["run"]["laps"][0]
        assert (lap["lap_ns"], lap["counts"]) == (5_000_000_000, True)
        run = armed["run_id"]
        assert (await ask("POST", "/v1/act", {"act": "stop", "run_id": run, "mono_ns": 10**18}))[0] == 200
        judged = {"act": "judge", "run_id": run, "lap_id": lap["lap_id"], "verdict": "void"}
        assert (await ask("POST", "/v1/act", judged))[0] == 200
        assert (await ask("POST", "/v1/act", {"act": "confirm", "run_id": run}))[0] == 200
        _, screen = await ask("GET", "/v1/screen")
        assert (screen["phase"], screen["entries"][0]["best_ns"]) == ("idle", None)

    with_api(tmp_path, story)


def test_bad_requests_get_a_code_and_a_sentence(tmp_path: Path) -> None:
    async def story(unit: Unit, ask: Ask) -> None:
        for method, path, body, status, code in [
            ("POST", "/v1/act", b"not json", 400, "bad-request"),
            ("POST", "/v1/act", {"act": "fly"}, 400, "bad-request"),
            ("POST", "/v1/act", {"act": "arm", "competitor_id": "x", "more": 1}, 400, "bad-request"),
            ("POST", "/v1/act", {"act": "arm", "competitor_id": "x"}, 409, "unknown-competitor"),
            ("POST", "/v1/passings", {"passings": [{}]}, 400, "bad-request"),
            ("POST", "/v1/status", {"from": "nobody"}, 400, "bad-request"),
            ("POST", "/v1/sync", {"have": {"x": -1}}, 400, "bad-request"),
            ("POST", "/v1/sync", b"[" * 100_000, 400, "bad-request"),
            ("GET", "/v1/screen?after=soon", None, 409, "bad-request"),
        ]:
            got_status, answer = await ask(method, path, body)
            assert (got_status, answer["error"]) == (status, code)
            assert answer["detail"]

    with_api(tmp_path, story)


def test_a_waiting_screen_answers_when_something_changes(tmp_path: Path) -> None:
    async def story(unit: Unit, ask: Ask) -> None:
        _, screen = await ask("GET", "/v1/screen")
        waiting = asyncio.create_task(ask("GET", f"/v1/screen?after={screen['version']}&wait_ms=9000"))
        await asyncio.sleep(0)
        status = {"from": "bridge", "sensors": [{"sensor": "beam-1", "state": "ok"}]}
        await ask("POST", "/v1/status", status)
        async with asyncio.timeout(5):
            _, screen = await waiting
        assert screen["lights"][0] == {
            "light": "sensor",
            "state": "ok",
            "detail": OK_SENTENCE,
            "says": [{"code": "sensor.state.ok", "fields": {}}],
        }

    with_api(tmp_path, story)


def test_lights_say_who_is_silent(tmp_path: Path) -> None:
    async def story(unit: Unit, ask: Ask) -> None:
        await ask("POST", "/v1/status", {"from": "bridge", "sensors": [{"sensor": "b", "state": "blocked"}]})
        await ask("POST", "/v1/status", {"from": "sync", "central": {"state": "lost", "why": "no-network"}})
        sensor, central, disk = unit.lights.all()
        assert (sensor.state, sensor.detail.split(".")[0]) == ("bad", "Something stands in the beam")
        assert (central.state, central.detail) == (
            "warning",
            "Central is not reached: no network. Go on, nothing is lost.",
        )
        assert disk.state in ("ok", "warning")
        unit.clock.advance(ms=3_001)
        assert "does not answer" in unit.lights.all()[0].detail

    with_api(tmp_path, story)


def test_the_lan_serves_records_and_takes_no_acts(tmp_path: Path) -> None:
    async def story(unit: Unit, ask: Ask) -> None:
        lan = new_app()
        ExchangeApi(unit.replica).add_to(lan)
        async with serve_tcp(lan, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
            base = f"http://127.0.0.1:{port}"
            async with session.post(f"{base}/v1/sync", json={"have": {}}) as response:
                assert len((await response.json())["records"]) == 4
            for path in ("/v1/act", "/v1/passings", "/v1/status"):
                async with session.post(f"{base}{path}", json={}) as response:
                    assert response.status == 404

    with_api(tmp_path, story)


def test_a_warning_of_the_bridge_is_a_light_of_its_own(tmp_path: Path) -> None:
    async def story(unit: Unit, ask: Ask) -> None:
        report = {
            "from": "bridge",
            "sensors": [{"sensor": "b", "state": "ok"}],
            "note": {"code": "raw-log-full", "fields": {"used_mb": 90, "max_mb": 100}},
        }
        await ask("POST", "/v1/status", report)
        assert unit.lights.all()[0] == light_of(
            "sensor", "warning", Sentence("sensor.raw-log-full", {"used_mb": 90, "max_mb": 100})
        )

    with_api(tmp_path, story)
