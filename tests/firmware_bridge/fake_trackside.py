"""The part of trackside's local API that the bridge uses, on a real Unix socket; memory counts as durable."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from pitboard.unit_api.sensor_sentences import note_sentence, sensor_sentence
from pitboard.unit_api.unit_status import SensorNote, SensorStatus


class FakeTrackside:
    """May refuse for a while (`is_down`), or for ever what a test names (`refused_seqs`)."""

    def __init__(self) -> None:
        self.passings: dict[tuple[str, int], dict[str, Any]] = {}
        self.deliveries: Counter[tuple[str, int]] = Counter()
        self.states: list[str] = []
        self.details: list[str] = []
        self.said = ""
        self.is_down = False
        self.refused_seqs: set[int] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, socket: Path) -> AsyncIterator[FakeTrackside]:
        fake = cls()
        app = web.Application()
        app.add_routes(
            [
                web.post("/v1/passings", fake._take_passings),
                web.get("/v1/passings/known", fake._tell_known),
                web.post("/v1/status", fake._take_status),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.UnixSite(runner, str(socket)).start()
            yield fake
        finally:
            await runner.cleanup()

    async def _take_passings(self, request: web.Request) -> web.Response:
        passings = (await request.json())["passings"]
        if self.is_down:
            return web.json_response({"error": "cannot-write", "detail": "as told"}, status=503)
        if any(passing["seq"] in self.refused_seqs for passing in passings):
            return web.json_response({"error": "bad-request", "detail": "as told"}, status=400)
        for passing in passings:
            key = (passing["sensor_boot"], passing["seq"])
            self.passings.setdefault(key, passing)
            self.deliveries[key] += 1
        return web.json_response({})

    async def _tell_known(self, request: web.Request) -> web.Response:
        seqs = sorted(seq for boot, seq in self.passings if boot == request.query["sensor_boot"])
        return web.json_response({"known": [[seq, seq] for seq in seqs]})

    async def _take_status(self, request: web.Request) -> web.Response:
        body = await request.json()
        (sensor,), note = body["sensors"], body["note"]
        self.said = "" if note is None else note_sentence(msgspec.convert(note, SensorNote))
        if self.states[-1:] != [sensor["state"]]:
            self.states.append(sensor["state"])
        self.details.append(sensor_sentence(msgspec.convert(sensor, SensorStatus)))
        return web.json_response({})
