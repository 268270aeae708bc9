"""A sealed contact on its way: who it belongs to, which key opens it, and the unit that vouches for it.

The unit signs under a domain of its own, so the signature can never be taken for a record's."""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.contacts.contact_seal import SEALED_BYTES
from pitboard.race.bodies import Id, KeyHex
from pitboard.trust.identity import Identity, signature_holds

CONTACT_DOMAIN = b"pitboard sealed contact 1\0"
ENVELOPES_MAX_COUNT = 100
"""In one request."""

SealedHex = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{{2 * SEALED_BYTES}}}$")]
SignatureHex = Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]


class SealedContact(msgspec.Struct, frozen=True, kw_only=True):
    """What the touchscreen hands to its unit."""

    competitor: Id
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
    return hashlib.sha256(contact.competitor.encode() + b"\0" + contact.sealed.encode()).hexdigest()[:32]


def sign_envelope(identity: Identity, contact: SealedContact, *, event_key: str) -> ContactEnvelope:
    """Return the contact under this unit's name."""
    return ContactEnvelope(
        competitor=contact.competitor,
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
    return keys + bytes.fromhex(contact.sealed) + contact.competitor.encode()
