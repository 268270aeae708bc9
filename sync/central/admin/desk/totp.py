"""The second factor: six digits for each half minute (RFC 6238 with HMAC-SHA-1, as every app has it)."""

from __future__ import annotations

import base64
import hmac
import secrets
from urllib.parse import quote

STEP_MS = 30_000
DIGITS = 6
SECRET_BYTES = 20
SLACK_STEPS = 1
"""How many half minutes the clock of a phone may be off."""
ISSUER = "Pitboard"


def code_at(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """Return the code of this half minute since 1970 (RFC 4226 section 5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(secret: bytes, code: str, *, utc_ms: int, after: int) -> int | None:
    """Return the half minute whose code this is, None for a wrong code and for one not later than `after`.

    So no code is good twice.
    """
    now = utc_ms // STEP_MS
    found = None
    for step in range(now - SLACK_STEPS, now + SLACK_STEPS + 1):  # all of them: the time tells nothing
        if (
            hmac.compare_digest(code_at(secret, step).encode(), code.encode("utf-8", "replace"))
            and step > after
        ):
            found = step
    return found


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """Return the secret as apps take it by hand."""
    return base64.b32encode(secret).decode().rstrip("=")


def secret_uri(secret: bytes, account: str) -> str:
    """Return what an app reads from a QR code."""
    label = quote(f"{ISSUER}:{account}")
    return f"otpauth://totp/{label}?secret={secret_text(secret)}&issuer={ISSUER}&digits={DIGITS}&period=30"
