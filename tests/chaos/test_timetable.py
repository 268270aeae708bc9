"""The mishaps of a chaos run: drawn from the seed, each kind at least once, no two on one thing."""

from __future__ import annotations

from itertools import pairwise

from tests.chaos.timetable import KINDS, Mishap, draw_timetable


def test_one_seed_draws_one_timetable() -> None:
    assert draw_timetable(5, 600, KINDS) == draw_timetable(5, 600, KINDS)
    assert draw_timetable(5, 600, KINDS) != draw_timetable(6, 600, KINDS)


def test_a_short_run_meets_each_mishap_and_is_over_in_time() -> None:
    for seed in range(100):
        timetable = draw_timetable(seed, 40, KINDS)
        assert {mishap.kind for mishap in timetable} == KINDS.keys()
        assert max(mishap.at_s + mishap.lasts_s for mishap in timetable) <= 40


def test_nothing_is_broken_twice_at_the_same_time() -> None:
    held: dict[str, list[Mishap]] = {}
    for mishap in draw_timetable(1, 600, KINDS):
        for thing in mishap.holds:
            held.setdefault(thing, []).append(mishap)
    for mishaps in held.values():
        for first, second in pairwise(mishaps):
            assert first.at_s + first.lasts_s < second.at_s
