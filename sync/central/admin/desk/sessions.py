"""Who is signed in: in central's memory only, so that a restart of central signs everybody out.

A browser holds a random token; here lies its digest."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sync.central.admin.desk.accounts import DeskRole

IDLE_MAX_NS = 2 * 3_600 * 1_000_000_000
LIFE_MAX_NS = 12 * 3_600 * 1_000_000_000
OF_ACCOUNT_MAX_COUNT = 16
TOKEN_BYTES = 32


@dataclass(slots=True, kw_only=True)
class Session:
    """`csrf` is what a page must show beside the cookie to change something."""

    account: str
    role: DeskRole
    csrf: str
    began_mono_ns: int
    seen_mono_ns: int


class Sessions:
    """Every session that is alive; the oldest of an account ends where it has too many."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def begin(self, account: str, role: DeskRole = "admin", *, now_mono_ns: int) -> tuple[str, Session]:
        """Return the token for the cookie, always a new one, and the session."""
        self._forget_old(now_mono_ns)
        own = [digest for digest, one in self._sessions.items() if one.account == account]
        for digest in own[: max(0, len(own) - OF_ACCOUNT_MAX_COUNT + 1)]:
            del self._sessions[digest]
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(
            account=account,
            role=role,
            csrf=secrets.token_urlsafe(TOKEN_BYTES),
            began_mono_ns=now_mono_ns,
            seen_mono_ns=now_mono_ns,
        )
        self._sessions[digest_of(token)] = session
        return token, session

    def of(self, token: str | None, *, now_mono_ns: int) -> Session | None:
        """Return the living session of this token, and note that it was seen."""
        if token is None:
            return None
        session = self._sessions.get(digest_of(token))
        if session is None or not _lives(session, now_mono_ns):
            return None
        session.seen_mono_ns = now_mono_ns
        return session

    def end(self, token: str | None) -> None:
        self._sessions.pop(digest_of(token or ""), None)

    def end_all(self, account: str) -> None:
        self._sessions = {key: one for key, one in self._sessions.items() if one.account != account}

    def _forget_old(self, now_mono_ns: int) -> None:
        self._sessions = {key: one for key, one in self._sessions.items() if _lives(one, now_mono_ns)}


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _lives(session: Session, now_mono_ns: int) -> bool:
    return (
        now_mono_ns - session.seen_mono_ns < IDLE_MAX_NS and now_mono_ns - session.began_mono_ns < LIFE_MAX_NS
    )
