"""Who calls at a door: a node proves with its key that it is the one, and is then served before strangers.

Each answer to a caller without a fresh proof carries a challenge. The caller signs it together with the
fingerprint of the certificate that it sees there, so that a box between us cannot use the proof elsewhere,
and sends the proof with each further call. A proof opens nothing that is closed to others; it gives room."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable

from pitboard.trust.identity import Identity, signature_holds

CHALLENGE_HEADER = "Pitboard-Challenge"
PROOF_HEADER = "Pitboard-Proof"
DOOR_DOMAIN = b"pitboard door 1\0"
NO_CERTIFICATE = "0" * 64
"""Stands for the fingerprint where a door on this machine speaks no TLS."""
CHALLENGE_LIFE_S = 600
RENEWED_AFTER_S = 300
PROOFS_MAX_COUNT = 1_024

_CHALLENGE = re.compile(r"[0-9a-f]{48}\Z")
_PROOF = re.compile(r"([0-9a-f]{64})\.([0-9a-f]{48})\.([0-9a-f]{128})\Z")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")


def is_challenge(text: str) -> bool:
    return _CHALLENGE.match(text) is not None


def prove_at_door(identity: Identity, challenge: str, fingerprint: str) -> str:
    """Return the proof, for PROOF_HEADER. Raises ValueError where either is not hex of its length."""
    if not is_challenge(challenge) or _FINGERPRINT.match(fingerprint) is None:
        raise ValueError("not a challenge and a fingerprint")
    signature = identity.sign(_message(challenge, fingerprint), domain=DOOR_DOMAIN)
    return f"{identity.key}.{challenge}.{signature.hex()}"


def _message(challenge: str, fingerprint: str) -> bytes:
    return bytes.fromhex(challenge) + bytes.fromhex(fingerprint)


class Doorkeeper:
    """Challenges callers and knows them by their proofs; `knows` says whose key belongs to the event.

    It keeps no list of challenges: each carries its time, bound by a secret of this process.
    """

    def __init__(
        self, *, fingerprint: str | None, knows: Callable[[str], bool], now_mono_ns: Callable[[], int]
    ) -> None:
        self._fingerprint = fingerprint or NO_CERTIFICATE
        self._knows = knows
        self._now_mono_ns = now_mono_ns
        self._secret = secrets.token_bytes(32)
        self._proofs: OrderedDict[str, None] = OrderedDict()  # those whose signature held

    def challenge(self) -> str:
        return self._challenge_of(self._now_s())

    def is_stale(self, proof: str) -> bool:
        """Return whether a new challenge is due, though the proof still holds."""
        return self._now_s() - int(proof[65:81], 16) > RENEWED_AFTER_S

    def who(self, proof: str) -> str | None:
        """Return the key that the proof shows, None where it shows none that we know.

        A signature is checked only for a key of the event over a challenge of ours, so that nobody else can
        make us work; and once for each proof.
        """
        parts = _PROOF.match(proof)
        if parts is None:
            return None
        key, challenge, signature = parts.groups()
        age_s = self._now_s() - int(challenge[:16], 16)
        if not 0 <= age_s <= CHALLENGE_LIFE_S or not self._knows(key):
            return None
        if proof in self._proofs:
            return key
        if not hmac.compare_digest(challenge, self._challenge_of(int(challenge[:16], 16))):
            return None
        message = _message(challenge, self._fingerprint)
        if not signature_holds(key, message, bytes.fromhex(signature), domain=DOOR_DOMAIN):
            return None
        self._proofs[proof] = None
        if len(self._proofs) > PROOFS_MAX_COUNT:
            self._proofs.popitem(last=False)
        return key

    def _now_s(self) -> int:
        return self._now_mono_ns() // 1_000_000_000

    def _challenge_of(self, made_s: int) -> str:
        made = f"{made_s:016x}"
        return made + hmac.new(self._secret, made.encode(), hashlib.sha256).hexdigest()[:32]


Sign = Callable[[str, str], str | None]
"""(challenge, fingerprint of the door) to the proof, or None where nobody can sign now."""


REFUSED_STATUSES = (429, 503)


class DoorPass:
    """Proves at every door that asks who we are; `proof` goes with the next call, None until one asked."""

    def __init__(self, sign: Sign) -> None:
        self._sign = sign
        self.proof: str | None = None

    def answer(self, challenge: str, fingerprint: str | None) -> bool:
        """Prove at a door that challenged us under this certificate; return whether there is a proof now."""
        if not is_challenge(challenge):
            return False
        self.proof = self._sign(challenge, fingerprint or NO_CERTIFICATE)
        return self.proof is not None
