"""Whether an answer was made just now by a node of this event, or is an old one, or a stranger's.

The asker sends a nonce of its own; the answering node signs it together with what it says it has. So nobody
can replay yesterday's answer, and nobody who passes answers on can hide that there was more. Proof comes
before records: those of an answer without one are never unpacked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from enum import Enum

import msgspec

from pitboard.journal.folding.roster import Roster
from pitboard.trust.identity import Identity, signature_holds
from sync.exchanging.exchange import Peer, Proof, SyncRequest, SyncResponse

ANSWER_DOMAIN = b"pitboard answer 1\0"


class Answerer(Enum):
    """Who answered."""

    PROVEN = "proven"
    UNPROVEN = "unproven"  # no signature, or not of this nonce
    STRANGER = "stranger"  # signed now, by a key that nobody enrolled
    REVOKED = "revoked"


def prove(identity: Identity, nonce: str, have: Mapping[str, int]) -> Proof:
    """Return the proof that this node has this now."""
    signature = identity.sign(_message(nonce, have), domain=ANSWER_DOMAIN)
    return Proof(key=identity.key, signature=signature.hex())


def judge(response: SyncResponse, nonce: str, roster: Roster) -> Answerer:
    """Return who made this answer to the question with this nonce."""
    proof = response.proof
    if proof is None or not is_signed_by(response, nonce, proof.key):
        return Answerer.UNPROVEN
    return answerer_of(proof.key, roster)


def is_signed_by(response: SyncResponse, nonce: str, key: str) -> bool:
    """Return whether who holds this key made the answer to the question with this nonce."""
    proof = response.proof
    return (
        proof is not None
        and proof.key == key
        and signature_holds(
            key, _message(nonce, response.have), bytes.fromhex(proof.signature), domain=ANSWER_DOMAIN
        )
    )


def answerer_of(key: str, roster: Roster) -> Answerer:
    """Return what a key counts as that was proven."""
    if key == roster.root_key or key in roster.enrolled():
        return Answerer.PROVEN
    return Answerer.REVOKED if roster.is_revoked(key) else Answerer.STRANGER


def _message(nonce: str, have: Mapping[str, int]) -> bytes:
    heads = hashlib.sha256(msgspec.json.encode(sorted(have.items()))).digest()
    return bytes.fromhex(nonce) + heads


NONCE_BYTES = 16
SMALL_ANSWER_COUNT = 100
WITHHELD_MAX_COUNT = 3


class FreshPeer:
    """Wraps one peer; `roster` gives who is enrolled as far as we know now."""

    def __init__(
        self, peer: Peer, *, roster: Callable[[], Roster], on_answerer: Callable[[Answerer], None]
    ) -> None:
        self.name = peer.name
        self._peer = peer
        self._roster = roster
        self._on_answerer = on_answerer
        self._unknown_key: str | None = None
        self._withheld_count = 0
        self.proven_key: str | None = None
        """Who answered last, where that is proven."""

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the peer's answer, judged; raises like the peer.

        Of an answer that nobody signed now there are no records. A stranger's are handed out: they may hold
        its enrolment, which proves itself.
        """
        self._look_again()
        nonce = secrets.token_hex(NONCE_BYTES)
        response = await self._peer.sync(msgspec.structs.replace(request, nonce=nonce))
        answerer = judge(response, nonce, self._roster())
        if answerer == Answerer.PROVEN and self._withholds(request.have, response):
            answerer = Answerer.UNPROVEN  # it hands out nothing anyway
        is_proven = answerer == Answerer.PROVEN and response.proof is not None
        self.proven_key = response.proof.key if is_proven and response.proof is not None else None
        if answerer == Answerer.STRANGER and response.proof is not None:
            self._unknown_key = response.proof.key
        self._on_answerer(answerer)
        if answerer == Answerer.UNPROVEN:
            return msgspec.structs.replace(response, records=())
        return response

    def _look_again(self) -> None:
        """Believe the last answer after all, if what it brought enrolled its writer: so a new node begins."""
        key, self._unknown_key = self._unknown_key, None
        if key is not None and answerer_of(key, self._roster()) == Answerer.PROVEN:
            self._on_answerer(Answerer.PROVEN)

    def _withholds(self, have: Mapping[str, int] | None, response: SyncResponse) -> bool:
        """Return whether, time and again, there is more than is handed out: somebody between us keeps it."""
        if have is None or len(response.records) >= SMALL_ANSWER_COUNT:
            return False
        if response.records or all(have.get(stream, 0) >= head for stream, head in response.have.items()):
            self._withheld_count = 0
            return False
        self._withheld_count += 1  # once is chance: news may come between the records and the heads
        return self._withheld_count >= WITHHELD_MAX_COUNT
