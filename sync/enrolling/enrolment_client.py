"""A node's side of its enrolment: reach the central that the token names, no other, and tell it our key."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from pitboard.doors.losses import loss_code_of
from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, NodeClient, act_refused, decode
from pitboard.doors.session import client_context
from pitboard.errors import ActRefused, PeerLost
from pitboard.trust.certificate import fingerprint_of
from pitboard.trust.identity import Identity
from sync.enrolling.enrolment_words import (
    CLAIM_PATH,
    ENROLMENT_DOMAIN,
    NO_KEY,
    REVEAL_PATH,
    WAIT_MAX_MS,
    Claim,
    EnrolmentToken,
    Outcome,
    Reveal,
    Role,
    Welcome,
    claim_message,
    commitment_to,
    enrolment_code,
    new_nonce,
)

CONNECT_MAX_S = 5.0
ANSWER_MAX_S = WAIT_MAX_MS / 1_000 + 5.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduced:
    """Central told us what it is; people compare `code` on both screens before it counts."""

    central: str
    fingerprint: str
    welcome: Welcome
    code: str


class EnrolmentClient:
    """One try with one token; raises ActRefused with central's sentence, PeerLost when it is not reached.

    A display without an `identity`, as those of older versions are, shares what room strangers have.
    """

    def __init__(
        self, central: str, token: EnrolmentToken, identity: Identity | None, *, role: Role = "unit"
    ) -> None:
        self._central = central.rstrip("/")
        self._token = token
        self._identity = identity
        self._role: Role = "display" if identity is None else role
        self._nonce = new_nonce()
        self._client: NodeClient | None = None

    def introduce(self) -> Introduced:
        """Spend the token."""
        fingerprint = shown_fingerprint(self._central)
        if not self._token.is_for(fingerprint):
            raise ActRefused(
                code="another-central",
                reason=f"{self._central} is not the central that made this token; check address and network.",
            )
        self._client = NodeClient(self._central, pin=fingerprint)
        welcome = self._call(CLAIM_PATH, self._claim(fingerprint), Welcome)
        code = enrolment_code(
            key=NO_KEY if self._identity is None else self._identity.key,
            event_key=welcome.event_key,
            fingerprint=fingerprint,
            central_nonce=welcome.nonce,
            node_nonce=self._nonce,
        )
        self.outcome(wait_ms=0)  # tells our nonce, so that central can show the digits too
        return Introduced(central=self._central, fingerprint=fingerprint, welcome=welcome, code=code)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def outcome(self, *, wait_ms: int = WAIT_MAX_MS, is_refused: bool = False) -> Outcome:
        """Return how the enrolment stands; `is_refused` ends it from this side."""
        reveal = Reveal(secret=self._token.secret, nonce=self._nonce, wait_ms=wait_ms, is_refused=is_refused)
        return self._call(REVEAL_PATH, reveal, Outcome)

    def _claim(self, fingerprint: str) -> Claim:
        commitment = commitment_to(self._nonce)
        if self._identity is None:
            return Claim(secret=self._token.secret, role=self._role, commitment=commitment)
        message = claim_message(secret=self._token.secret, commitment=commitment, fingerprint=fingerprint)
        return Claim(
            secret=self._token.secret,
            role=self._role,
            commitment=commitment,
            key=self._identity.key,
            signature=self._identity.sign(message, domain=ENROLMENT_DOMAIN).hex(),
        )

    def _call(self, path: str, message: msgspec.Struct, answer: type[Answer]) -> Answer:
        assert self._client is not None, "introduce comes first"
        said = self._client.ask(
            "POST",
            path,
            msgspec.json.encode(message),
            within_s=ANSWER_MAX_S,
            max_bytes=SMALL_ANSWER_MAX_BYTES,
        )
        if said.status != 200:
            raise act_refused(said, otherwise=f"Central answered with status {said.status}.")
        return decode(said.body, answer, peer=self._central)


def shown_fingerprint(central: str) -> str:
    """Return the fingerprint of the certificate that is shown at this address; nothing is told there yet."""
    parts = urlsplit(central)
    if parts.scheme != "https" or parts.hostname is None:
        raise ActRefused(
            code="bad-address", reason="Central's address begins with https://, then host and port."
        )
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), CONNECT_MAX_S) as connection,
            client_context().wrap_socket(connection, server_hostname=parts.hostname) as tls,
        ):
            return fingerprint_of(tls.getpeercert(binary_form=True) or b"")
    except (OSError, ssl.SSLError) as error:
        raise PeerLost(peer=central, code=loss_code_of(error)) from error
