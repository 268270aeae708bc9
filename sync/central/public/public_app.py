"""The public door as an application: it reads, but for one call by which a phone asks to join the queue.

Its headers let a browser do nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from importlib import resources

from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.typedefs import Middleware

from pitboard.doors.caller import DOOR
from pitboard.doors.door_limits import LOCAL_PROXIES, DoorLimits, Rate
from pitboard.doors.http_api import new_app, refusal
from pitboard.doors.whole_answer import Asked, WholeAnswer
from pitboard.sentences.language import Language
from sync.central.joining.join_calls import JoinDoor
from sync.central.public.board_feed import BoardFeed, EncodedAnswer
from sync.central.public.first_rows import without_rows
from sync.central.public.join_api import JoinApi
from sync.central.public.live_stream import IsOfNow, LiveStream
from sync.central.public.page_words import WORDS, asked_language, with_words, words_file
from sync.central.public.public_api import PublicApi
from sync.central.public.race_reader import HTML, RaceReader

WORKER = "worker.js"
SHELL = "shell"
LASTING = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"
"""Of pictures: an icon or a preview that is a day old does no harm."""
_VERSIONED = (".js", ".css")
_FIXED_NAME = re.compile(rb'"/([a-z_]+\.(?:js|css))"')
_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:]{2,45}\](:[0-9]{1,5})?")
_VERSION_MARK = b"PAGE_VERSION"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_PAGE = ".html"
_PICTURE = ".png"
INDEX = "index.html"
SHOWS = ("/embed", "/overlay", "/kiosk")
"""Pages that are shown and not touched; any site may show them within its own."""
NOT_FOUND = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title>'
    '<link rel="stylesheet" href="/board.css"><main class="lost"><h1>{title}</h1>'
    '<p>{sentence}</p><p><a class="button" href="/">{way_back}</a></p></main></html>'
)


# In the page itself: on a slow network a second answer would keep the first rows from being painted.
_STYLE_LINK = '<link rel="stylesheet" href="/board.css">'
_STYLE = (resources.files("sync.central.public") / "page" / "board.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


class PhonePage:
    """Serves `/` with the board's first rows, `/shell` without, and the files the page is made of."""

    def __init__(self, reader: RaceReader) -> None:
        self._reader = reader
        self._version, self._files = _load()
        # Under a name that changes with the content: a phone asks once, and never mixes two versions.
        lasting = {
            f"{_folder(self._version)}/{name}": EncodedAnswer(answer.body, answer.content_type, LASTING)
            for name, answer in self._files.items()
            if _suffix(name) in _VERSIONED
        }
        self._page = self._files.pop(INDEX).body.decode()
        self._files |= lasting
        self._files[SHELL] = EncodedAnswer(without_rows(self._page).encode(), HTML)

    def add_to(self, app: web.Application) -> None:
        paths = ["/", *(f"/{name}" for name in self._files)]
        assert set(SHOWS) <= set(paths)
        for path in paths:
            app.router.add_get(path, self._serve)
        app[DOOR].free_paths = frozenset(paths)
        app[DOOR].quick_answers |= dict.fromkeys(paths, self._serve_at_once)
        app.router.add_get("/c/{competitor}", self._serve_shared)

    async def _serve_shared(self, request: web.Request) -> web.Response:
        competitor = request.match_info["competitor"]
        answer = self._reader.shared_page(self._page, competitor, _origin(request), _words(request)).answer(
            request
        )
        answer.headers["X-Page"] = _folder(self._version)
        return answer

    async def _serve(self, request: web.Request) -> web.Response:
        answer = self._file(request.path, _words(request)).answer(request)
        answer.headers["X-Page"] = _folder(self._version)  # so that a phone keeps no portal's page for ours
        return answer

    def _serve_at_once(self, message: RawRequestMessage) -> WholeAnswer:
        path = message.path.partition("?")[0]
        headers = {**_headers_of(path), "X-Page": _folder(self._version)}
        return self._file(path, _words(message)).whole_answer(message, headers)

    def _file(self, path: str, words: Language) -> EncodedAnswer:
        name = path.lstrip("/")
        return self._files[name] if name else self._reader.page(self._page, words)


def _words(asked: Asked) -> Language:
    return asked_language(asked.headers.get("Accept-Language", ""))


def _origin(request: web.Request) -> str:
    """Return where the page was asked for as the phone sees it; empty where no proper host was named."""
    host = request.headers.get("Host", "")
    scheme = "https" if request.headers.get("X-Forwarded-Proto") == "https" else request.scheme
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""


