"""The six digits that both ends show, so that people see that they enrolled one another.

The unit commits to its number before it hears central's, and tells it after: nobody between them can choose
numbers that lead both ends to the same digits."""

from __future__ import annotations

import hashlib
import secrets

_COMMITMENT_DOMAIN = b"pitboard enrolment commitment 1\0"
_CODE_DOMAIN = b"pitboard enrolment code 1\0"
NO_KEY = "0" * 64
"""Stands for the key of a display, which has none: it only reads."""


def new_nonce() -> str:
    return secrets.token_hex(32)


def commitment_to(nonce: str) -> str:
    """Return what binds us to the nonce without telling it."""
    return hashlib.sha256(_COMMITMENT_DOMAIN + bytes.fromhex(nonce)).hexdigest()


def enrolment_code(*, key: str, event_key: str, fingerprint: str, central_nonce: str, node_nonce: str) -> str:
    """Return the digits, like `042 917`."""
    parts = (key, event_key, fingerprint, central_nonce, node_nonce)
    digest = hashlib.sha256(_CODE_DOMAIN + b"".join(bytes.fromhex(part) for part in parts)).digest()
    number = int.from_bytes(digest[:8], "big") % 1_000_000
    return f"{number // 1_000:03d} {number % 1_000:03d}"
