"""Passwords as central keeps them: Argon2id with a salt of each one's own, never the password."""

from __future__ import annotations

import os
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Meta

PASSWORD_MIN_LENGTH = 12
PASSWORD_MAX_LENGTH = 256
MEMORY_KIB = 64 * 1_024
ITERATIONS = 3
LANES = 4
"""The first choice of RFC 9106 for small machines: a few tenths of a second, and guessing costs the same."""
_SALT_BYTES, _HASH_BYTES = 16, 32


class PasswordHash(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bounds keep a forged file from eating the memory."""

    memory_kib: Annotated[int, Meta(ge=8_192, le=1_048_576)]
    iterations: Annotated[int, Meta(ge=1, le=32)]
    lanes: Annotated[int, Meta(ge=1, le=16)]
    salt: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]

    def fits(self, password: str) -> bool:
        """Return whether this is the password; takes as long for a wrong one."""
        try:
            self._argon2().verify(password.encode("utf-8", "surrogatepass"), bytes.fromhex(self.digest))
        except InvalidKey:
            return False
        return True

    def _argon2(self) -> Argon2id:
        return Argon2id(
            salt=bytes.fromhex(self.salt),
            length=_HASH_BYTES,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )


def hash_password(password: str, *, memory_kib: int = MEMORY_KIB) -> PasswordHash:
    """Return what is kept of a password."""
    bare = PasswordHash(
        memory_kib=memory_kib,
        iterations=ITERATIONS,
        lanes=LANES,
        salt=os.urandom(_SALT_BYTES).hex(),
        digest="00" * _HASH_BYTES,
    )
    digest = bare._argon2().derive(password.encode("utf-8", "surrogatepass"))
    return msgspec.structs.replace(bare, digest=digest.hex())
