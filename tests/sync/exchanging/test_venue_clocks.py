"""Whose wall clock is wrong, as far as the answers of the venue tell."""

from __future__ import annotations

import pytest

from pitboard.clock import ScriptedClock
from sync.exchanging.venue_clocks import (
    CENTRAL,
    DIFFERS_FROM_MS,
    HEARD_MAX_NS,
    ClockNote,
    VenueClocks,
    gap_text,
)

DAY_MS = 86_400_000


def note(offsets: dict[str, int]) -> ClockNote | None:
    """Hear the others with their clocks so far ahead of ours, in ms."""
    clock = ScriptedClock()
    clocks = VenueClocks(clock)
    for who, offset_ms in offsets.items():
        clocks.hear(who, clock.utc_ms() + offset_ms)
    return clocks.note()


@pytest.mark.parametrize(
    ("offsets", "way"),
    [
        ({}, None),
        ({CENTRAL: 3_000, "B": -20_000}, None),
        ({CENTRAL: DIFFERS_FROM_MS}, None),
        ({CENTRAL: DIFFERS_FROM_MS + 1}, "behind"),
        ({CENTRAL: -DAY_MS}, "ahead"),
        ({CENTRAL: -DAY_MS, "B": -DAY_MS}, "ahead"),
        ({CENTRAL: DAY_MS, "B": 500}, None),  # central itself is the one that is wrong
        ({"B": DAY_MS, "C": 100}, None),
        ({"B": DAY_MS, "C": DAY_MS + 100}, "behind"),
        ({"B": DAY_MS}, "differ"),
        ({CENTRAL: -DAY_MS, "B": 0, "C": -DAY_MS}, "ahead"),  # two against two: central's side
        ({CENTRAL: 0, "B": DAY_MS, "C": DAY_MS}, None),
    ],
)
def test_the_clock_in_the_middle_is_right_and_between_two_centrals(
    offsets: dict[str, int], way: str | None
) -> None:
    said = note(offsets)
    assert (None if said is None else said.way) == way


def test_two_clocks_alone_are_told_to_differ_by_name() -> None:
    assert note({"Track B": DAY_MS}) == ClockNote(way="differ", gap_ms=DAY_MS, who="Track B")


def test_a_clock_that_nobody_set_accuses_nobody_and_is_not_accused() -> None:
    unset = ScriptedClock(now_utc_ms=1_000)
    clocks = VenueClocks(unset)
    clocks.hear(CENTRAL, ScriptedClock().utc_ms())
    assert clocks.note() is None
    here = VenueClocks(ScriptedClock())
    here.hear("B", 1_000)
    assert here.note() is None


def test_what_was_heard_a_minute_ago_is_forgotten_so_a_clock_that_is_set_right_is_well() -> None:
    clock = ScriptedClock()
    clocks = VenueClocks(clock)
    clocks.hear(CENTRAL, clock.utc_ms() - DAY_MS)
    clock.advance(ms=HEARD_MAX_NS // 1_000_000)
    assert clocks.note() is not None
    clock.advance(ms=1)
    assert clocks.note() is None


def test_a_gap_is_said_in_minutes_or_hours() -> None:
    assert [gap_text(ms) for ms in (180_000, 119 * 60_000, 120 * 60_000, DAY_MS)] == [
        "3 min",
        "119 min",
        "2 h",
        "24 h",
    ]
