from __future__ import annotations

import pytest

from pitboard.drawing.time_text import format_countdown_ms, format_gap_ns, format_lap_ns, parse_lap_time
from pitboard.errors import ActRefused


def test_a_lap_is_cut_to_the_resolution_and_never_rounded() -> None:
    assert format_lap_ns(5_999_999_999) == "5.999"
    assert format_lap_ns(62_005_678_901) == "1:02.005"
    assert format_lap_ns(62_005_678_901, resolution_ns=10_000_000) == "1:02.00"
    assert format_lap_ns(62_005_678_901, resolution_ns=1_000_000_000) == "1:02"
    assert format_lap_ns(1, resolution_ns=1) == "0.000000001"


def test_a_time_over_an_hour_has_its_hours_and_is_typed_with_them_or_without() -> None:
    hour_ns = 3_600_000_000_000
    assert format_lap_ns(hour_ns - 1) == "59:59.999"
    assert format_lap_ns(hour_ns) == "1:00:00.000"
    assert format_lap_ns(3_754_250_000_000) == "1:02:34.250"
    assert format_lap_ns(-hour_ns, resolution_ns=1_000_000_000) == "-1:00:00"
    for typed in ("1:02:34.25", "62:34,250", "3754.25"):
        assert parse_lap_time(typed) == 3_754_250_000_000
    for typed in ("1:2:34", "1:60:00", "1:02:60", "1::34"):
        with pytest.raises(ActRefused, match="not a lap time"):
            parse_lap_time(typed)


def test_no_lap_and_no_gap_have_their_own_text() -> None:
    assert format_lap_ns(None) == "–"
    assert format_gap_ns(None) == ""
    assert format_gap_ns(1_234_000_000) == "+1.234"


def test_the_countdown_reaches_zero_only_when_no_time_is_left() -> None:
    assert format_countdown_ms(180_000) == "3:00"
    assert format_countdown_ms(59_001) == "1:00"
    assert format_countdown_ms(1) == "0:01"
    assert format_countdown_ms(0) == "0:00"
    assert format_countdown_ms(-5) == "0:00"
    assert format_countdown_ms(9_901, with_tenths=True) == "0:10.0"
    assert format_countdown_ms(9_900, with_tenths=True) == "0:09.9"
