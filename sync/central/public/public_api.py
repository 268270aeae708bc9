"""The calls of the public API; `api_document` describes them, and a test holds both to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from aiohttp import web
from aiohttp.http_parser import RawRequestMessage

from pitboard.doors.caller import DOOR, QuickAnswer
from pitboard.doors.http_api import json_response, refusal
from pitboard.doors.whole_answer import WholeAnswer
from pitboard.errors import CallRefused, CountRefused, Refusal
from pitboard.race.ranking.boards import ALL
from sync.central.public.api_document import COMPETITOR_MAX_LENGTH, COUNT_MAX, Health, api_document
from sync.central.public.board_feed import BoardFeed, EncodedAnswer
from sync.central.public.live_stream import IsOfNow, LiveStream
from sync.central.public.race_reader import PAGE_COUNT, RaceReader


class PublicApi:
    """Answers from a reader and a live stream."""

    def __init__(
        self,
        reader: RaceReader,
        feed: BoardFeed,
        live: LiveStream,
        headers: Mapping[str, str],
        *,
        is_of_now: IsOfNow,
    ) -> None:
        """`headers` are those that every answer of the door has; what is not of now the app refuses."""
        self._reader = reader
        self._feed = feed
        self._live = live
        self._headers = headers
        self._is_of_now = is_of_now
        self._live_board = EncodedAnswer(feed.newest.body)
        self._document = EncodedAnswer(msgspec.json.encode(api_document()))

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/v1/board", self._board)
        app.router.add_get("/api/v1/search", self._search)
        app.router.add_get("/api/v1/competitors/{competitor}", self._competitor)
        app.router.add_get("/api/v1/stages/{stage}", self._stage)
        app.router.add_get("/api/v1/live", self._live.serve)
        app.router.add_get("/api/v1/live/page", self._live_page)
        app.router.add_get("/api/v1/live/since/{tag}", self._live_since)
        app.router.add_get("/api/v1/board.csv", self._table)
        app.router.add_get("/api/v1/health", self.health)
        app.router.add_get("/api/v1/openapi.json", self._openapi)
        app[DOOR].quick_answers |= {
            "/api/v1/board": self._at_once(self._find_board),
            "/api/v1/search": self._at_once(self._find),
            "/api/v1/live/page": self._at_once(self._find_live_board),
        }

    def _at_once(self, find: Callable[[Mapping[str, str]], EncodedAnswer]) -> QuickAnswer:
        """Return what answers from memory with what `find` finds; what it refuses is left to the app."""

        def answer(message: RawRequestMessage) -> WholeAnswer | None:
            if not self._is_of_now():
                return None
            try:
                return find(message.url.query).whole_answer(message, self._headers)
            except (CallRefused, Refusal):
                return None

        return answer

    async def _board(self, request: web.Request) -> web.Response:
        return self._find_board(request.query).answer(request)

    def _find_board(self, asked: Mapping[str, str]) -> EncodedAnswer:
        return self._reader.board(
            _count(asked.get("count")),
            after=asked.get("after", ""),
            track=asked.get("track", ALL),
            race_class=asked.get("race_class", ALL),
        )

    async def _table(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        separator = asked.get("separator", "comma")
        if separator not in ("comma", "semicolon"):
            raise CallRefused("bad-separator", "'separator' must be comma or semicolon.", status=400)
        track, race_class = asked.get("track", ALL), asked.get("race_class", ALL)
        return await self._reader.write_table(
            request, track, race_class, "semicolon" if separator == "semicolon" else "comma"
        )

    async def _openapi(self, request: web.Request) -> web.Response:
        return self._document.answer(request)

    async def _live_page(self, request: web.Request) -> web.Response:
        return self._find_live_board({}).answer(request)

    def _find_live_board(self, _: Mapping[str, str]) -> EncodedAnswer:
        newest = self._feed.newest
        if newest.body is not self._live_board.body:
            self._live_board = EncodedAnswer(newest.body)
        return self._live_board

    async def _live_since(self, request: web.Request) -> web.Response:
        change = self._feed.change_since(request.match_info["tag"])
        if change is None:
            return refusal("too-old", "That board is not known here; ask for the whole page.", status=404)
        return web.Response(
            body=change, content_type="application/json", headers={"Cache-Control": "no-store"}
        )

    async def _search(self, request: web.Request) -> web.Response:
        return self._find(request.query).answer(request)

    def _find(self, asked: Mapping[str, str]) -> EncodedAnswer:
        return self._reader.search(asked.get("q", ""))

    async def _competitor(self, request: web.Request) -> web.Response:
        competitor = request.match_info["competitor"]
        known = self._reader.competitor(competitor) if len(competitor) <= COMPETITOR_MAX_LENGTH else None
        if known is None:
            return refusal("unknown-competitor", "Nobody here has this id; search by name.", status=404)
        return known.answer(request)

    async def _stage(self, request: web.Request) -> web.Response:
        stage = self._reader.stage(request.match_info["stage"])
        if stage is None:
            return refusal("unknown-stage", "There is no stage of this id.", status=404)
        return stage.answer(request)

    async def health(self, request: web.Request) -> web.Response:
        return json_response(Health("ok", self._live.followers, self._reader.event_id))


def _count(text: str | None) -> int:
    if text is None:
        return PAGE_COUNT
    if not (
        text.isascii() and text.isdigit() and len(text) <= len(str(COUNT_MAX)) and int(text) <= COUNT_MAX
    ):
        raise CountRefused(most=COUNT_MAX)
    return int(text)
