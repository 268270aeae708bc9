"""The desk's door: whoever is not signed in gets the pages and the sign-in, and nothing else.

Its pages hold no data, so they are the same for all; every call under /v1 but the sign-in needs a session,
and every call that changes something a header which no other site can send."""

from __future__ import annotations

import hmac
from dataclasses import replace
from importlib import resources
from pathlib import PurePath

import msgspec
import segno
from aiohttp import web
from aiohttp.typedefs import Handler

from pitboard.clock import Clock
from pitboard.doors.caller import DOOR, take_body, the_caller
from pitboard.doors.door_limits import LOCAL_PROXIES, DoorLimits, Rate
from pitboard.doors.http_api import json_response, new_app
from pitboard.errors import CallRefused
from sync.central.admin.actor import Actor, acting_as
from sync.central.admin.desk.accounts import DeskRole
from sync.central.admin.desk.desk_sign_in import Entered, SignIn
from sync.central.admin.desk.passkeys import Passkeys
from sync.central.admin.desk.passkeys_api import ASK, ENTER, OWN, PasskeysApi
from sync.central.admin.desk.sessions import LIFE_MAX_NS, Session, Sessions
from sync.central.admin.desk.totp import secret_text, secret_uri
from sync.central.public.board_feed import EncodedAnswer
from sync.central.public.page_words import OF_DESK, WORDS, words_file

COOKIE, DEVICE_COOKIE = "__Host-pitboard-desk", "__Host-pitboard-device"
"""By their prefix a browser takes them over TLS only, for the whole host, and from no neighbour's name."""
DEVICE_LIFE_S = 180 * 86_400
CSRF_HEADER = "X-Pitboard-CSRF"
WHERE = "desk"
_SIGN_IN, _LOOK, _SET_UP, _SESSION = (
    "/v1/desk/sign-in",
    "/v1/desk/set-up/look",
    "/v1/desk/set-up",
    "/v1/desk/session",
)
_OF_TIMEKEEPERS = ("/v1/timing/", "/v1/desk/sign-out", OWN)
_OPEN_CALLS = frozenset({_SIGN_IN, _LOOK, _SET_UP, _SESSION, ASK, ENTER})
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_SHARED = ("elements.js", "result_text.js", "say.js", "time_text.js", "icon.svg")
"""Of the phones' page: one text of a time for both."""
DESK_HEADER = "X-Pitboard-Desk"
"""Says that an answer is the desk's; a portal or a proxy's page of maintenance comes with 200 too."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
DESK_LIMITS = DoorLimits(
    connections_max_count=128,
    calls_of_source=Rate(per_s=50, burst=1_000),
    calls_of_all=Rate(per_s=200, burst=2_000),
)


class SignInForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    password: str
    code: str


class LookForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    link: str


class SetUpForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    link: str
    password: str
    code: str


class SetUpView(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows for the phone's app: a picture, and the same to type."""

    account: str
    secret: str
    picture: str


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    account: str
    csrf: str
    role: DeskRole = "admin"


