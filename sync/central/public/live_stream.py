"""The live board as server-sent events, to a bounded number of followers.

A follower is sent the board whole, then what changed since: all changes while the last one was on its way are
one. Who takes nothing for a while is dropped, and its phone comes back by itself. One task writes to all of
them, straight to their connections: to wake one task for each cost more than the sending."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from aiohttp import web

from pitboard.doors.caller import the_caller
from pitboard.doors.fair_room import FairRoom
from pitboard.doors.http_api import json_response
from pitboard.tasks import beside
from sync.central.public.board_feed import (
    GZIP_HEADER,
    WOKEN_PER_TURN_COUNT,
    BoardFeed,
    LiveMessage,
    accepts_gzip,
)

PING_EVERY_S = 10.0
PINGS_SPREAD = 0.25
"""Some are pinged so much earlier: after a change all would be due at once, 5,000 of them."""
RETRY_MS = 2_000
SLOW_MAX_S = 20.0
SLOW_LOOK_EVERY_S = 0.1
FULL_RETRY_S = 30

IsOfNow = Callable[[], bool]
"""Whether what is folded is of now; where it is not, nothing may be told as if it were."""

# The comment keeps proxies from closing the stream; pages see only the event, and know that the link lives.
_PING = LiveMessage.of(": ping\nevent: ping\ndata: 1\n\n")
_OPENING = LiveMessage.of(f"retry: {RETRY_MS}\n\n")


@dataclass(eq=False, slots=True, kw_only=True)
class _Follower:
    """One open stream. `tag` names the board that it was sent, `said_s` is when it was written to last, and
    `behind_s` since when it has not taken all of it."""

    transport: asyncio.Transport
    is_chunked: bool
    is_deflated: bool
    tag: str | None
    said_s: float
    ping_every_s: float
    behind_s: float | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, message: LiveMessage, now_s: float) -> None:
        """Write without waiting: the transport holds what is not taken yet, and then no more is written."""
        body = message.deflated if self.is_deflated else message.plain
        if self.is_chunked:
            body = message.deflated_chunk if self.is_deflated else message.plain_chunk
        self.transport.write(body)
        self.said_s = now_s


class LiveStream:
    """Serves `GET /api/v1/live` while `running`."""

    def __init__(
        self, feed: BoardFeed, *, followers_max_count: int, is_of_now: IsOfNow | None = None
    ) -> None:
        self._feed = feed
        self._is_of_now = is_of_now
        # No phone is cut for another of its own address; an address that holds most makes room for others.
        self._places = FairRoom(followers_max_count, cuts_own=False)
        self._serials = itertools.count()
        self._open: dict[_Follower, None] = {}

    @property
    def followers(self) -> int:
        return self._places.amount

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        """Write to the followers beside the app."""
        async with beside(self._write_on(), name="live stream"):
            yield

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
        if is_deflated:
            await response.write(GZIP_HEADER)
        await response.write(_OPENING.deflated if is_deflated else _OPENING.plain)
        if request.transport is None:
            return
        now_s = asyncio.get_running_loop().time()
        follower = _Follower(
            transport=request.transport,
            is_chunked="Transfer-Encoding" in response.headers,
            is_deflated=is_deflated,
            # A phone that comes back says which board it has, and gets what changed since.
            tag=request.headers.get("Last-Event-ID") or request.query.get("since"),
            said_s=now_s,
            ping_every_s=PING_EVERY_S * (1 - PINGS_SPREAD * (next(self._serials) % 100) / 100),
        )
        if follower.tag == self._feed.newest.tag:
            follower.write(_PING, now_s)
        else:
            self._write_to(follower, now_s)
        self._open[follower] = None
        if self._feed.is_closed:
            return
        try:
            await follower.gone.wait()
        finally:
            del self._open[follower]

    async def _write_on(self) -> None:
        """Write to all who follow, whenever there is news, until the feed ends."""
        loop = asyncio.get_running_loop()
        while not self._feed.is_closed:
            tag, is_anybody_behind = self._feed.newest.tag, False
            if self._is_of_now is not None and not self._is_of_now():
                self._end_all()
            followers = list(self._open)
            for start in range(0, len(followers), WOKEN_PER_TURN_COUNT):
                for follower in followers[start : start + WOKEN_PER_TURN_COUNT]:
                    is_anybody_behind |= not self._write_to(follower, loop.time())
                await asyncio.sleep(0)
            await self._feed.wait_beyond(tag, SLOW_LOOK_EVERY_S if is_anybody_behind else PING_EVERY_S / 10)
        self._end_all()

    def _end_all(self) -> None:
        for follower in self._open:
            follower.gone.set()

    def _write_to(self, follower: _Follower, now_s: float) -> bool:
        """Write what there is to say; return False where the follower has not taken what it was sent before.

        One that never takes it is cut off.
        """
        transport = follower.transport
        if transport.is_closing():
            follower.gone.set()
            return True
        if transport.get_write_buffer_size():
            if follower.behind_s is None:
                follower.behind_s = now_s
            elif now_s - follower.behind_s >= SLOW_MAX_S:
                transport.abort()  # closing would wait for a phone that takes nothing
                follower.gone.set()
            return False
        follower.behind_s = None
        if follower.tag != self._feed.newest.tag:
            follower.write(self._feed.message_since(follower.tag), now_s)
            follower.tag = self._feed.newest.tag
        elif now_s - follower.said_s >= follower.ping_every_s:
            follower.write(_PING, now_s)
        return True


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
