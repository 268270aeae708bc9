"""The live board as server-sent events, to a bounded number of followers.

A follower is sent the board whole, then what changed since: all changes while the last one was on its way are
one. Who takes nothing for a while is dropped, and its phone comes back by itself."""

from __future__ import annotations

import asyncio
import itertools

from aiohttp import web

from pitboard.doors.caller import the_caller
from pitboard.doors.fair_room import FairRoom
from pitboard.doors.http_api import json_response
from sync.central.public.board_feed import GZIP_HEADER, BoardFeed, LiveMessage, accepts_gzip

PING_EVERY_S = 10.0
PINGS_SPREAD = 0.25
"""Some are pinged so much earlier: after a change all would be due at once, 5,000 of them."""
RETRY_MS = 2_000
SLOW_MAX_S = 20.0
SLOW_LOOK_EVERY_S = 0.1
FULL_RETRY_S = 30

# The comment keeps proxies from closing the stream; pages see only the event, and know that the link lives.
_PING = LiveMessage.of(": ping\nevent: ping\ndata: 1\n\n")
_OPENING = LiveMessage.of(f"retry: {RETRY_MS}\n\n")


class LiveStream:
    """Serves `GET /api/v1/live`."""

    def __init__(self, feed: BoardFeed, *, followers_max_count: int) -> None:
        self._feed = feed
        # No phone is cut for another of its own address; an address that holds most makes room for others.
        self._places = FairRoom(followers_max_count, cuts_own=False)
        self._serials = itertools.count()

    @property
    def followers(self) -> int:
        return self._places.amount

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Follow the board until the follower goes, is too slow, or central stops."""
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        if request.method == "HEAD":
            return response
        place = self._places.enter(the_caller().name, lambda: _abort(request))
        if place is None:
            refused = json_response(
                {"error": "busy", "detail": "Too many phones follow right now; the board is still there."},
                status=503,
            )
            refused.headers["Retry-After"] = str(FULL_RETRY_S)
            return refused
        try:
            await self._follow(request, response)
        except ConnectionError:
            pass  # the phone went away
        finally:
            self._places.leave(place)
        return response

    async def _follow(self, request: web.Request, response: web.StreamResponse) -> None:
        is_deflated = accepts_gzip(request) and "plain" not in request.query
        if is_deflated:
            response.headers["Content-Encoding"] = "gzip"
        await response.prepare(request)

        async def send(message: LiveMessage) -> None:
            await response.write(message.deflated if is_deflated else message.plain)

        if is_deflated:
            await response.write(GZIP_HEADER)
        await send(_OPENING)
        # A phone that comes back says which board it has, and gets what changed since.
        sent_tag = request.headers.get("Last-Event-ID") or request.query.get("since")
        if sent_tag == self._feed.newest.tag:
            await send(_PING)
        ping_every_s = PING_EVERY_S * (1 - PINGS_SPREAD * (next(self._serials) % 100) / 100)
        while await self._is_taken(request):
            if await self._feed.wait_beyond(sent_tag, ping_every_s):
                message, tag = self._feed.message_since(sent_tag), self._feed.newest.tag
                await send(message)
                sent_tag = tag
            elif self._feed.is_closed:
                return
            else:
                await send(_PING)

    async def _is_taken(self, request: web.Request) -> bool:
        """Wait until the follower took what it was sent; cut it off and return False if it never does."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + SLOW_MAX_S
        while loop.time() < until_s:
            transport = request.transport
            if transport is None or self._feed.is_closed:
                return False
            if transport.get_write_buffer_size() == 0:
                return True
            await asyncio.sleep(SLOW_LOOK_EVERY_S)
        _abort(request)
        return False


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()  # closing would wait for a phone that takes nothing
