"""The contact key's private half, kept in a file that opens with the admin's passphrase only.

Argon2id turns the passphrase into a key, ChaCha20-Poly1305 wraps with it. There is no second way in: a lost
passphrase is a lost key, and what was sealed to it stays closed for ever."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Meta

from pitboard.errors import NOT_UNDERSTOOD, ConfigRefused, PassphraseRefused
from pitboard.race.bodies.body import KeyHex
from pitboard.trust.identity import write_secret

PASSPHRASE_MIN_LENGTH = 12
MEMORY_KIB = 256 * 1_024
ITERATIONS = 3
LANES = 4
"""Above the first choice of RFC 9106 for small machines (64 MiB, 3, 4): about a second on a small server."""

_DOMAIN = b"pitboard contact key 1\0"
_SALT_BYTES, _NONCE_BYTES = 16, 12


class ContactKeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file's content; `key` is the public half. The bounds keep a forged file from eating the memory."""

    version: Literal[1]
    event_key: KeyHex
    key: KeyHex
    memory_kib: Annotated[int, Meta(ge=8_192, le=1_048_576)]
    iterations: Annotated[int, Meta(ge=1, le=32)]
    lanes: Annotated[int, Meta(ge=1, le=16)]
    salt: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{24}\Z")]
    wrapped: Annotated[str, Meta(pattern=r"^[0-9a-f]{96}\Z")]

    @classmethod
    def load(cls, path: Path, *, event_key: str) -> ContactKeyFile | None:
        """Return the file's content, None where there is none; raises ConfigRefused."""
        try:
            file = msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            return None
        except (OSError, *NOT_UNDERSTOOD) as error:
            raise ConfigRefused(path=path, reason=f"is not a readable contact key file ({error})") from error
        if file.event_key != event_key:
            raise ConfigRefused(path=path, reason="this contact key belongs to another event")
        return file

    def save(self, path: Path) -> None:
        """Write the file whole or not at all, mode 0600."""
        write_secret(path, msgspec.json.encode(self) + b"\n")

    def open(self, passphrase: str) -> X25519PrivateKey:
        """Return the private key; raises PassphraseRefused."""
        wrapping = _wrapping_key(passphrase, bytes.fromhex(self.salt), self)
        try:
            raw = ChaCha20Poly1305(wrapping).decrypt(
                bytes.fromhex(self.nonce), bytes.fromhex(self.wrapped), _bound_to(self.event_key, self.key)
            )
        except InvalidTag as error:
            raise PassphraseRefused from error
        return X25519PrivateKey.from_private_bytes(raw)


def contact_key_beside(journal: Path) -> Path:
    """Return where the wrapped key lies: beside the journal, for the root key's folder may be read-only."""
    return journal.with_name("contact.key")


def wrap_key(
    private: X25519PrivateKey, passphrase: str, *, event_key: str, memory_kib: int = MEMORY_KIB
) -> ContactKeyFile:
    """Return the key wrapped by the passphrase, with a fresh salt."""
    public = private.public_key().public_bytes_raw().hex()
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    file = ContactKeyFile(
        version=1,
        event_key=event_key,
        key=public,
        memory_kib=memory_kib,
        iterations=ITERATIONS,
        lanes=LANES,
        salt=salt.hex(),
        nonce=nonce.hex(),
        wrapped="",
    )
    sealed = ChaCha20Poly1305(_wrapping_key(passphrase, salt, file)).encrypt(
        nonce, private.private_bytes_raw(), _bound_to(event_key, public)
    )
    return msgspec.structs.replace(file, wrapped=sealed.hex())


def _wrapping_key(passphrase: str, salt: bytes, file: ContactKeyFile) -> bytes:
    return Argon2id(
        salt=salt, length=32, iterations=file.iterations, lanes=file.lanes, memory_cost=file.memory_kib
    ).derive(passphrase.encode())


def _bound_to(event_key: str, key: str) -> bytes:
    return _DOMAIN + bytes.fromhex(event_key) + bytes.fromhex(key)
