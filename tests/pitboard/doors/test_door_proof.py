"""Who proves to hold a key of the event is known at the door; nobody else is, or costs a check."""

from __future__ import annotations

import pytest

from pitboard.doors.door_proof import (
    CHALLENGE_LIFE_S,
    NO_CERTIFICATE,
    RENEWED_AFTER_S,
    Doorkeeper,
    prove_at_door,
)
from tests.race_story import STRANGER, UNIT_A, UNIT_B

SECOND_NS = 1_000_000_000
HERE, ELSEWHERE = "1" * 64, "2" * 64


class Hall:
    def __init__(self) -> None:
        self.now_s = 1_000
        self.keys = {UNIT_A.key, UNIT_B.key}
        self.keeper = Doorkeeper(
            fingerprint=HERE, knows=self.keys.__contains__, now_mono_ns=lambda: self.now_s * SECOND_NS
        )


def test_a_node_of_the_event_is_known_until_its_proof_is_old_or_its_key_revoked() -> None:
    hall = Hall()
    proof = prove_at_door(UNIT_A, hall.keeper.challenge(), HERE)
    assert hall.keeper.who(proof) == UNIT_A.key
    assert not hall.keeper.is_stale(proof)
    hall.now_s += RENEWED_AFTER_S + 1
    assert hall.keeper.is_stale(proof)
    hall.keys.remove(UNIT_A.key)
    assert hall.keeper.who(proof) is None
    hall.keys.add(UNIT_A.key)
    hall.now_s += CHALLENGE_LIFE_S
    assert hall.keeper.who(proof) is None


def test_what_was_signed_for_another_door_or_by_another_key_shows_nothing() -> None:
    hall = Hall()
    challenge = hall.keeper.challenge()
    assert hall.keeper.who(prove_at_door(UNIT_A, challenge, ELSEWHERE)) is None
    assert hall.keeper.who(prove_at_door(STRANGER, challenge, HERE)) is None
    assert hall.keeper.who(prove_at_door(UNIT_A, "0" * 16 + "f" * 32, HERE)) is None
    assert hall.keeper.who(prove_at_door(UNIT_A, Hall().keeper.challenge(), HERE)) is None
    proof = prove_at_door(UNIT_A, challenge, HERE)
    assert hall.keeper.who(proof.replace(UNIT_A.key, UNIT_B.key)) is None
    assert hall.keeper.who(proof + "\n") is None


def test_a_node_signs_only_what_looks_like_a_challenge() -> None:
    for challenge, fingerprint in (
        ("", HERE),
        ("0" * 48 + "\n", HERE),
        ("0" * 48, HERE + "\n"),
        ("x" * 48, HERE),
    ):
        with pytest.raises(ValueError, match="challenge"):
            prove_at_door(UNIT_A, challenge, fingerprint)
    assert prove_at_door(UNIT_A, "0" * 48, NO_CERTIFICATE).startswith(UNIT_A.key)
