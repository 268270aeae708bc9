"""Whether an answer was made just now by a node of this event, or is an old one, or a stranger's.

The asker sends a nonce of its own; the answering node signs it together with what it says it has. So nobody
can replay yesterday's answer, and nobody who passes answers on can hide that there was more."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import Enum

import msgspec

from pitboard.journal.roster import Roster
from pitboard.trust.identity import Identity, signature_holds
from sync.exchanging.exchange import Proof, SyncResponse

ANSWER_DOMAIN = b"pitboard answer 1\0"


class Standing(Enum):
    """Who answered."""

    PROVEN = "proven"
    UNPROVEN = "unproven"  # no signature, or not of this nonce
    STRANGER = "stranger"  # signed now, by a key that nobody enrolled
    REVOKED = "revoked"


def prove(identity: Identity, nonce: str, have: Mapping[str, int]) -> Proof:
    """Return the proof that this node has this now."""
    signature = identity.sign(_message(nonce, have), domain=ANSWER_DOMAIN)
    return Proof(key=identity.key, signature=signature.hex())


def judge(response: SyncResponse, nonce: str, roster: Roster) -> Standing:
    """Return who made this answer to the question with this nonce."""
    proof = response.proof
    if proof is None or not signature_holds(
        proof.key, _message(nonce, response.have), bytes.fromhex(proof.signature), domain=ANSWER_DOMAIN
    ):
        return Standing.UNPROVEN
    return standing_of(proof.key, roster)


def standing_of(key: str, roster: Roster) -> Standing:
    """Return what a key counts as that was proven."""
    if key == roster.root_key or key in roster.enrolled():
        return Standing.PROVEN
    return Standing.REVOKED if roster.is_revoked(key) else Standing.STRANGER


def _message(nonce: str, have: Mapping[str, int]) -> bytes:
    heads = hashlib.sha256(msgspec.json.encode(sorted(have.items()))).digest()
    return bytes.fromhex(nonce) + heads