def _load() -> tuple[str, dict[str, EncodedAnswer]]:
    """Return the page's version and its files."""
    bodies = {
        file.name: file.read_bytes()
        for folder in ("page", "join", "shows")
        for file in (resources.files("sync.central.public") / folder).iterdir()
        if _suffix(file.name) in _TYPES
    }
    bodies[WORDS] = words_file()
    page = with_words(bodies[INDEX].decode())
    assert _STYLE_LINK in page
    bodies[INDEX] = page.replace(_STYLE_LINK, f"<style>{_STYLE}</style>").encode()
    version = hashlib.sha256(b"\0".join(bodies[name] for name in sorted(bodies))).hexdigest()[:12]
    bodies[WORKER] = bodies[WORKER].replace(_VERSION_MARK, version.encode())
    for name in (WORKER, *(name for name in bodies if name.endswith(_PAGE))):
        bodies[name] = _FIXED_NAME.sub(rb'"/' + _folder(version).encode() + rb'/\1"', bodies[name])
    return version, {
        name if name == INDEX else name.removesuffix(_PAGE): EncodedAnswer(
            body, _TYPES[_suffix(name)], FOR_A_DAY if _suffix(name) == _PICTURE else "no-cache"
        )
        for name, body in bodies.items()
    }


def _folder(version: str) -> str:
    return f"page-{version}"


def _suffix(name: str) -> str:
    return "." + name.rpartition(".")[2]


TIMELESS = ("/api/v1/health", "/api/v1/openapi.json")
"""Answers that tell nothing of the race."""
SPARE_CONNECTIONS_COUNT = 512
UNTAKEN_MAX_BYTES = 64 * 1_024 * 1_024
"""Of answers to phones: a thousand on a slow network take a while for theirs."""
LIVE: web.AppKey[LiveStream] = web.AppKey("live", LiveStream)
_HEADERS = {
    "Server": "Pitboard",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-"
        + _STYLE_HASH
        + "'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


_FRAMED_POLICY = _HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors *")
_HEADERS_OF_SHOWS = _HEADERS | {"Content-Security-Policy": _FRAMED_POLICY}
# The board is public and read without any cookie, so any page may show it.
_HEADERS_OF_API = _HEADERS | {"Access-Control-Allow-Origin": "*"}


def public_limits(
    followers_max_count: int, *, calls_per_s: int, trusted_proxies: tuple[str, ...] = LOCAL_PROXIES
) -> DoorLimits:
    """Return the door's limits; the phones of a whole venue may come from one address."""
    return DoorLimits(
        connections_max_count=followers_max_count + SPARE_CONNECTIONS_COUNT,
        trusted_proxies=trusted_proxies,
        calls_of_source=Rate(per_s=calls_per_s / 2, burst=calls_per_s * 5),
        calls_of_all=Rate(per_s=calls_per_s, burst=calls_per_s * 10),
        untaken_max_bytes=UNTAKEN_MAX_BYTES,
    )


def public_app(
    reader: RaceReader,
    feed: BoardFeed,
    joining: JoinDoor,
    *,
    followers_max_count: int,
    limits: DoorLimits,
    is_of_now: IsOfNow | None = None,
) -> web.Application:
    """Return the app; it is given a reader and a feed of the fold, and a way to hand on who wants to join:
    never a replica or a key."""
    app = new_app(limits)
    app.middlewares.append(_answer_lost)
    app.on_response_prepare.append(_add_headers)
    if is_of_now is not None:
        app.middlewares.append(_only_of_now(is_of_now))
    app[LIVE] = LiveStream(feed, followers_max_count=followers_max_count, is_of_now=is_of_now)
    app.cleanup_ctx.append(app[LIVE].running)
    api = PublicApi(reader, feed, app[LIVE], _HEADERS_OF_API, is_of_now=is_of_now or (lambda: True))
    api.add_to(app)
    app.router.add_get("/healthz", api.health)
    JoinApi(reader, joining).add_to(app)
    PhonePage(reader).add_to(app)

    async def end_streams(_: web.Application) -> None:
        feed.close()

    app.on_shutdown.append(end_streams)
    return app


def _only_of_now(is_of_now: IsOfNow) -> Middleware:
    """Return what refuses the race's data while nobody knows whether it is of now."""

    @web.middleware
    async def refuse_the_old(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not request.path.startswith("/api/") or request.path in TIMELESS or is_of_now():
            return await handler(request)
        return refusal(
            "central-gone", "Central is not heard here now; the board comes back by itself.", status=503
        )

    return refuse_the_old


def _not_found(words: Language) -> str:
    return NOT_FOUND.format(
        language=words.code,
        title=words.say("page.not-here"),
        sentence=words.say("page.no-such-page"),
        way_back=words.say("page.to-board"),
    )


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
        return web.Response(text=_not_found(_words(request)), content_type="text/html", status=404)
    except web.HTTPMethodNotAllowed as error:
        refused = refusal("read-only", "This call only reads.", status=405)
        refused.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return refused


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_headers_of(request.path))


def _headers_of(path: str) -> dict[str, str]:
    if path in SHOWS:
        return _HEADERS_OF_SHOWS
    return _HEADERS_OF_API if path.startswith("/api") else _HEADERS
