"""A day that drives itself, by a clock that the test holds."""

from __future__ import annotations

from pitboard.race.bodies.event_bodies import DayMoved, DayPlanned
from pitboard.race.stages.day_schedule import SHIFT_MS, DaySchedule, Ended, day_of

MS = 1_000_000
PLAN = DayPlanned(track="1", turns=("a", "b", "c"), is_automatic=True, gap_ms=60_000)
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


def moved(at_ms: int, *, is_paused: bool | None = None, shift_ms: int = 0, boot_id: str = "now") -> DayMoved:
    return DayMoved(track="1", boot_id=boot_id, mono_ns=at_ms * MS, is_paused=is_paused, shift_ms=shift_ms)


def test_the_day_is_made_of_what_was_said_whatever_order_it_came_in() -> None:
    ended = [Ended("a", "now", 10_000 * MS)]
    moves = [
        moved(20_000, is_paused=True),
        moved(50_000, is_paused=False),
        moved(60_000, shift_ms=SHIFT_MS),
        moved(61_000, shift_ms=-SHIFT_MS),
    ]
    day = day_of(PLAN, moves, ended, "now")
    assert day == day_of(PLAN, moves[::-1], ended, "now")
    assert day.next_up(9) == ("b", "c")
    assert day.starts_in_ms(61_000) == 60_000 - 51_000 + 30_000
    assert day_of(PLAN, [*moves, moved(70_000, is_paused=True)], ended, "now").is_paused


def test_after_a_new_start_of_the_unit_a_person_begins_the_next_run() -> None:
    ended = [Ended("a", "before", 10_000 * MS), Ended("elsewhere", "now", 5_000 * MS)]
    day = day_of(PLAN, [moved(1_000, is_paused=True, boot_id="before")], ended, "now")
    assert day.next_up() == ("b",)
    assert day.starts_in_ms(1_000_000) is None
    assert not day.is_paused


def test_without_a_plan_there_is_no_day() -> None:
    assert day_of(None, [moved(1, shift_ms=5)], [Ended("a", "now", 1)], "now") == DaySchedule()
