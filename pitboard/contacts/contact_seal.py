"""Seal a contact so that only the holder of the event's contact key can read it.

HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. What is sealed is
bound to event and competitor by the `info`, so it opens for no other; every sealed contact has one length."""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from msgspec import Meta

from pitboard.contacts.contact_text import EMAIL_MAX_BYTES, PHONE_MAX_BYTES, ContactPlaces
from pitboard.errors import NOT_UNDERSTOOD, ContactClosed
from pitboard.race.bodies.body import Id, KeyHex
from pitboard.trust.identity import Identity, signature_holds

PLAIN_BYTES = 352
SEALED_BYTES = 32 + PLAIN_BYTES + 16
"""The sender's one-time key, the contact, the tag."""

_DOMAIN = b"pitboard contact 1\0"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An opened contact; it exists in the admin's command only."""

    email: Annotated[str, Meta(max_length=EMAIL_MAX_BYTES, pattern=r"^[!-~]+@[!-~]+\Z")] | None = None
    phone: Annotated[str, Meta(max_length=PHONE_MAX_BYTES, pattern=r"^[0-9+ ()/.-]+\Z")] | None = None


def seal_contact(
    letters: bytearray, places: ContactPlaces, *, contact_key: str, event_key: str, competitor: str
) -> bytes:
    """Return the sealed contact; the one copy of it that is made meanwhile is wiped before returning."""
    plain = bytearray(b" " * PLAIN_BYTES)  # JSON may end in spaces
    try:
        _write_plain(memoryview(plain), memoryview(letters), places)
        recipient = X25519PublicKey.from_public_bytes(bytes.fromhex(contact_key))
        return _SUITE.encrypt(plain, recipient, info=_info(event_key, competitor))
    finally:
        wipe(plain)


def open_contact(sealed: bytes, private: X25519PrivateKey, *, event_key: str, competitor: str) -> Contact:
    """Return what was sealed for this event and competitor.

    Raises ContactClosed when it was sealed to another key, for somebody else, or is not a contact.
    """
    try:
        plain = _SUITE.decrypt(sealed, private, info=_info(event_key, competitor))
        return msgspec.json.decode(plain, type=Contact)
    except (InvalidTag, ValueError, *NOT_UNDERSTOOD) as error:
        raise ContactClosed(competitor=competitor) from error


def wipe(letters: bytearray) -> None:
    """Overwrite every byte in place."""
    letters[:] = bytes(len(letters))


def _write_plain(plain: memoryview, letters: memoryview, places: ContactPlaces) -> None:
    """Write `{"email":"…","phone":"…"}` by views, since a slice of a bytearray would be one more copy."""
    at = 0

    def put(part: bytes | memoryview) -> None:
        nonlocal at
        plain[at : at + len(part)] = part
        at += len(part)

    opening = b'{"'
    for name, span in ((b"email", places.email), (b"phone", places.phone)):
        if span is not None:
            put(opening + name + b'":"')
            put(letters[slice(*span)])
            opening = b'","'
    put(b'"}')


def _info(event_key: str, competitor: str) -> bytes:
    return _DOMAIN + bytes.fromhex(event_key) + competitor.encode()


CONTACT_DOMAIN = b"pitboard sealed contact 1\0"
ENVELOPES_MAX_COUNT = 100
"""In one request."""

SealedHex = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{{2 * SEALED_BYTES}}}\Z")]
SignatureHex = Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")]


class SealedContact(msgspec.Struct, frozen=True, kw_only=True):
    """What the touchscreen hands to its unit."""

    competitor_id: Id
    contact_key: KeyHex
    sealed: SealedHex


class ContactEnvelope(SealedContact, frozen=True, kw_only=True):
    """What the unit hands to central; `contact` is its id, the same for every delivery."""

    unit: KeyHex
    signature: SignatureHex

    @property
    def contact(self) -> str:
        return contact_id(self)


class EnvelopeBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The body of central's `POST /v1/contacts`."""

    contacts: Annotated[list[ContactEnvelope], Meta(max_length=ENVELOPES_MAX_COUNT)]


class DeliveryNote(msgspec.Struct, frozen=True, kw_only=True):
    """Central's answer: the ids that it holds durably, and why it does not take others {id: sentence}."""

    kept: list[str]
    refused: dict[str, str] = {}


def contact_id(contact: SealedContact) -> str:
    """Return the id: two sealings of one text differ, so no id says what is inside."""
    return hashlib.sha256(contact.competitor_id.encode() + b"\0" + contact.sealed.encode()).hexdigest()[:32]


def sign_envelope(identity: Identity, contact: SealedContact, *, event_key: str) -> ContactEnvelope:
    """Return the contact under this unit's name."""
    return ContactEnvelope(
        competitor_id=contact.competitor_id,
        contact_key=contact.contact_key,
        sealed=contact.sealed,
        unit=identity.key,
        signature=identity.sign(_signed(contact, event_key), domain=CONTACT_DOMAIN).hex(),
    )


def envelope_holds(envelope: ContactEnvelope, *, event_key: str) -> bool:
    """Return whether the unit that it names signed it for this event."""
    return signature_holds(
        envelope.unit, _signed(envelope, event_key), bytes.fromhex(envelope.signature), domain=CONTACT_DOMAIN
    )


def _signed(contact: SealedContact, event_key: str) -> bytes:
    """Fixed lengths first, so that no two contacts have the same bytes."""
    keys = bytes.fromhex(event_key) + bytes.fromhex(contact.contact_key)
    return keys + bytes.fromhex(contact.sealed) + contact.competitor_id.encode()
