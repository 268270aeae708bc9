"""The codes of RFC 6238, and that none is good twice."""

from __future__ import annotations

import pytest

from sync.central.admin.desk.totp import STEP_MS, code_at, secret_text, secret_uri, step_of

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("utc_s", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_vectors_of_appendix_b(utc_s: int, code: str) -> None:
    assert code_at(SECRET, utc_s * 1_000 // STEP_MS, digits=8) == code
    assert code_at(SECRET, utc_s * 1_000 // STEP_MS) == code[2:]


def test_a_phone_may_be_half_a_minute_off_and_no_code_is_good_twice() -> None:
    now_ms, step = 1_000 * STEP_MS, 1_000
    for off in (-1, 0, 1):
        assert step_of(SECRET, code_at(SECRET, step + off), utc_ms=now_ms, after=0) == step + off
    for off in (-2, 2):
        assert step_of(SECRET, code_at(SECRET, step + off), utc_ms=now_ms, after=0) is None
    assert step_of(SECRET, code_at(SECRET, step), utc_ms=now_ms, after=step) is None
    assert step_of(SECRET, code_at(SECRET, step - 1), utc_ms=now_ms, after=step) is None


@pytest.mark.parametrize("code", ["", "12345", "٠١٢٣٤٥", "\ud800", "0" * 10_000])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert step_of(SECRET, code, utc_ms=STEP_MS * 1_000, after=0) is None


def test_the_secret_goes_into_an_app_by_hand_and_by_picture() -> None:
    assert secret_text(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert secret_uri(SECRET, "anna") == (
        "otpauth://totp/Pitboard%3Aanna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Pitboard"
        "&digits=6&period=30"
    )
