"""The one-time token of an enrolment, as a person types it: 20 characters in four groups.

Eight are the secret; eleven say which certificate central must show, so that the very first connection is
already to the right machine; the last catches typing errors. 0 and O, 1 and I and L are read alike."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from pitboard.errors import ActRefused

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
SECRET_LENGTH = 8
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
