"""`GET /v1/status`: what this display shows and how fresh it is, for the officials' touchscreens."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from aiohttp import web

from pitboard.doors.http_api import json_response, new_app


class DisplayStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`source` is the name of the node it follows, None while none answers; `badge` is the sentence shown."""

    name: str
    scene: str
    source: str | None
    is_live: bool
    badge: str
    heads: int
    records: int
    size: tuple[int, int]


def status_app(status: Callable[[], DisplayStatus]) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        return json_response(status())

    app = new_app()
    app.router.add_get("/v1/status", answer)
    return app
