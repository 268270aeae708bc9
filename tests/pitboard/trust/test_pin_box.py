"""Only the machines that check PINs learn what a PIN is checked against."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pitboard.errors import PinRefused
from pitboard.trust.identity import Identity
from pitboard.trust.pin_box import KEY_NAME_LENGTH, MACHINES_MAX_COUNT, _public_of, is_for, open_pin, seal_pin
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B

VERIFIER = "argon2id$65536$3$1$" + "a" * 32 + "$" + "b" * 64


def test_the_machines_named_open_the_box_and_nobody_else() -> None:
    sealed = seal_pin(VERIFIER, [ROOT.key, UNIT_A.key, UNIT_A.key], official_id="olga")
    for machine in (ROOT, UNIT_A):
        assert open_pin(sealed.box, sealed.keys, machine, official_id="olga") == VERIFIER
        assert is_for(sealed.keys, machine.key)
    for other in (UNIT_B, STRANGER):
        assert open_pin(sealed.box, sealed.keys, other, official_id="olga") is None
        assert not is_for(sealed.keys, other.key)
    assert VERIFIER.encode().hex() not in sealed.box


def test_a_box_opens_for_its_official_alone_and_not_when_it_was_changed() -> None:
    sealed = seal_pin(VERIFIER, [UNIT_A.key], official_id="olga")
    assert open_pin(sealed.box, sealed.keys, UNIT_A, official_id="otto") is None
    name = UNIT_A.key[:KEY_NAME_LENGTH]
    for box, keys in (
        (sealed.box[:-2] + "00", sealed.keys),
        (sealed.box, {name: sealed.keys[name][:-2] + "00"}),
        ("", sealed.keys),
        ("zz", sealed.keys),
        (sealed.box, {name: "00"}),
        (sealed.box, {}),
    ):
        assert open_pin(box, keys, UNIT_A, official_id="olga") is None


def test_a_signing_key_and_its_other_form_belong_together() -> None:
    for number in range(8):
        identity = Identity.from_seed(bytes([number]) * 32)
        private = X25519PrivateKey.from_private_bytes(identity.agreement_seed())
        public = _public_of(identity.key)
        assert public is not None
        assert public.public_bytes_raw() == private.public_key().public_bytes_raw()
    assert _public_of("01" + "00" * 31) is None  # the point that has no other form
    assert seal_pin(VERIFIER, ["01" + "00" * 31, UNIT_A.key], official_id="o").keys.keys() == {
        UNIT_A.key[:KEY_NAME_LENGTH]
    }


def test_a_pin_for_too_many_machines_is_refused_with_a_sentence() -> None:
    keys = [Identity.from_seed(number.to_bytes(32, "big")).key for number in range(MACHINES_MAX_COUNT + 1)]
    assert len(seal_pin(VERIFIER, keys[1:], official_id="o").keys) == MACHINES_MAX_COUNT
    with pytest.raises(PinRefused, match="80 units at most"):
        seal_pin(VERIFIER, keys, official_id="o")
