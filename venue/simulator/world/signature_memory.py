"""Signatures of the simulated nodes, remembered so that each is computed once.

Sound because Ed25519 is a pure function: whether a signature holds depends on key, message and signature
alone, and one that `sign` made holds by the algorithm's definition. Any other is verified for real, once.
Answers are many and signed anew each time; a keyed hash that only their owner computes stands for those."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from pitboard.trust.identity import RECORD_DOMAIN, Identity, signature_holds
from sync.exchanging.freshness import ANSWER_DOMAIN

_holds: dict[tuple[str, bytes, bytes], bool] = {}
_signer: dict[bytes, str] = {}


class NotedIdentity(Identity):
    """An identity whose every signature is noted: who signed which header."""

    def sign(self, message: bytes, *, domain: bytes = RECORD_DOMAIN) -> bytes:
        if domain == ANSWER_DOMAIN:
            return _sealed(self.key, message)
        signature = super().sign(message, domain=domain)
        if domain == RECORD_DOMAIN:
            _holds[(self.key, message, signature)] = True
            _signer[message] = self.key
        return signature


@lru_cache(maxsize=64)
def identity_named(name: str) -> NotedIdentity:
    """Return the same key for the same name, on every day."""
    return NotedIdentity.from_seed(name.encode().ljust(32, b".")[:32])  # type: ignore[return-value]


def remembered_signature_holds(key: str, header: bytes, signature: bytes) -> bool:
    """Stand in for `signature_holds`."""
    place = (key, header, signature)
    known = _holds.get(place)
    if known is None:
        known = _holds[place] = signature_holds(key, header, signature)
    return known


def sealed_answer_holds(key: str, message: bytes, signature: bytes, *, domain: bytes) -> bool:
    """Stand in for `signature_holds` over answers."""
    return signature == _sealed(key, message)


def _sealed(key: str, message: bytes) -> bytes:
    """Return what stands for a signature over an answer: nobody in the simulation makes it but its owner."""
    return hashlib.blake2b(message, key=key.encode()).digest()


def signer_of(header: bytes) -> str | None:
    """Return the key of the node that truly signed this header today."""
    return _signer.get(header)


def forget_signatures() -> None:
    """Begin a new day."""
    _holds.clear()
    _signer.clear()
