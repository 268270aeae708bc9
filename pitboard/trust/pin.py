"""An official's PIN: what stands in the journal proves it to whoever knows it, and gives nothing to read.

Six digits are few. Against a stranger at the screen the tries are counted; against somebody with the journal
and time only that each guess costs memory and milliseconds (Argon2id, RFC 9106)."""

from __future__ import annotations

import os
import re

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from pitboard.errors import PinRefused

PIN_DIGITS = 6
MEMORY_KIB = 65_536
ITERATIONS = 3
LANES = 1
_MEMORY_MAX_KIB = 262_144  # a record may ask for no more of a small machine
_SALT_BYTES = 16
_LENGTH = 32
_FORM = re.compile(
    r"argon2id\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([0-9a-f]{16,64})\$([0-9a-f]{64})\Z", re.ASCII
)


def pin_verifier(pin: str, *, memory_kib: int = MEMORY_KIB) -> str:
    """Return what a PIN is checked against, with a fresh salt. Raises PinRefused where it has not six
    digits."""
    if len(pin) != PIN_DIGITS or not (pin.isascii() and pin.isdigit()):
        raise PinRefused(f"A PIN has {PIN_DIGITS} digits.")
    salt = os.urandom(_SALT_BYTES)
    derived = _kdf(salt, memory_kib, ITERATIONS, LANES).derive(pin.encode())
    return f"argon2id${memory_kib}${ITERATIONS}${LANES}${salt.hex()}${derived.hex()}"


def pin_matches(verifier: str, pin: str) -> bool:
    """Return whether the PIN is the one; False for a verifier that this version does not understand.

    Takes a moment and `MEMORY_KIB` of memory: not for an event loop.
    """
    form = _FORM.match(verifier)
    if form is None:
        return False
    memory_kib, iterations, lanes = (int(one) for one in form.group(1, 2, 3))
    if not (1 <= lanes <= 4 and 1 <= iterations <= 10 and 8 * lanes <= memory_kib <= _MEMORY_MAX_KIB):
        return False
    try:
        _kdf(bytes.fromhex(form[4]), memory_kib, iterations, lanes).verify(
            pin.encode(), bytes.fromhex(form[5])
        )
    except (InvalidKey, ValueError):
        return False
    return True


def _kdf(salt: bytes, memory_kib: int, iterations: int, lanes: int) -> Argon2id:
    return Argon2id(salt=salt, length=_LENGTH, iterations=iterations, lanes=lanes, memory_cost=memory_kib)
