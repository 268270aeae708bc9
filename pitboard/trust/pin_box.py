"""What a PIN is checked against, closed to everybody but the units that check it.

A journal is on every display and open to whoever is on the venue's network, and six digits are guessed in
hours. So the verifier stands there in a box, and the box's key once for each machine that may open it, sealed
to that machine's own key (HPKE, RFC 9180). The machine's signing key is turned into one for that: Ed25519 and
X25519 are two forms of one curve (RFC 7748, section 4.1)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from pitboard.errors import PinRefused
from pitboard.trust.identity import Identity

MACHINES_MAX_COUNT = 80
"""For how many machines one record has room."""
KEY_NAME_LENGTH = 16
_DOMAIN = b"pitboard pin 1\0"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_ONCE = bytes(12)  # the box's key is used for one box
_PRIME = 2**255 - 19


class PinBox(NamedTuple):
    """`keys` hold the box's key by the beginning of the machine's key."""

    box: str
    keys: dict[str, str]


def seal_pin(verifier: str, machines: Iterable[str], *, official_id: str) -> PinBox:
    """Return the verifier for these machines, by their keys. Raises PinRefused where they are too many."""
    wanted = list(dict.fromkeys(machines))
    if len(wanted) > MACHINES_MAX_COUNT:
        raise PinRefused(f"A PIN reaches {MACHINES_MAX_COUNT} units at most; revoke those that are gone.")
    box_key, info = os.urandom(32), _info(official_id)
    box = ChaCha20Poly1305(box_key).encrypt(_ONCE, verifier.encode(), info)
    keys = {}
    for machine in wanted:
        recipient = _public_of(machine)
        if recipient is not None:
            keys[machine[:KEY_NAME_LENGTH]] = _SUITE.encrypt(box_key, recipient, info=info).hex()
    return PinBox(box.hex(), keys)


def open_pin(box: str, keys: Mapping[str, str], identity: Identity, *, official_id: str) -> str | None:
    """Return the verifier, None where the box is not for this machine or not what it says."""
    sealed = keys.get(identity.key[:KEY_NAME_LENGTH])
    if sealed is None:
        return None
    info = _info(official_id)
    private = X25519PrivateKey.from_private_bytes(identity.agreement_seed())
    try:
        box_key = bytes(_SUITE.decrypt(bytes.fromhex(sealed), private, info=info))
        return ChaCha20Poly1305(box_key).decrypt(_ONCE, bytes.fromhex(box), info).decode()
    except (InvalidTag, ValueError):
        return None


def is_for(keys: Mapping[str, str], machine: str) -> bool:
    """Return whether this machine may open the box."""
    return machine[:KEY_NAME_LENGTH] in keys


def _info(official_id: str) -> bytes:
    """Return what binds a box to its official."""
    return _DOMAIN + official_id.encode()


def _public_of(machine: str) -> X25519PublicKey | None:
    """Return the X25519 form of an Ed25519 key, None for a point that has none."""
    y = int.from_bytes(bytes.fromhex(machine), "little") & (2**255 - 1)
    below = (1 - y) % _PRIME
    if below == 0:
        return None
    u = (1 + y) * pow(below, _PRIME - 2, _PRIME) % _PRIME
    return X25519PublicKey.from_public_bytes(u.to_bytes(32, "little")) if u else None
