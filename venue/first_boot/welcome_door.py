"""The set-up page of a machine that is nothing yet: one form, which asks for the code on the screen.

It is drawn without any script, so that every phone can show it."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable

from aiohttp import web

from pitboard.doors.caller import BODY_MAX_S, the_caller
from pitboard.doors.door_limits import DoorLimits, Rate
from pitboard.doors.http_api import new_app
from pitboard.errors import ActRefused, Refusal
from pitboard.sentences.language import Language, language
from pitboard.sentences.spoken_error import spoken
from venue.first_boot.code import ScreenCode
from venue.first_boot.parcel import PARCEL_MAX_BYTES, ROLES, Parcel

WELCOME_LIMITS = DoorLimits(
    connections_max_count=32,
    calls_of_source=Rate(per_s=2, burst=20),
    calls_of_all=Rate(per_s=10, burst=60),
    calls_of_quiet=Rate(per_s=5, burst=20),
    trusted_proxies=(),
)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_STYLE = (
    "body{font:18px/1.5 sans-serif;max-width:32em;margin:0 auto;padding:1em;background:#fff;color:#111}"
    "h1{font-size:1.4em}label{display:block;margin:1.2em 0 .3em;font-weight:bold}"
    "input,select,button{font:inherit;width:100%;box-sizing:border-box;padding:.6em;border:2px solid #555;"
    "border-radius:6px;background:#fff;color:#111}button{margin-top:1.5em;background:#0b57d0;color:#fff;border:0}"
    ".said{border-left:6px solid #b00020;padding:.5em .8em;background:#fdecee}"
    ".good{border-left-color:#0a7d33;background:#e9f7ee}"
)


_ROLE_CODES = {
    "central": "display.welcome-role-central",
    "trackside": "display.welcome-role-trackside",
    "display": "display.welcome-role-display",
    "all-in-one": "display.welcome-role-all-in-one",
}


class WelcomeDoor:
    """Hands each parcel to `leave`, and calls `taken` once it is left."""

    def __init__(
        self, code: ScreenCode, host: str, *, leave: Callable[[Parcel], None], taken: Callable[[], None]
    ) -> None:
        self._code = code
        self._host = host
        self._leave = leave
        self._taken = taken

    def app(self) -> web.Application:
        app = new_app(WELCOME_LIMITS)
        app.router.add_get("/", self._page)
        app.router.add_post("/", self._set_up)
        return app

    async def _page(self, request: web.Request) -> web.Response:
        return self._answer(_words_for(request))

    async def _set_up(self, request: web.Request) -> web.Response:
        words = _words_for(request)
        try:
            async with asyncio.timeout(BODY_MAX_S):
                form = await request.post()
        except (TimeoutError, ValueError, web.HTTPRequestEntityTooLarge):
            return self._answer(words, said=words.say("display.welcome-no-parcel"), status=400)
        source = the_caller().name
        if not self._code.is_open_to(source):
            return self._answer(words, said=words.say("display.welcome-wait"), status=429)
        typed = form.get("code")
        if not isinstance(typed, str) or not self._code.fits(typed, source):
            return self._answer(words, said=words.say("display.welcome-wrong-code"), status=403)
        try:
            parcel = _parcel_of(form.get("parcel"), form.get("role"))
            if parcel.content:
                parcel.node()  # said here what is wrong, not by root's part
            self._leave(parcel)
        except Refusal as error:
            return self._answer(words, said=spoken(error, words), status=400)
        self._taken()
        return self._answer(words, said=words.say("display.welcome-taken"), is_good=True)

    def _answer(
        self, words: Language, *, said: str = "", is_good: bool = False, status: int = 200
    ) -> web.Response:
        notice = (
            f'<p class="said{" good" if is_good else ""}" role="status">{html.escape(said)}</p>'
            if said
            else ""
        )
        roles = "".join(
            f'<option value="{role}">{html.escape(words.say(code))}</option>'
            for role, code in _ROLE_CODES.items()
        )
        form = (
            '<form method="post" enctype="multipart/form-data">'
            f'<label for="code">{html.escape(words.say("display.welcome-code"))}</label>'
            '<input id="code" name="code" inputmode="numeric" autocomplete="off" required maxlength="20">'
            f'<label for="parcel">{html.escape(words.say("display.welcome-parcel"))}</label>'
            '<input id="parcel" name="parcel" type="file" accept=".zip">'
            f'<label for="role">{html.escape(words.say("display.welcome-role"))}</label>'
            f'<select id="role" name="role"><option value=""></option>{roles}</select>'
            f"<button>{html.escape(words.say('display.welcome-go'))}</button></form>"
        )
        title = html.escape(words.say("display.welcome-title", host=self._host))
        text = (
            f'<!doctype html><html lang="{words.code}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>{title}</title><style>{_STYLE}</style></head>"
            f"<body><main><h1>{title}</h1>{notice}{'' if is_good else form}</main></body></html>"
        )
        return web.Response(text=text, content_type="text/html", status=status, headers=_HEADERS)


def _words_for(request: web.Request) -> Language:
    return language("de" if request.headers.get("Accept-Language", "").lower().startswith("de") else "en")


def _parcel_of(file: object, role: object) -> Parcel:
    if isinstance(file, web.FileField):
        content = file.file.read(PARCEL_MAX_BYTES + 1)
        if content:
            return Parcel(content=content)
    if isinstance(role, str) and role in ROLES:
        return Parcel(role=role)
    raise ActRefused(
        code="parcel-missing",
        reason="nothing was sent; choose the zip of this machine's folder, or what this machine is to be",
    )
