"""How an ask gets from the public door to the admin's part: by a box in one process, else over a Unix socket.

The public door holds a box or a relay, so it can hand on an ask and never write anything else."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import web

from pitboard.clock import Clock, happened
from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import CallRefused
from sync.central.joining.join_calls import JoinAnswer, JoinAsk

log = logging.getLogger(__name__)

LETTERS_MAX_COUNT = 64
ANSWER_MAX_S = 8.0
LINK_KEPT_NS = 5_000_000_000
JOIN_PATH, LINK_PATH = "/v1/join", "/v1/join/link"

_ask_decoder = msgspec.json.Decoder(JoinAsk)
_answer_decoder = msgspec.json.Decoder(JoinAnswer)


class _Link(msgspec.Struct, frozen=True):
    is_linked: bool


class _Refused(msgspec.Struct, frozen=True):
    error: str
    detail: str = ""
    retry_after_ms: int | None = None


_link_decoder = msgspec.json.Decoder(_Link)
_refused_decoder = msgspec.json.Decoder(_Refused)


@dataclass(slots=True)
class Letter:
    """An ask, and what becomes of it."""

    ask: JoinAsk
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    outcome: JoinAnswer | CallRefused | None = None

    def answer(self, answer: JoinAnswer) -> None:
        self.outcome = answer
        self.answered.set()

    def refuse(self, error: CallRefused) -> None:
        self.outcome = error
        self.answered.set()


class JoinBox:
    """Asks on their way to the desk of this process; beyond the bound a phone is told to come back."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque()
        self._arrived = asyncio.Event()
        self.linked = False

    async def ask(self, ask: JoinAsk) -> JoinAnswer:
        """Return the desk's answer. Raises CallRefused."""
        if len(self._letters) >= LETTERS_MAX_COUNT:
            raise _busy()
        letter = Letter(ask)
        self._letters.append(letter)
        self._arrived.set()
        await happened(letter.answered, ANSWER_MAX_S)
        if isinstance(letter.outcome, CallRefused):
            raise letter.outcome
        if letter.outcome is None:
            raise _busy()
        return letter.outcome

    async def is_linked(self) -> bool:
        return self.linked

    async def next_letter(self, wait_s: float) -> Letter | None:
        """Return the letter that came first, None where none comes within so long."""
        if not self._letters:
            self._arrived.clear()
            await happened(self._arrived, wait_s)
        return self._letters.popleft() if self._letters else None

    def add_to_ingest(self, app: web.Application) -> None:
        """Take what the doors of other processes hand on."""
        app.router.add_post(JOIN_PATH, self._take)
        app.router.add_get(LINK_PATH, self._tell)

    async def _take(self, request: web.Request) -> web.Response:
        return json_response(await self.ask(_ask_decoder.decode(await take_body(request))))

    async def _tell(self, request: web.Request) -> web.Response:
        return json_response(_Link(self.linked))


class JoinRelay:
    """Hands asks on to the admin's process at its Unix socket."""

    def __init__(self, socket: Path, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._link = (False, -LINK_KEPT_NS)

    async def ask(self, ask: JoinAsk) -> JoinAnswer:
        """Return the desk's answer. Raises CallRefused."""
        status, body = await self._call("POST", JOIN_PATH, msgspec.json.encode(ask))
        if status != web.HTTPOk.status_code:
            refused = _refused_decoder.decode(body)
            raise CallRefused(
                refused.error, refused.detail, status=status, retry_after_ms=refused.retry_after_ms
            )
        return _answer_decoder.decode(body)

    async def is_linked(self) -> bool:
        is_linked, asked_mono_ns = self._link
        now_mono_ns = self._clock.mono_ns()
        if now_mono_ns - asked_mono_ns < LINK_KEPT_NS:
            return is_linked
        try:
            status, body = await self._call("GET", LINK_PATH)
            is_linked = status == web.HTTPOk.status_code and _link_decoder.decode(body).is_linked
        except CallRefused:
            is_linked = False
        self._link = (is_linked, now_mono_ns)
        return is_linked

    async def _call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        try:
            async with (
                aiohttp.ClientSession(
                    connector=aiohttp.UnixConnector(str(self._socket)),
                    timeout=aiohttp.ClientTimeout(total=ANSWER_MAX_S + 2),
                ) as session,
                session.request(method, f"http://admin{path}", data=body) as answer,
            ):
                return answer.status, await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("admin's process does not answer: socket=%s reason=%s", self._socket, error)
            raise _busy() from error


def _busy() -> CallRefused:
    return CallRefused(
        "busy", "Central has no time just now. Try again in a minute.", status=503, retry_after_ms=5_000
    )
