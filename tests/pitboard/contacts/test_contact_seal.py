"""A contact opens for its event and competitor with the one key, and for nobody else."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pitboard.contacts.contact_seal import (
    SEALED_BYTES,
    Contact,
    ContactEnvelope,
    SealedContact,
    contact_id,
    envelope_holds,
    open_contact,
    seal_contact,
    sign_envelope,
    wipe,
)
from pitboard.contacts.contact_text import TYPED_MAX_BYTES, find_contact
from pitboard.errors import ContactClosed
from tests.race_story import ROOT, UNIT_A, UNIT_B

ADMIN = X25519PrivateKey.from_private_bytes(b"k" * 32)
CONTACT_KEY = ADMIN.public_key().public_bytes_raw().hex()
EVENT = ROOT.key


def typed(text: str) -> bytearray:
    return bytearray(text.encode().ljust(TYPED_MAX_BYTES))


def sealed(text: str, *, competitor: str = "c1") -> bytes:
    letters = typed(text)
    places = find_contact(letters, len(text))
    assert places is not None
    return seal_contact(letters, places, contact_key=CONTACT_KEY, event_key=EVENT, competitor=competitor)


def opened(text: str) -> Contact:
    return open_contact(sealed(text), ADMIN, event_key=EVENT, competitor="c1")


@pytest.mark.parametrize(
    ("text", "email", "phone"),
    [
        ("zoe.quux@example.org", "zoe.quux@example.org", None),
        ("+49 (171) 234-567", None, "+49 (171) 234-567"),
        (" a_b+c@x-y.museum  0171/234567 ", "a_b+c@x-y.museum", "0171/234567"),
        ("0171 234567 q@xn--mnchen-3ya.de", "q@xn--mnchen-3ya.de", "0171 234567"),
    ],
)
def test_what_was_typed_comes_back_in_its_parts(text: str, email: str | None, phone: str | None) -> None:
    assert opened(text) == Contact(email=email, phone=phone)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada",
        "ada@",
        "ada@home",
        "ada@x..org",
        "1234",
        "1" * 16,
        "a@b.de c@d.de",
        'a"@b.de',
        "a" * 65 + "@b.de",
        "a@" + "b." * 126 + "de",
        "zoë@example.org",
    ],
)
def test_anything_else_is_not_a_contact(text: str) -> None:
    assert find_contact(typed(text), len(text.encode())) is None


def test_the_longest_contact_fits() -> None:
    email = "a" * 64 + "@" + "b." * 93 + "org"
    assert len(email) == 254
    text = f"{email} {'+12345678901234 ' + '-' * 15}9"
    assert opened(text).email == email
    assert len(text) <= TYPED_MAX_BYTES


def test_every_sealed_contact_has_one_length_and_no_two_are_equal() -> None:
    several = [
        sealed("12345"),
        sealed("12345"),
        sealed("somebody.with.a.long.name@example.museum 0171 234567"),
    ]
    assert {len(one) for one in several} == {SEALED_BYTES}
    assert len(set(several)) == 3


def test_it_opens_for_its_own_event_competitor_and_key_only() -> None:
    box = sealed("zoe@example.org")
    for key, event, competitor, content in (
        (X25519PrivateKey.generate(), EVENT, "c1", box),
        (ADMIN, UNIT_A.key, "c1", box),
        (ADMIN, EVENT, "c2", box),
        (ADMIN, EVENT, "c1", box[:-1] + bytes([box[-1] ^ 1])),
        (ADMIN, EVENT, "c1", box[:20]),
        (ADMIN, EVENT, "c1", b""),
    ):
        with pytest.raises(ContactClosed):
            open_contact(content, key, event_key=event, competitor=competitor)


def test_no_error_carries_what_was_typed() -> None:
    letters = typed("zoe@example.org")
    places = find_contact(letters, 15)
    assert places is not None
    assert "zoe" not in repr(places)
    with pytest.raises(ValueError) as refused:
        seal_contact(letters, places, contact_key="00" * 32, event_key=EVENT, competitor="c1")
    assert "zoe" not in str(refused.value)


def test_wiping_leaves_zeros_in_place() -> None:
    letters = typed("zoe@example.org")
    wipe(letters)
    assert letters == bytes(TYPED_MAX_BYTES)


def envelope() -> ContactEnvelope:
    contact = SealedContact(competitor_id="c1", contact_key=CONTACT_KEY, sealed=sealed("12345").hex())
    return sign_envelope(UNIT_A, contact, event_key=EVENT)


def test_a_unit_vouches_for_every_part_of_the_envelope() -> None:
    whole = envelope()
    assert envelope_holds(whole, event_key=EVENT)
    assert not envelope_holds(whole, event_key=UNIT_B.key)
    other = envelope()
    for change in (
        {"competitor_id": "c2"},
        {"contact_key": ROOT.key},
        {"sealed": other.sealed},
        {"unit": UNIT_B.key},
        {"signature": other.signature},
    ):
        assert not envelope_holds(msgspec.structs.replace(whole, **change), event_key=EVENT)


def test_a_contact_signature_is_never_a_record_signature() -> None:
    assert UNIT_A.sign(b"x") != UNIT_A.sign(b"x", domain=b"pitboard sealed contact 1\0")


def test_the_id_is_the_same_for_every_delivery() -> None:
    whole = envelope()
    again = msgspec.json.decode(msgspec.json.encode(whole), type=ContactEnvelope)
    assert (again, again.contact) == (whole, contact_id(whole))
