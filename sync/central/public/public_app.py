"""The public door as an application: read-only, and with headers that let a browser do nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from pitboard.doors.door_limits import DoorLimits
from pitboard.doors.http_api import new_app, refusal
from pitboard.doors.token_bucket import Rate
from sync.central.public.board_feed import BoardFeed
from sync.central.public.live_stream import LiveStream
from sync.central.public.phone_page import NOT_FOUND, PhonePage
from sync.central.public.public_api import PublicApi
from sync.central.public.race_reader import RaceReader

SPARE_CONNECTIONS_COUNT = 512
_HEADERS = {
    "Server": "Pitboard",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def public_limits(followers_max_count: int) -> DoorLimits:
    """Return the door's limits; the phones of a whole venue may come from one address."""
    return DoorLimits(
        connections_max_count=followers_max_count + SPARE_CONNECTIONS_COUNT,
        source_connections_max_count=followers_max_count // 2 + SPARE_CONNECTIONS_COUNT,
        calls_of_source=Rate(per_s=200, burst=4_000),
        calls_of_all=Rate(per_s=2_000, burst=20_000),
    )


def public_app(
    reader: RaceReader, feed: BoardFeed, *, followers_max_count: int, limits: DoorLimits
) -> web.Application:
    """Return the app; it is given a reader and a feed of the fold, never a replica or a key."""
    app = new_app(limits)
    app.middlewares.append(_answer_lost)
    app.on_response_prepare.append(_add_headers)
    PublicApi(reader, LiveStream(feed, followers_max_count=followers_max_count)).add_to(app)
    PhonePage().add_to(app)

    async def end_streams(_: web.Application) -> None:
        feed.close()

    app.on_shutdown.append(end_streams)
    return app


@web.middleware
async def _answer_lost(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer unknown paths: in the API's form under /api, by a small page otherwise."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        if request.path.startswith("/api"):
            return refusal("unknown-call", "There is no such call.", status=404)
        return web.Response(text=NOT_FOUND, content_type="text/html", status=404)
    except web.HTTPMethodNotAllowed as error:
        refused = refusal("read-only", "This door only reads.", status=405)
        refused.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return refused


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    if request.path.startswith("/api"):
        # The board is public and read without any cookie, so any page may show it.
        response.headers["Access-Control-Allow-Origin"] = "*"
