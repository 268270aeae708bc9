"""A token is typed by people: read leniently, checked strictly, good for one central."""

from __future__ import annotations

import pytest

from pitboard.errors import ActRefused
from sync.enrolling.enrolment_words import ALPHABET, EnrolmentToken, commitment_to, enrolment_code, new_nonce

FINGERPRINT = "ab" * 32
TOKEN = EnrolmentToken.make(fingerprint=FINGERPRINT)


def test_a_token_is_five_groups_that_come_back_however_they_are_typed() -> None:
    assert [len(group) for group in TOKEN.text.split("-")] == [5, 5, 5, 5, 5]
    for typed in (TOKEN.text, TOKEN.text.lower(), f" {TOKEN.text.replace('-', ' ')}\n"):
        assert EnrolmentToken.parse(typed) == TOKEN
    look_alike = TOKEN.text.replace("0", "O").replace("1", "l")
    assert EnrolmentToken.parse(look_alike) == TOKEN


def test_any_wrong_character_and_any_two_swapped_ones_are_noticed() -> None:
    plain = TOKEN.text.replace("-", "")
    for place, right in enumerate(plain):
        for wrong in ALPHABET.replace(right, ""):
            with pytest.raises(ActRefused, match="typing error"):
                EnrolmentToken.parse(plain[:place] + wrong + plain[place + 1 :])
    for place in range(len(plain) - 1):
        one, two = plain[place], plain[place + 1]
        if one != two:
            with pytest.raises(ActRefused, match="typing error"):
                EnrolmentToken.parse(plain[:place] + two + one + plain[place + 2 :])


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "0 were typed"), (TOKEN.text[:-1], "24 were typed"), ("*" * 25, "no character like")],
    ids=["nothing", "one short", "no letters"],
)
def test_what_is_no_token_gets_a_plain_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(ActRefused, match=sentence):
        EnrolmentToken.parse(typed)


def test_a_token_is_for_one_certificate() -> None:
    assert TOKEN.is_for(FINGERPRINT)
    assert not TOKEN.is_for("ac" * 32)


def test_the_digits_depend_on_every_part() -> None:
    parts = {
        "key": "01" * 32,
        "event_key": "02" * 32,
        "fingerprint": "03" * 32,
        "central_nonce": "04" * 32,
        "node_nonce": "05" * 32,
    }
    code = enrolment_code(**parts)
    assert len(code) == 7
    assert all(enrolment_code(**{**parts, name: "99" * 32}) != code for name in parts)
    nonce = new_nonce()
    assert commitment_to(nonce) == commitment_to(nonce) != nonce
