"""The public's calls: board, search, one competitor, the live stream. All only read."""

from __future__ import annotations

from aiohttp import web

from pitboard.doors.http_api import json_response, refusal
from pitboard.errors import Refusal
from sync.central.public.live_stream import LiveStream
from sync.central.public.race_reader import RaceReader

COUNT_MAX = 10_000
COMPETITOR_MAX_LENGTH = 80


class CountRefused(Refusal):
    code = "bad-count"

    def __init__(self) -> None:
        super().__init__(f"'count' must be a number from 0 to {COUNT_MAX}.")


class PublicApi:
    """Answers from a reader and a live stream."""

    def __init__(self, reader: RaceReader, live: LiveStream) -> None:
        self._reader = reader
        self._live = live

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/v1/board", self._board)
        app.router.add_get("/api/v1/search", self._search)
        app.router.add_get("/api/v1/competitors/{competitor}", self._competitor)
        app.router.add_get("/api/v1/live", self._live.serve)
        app.router.add_get("/api/v1/health", self._health)

    async def _board(self, request: web.Request) -> web.Response:
        return self._reader.board(_count(request.query.get("count"))).answer(request)

    async def _search(self, request: web.Request) -> web.Response:
        return self._reader.search(request.query.get("q", "")).answer(request)

    async def _competitor(self, request: web.Request) -> web.Response:
        competitor = request.match_info["competitor"]
        known = self._reader.competitor(competitor) if len(competitor) <= COMPETITOR_MAX_LENGTH else None
        if known is None:
            return refusal("unknown-competitor", "Nobody here has this id; search by name.", status=404)
        return known.answer(request)

    async def _health(self, request: web.Request) -> web.Response:
        return json_response({"status": "ok", "followers": self._live.followers})


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(COUNT_MAX))):
        raise CountRefused
    count = int(text)
    if count > COUNT_MAX:
        raise CountRefused
    return count
