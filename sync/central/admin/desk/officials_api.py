"""Officials at the desk. A PIN is typed in the page and sent over TLS: what it is checked against is made
here, beside the loop, and the digits are forgotten with the call."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused, PinRefused
from pitboard.trust.pin import pin_verifier
from sync.central.admin.official_desk import OfficialDesk
from sync.central.admin.seen import Seen


class AppointByPin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    pin: Annotated[str, Meta(max_length=40)]
    seen: Seen = None


class OfficialsApi:
    """Serves the pages; `officials` appoints, as for the terminal."""

    def __init__(self, officials: OfficialDesk) -> None:
        self._officials = officials
        self._making = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/desk/officials", self._appoint)

    async def _appoint(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await take_body(request), type=AppointByPin)
        async with self._making:  # each takes memory
            try:
                verifier = await asyncio.to_thread(pin_verifier, wanted.pin)
            except PinRefused as error:
                raise ActRefused(code="bad-pin", reason=str(error)) from error
        return json_response(await self._officials.appoint(wanted.name, verifier, wanted.seen))
