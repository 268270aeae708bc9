"""What a node and central say to each other when the node is enrolled, at central's ingest door."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pitboard.errors import ActRefused
from pitboard.race.bodies.body import KeyHex, Name

ENROLMENT_DOMAIN = b"pitboard enrolment 1\0"
CLAIM_PATH = "/v1/enrolment"
REVEAL_PATH = "/v1/enrolment/reveal"
WAIT_MAX_MS = 10_000

Nonce = KeyHex
Secret = Annotated[str, Meta(pattern=r"^[0-9A-HJKMNP-TV-Z]{13}\Z")]
Role = Literal["unit", "display"]
EnrolmentState = Literal["open", "claimed", "waiting", "confirmed", "refused", "expired"]


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node shows its token's secret; a unit also its key, and by `signature` that it holds that key."""

    secret: Secret
    role: Role
    commitment: Nonce
    key: KeyHex | None = None
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")] | None = None


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the node is told; it counts once both ends have confirmed the digits."""

    event: Name
    event_key: KeyHex
    name: Name
    nonce: Nonce
    contact_key: KeyHex | None = None


class Reveal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The node tells the nonce it committed to, and asks how it stands; `is_refused` ends it."""

    secret: Secret
    nonce: Nonce
    wait_ms: Annotated[int, Meta(ge=0, le=WAIT_MAX_MS)] = 0
    is_refused: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    state: EnrolmentState


def claim_message(*, secret: str, commitment: str, fingerprint: str) -> bytes:
    """Return what a unit signs: good for this token, this try and this central only."""
    return f"{secret}\0{commitment}\0{fingerprint}".encode()


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
SECRET_LENGTH = 13
"""65 random bits: no number of tries finds one in ten minutes, so honest nodes need not wait for guessers."""
PIN_LENGTH = 11
TOKEN_LENGTH = SECRET_LENGTH + PIN_LENGTH + 1
GROUP_LENGTH = 5
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", "-": "", " ": ""})
# Each try at a certificate that looks like central's costs this much, so that 55 bits are plenty.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 1
_SALT = b"pitboard enrolment pin 1"


@dataclass(frozen=True, slots=True)
class EnrolmentToken:
    """`secret` is shown to central once; `pin` is checked against central's certificate before that."""

    secret: str
    pin: str

    @classmethod
    def make(cls, *, fingerprint: str) -> EnrolmentToken:
        """Return a new token for the central whose certificate has this fingerprint."""
        secret = "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
        return cls(secret, _pin_of(fingerprint))

    @classmethod
    def parse(cls, typed: str) -> EnrolmentToken:
        """Return the token as typed, in any case and grouping; raises ActRefused."""
        text = typed.strip().upper().translate(_READ_AS)
        if len(text) != TOKEN_LENGTH:
            raise _not_a_token(f"The token has {TOKEN_LENGTH} characters; {len(text)} were typed.")
        wrong = next((character for character in text if character not in ALPHABET), None)
        if wrong is not None:
            raise _not_a_token(f"The token has no character like '{wrong}'; look at it again.")
        if _check_character(text[:-1]) != text[-1]:
            raise _not_a_token("The token has a typing error; compare it with the screen again.")
        return cls(text[:SECRET_LENGTH], text[SECRET_LENGTH:-1])

    @property
    def text(self) -> str:
        """The token in groups, as it is shown."""
        whole = self.secret + self.pin
        whole += _check_character(whole)
        return "-".join(whole[at : at + GROUP_LENGTH] for at in range(0, TOKEN_LENGTH, GROUP_LENGTH))

    def is_for(self, fingerprint: str) -> bool:
        """Return whether central's certificate may have this fingerprint."""
        return hmac.compare_digest(self.pin, _pin_of(fingerprint))


def _not_a_token(reason: str) -> ActRefused:
    return ActRefused(code="bad-token", reason=reason)


def _pin_of(fingerprint: str) -> str:
    derived = hashlib.scrypt(
        bytes.fromhex(fingerprint), salt=_SALT, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P, dklen=8
    )
    number = int.from_bytes(derived, "big")
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(PIN_LENGTH))


def _check_character(text: str) -> str:
    """Return the sum over GF(32), each place weighted: any one wrong or two swapped characters show."""
    total = 0
    for character in text:
        total = _doubled(total) ^ ALPHABET.index(character)
    return ALPHABET[_doubled(total)]


def _doubled(value: int) -> int:
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


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
