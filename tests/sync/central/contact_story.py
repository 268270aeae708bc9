"""Sealed contacts and the key that opens them, for tests of central's side."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pitboard.contacts.contact_seal import ContactEnvelope, SealedContact, seal_contact, sign_envelope
from pitboard.contacts.contact_text import find_contact
from pitboard.trust.identity import Identity
from tests.race_story import UNIT_A

ADMIN = X25519PrivateKey.from_private_bytes(b"k" * 32)
CONTACT_KEY = ADMIN.public_key().public_bytes_raw().hex()


def envelope(
    text: str, competitor: str, *, event_key: str, unit: Identity = UNIT_A, contact_key: str = CONTACT_KEY
) -> ContactEnvelope:
    """Return the contact as a unit would hand it in."""
    letters = bytearray(text.encode())
    places = find_contact(letters, len(letters))
    assert places is not None
    sealed = seal_contact(
        letters, places, contact_key=contact_key, event_key=event_key, competitor=competitor
    )
    contact = SealedContact(competitor_id=competitor, contact_key=contact_key, sealed=sealed.hex())
    return sign_envelope(unit, contact, event_key=event_key)
