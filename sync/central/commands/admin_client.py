"""Ask the central that runs on this machine, through its admin socket.

Central alone holds its journal, so nothing can be corrected while it is stopped; one sentence says so."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec
import requests

from pitboard.doors.session import UNIX_PREFIX, open_session
from pitboard.errors import ActRefused, PeerLost

ANSWER_MAX_S = 30.0

Answer = TypeVar("Answer")


class NoCentral(PeerLost):
    """Nobody answers at the admin socket."""

    def __init__(self, *, socket: Path, reason: str) -> None:
        super().__init__(peer="central", reason=reason)
        self.args = (f"central cannot be asked at {socket}: {reason}",)


class AdminClient:
    """Calls one central; raises ActRefused with its sentence, NoCentral where nobody answers."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._session, self._base = open_session(f"{UNIX_PREFIX}{socket}")

    def ask(self, path: str, answer: type[Answer], **query: str) -> Answer:
        """Return the answer to a question."""
        return msgspec.json.decode(self._call("GET", path, query=query), type=answer)

    def do(self, act: msgspec.Struct, answer: type[Answer]) -> Answer:
        """Return what central says once the act is durable."""
        return self.post("/v1/admin/acts", act, answer)

    def post(self, path: str, request: msgspec.Struct | None, answer: type[Answer]) -> Answer:
        """Return the answer to a request that changes something."""
        body = b"{}" if request is None else msgspec.json.encode(request)
        return msgspec.json.decode(self._call("POST", path, body=body), type=answer)

    def _call(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: bytes | None = None
    ) -> bytes:
        try:
            response = self._session.request(
                method, f"{self._base}{path}", params=query, data=body, timeout=ANSWER_MAX_S
            )
        except (requests.RequestException, OSError) as error:
            raise NoCentral(socket=self._socket, reason=_plain_reason(error)) from error
        if response.status_code != 200:
            raise _refused(response)
        return response.content


def _refused(response: requests.Response) -> ActRefused:
    try:
        answer = response.json()
        return ActRefused(code=str(answer["error"]), reason=str(answer["detail"]))
    except (ValueError, KeyError, TypeError):
        reason = f"Central answered with status {response.status_code}; its log says why."
        return ActRefused(code="not-understood", reason=reason)


def _plain_reason(error: Exception) -> str:
    text = str(error)
    if "Permission" in text:
        return "only central's own user may; try with sudo"
    if "timed out" in text:
        return "no answer in time; look with 'history' whether the act was done"
    return "it is not running; start it, then try again"
