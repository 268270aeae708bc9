"""A node's Ed25519 key: made at its first start, kept in a file only its owner can read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pitboard.errors import ConfigRefused

# A signature made for records can then never be taken for one made for something else.
_RECORD_DOMAIN = b"pitboard record 1\0"


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key; `key` is its public half as 64 hex digits, the node's true name."""

    _private: Ed25519PrivateKey
    key: str

    @classmethod
    def from_seed(cls, seed: bytes) -> Identity:
        """Return the identity of a 32-byte secret."""
        private = Ed25519PrivateKey.from_private_bytes(seed)
        return cls(private, private.public_key().public_bytes_raw().hex())

    @classmethod
    def load_or_create(cls, path: Path) -> Identity:
        """Return the identity kept at `path`; make and keep a new one, mode 0600, where there is none.

        Raises ConfigRefused when the file is there and is not a key.
        """
        try:
            seed = bytes.fromhex(path.read_text().strip())
            return cls.from_seed(seed)
        except FileNotFoundError:
            return cls._create(path)
        except (OSError, ValueError) as error:
            raise ConfigRefused(path=path, reason=f"is not a readable key file ({error})") from error

    @classmethod
    def _create(cls, path: Path) -> Identity:
        seed = os.urandom(32)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(seed.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.rename(fresh, path)
        return cls.from_seed(seed)

    def sign(self, header: bytes) -> bytes:
        """Return the 64-byte signature over a record's header."""
        return self._private.sign(_RECORD_DOMAIN + header)


def signature_holds(key: str, header: bytes, signature: bytes) -> bool:
    """Return whether `signature` over `header` was made with the private half of `key`."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, _RECORD_DOMAIN + header)
    except (InvalidSignature, ValueError):
        return False
    return True
