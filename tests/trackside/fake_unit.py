"""A timing unit in memory that answers `docs/local-api.md` on a Unix socket, for tests of the touchscreen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from pitboard.contacts.contact_seal import SealedContact
from pitboard.race.runs.run_parts import Lap
from pitboard.unit_api.official_acts import Act, Arm, Confirm, Discard, Judge, ManualPassing, Register, Stop
from pitboard.unit_api.screen_state import Competitor, Run, ScreenState
from tests.trackside.touch.touch_samples import LIGHTS

SHORT_LAP_NS = 4_000_000_000


class FakeUnit:
    """Keeps one screen state; `is_mute` makes it hear everything and answer nothing."""

    def __init__(self) -> None:
        self.screen = ScreenState(version=1, unit="Track A", event="Club race", phase="idle", lights=LIGHTS)
        self.acts: list[Act] = []  # what was asked; where it was asked is beside
        self.where: list[str] = []
        self.contacts: list[SealedContact] = []
        self.decisions: list[tuple[str, str]] = []  # run, confirmed or discarded
        self.is_mute = False
        self.refusal: tuple[str, str] | None = None
        self._news = asyncio.Condition()
        self._last_passing_mono_ns = 0
        self._runs_count = 0

    @asynccontextmanager
    async def serve(self, socket: Path) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/v1/screen", self._get_screen)
        app.router.add_post("/v1/act", self._post_act)
        app.router.add_post("/v1/contact", self._post_contact)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.UnixSite(runner, str(socket)).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def change(self, **values: Any) -> None:
        """Set fields of the screen and wake who waits for news."""
        self.screen = msgspec.structs.replace(self.screen, version=self.screen.version + 1, **values)
        async with self._news:
            self._news.notify_all()

    async def add_lap(self, lap_ns: int) -> None:
        run = self._run()
        number = len(run.laps) + 1
        is_short = lap_ns < SHORT_LAP_NS
        lap = Lap(
            lap_id=f"{run.run_id}-{number}",
            number=number,
            lap_ns=lap_ns,
            is_short=is_short,
            waits_for_verdict=is_short,
            counts=not is_short,
        )
        await self._set_laps(run, (*run.laps, lap))

    async def _get_screen(self, request: web.Request) -> web.Response:
        await self._stay_mute()
        after, wait_ms = request.query.get("after"), int(request.query.get("wait_ms", "0"))
        if after is not None and int(after) == self.screen.version:
            try:
                async with asyncio.timeout(wait_ms / 1_000), self._news:
                    await self._news.wait_for(lambda: self.screen.version != int(after))
            except TimeoutError:
                pass
        await self._stay_mute()
        return _json(self.screen)

    async def _post_act(self, request: web.Request) -> web.Response:
        signed = msgspec.json.decode(
            await request.read(), type=Register | Arm | Stop | ManualPassing | Judge | Confirm | Discard
        )
        await self._stay_mute()
        self.where.append(signed.where)
        act = msgspec.structs.replace(signed, by="", where="", act_id="")
        self.acts.append(act)
        if self.refusal is not None:
            code, detail = self.refusal
            return _json({"error": code, "detail": detail}, status=409)
        return await self._do(act)

    async def _post_contact(self, request: web.Request) -> web.Response:
        await self._stay_mute()
        self.contacts.append(msgspec.json.decode(await request.read(), type=SealedContact))
        return _json({"contact": "1"})

    async def _do(self, act: Act) -> web.Response:
        match act:
            case Register(name=name):
                new = Competitor(competitor_id=f"c{len(self.screen.competitors)}", name=name)
                await self.change(competitors=(*self.screen.competitors, new))
                return _json({"competitor_id": new.competitor_id})
            case Arm(competitor_id=competitor):
                self._runs_count += 1
                who = next(one for one in self.screen.competitors if one.competitor_id == competitor)
                run = Run(
                    run_id=f"r{self._runs_count}", competitor_id=competitor, name=who.name, run_ms=180_000
                )
                await self.change(phase="armed", run=run)
                return _json({"run_id": run.run_id})
            case ManualPassing(mono_ns=mono_ns):
                await self.take_passing(mono_ns)
            case Stop():
                await self.change(phase="review")
            case Judge(lap_id=lap, verdict=verdict):
                laps = tuple(
                    msgspec.structs.replace(
                        one, verdict=verdict, counts=verdict == "valid", waits_for_verdict=False
                    )
                    if one.lap_id == lap
                    else one
                    for one in self._run().laps
                )
                await self._set_laps(self._run(), laps)
            case Confirm(run_id=run_id):
                self.decisions.append((run_id, "confirmed"))
                await self.change(phase="idle", run=None)
            case Discard(run_id=run_id):
                self.decisions.append((run_id, "discarded"))
                await self.change(phase="idle", run=None)
        return _json({})

    async def take_passing(self, mono_ns: int) -> None:
        if self.screen.phase == "armed":
            run = msgspec.structs.replace(self._run(), started_mono_ns=mono_ns)
            await self.change(phase="running", run=run)
        else:
            await self.add_lap(mono_ns - self._last_passing_mono_ns)
        self._last_passing_mono_ns = mono_ns

    async def _set_laps(self, run: Run, laps: tuple[Lap, ...]) -> None:
        best_ns = min((lap.lap_ns for lap in laps if lap.counts), default=None)
        await self.change(run=msgspec.structs.replace(run, laps=laps, best_ns=best_ns))

    async def _stay_mute(self) -> None:
        if self.is_mute:
            await asyncio.Event().wait()  # until the asker has given up

    def _run(self) -> Run:
        assert self.screen.run is not None
        return self.screen.run


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
