"""The calls by which a phone joins the queue: it asks, and then looks how its wait stands.

The only call of the public door that changes anything; it hands on an ask, which an official answers."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from pitboard.doors.caller import take_body, the_caller
from pitboard.doors.door_limits import Rate, TokenBuckets
from pitboard.doors.http_api import json_response
from pitboard.errors import CallRefused
from sync.central.joining.join_calls import EntryId, JoinAsk, JoinDoor
from sync.central.public.race_reader import RaceReader

WRONG_CODES_OF_SOURCE = Rate(per_s=1 / 30, burst=20)
WRONG_CODES_OF_ALL = Rate(per_s=20, burst=2_000)

_ask_decoder = msgspec.json.Decoder(JoinAsk)


class JoinApi:
    """Answers from the reader, and hands asks on."""

    def __init__(self, reader: RaceReader, joining: JoinDoor) -> None:
        self._reader = reader
        self._joining = joining
        self._wrong_codes = TokenBuckets(of_source=WRONG_CODES_OF_SOURCE, of_all=WRONG_CODES_OF_ALL)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/v1/join", self._info)
        app.router.add_post("/api/v1/join", self._ask)
        app.router.add_get("/api/v1/join/{entry_id}", self._place)

    async def _info(self, request: web.Request) -> web.Response:
        return _fresh(self._reader.join_info(is_linked=await self._joining.is_linked()))

    async def _ask(self, request: web.Request) -> web.Response:
        source, now_mono_ns = the_caller().source, _now_mono_ns()
        wait_ms = self._wrong_codes.wait_ms(source, now_mono_ns=now_mono_ns)
        if wait_ms is not None:
            raise CallRefused(
                "wrong-codes",
                "Too many wrong codes came from here. Wait a minute, or ask the official.",
                status=429,
                retry_after_ms=wait_ms,
            )
        ask = _ask_decoder.decode(await take_body(request))
        try:
            return _fresh(await self._joining.ask(ask))
        except CallRefused as error:
            if error.code == "wrong-code":
                self._wrong_codes.charge(source, now_mono_ns=now_mono_ns, cost=1)
            raise

    async def _place(self, request: web.Request) -> web.Response:
        entry_id = msgspec.convert(request.match_info["entry_id"], EntryId)
        return _fresh(self._reader.join_place(entry_id, is_linked=await self._joining.is_linked()))


def _now_mono_ns() -> int:
    return round(asyncio.get_running_loop().time() * 1_000_000_000)


def _fresh(value: msgspec.Struct) -> web.Response:
    response = json_response(value)
    response.headers["Cache-Control"] = "no-store"
    return response
