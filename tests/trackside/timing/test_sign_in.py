"""Guessing a PIN takes longer and longer, and switching the unit off and on does not help."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import ActRefused, PinRefused
from pitboard.race.roll import Official
from pitboard.trust.pin import pin_matches, pin_verifier
from trackside.timing.sign_in import FREE_TRIES, WAIT_MAX_S, SignIn, wait_s_after

OLGA = Official(official_id="o1", name="Olga", pin=pin_verifier("123456", memory_kib=64))


def tried(sign_in: SignIn, pin: str) -> str:
    try:
        asyncio.run(sign_in.check("o1", pin))
    except ActRefused as error:
        return error.code
    return "in"


def test_five_tries_are_free_then_the_wait_doubles_and_survives_a_start(tmp_path: Path) -> None:
    clock = ScriptedClock()
    file = tmp_path / "tries"
    sign_in = SignIn(file, clock, lambda: [OLGA])
    assert [tried(sign_in, "000000") for _ in range(FREE_TRIES)] == ["wrong-pin"] * FREE_TRIES
    assert tried(sign_in, "123456") == "pin-wait"
    clock.advance(ms=29_999)
    assert tried(sign_in, "123456") == "pin-wait"
    clock.advance(ms=1)
    assert tried(sign_in, "000000") == "wrong-pin"
    sign_in = SignIn(file, ScriptedClock(), lambda: [OLGA])  # switched off and on: its clock begins anew
    clock = sign_in._clock  # type: ignore[assignment]
    clock.advance(ms=59_999)
    assert tried(sign_in, "123456") == "pin-wait"
    clock.advance(ms=1)
    assert tried(sign_in, "123456") == "in"
    assert [tried(sign_in, "000000") for _ in range(FREE_TRIES)] == ["wrong-pin"] * FREE_TRIES


def test_the_wait_doubles_up_to_an_hour() -> None:
    assert [wait_s_after(count) for count in (0, 4, 5, 6, 7)] == [0, 0, 30, 60, 120]
    assert wait_s_after(12) == WAIT_MAX_S
    assert wait_s_after(10_000) == WAIT_MAX_S


def test_a_try_counts_although_the_power_is_cut_while_it_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "tries"

    class PowerCut(Exception):
        pass

    def cut(verifier: str, pin: str) -> bool:
        raise PowerCut

    for _ in range(FREE_TRIES):
        sign_in = SignIn(file, ScriptedClock(), lambda: [OLGA])
        sign_in.matches = cut
        with pytest.raises(PowerCut):
            asyncio.run(sign_in.check("o1", "123456"))
    assert tried(SignIn(file, ScriptedClock(), lambda: [OLGA]), "123456") == "pin-wait"


def test_who_is_not_appointed_cannot_sign_in(tmp_path: Path) -> None:
    assert tried(SignIn(tmp_path / "tries", ScriptedClock(), list), "123456") == "unknown-official"


def test_a_damaged_file_keeps_nobody_out(tmp_path: Path) -> None:
    file = tmp_path / "tries"
    file.write_bytes(b"\x00half")
    assert tried(SignIn(file, ScriptedClock(), lambda: [OLGA]), "123456") == "in"


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "12345a", "１２３４５６"])
def test_a_pin_has_six_digits(pin: str) -> None:
    with pytest.raises(PinRefused):
        pin_verifier(pin)


@pytest.mark.parametrize(
    "verifier",
    ["", "plain", "argon2id$64$3$1$00$00", f"argon2id$9999999$3$1${'0' * 32}${'0' * 64}", OLGA.pin + "0"],
)
def test_a_verifier_of_another_form_lets_nobody_in(verifier: str) -> None:
    assert not pin_matches(verifier, "123456")


def test_two_verifiers_of_one_pin_differ() -> None:
    other = pin_verifier("123456", memory_kib=64)
    assert other != OLGA.pin
    assert pin_matches(other, "123456")
