"""Signatures of the simulated nodes: a keyed hash that only the owner of a key computes stands for each.

An Ed25519 signature costs ten times as much as all else that a record needs, and the tests of journal and
exchange prove the real ones. Here it is enough that nobody but its owner can make one, and that a forged, cut
or repeated one does not hold: the same interface, by `sign` and `signature_holds`."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from pitboard.trust.identity import RECORD_DOMAIN, Identity

_signer: dict[bytes, str] = {}


class NotedIdentity(Identity):
    """An identity that seals, and notes who signed which header."""

    def sign(self, message: bytes, *, domain: bytes = RECORD_DOMAIN) -> bytes:
        if domain == RECORD_DOMAIN:
            _signer[message] = self.key
        return _sealed(self.key, message, domain)


@lru_cache(maxsize=64)
def identity_named(name: str) -> NotedIdentity:
    """Return the same key for the same name, on every day."""
    return NotedIdentity.from_seed(name.encode().ljust(32, b".")[:32])  # type: ignore[return-value]


def sealed_signature_holds(
    key: str, message: bytes, signature: bytes, *, domain: bytes = RECORD_DOMAIN
) -> bool:
    """Stand in for `signature_holds`."""
    return signature == _sealed(key, message, domain)


def _sealed(key: str, message: bytes, domain: bytes) -> bytes:
    return hashlib.blake2b(domain + message, key=key.encode()).digest()


def signer_of(header: bytes) -> str | None:
    """Return the key of the node that truly signed this header today."""
    return _signer.get(header)


def forget_signatures() -> None:
    """Begin a new day."""
    _signer.clear()
