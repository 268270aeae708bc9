"""A node reached by HTTP, through requests in a thread of its own.

The thread is a daemon: a program that stops does not wait for a long poll to end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

import msgspec
import requests

from pitboard.doors.session import open_session
from pitboard.errors import PeerBusy, PeerLost
from sync.exchanging.exchange import SyncRequest, SyncResponse

CONNECT_MAX_S = 3.0
ANSWER_MARGIN_S = 5.0
_HEADERS = {"Content-Type": "application/json"}

Answer = TypeVar("Answer")


class RequestsPeer:
    """Asks the node at `base_url` (https://…, or unix:PATH for this unit's own API).

    `pin` says which certificate to accept, as in `open_session`.
    """

    def __init__(self, base_url: str, *, name: str | None = None, pin: str | None = None) -> None:
        self.name = name or base_url
        self._session, self._base = open_session(base_url, pin=pin)

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the node's answer; raises PeerLost, or PeerBusy when it asks for patience."""
        answer = await self.call("POST", "/v1/sync", msgspec.json.encode(request), wait_ms=request.wait_ms)
        try:
            return msgspec.json.decode(answer, type=SyncResponse)
        except msgspec.MsgspecError as error:
            raise PeerLost(peer=self.name, reason=f"its answer is not understood ({error})") from error

    async def call(self, method: str, path: str, body: bytes | None = None, *, wait_ms: int = 0) -> bytes:
        """Return the body of the node's answer; raises like `sync`. `wait_ms` is what the node may take."""
        return await in_daemon_thread(lambda: self._call(method, path, body, wait_ms / 1_000))

    def _call(self, method: str, path: str, body: bytes | None, wait_s: float) -> bytes:
        try:
            response = self._session.request(
                method,
                f"{self._base}{path}",
                data=body,
                headers=_HEADERS,
                timeout=(CONNECT_MAX_S, wait_s + ANSWER_MARGIN_S),
            )
        except (requests.RequestException, OSError) as error:
            raise PeerLost(peer=self.name, reason=plain_reason(error)) from error
        if response.status_code in (429, 503):
            raise PeerBusy(peer=self.name, retry_after_ms=_retry_after_ms(response))
        if response.status_code != 200:
            raise PeerLost(peer=self.name, reason=f"it answered with status {response.status_code}")
        return response.content

    def close(self) -> None:
        self._session.close()


def _retry_after_ms(response: requests.Response) -> int:
    try:
        return max(0, min(15_000, int(response.json()["retry_after_ms"])))
    except (ValueError, KeyError, TypeError):
        return 1_000


def plain_reason(error: Exception) -> str:
    """Return why a request failed, in a few words and without the library's nesting."""
    text = str(error)
    for sign, reason in (
        ("Fingerprints did not match", "another certificate than the one it was enrolled with answers there"),
        ("CERTIFICATE_VERIFY_FAILED", "nobody vouches for its certificate; name its fingerprint"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS"),
        ("refused", "nothing answers there"),
        ("No such file", "it is not running"),
        ("timed out", "no answer in time"),
        ("Name or service not known", "the name is not known"),
        ("unreachable", "no network"),
        ("aborted", "the connection broke"),
        ("reset", "the connection broke"),
    ):
        if sign in text:
            return reason
    return text.rsplit(":", 1)[-1].strip(" ')\"") or type(error).__name__


async def in_daemon_thread(function: Callable[[], Answer]) -> Answer:
    """Run `function` in a new daemon thread and return what it returns or raise what it raises."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Answer] = loop.create_future()

    def settle(result: Answer | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        outcome: tuple[Answer | None, BaseException | None]
        try:
            outcome = (function(), None)
        except BaseException as error:  # handed to the caller, not swallowed
            outcome = (None, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name="peer call", daemon=True).start()
    return await future
