"""The rules of signing in: one-time links that make an admin, and guesses that cost time.

Nobody can be kept out for ever by somebody who guesses: a browser that signed in before has a count of its
own, and the terminal of central's machine can always make a new link."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import msgspec

from pitboard.clock import Clock
from pitboard.doors.caller import busy
from pitboard.doors.door_limits import Rate, TokenBuckets
from pitboard.errors import ActRefused, CallRefused
from sync.central.admin.desk.accounts import DEVICES_MAX_COUNT, Account, Accounts, DeskRole
from sync.central.admin.desk.password import (
    MEMORY_KIB,
    PASSWORD_MAX_LENGTH,
    PASSWORD_MIN_LENGTH,
    PasswordHash,
    hash_password,
)
from sync.central.admin.desk.sessions import TOKEN_BYTES, digest_of
from sync.central.admin.desk.totp import new_secret, step_of

TRIES_OF_SOURCE = Rate(per_s=1 / 60, burst=8)
TRIES_OF_STRANGERS = Rate(per_s=0.5, burst=60)
TRIES_OF_ACCOUNT = Rate(per_s=1 / 60, burst=12)
TRIES_OF_DEVICE = Rate(per_s=1 / 20, burst=10)
"""A browser that signed in before is counted by itself alone: strangers cannot use up its tries."""
WAITING_MAX_COUNT = 8
LINK_LIFE_NS = 1_800 * 1_000_000_000
LINKS_MAX_COUNT = 8
_NO_BOUND = Rate(per_s=1e9, burst=10**9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way to set up one account, good once; `totp_secret` is what the page shows for the phone's app."""

    account: str
    role: DeskRole
    totp_secret: bytes
    made_mono_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Somebody is in; the browser keeps `device` to be known the next time."""

    account: str
    role: DeskRole
    device: str


class SignIn:
    """Weighs names, passwords and codes; `memory_kib` is what a password costs to check."""

    def __init__(self, accounts: Accounts, clock: Clock, *, memory_kib: int = MEMORY_KIB) -> None:
        self._accounts = accounts
        self._clock = clock
        self._memory_kib = memory_kib
        self._links: dict[str, Link] = {}
        self._strangers = TokenBuckets(TRIES_OF_SOURCE, TRIES_OF_STRANGERS)
        self._of_account = TokenBuckets(TRIES_OF_ACCOUNT, _NO_BOUND)
        self._of_device = TokenBuckets(TRIES_OF_DEVICE, _NO_BOUND)
        self._checking = {True: asyncio.Lock(), False: asyncio.Lock()}
        self._waiting = {True: 0, False: 0}
        self._nobody = hash_password(secrets.token_hex(16), memory_kib=memory_kib)

    # Links

    def make_link(self, account: str, role: DeskRole = "admin") -> str:
        """Return the token of a new link, the account's only one."""
        now = self._clock.mono_ns()
        links = {
            key: one
            for key, one in self._links.items()
            if one.account != account and now - one.made_mono_ns < LINK_LIFE_NS
        }
        if len(links) >= LINKS_MAX_COUNT:
            raise ActRefused(code="too-many-links", reason="Too many links are out; wait half an hour.")
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._links = {
            **links,
            digest_of(token): Link(account=account, role=role, totp_secret=new_secret(), made_mono_ns=now),
        }
        return token

    def link(self, token: str, source: str) -> Link:
        """Return the link of this token; raises ActRefused, and CallRefused for who guesses."""
        now = self._clock.mono_ns()
        if self._strangers.wait_ms(source, now_mono_ns=now) is not None:
            raise _too_often(self._strangers.wait_ms(source, now_mono_ns=now))
        link = self._links.get(digest_of(token))
        if link is None or now - link.made_mono_ns >= LINK_LIFE_NS:
            self._strangers.charge(source, now_mono_ns=now, cost=1)
            raise ActRefused(
                code="bad-link",
                reason="This link was used or is too old; make a new one with 'pitboard central admin-link'.",
            )
        return link

    async def set_up(self, token: str, password: str, code: str, source: str) -> Entered:
        """Make the account, or make it anew, use up the link, and let its owner in."""
        link = self.link(token, source)
        if not PASSWORD_MIN_LENGTH <= len(password) <= PASSWORD_MAX_LENGTH:
            raise ActRefused(
                code="bad-password",
                reason=f"A password has {PASSWORD_MIN_LENGTH} to {PASSWORD_MAX_LENGTH} characters.",
            )
        step = step_of(link.totp_secret, _digits(code), utc_ms=self._clock.utc_ms(), after=0)
        if step is None:
            self._strangers.charge(source, now_mono_ns=self._clock.mono_ns(), cost=1)
            raise ActRefused(
                code="wrong-code",
                reason="This is not the code that the app shows now. Look at the clocks of phone and server.",
            )
        del self._links[digest_of(token)]  # before the wait: it is good once
        hashed = await asyncio.to_thread(hash_password, password, memory_kib=self._memory_kib)
        device = secrets.token_urlsafe(TOKEN_BYTES)
        self._accounts.keep(
            Account(
                name=link.account,
                password=hashed,
                totp_secret=link.totp_secret.hex(),
                role=link.role,
                last_step=step,
                devices=(digest_of(device),),
            )
        )
        return Entered(account=link.account, role=link.role, device=device)

    # Signing in

    async def enter(self, name: str, password: str, code: str, *, source: str, device: str | None) -> Entered:
        """Let somebody in; raises ActRefused with one sentence whatever was wrong, CallRefused to wait."""
        account = self._accounts.get(name)
        known = None if account is None or device is None else digest_of(device)
        is_known = account is not None and known in account.devices
        self._take_a_try(name, source, known if is_known and known is not None else None)
        kept = self._nobody if account is None else account.password
        fits = await self._fits(kept, password[:PASSWORD_MAX_LENGTH], is_known=is_known)
        account = self._accounts.get(name)  # it may have been made anew while we waited
        if account is None or not fits or account.password != kept:
            raise _wrong()
        secret = bytes.fromhex(account.totp_secret)
        step = step_of(secret, _digits(code), utc_ms=self._clock.utc_ms(), after=account.last_step)
        if step is None:
            raise _wrong()
        return self.entered(msgspec.structs.replace(account, last_step=step), device)

    def account(self, name: str) -> Account | None:
        return self._accounts.get(name)

    def entered(self, account: Account, device: str | None) -> Entered:
        """Keep the account as it is after a sign-in, with the browser among those that it knows."""
        known = None if device is None else digest_of(device)
        new_device = secrets.token_urlsafe(TOKEN_BYTES)
        devices = (*(one for one in account.devices if one != known), digest_of(new_device))
        self._accounts.keep(msgspec.structs.replace(account, devices=devices[-DEVICES_MAX_COUNT:]))
        return Entered(account=account.name, role=account.role, device=new_device)

    def _take_a_try(self, name: str, source: str, known: str | None) -> None:
        """Count the try before anything is weighed, so that many at once are no way round."""
        now = self._clock.mono_ns()
        if known is not None:
            wait_ms = self._of_device.take(known, now_mono_ns=now)
        else:
            wait_ms = self._strangers.take(source, now_mono_ns=now)
            if wait_ms is None:
                wait_ms = self._of_account.take(name, now_mono_ns=now)
        if wait_ms is not None:
            raise _too_often(wait_ms)

    async def _fits(self, kept: PasswordHash, password: str, *, is_known: bool) -> bool:
        """Weigh one password at a time, of strangers and of known browsers: each takes memory."""
        if self._waiting[is_known] >= WAITING_MAX_COUNT:
            raise busy()
        self._waiting[is_known] += 1
        try:
            async with self._checking[is_known]:
                return await asyncio.to_thread(kept.fits, password)
        finally:
            self._waiting[is_known] -= 1


def _digits(code: str) -> str:
    return "".join(code.split())


def _wrong() -> ActRefused:
    return ActRefused(
        code="wrong-sign-in",
        reason="Name, password or code is wrong. Each code is good once; wait for the next one.",
    )


def _too_often(wait_ms: int | None) -> CallRefused:
    wait_s = -(-(wait_ms or 1_000) // 1_000)
    return CallRefused(
        "too-often",
        f"Too many tries; wait {wait_s} s. On central's machine 'pitboard central admin-link' always helps.",
        status=429,
        retry_after_ms=wait_ms,
    )
