"""A node's Ed25519 key: made at its first start, kept in a file only its owner can read."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pitboard.errors import ConfigRefused


def write_secret(path: Path, content: bytes) -> None:
    """Replace `path` by a file of mode 0600 with this content; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # or the power cut takes the name with it
    finally:
        os.close(folder)


def _credential(name: str) -> Path | None:
    """Return the file of systemd's credential; None where there is none, or only the unit's default."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder or "/nowhere") / name
    return path if path.is_file() and path.read_text().strip() != NO_CREDENTIAL else None


NO_CREDENTIAL = "none"
"""What the unit hands in (SetCredential=) where there is no such file yet."""
# A signature made for records can then never be taken for one made for something else.
RECORD_DOMAIN = b"pitboard record 1\0"


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

        What systemd hands in under that name (LoadCredential=) comes before it: the file may then be root's
        alone. Raises ConfigRefused when the file is there and is not a key.
        """
        handed_in = _credential(path.name)
        try:
            return cls._read(path if handed_in is None else handed_in, is_ours=handed_in is None)
        except FileNotFoundError:
            return cls._create(path)

    @classmethod
    def _read(cls, path: Path, *, is_ours: bool) -> Identity:
        try:
            if is_ours and path.stat().st_mode & stat.S_IRWXO:
                raise ConfigRefused(
                    path=path, reason="others may read this key; chmod 600 it, or make a new one"
                )
            return cls.from_seed(bytes.fromhex(path.read_text().strip()))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ConfigRefused(path=path, reason=f"cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ConfigRefused(
                path=path,
                reason="is not a key file; put its copy back, or move it away and enrol this node anew",
            ) from error

    @classmethod
    def _create(cls, path: Path) -> Identity:
        seed = os.urandom(32)
        try:
            write_secret(path, seed.hex().encode() + b"\n")
        except OSError as error:
            raise ConfigRefused(path=path, reason=f"a key cannot be made here: {error.strerror}") from error
        return cls.from_seed(seed)

    def agreement_seed(self) -> bytes:
        """Return the X25519 secret of this key, for what is sealed to it (RFC 7748, section 4.1)."""
        return hashlib.sha512(self._private.private_bytes_raw()).digest()[:32]

    def sign(self, message: bytes, *, domain: bytes = RECORD_DOMAIN) -> bytes:
        """Return the 64-byte signature over a record's header, or over what the domain says."""
        return self._private.sign(domain + message)


@lru_cache(maxsize=256)
def _public_key(key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))


def signature_holds(key: str, message: bytes, signature: bytes, *, domain: bytes = RECORD_DOMAIN) -> bool:
    """Return whether `signature` over `message` was made with the private half of `key`."""
    try:
        _public_key(key).verify(signature, domain + message)
    except (InvalidSignature, ValueError):
        return False
    return True
