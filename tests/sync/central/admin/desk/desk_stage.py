"""A desk on a real socket, and somebody at it who keeps cookies as a browser does."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from pitboard.clock import ScriptedClock
from pitboard.doors.http_api import json_response, serve_tcp
from sync.central.admin.actor import the_actor
from sync.central.admin.desk.accounts import Accounts
from sync.central.admin.desk.desk_door import DeskDoor
from sync.central.admin.desk.desk_sign_in import SignIn
from sync.central.admin.desk.passkeys import Passkeys
from sync.central.admin.desk.totp import STEP_MS, code_at

PASSWORD = "correct horse battery"
LIGHT_KIB = 8_192  # what a test's password costs; the real cost has a test of its own


@dataclass
class Visitor:
    """A browser: cookies, the CSRF token that its page knows, and a time-based code from a phone."""

    session: aiohttp.ClientSession
    base: str
    clock: ScriptedClock
    source: str = "198.51.100.7"
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    secret: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"X-Forwarded-For": self.source, "X-Pitboard-CSRF": self.csrf, **self.headers}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self.session.request(method, self.base + path, json=body, headers=headers) as answer:
            for line in answer.headers.getall("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    assert morsel["secure"], line
                    assert morsel["httponly"], line
                    assert morsel["samesite"] == "Strict", line
                    assert morsel["path"] == "/", line
                    assert not morsel["domain"], line
                    self.cookies[name] = morsel.value
            return answer.status, await answer.json()

    async def set_up(self, link: str, password: str = PASSWORD) -> tuple[int, Any]:
        status, seen = await self.ask("POST", "/v1/desk/set-up/look", {"link": link})
        if status != 200:
            return status, seen
        padded = seen["secret"] + "=" * (-len(seen["secret"]) % 8)
        self.secret = base64.b32decode(padded)
        body = {"link": link, "password": password, "code": self.code()}
        return self._note(await self.ask("POST", "/v1/desk/set-up", body))

    async def sign_in(self, name: str, password: str = PASSWORD, code: str | None = None) -> tuple[int, Any]:
        """Sign in with the next code of the phone, half a minute later."""
        if code is None:
            self.clock.advance(ms=STEP_MS)
            code = self.code()
        body = {"name": name, "password": password, "code": code}
        return self._note(await self.ask("POST", "/v1/desk/sign-in", body))

    def code(self) -> str:
        return code_at(self.secret, self.clock.utc_ms() // STEP_MS)

    def _note(self, answer: tuple[int, Any]) -> tuple[int, Any]:
        if answer[0] == 200:
            self.csrf = answer[1]["csrf"]
        return answer


@dataclass
class DeskStage:
    sign_in: SignIn
    clock: ScriptedClock
    base: str
    session: aiohttp.ClientSession
    acted: list[str]

    def visitor(self, source: str = "198.51.100.7") -> Visitor:
        return Visitor(self.session, self.base, self.clock, source)

    async def admin(self, name: str = "anna") -> Visitor:
        visitor = self.visitor()
        status, answer = await visitor.set_up(self.sign_in.make_link(name))
        assert status == 200, answer
        return visitor


@contextlib.asynccontextmanager
async def desk_at(folder: Path, *, origin: str = "https://desk.example.org") -> AsyncIterator[DeskStage]:
    """A desk with one act to guard: it notes who acted."""
    clock = ScriptedClock()
    accounts = Accounts(folder / "admins.json")
    sign_in = SignIn(accounts, clock, memory_kib=LIGHT_KIB)
    app = DeskDoor(sign_in, Passkeys(accounts, clock, origin=origin), clock).app()
    acted: list[str] = []

    async def act(request: web.Request) -> web.Response:
        acted.append(the_actor().by)
        return json_response({})

    app.router.add_post("/v1/admin/acts", act)
    app.router.add_get("/v1/admin/units", act)
    async with (
        serve_tcp(app, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield DeskStage(sign_in, clock, f"http://127.0.0.1:{port}", session, acted)
