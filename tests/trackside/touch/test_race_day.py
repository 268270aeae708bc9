"""A short race day at the touchscreen; `make race-day` plays the long one with every preset and mistake."""

from __future__ import annotations

from tests.trackside.touch.day_oracle import TrueDrive, TrueLap, TrueRun, board_of
from tests.trackside.touch.race_day import CLASSES, play


def test_a_short_race_day_ends_with_the_oracles_boards_at_the_unit_and_at_a_central_that_was_away() -> None:
    assert play(runs=1, length="short") == 10


def test_the_oracle_tells_every_preset() -> None:
    fast = TrueDrive("A", [TrueLap(9_000_000_000, 9_000_000_000 * number) for number in (1, 2, 3)])
    slow = TrueDrive("B", [TrueLap(9_500_000_000, 9_500_000_000 * number) for number in (1, 2, 3)])
    for preset, race_class in CLASSES.items():
        runs = [TrueRun(race_class, [fast, slow]) for _ in range(4)]
        assert [(one.rank, one.driver) for one in board_of(preset, runs)] == [(1, "A"), (2, "B")], preset
        assert board_of(preset, [TrueRun(race_class, [fast], is_confirmed=False)]) == []
