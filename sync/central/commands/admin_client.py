"""Ask the central that runs on this machine, through its admin socket.

Central alone holds its journal, so nothing can be corrected while it is stopped; one sentence says so."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from pitboard.doors.node_client import NodeClient, act_refused, decode
from pitboard.doors.session import UNIX_PREFIX
from pitboard.errors import LossCode, NoCentral, PeerLost

ANSWER_MAX_S = 30.0
ANSWER_MAX_BYTES = 64 * 1_024 * 1_024
"""Of the largest, the whole race's history; it comes from central's own socket."""
_REASONS = {
    LossCode.NOT_PERMITTED: "only central's own user may; try with sudo",
    LossCode.NO_ANSWER: "no answer in time; look with 'history' whether the act was done",
}
_NOT_RUNNING = "it is not running; start it, then try again"

Answer = TypeVar("Answer")


class AdminClient:
    """Calls one central; raises ActRefused with its sentence, NoCentral where nobody answers."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._client = NodeClient(f"{UNIX_PREFIX}{socket}", name="central")

    def ask(self, path: str, answer: type[Answer], **query: str) -> Answer:
        """Return the answer to a question."""
        return decode(self._call("GET", path, query=query), answer, peer="central")

    def do(self, act: msgspec.Struct, answer: type[Answer]) -> Answer:
        """Return what central says once the act is durable."""
        return self.post("/v1/admin/acts", act, answer)

    def post(self, path: str, request: msgspec.Struct | None, answer: type[Answer]) -> Answer:
        """Return the answer to a request that changes something."""
        body = b"{}" if request is None else msgspec.json.encode(request)
        return decode(self._call("POST", path, body=body), answer, peer="central")

    def _call(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: bytes | None = None
    ) -> bytes:
        try:
            answer = self._client.ask(
                method, path, body, query=query, within_s=ANSWER_MAX_S, max_bytes=ANSWER_MAX_BYTES
            )
        except PeerLost as error:
            reason = _REASONS.get(error.code, _NOT_RUNNING)
            raise NoCentral(socket=self._socket, code=error.code, reason=reason) from error
        if answer.status != 200:
            otherwise = f"Central answered with status {answer.status}; its log says why."
            raise act_refused(answer, otherwise=otherwise)
        return answer.body
