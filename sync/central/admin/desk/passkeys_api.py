"""Passkeys at the desk's door: signing in by one, and an account's own ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.clock import Clock
from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from sync.central.admin.desk.accounts import Account
from sync.central.admin.desk.desk_sign_in import SignIn
from sync.central.admin.desk.passkeys import Assertion, Attestation, Passkeys
from sync.central.admin.desk.sessions import Session

ASK, ENTER = "/v1/desk/passkey/ask", "/v1/desk/passkey/enter"
OWN = "/v1/desk/passkeys"
RECENT_MAX_NS = 600 * 1_000_000_000
"""After a sign-in: a session that was stolen later makes no key that outlives it."""


class EnterByPasskey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    credential: Assertion


class KeepPasskey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    label: Annotated[str, Meta(min_length=1, max_length=80)]
    credential: Attestation


class RemovePasskey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(max_length=4_096)]


class PasskeyView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    label: str
    made_utc_ms: int


class PasskeysView(msgspec.Struct, frozen=True, kw_only=True):
    passkeys: list[PasskeyView]


class PasskeysApi:
    """`session_of` knows who asks, `let_in` answers whoever signed in."""

    def __init__(
        self,
        sign_in: SignIn,
        passkeys: Passkeys,
        clock: Clock,
        *,
        session_of: Callable[[web.Request], Session | None],
        let_in: Callable[[web.Request, Account], web.Response],
    ) -> None:
        self._sign_in = sign_in
        self._passkeys = passkeys
        self._clock = clock
        self._session_of = session_of
        self._let_in = let_in

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(ASK, self._ask)
        app.router.add_post(ENTER, self._enter)
        app.router.add_get(OWN, self._list)
        app.router.add_post(f"{OWN}/ask", self._ask_new)
        app.router.add_post(f"{OWN}/keep", self._keep)
        app.router.add_post(f"{OWN}/remove", self._remove)

    async def _ask(self, request: web.Request) -> web.Response:
        await take_body(request)
        return web.Response(body=self._passkeys.ask(), content_type="application/json")

    async def _enter(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await take_body(request), type=EnterByPasskey)
        return self._let_in(request, self._passkeys.account_of(said.credential))

    async def _list(self, request: web.Request) -> web.Response:
        views = [
            PasskeyView(id=one.id, label=one.label, made_utc_ms=one.made_utc_ms)
            for one in self._account(request).passkeys
        ]
        return json_response(PasskeysView(passkeys=views))

    async def _ask_new(self, request: web.Request) -> web.Response:
        await take_body(request)
        account = self._account(request, is_recent=True)
        return web.Response(body=self._passkeys.ask_new(account), content_type="application/json")

    async def _keep(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await take_body(request), type=KeepPasskey)
        self._passkeys.keep_new(self._account(request, is_recent=True), said.label, said.credential)
        return await self._list(request)

    async def _remove(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await take_body(request), type=RemovePasskey)
        self._passkeys.remove(self._account(request), said.id)
        return await self._list(request)

    def _account(self, request: web.Request, *, is_recent: bool = False) -> Account:
        """Return the account that is signed in, by the guard's word."""
        session = self._session_of(request)
        account = None if session is None else self._sign_in.account(session.account)
        if session is None or account is None:
            raise ActRefused(code="unknown-account", reason="This account is gone; sign in again.")
        if is_recent and self._clock.mono_ns() - session.began_mono_ns > RECENT_MAX_NS:
            raise ActRefused(
                code="sign-in-again",
                reason="Sign out and in again first: a new passkey needs a fresh sign-in.",
            )
        return account
