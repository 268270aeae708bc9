"""How every client of ours asks a node: no redirections, nothing packed, bounded in bytes and in time.

Whoever answers may be a stranger: what comes is read in pieces up to the bound that the call names, and one
deadline holds for the whole answer, after which the socket is closed."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from pitboard.doors.door_proof import CHALLENGE_HEADER, PROOF_HEADER, REFUSED_STATUSES, DoorPass
from pitboard.doors.losses import AnswerRefused, loss_code_of
from pitboard.doors.session import open_session
from pitboard.errors import NOT_UNDERSTOOD, ActRefused, LossCode, PeerBusy, PeerLost

CONNECT_MAX_S = 3.0
SMALL_ANSWER_MAX_BYTES = 64 * 1_024
"""Of a refusal, and of any answer that a call expects to be short."""
REFUSAL_MAX_BYTES = 4 * 1_024
_PIECE_BYTES = 64 * 1_024
_RETRY_AFTER_MAX_MS = 15_000
_RETRY_AFTER_MS = 1_000
CALL_HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}

Value = TypeVar("Value")


class Refused(msgspec.Struct, frozen=True):
    """The form of every refusal of our doors."""

    error: str = "not-understood"
    detail: str = ""
    fields: dict[str, str | int] = {}
    retry_after_ms: int = _RETRY_AFTER_MS


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node said; `body` is complete."""

    status: int
    body: bytes

    def refused(self) -> Refused | None:
        """Return the refusal that the body is, None where it is none of ours."""
        return decode_refused(self.body)


class NodeClient:
    """Asks the node at `base_url` (https://…, or unix:PATH), which people call `name`.

    `pin` as in `open_session`; `auth` proves us at its door. Blocks; one thread at a time.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str | None = None,
        pin: str | None = None,
        auth: DoorPass | None = None,
    ) -> None:
        self.name = name or base_url
        self._session = open_session(base_url, pin=pin)
        self._auth = auth

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        within_s: float,
        max_bytes: int,
        query: dict[str, str] | None = None,
    ) -> Answer:
        """Return the answer, whatever its status; raises PeerLost where none came that may be used."""
        if query:
            path = f"{path}?{urlencode(query)}"
        try:
            with self._session.asking():
                return _read(self._answered(method, path, body, within_s), max_bytes)
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise PeerLost(peer=self.name, code=loss_code_of(error)) from error

    def _answered(
        self, method: str, path: str, body: bytes | None, within_s: float
    ) -> http.client.HTTPResponse:
        """Return the answer; a call that was refused before we could prove anything is made once more."""
        while True:
            proof = None if self._auth is None else self._auth.proof
            response = self._session.ask(
                method,
                path,
                body,
                headers=CALL_HEADERS if proof is None else CALL_HEADERS | {PROOF_HEADER: proof},
                connect_s=min(CONNECT_MAX_S, within_s),
                within_s=within_s,
            )
            challenge = response.getheader(CHALLENGE_HEADER, "")
            can_prove = self._auth is not None and self._auth.answer(challenge, self._session.fingerprint)
            if proof is not None or not can_prove or response.status not in REFUSED_STATUSES:
                return response
            if response.length is None or response.length > REFUSAL_MAX_BYTES:
                self._session.hang_up()  # unread: whoever answers so may answer without end
            else:
                response.read()  # another connection would cost another handshake, and those are counted

    def call(
        self, method: str, path: str, body: bytes | None = None, *, within_s: float, max_bytes: int
    ) -> bytes:
        """Return the body of a good answer; raises PeerBusy where it asks for patience, PeerLost else."""
        answer = self.ask(method, path, body, within_s=within_s, max_bytes=max_bytes)
        if answer.status in (429, 503):
            raise PeerBusy(peer=self.name, retry_after_ms=retry_after_ms(answer))
        if answer.status != 200:
            raise status_lost(self.name, answer.status)
        return answer.body

    def close(self) -> None:
        self._session.close()


def _read(response: http.client.HTTPResponse, max_bytes: int) -> Answer:
    if 300 <= response.status < 400:
        raise AnswerRefused(LossCode.REDIRECTS)
    if response.getheader("Content-Encoding", "identity").strip().lower() != "identity":
        raise AnswerRefused(LossCode.ENCODED)
    if len(set(response.headers.get_all("Content-Length", ()))) > 1:
        raise AnswerRefused(LossCode.FAILED)
    pieces: list[bytes] = []
    left = max_bytes
    while piece := response.read(min(_PIECE_BYTES, left + 1)):
        left -= len(piece)
        if left < 0:
            raise AnswerRefused(LossCode.TOO_LONG)
        pieces.append(piece)
    if response.length:
        raise AnswerRefused(LossCode.BROKEN)  # it promised more
    return Answer(response.status, b"".join(pieces))


def status_lost(peer: str, status: int) -> PeerLost:
    """Return the loss for an answer with this status."""
    return PeerLost(peer=peer, code=LossCode.STATUS, reason=f"it answered with status {status}")


def decode(answer: bytes, kind: type[Value], *, peer: str) -> Value:
    """Return the answer as a value; raises PeerLost where it is not one."""
    try:
        return msgspec.json.decode(answer, type=kind)
    except NOT_UNDERSTOOD as error:
        reason = f"its answer is not understood ({error})"
        raise PeerLost(peer=peer, code=LossCode.NOT_UNDERSTOOD, reason=reason) from error


def decode_refused(body: bytes) -> Refused | None:
    """Return the refusal in the body, None where there is none."""
    try:
        return msgspec.json.decode(body, type=Refused)
    except NOT_UNDERSTOOD:
        return None


def act_refused(answer: Answer, *, otherwise: str) -> ActRefused:
    """Return the node's refusal with its own sentence, or `otherwise` where it said none."""
    said = answer.refused()
    if said is None or not said.detail:
        return ActRefused(code="not-understood", reason=otherwise)
    return ActRefused(code=said.error, reason=said.detail, fields=said.fields)


def retry_after_ms(answer: Answer) -> int:
    """Return how long the node asks us to wait, within reason."""
    said = answer.refused()
    return max(0, min(_RETRY_AFTER_MAX_MS, _RETRY_AFTER_MS if said is None else said.retry_after_ms))