class DeskDoor:
    """Serves the sign-in and the pages, and guards every other call of the app."""

    def __init__(self, sign_in: SignIn, passkeys: Passkeys, clock: Clock) -> None:
        self._sign_in = sign_in
        self._passkeys = passkeys
        self._clock = clock
        self._sessions = Sessions()
        self._files = _load()

    def app(self, *, trusted_proxies: tuple[str, ...] = LOCAL_PROXIES) -> web.Application:
        """Return the guarded app; others add their calls to it."""
        app = new_app(replace(DESK_LIMITS, trusted_proxies=trusted_proxies))
        app.middlewares.append(self._guard)
        app.on_response_prepare.append(_add_headers)
        paths = ["/", *(f"/{name}" for name in self._files)]
        for path in paths:
            app.router.add_get(path, self._serve)
        app[DOOR].free_paths = frozenset(paths)
        app.router.add_post(_SIGN_IN, self._enter)
        app.router.add_post(_LOOK, self._look)
        app.router.add_post(_SET_UP, self._set_up)
        app.router.add_get(_SESSION, self._session)
        PasskeysApi(
            self._sign_in,
            self._passkeys,
            self._clock,
            session_of=self._session_of,
            let_in=lambda request, account: self._let_in(
                request, self._sign_in.entered(account, request.cookies.get(DEVICE_COOKIE))
            ),
        ).add_to(app)
        app.router.add_post("/v1/desk/sign-out", self._sign_out)
        app.router.add_post("/v1/desk/sign-out-everywhere", self._sign_out_everywhere)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            _refuse_other_sites(request)
        if request.path.startswith("/v1/") and request.path not in _OPEN_CALLS:
            session = self._session_of(request)
            if session is None:
                raise CallRefused("signed-out", "Sign in first.", status=401)
            shown = request.headers.get(CSRF_HEADER, "")
            if request.method not in ("GET", "HEAD") and not _same(shown, session.csrf):
                raise CallRefused("bad-csrf", "Load the page again, then try once more.", status=403)
            if session.role != "admin" and not request.path.startswith(_OF_TIMEKEEPERS):
                raise CallRefused("not-yours", "Your account is for timing only.", status=403)
            with acting_as(Actor(session.account, WHERE)):
                return await handler(request)
        return await handler(request)

    def _session_of(self, request: web.Request) -> Session | None:
        return self._sessions.of(request.cookies.get(COOKIE), now_mono_ns=self._clock.mono_ns())

    async def _serve(self, request: web.Request) -> web.Response:
        return self._files[request.path.lstrip("/") or "index.html"].answer(request)

    async def _enter(self, request: web.Request) -> web.Response:
        form = msgspec.json.decode(await take_body(request), type=SignInForm)
        entered = await self._sign_in.enter(
            form.name.strip().lower(),
            form.password,
            form.code,
            source=the_caller().name,
            device=request.cookies.get(DEVICE_COOKIE),
        )
        return self._let_in(request, entered)

    async def _look(self, request: web.Request) -> web.Response:
        form = msgspec.json.decode(await take_body(request), type=LookForm)
        link = self._sign_in.link(form.link, the_caller().name)
        picture = segno.make(secret_uri(link.totp_secret, link.account), error="m")
        return json_response(
            SetUpView(
                account=link.account,
                secret=secret_text(link.totp_secret),
                picture=picture.svg_data_uri(scale=5, border=3, light="#fff"),
            )
        )

    async def _set_up(self, request: web.Request) -> web.Response:
        form = msgspec.json.decode(await take_body(request), type=SetUpForm)
        entered = await self._sign_in.set_up(form.link, form.password, form.code, the_caller().name)
        self._sessions.end_all(entered.account)
        return self._let_in(request, entered)

    def _let_in(self, request: web.Request, entered: Entered) -> web.Response:
        """Answer with a new session; one that the browser had before ends."""
        self._sessions.end(request.cookies.get(COOKIE))
        token, session = self._sessions.begin(
            entered.account, entered.role, now_mono_ns=self._clock.mono_ns()
        )
        response = json_response(_view(session))
        _set_cookie(response, COOKIE, token, LIFE_MAX_NS // 1_000_000_000)
        _set_cookie(response, DEVICE_COOKIE, entered.device, DEVICE_LIFE_S)
        return response

    async def _session(self, request: web.Request) -> web.Response:
        session = self._session_of(request)
        if session is None:
            return json_response(SessionView(account="", csrf=""))
        return json_response(_view(session))

    async def _sign_out(self, request: web.Request) -> web.Response:
        self._sessions.end(request.cookies.get(COOKIE))
        return _without_cookie()

    async def _sign_out_everywhere(self, request: web.Request) -> web.Response:
        session = self._session_of(request)
        assert session is not None
        self._sessions.end_all(session.account)
        return _without_cookie()


def _view(session: Session) -> SessionView:
    return SessionView(account=session.account, csrf=session.csrf, role=session.role)


def _refuse_other_sites(request: web.Request) -> None:
    """A page of another site can make a browser send a form with our cookies; such a form is not JSON, and
    the browser says whose page it is."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise CallRefused("other-site", "Another site's page may not do this.", status=403)
    if request.content_type != "application/json":
        raise CallRefused("bad-type", "This door takes JSON only.", status=415)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _set_cookie(response: web.Response, name: str, value: str, life_s: int) -> None:
    response.set_cookie(name, value, max_age=life_s, path="/", secure=True, httponly=True, samesite="Strict")


def _without_cookie() -> web.Response:
    response = json_response({})
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return response


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers[DESK_HEADER] = "1"
    if request.path.startswith("/v1/"):
        response.headers["Cache-Control"] = "no-store"


def _load() -> dict[str, EncodedAnswer]:
    own = resources.files("sync.central.admin.desk") / "page"
    phones = resources.files("sync.central.public") / "page"
    files = [
        *(one for one in own.iterdir() if PurePath(one.name).suffix in _TYPES),
        *(phones / name for name in _SHARED),
    ]
    served = {one.name: EncodedAnswer(one.read_bytes(), _TYPES[PurePath(one.name).suffix]) for one in files}
    return {**served, WORDS: EncodedAnswer(words_file(OF_DESK), _TYPES[PurePath(WORDS).suffix])}
