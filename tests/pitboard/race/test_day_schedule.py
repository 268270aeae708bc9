"""A day that drives itself, by a clock that the test holds."""

from __future__ import annotations

from pitboard.race.day_schedule import SHIFT_MS, DaySchedule

DAY = DaySchedule(turns=("a", "b", "c"), is_automatic=True, gap_ms=60_000)


def test_the_first_run_is_started_by_a_person_and_the_next_by_itself() -> None:
    assert DAY.starts_in_ms(0) is None
    day = DAY.with_done("a", 1_000)
    assert day.next_up(2) == ("b", "c")
    assert [day.starts_in_ms(now) for now in (1_000, 31_000, 61_000, 99_000)] == [60_000, 30_000, 0, 0]
    assert [day.is_due(now) for now in (60_999, 61_000)] == [False, True]


def test_a_pause_stops_the_clock_and_nothing_begins_meanwhile() -> None:
    day = DAY.with_done("a", 0).paused(20_000)
    assert day.starts_in_ms(500_000) == 40_000
    assert day.paused(30_000) == day
    day = day.resumed(500_000)
    assert day.starts_in_ms(500_000) == 40_000
    assert day.resumed(900_000) == day
    due = DAY.with_done("a", 0).paused(70_000)
    assert due.starts_in_ms(80_000) == 0
    assert not due.is_due(80_000)
    assert (
        DAY.with_done("a", 0).paused(5_000).with_done("b", 9_000).resumed(20_000).starts_in_ms(20_000)
        == 60_000
    )


def test_the_next_start_moves_by_fifteen_seconds_and_never_to_before_now() -> None:
    day = DAY.with_done("a", 0).shifted(SHIFT_MS, 10_000)
    assert day.starts_in_ms(10_000) == 65_000
    assert day.shifted(-SHIFT_MS, 10_000).starts_in_ms(10_000) == 50_000
    soon = day.shifted(-SHIFT_MS, 70_000)
    assert soon.starts_in_ms(70_000) == 0
    assert soon.shifted(SHIFT_MS, 70_000).starts_in_ms(70_000) == 15_000
    assert day.with_done("b", 100_000).starts_in_ms(100_000) == 60_000


def test_without_more_turns_or_by_hand_nothing_begins_by_itself() -> None:
    day = DAY.with_done("a", 0).with_done("b", 0).with_done("c", 0)
    assert day.next_up() == ()
    assert day.starts_in_ms(0) is None
    assert day.shifted(SHIFT_MS, 0) == day
    assert DaySchedule(turns=("a", "b")).with_done("a", 0).starts_in_ms(99_000) is None


def test_a_turn_can_be_put_back_and_the_order_changed() -> None:
    day = DAY.with_done("a", 0)
    assert day.with_again("a").next_up() == ("a",)
    assert day.with_turns(["c", "a", "b", "c"]).next_up(9) == ("c", "b")
