"""What days of the simulator are planned to have: nothing is left out of the short ones, and all may meet."""

from __future__ import annotations

from itertools import combinations

import pytest

from venue.simulator.world.day_plan import (
    KINDS_OF_RUN,
    LONG,
    MISHAPS,
    ONE_LONG_OF,
    SUBJECTS,
    DayPlan,
    Shares,
    plan_of,
    short_plan,
)

SHORT_DAYS = [short_plan(seed) for seed in range(1_000)]


def test_of_ten_mixed_days_one_is_long_and_the_others_are_the_short_ones_of_their_seeds() -> None:
    lengths = [plan_of(seed, "mixed").length for seed in range(3 * ONE_LONG_OF)]
    assert lengths == (["long"] + ["short"] * (ONE_LONG_OF - 1)) * 3
    assert plan_of(ONE_LONG_OF, "mixed") is plan_of(7_703, "long") is LONG
    assert plan_of(7_703, "mixed") == plan_of(7_703, "short") == short_plan(7_703)
    assert plan_of(ONE_LONG_OF, "short").length == "short"


def test_everything_that_goes_wrong_on_long_days_meets_everything_else_on_some_short_day() -> None:
    met = {pair for plan in SHORT_DAYS for pair in combinations(sorted(plan.mishaps), 2)}
    assert met == set(combinations(sorted(MISHAPS), 2))
    assert all(
        any(plan.subject == subject and set(plan.mishaps) >= {mishap} for plan in SHORT_DAYS)
        for subject in SUBJECTS
        for mishap in MISHAPS
    )


def test_a_restored_backup_was_made_the_same_day() -> None:
    assert all("back up" in plan.mishaps for plan in SHORT_DAYS if "restore" in plan.mishaps)


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in Shares.__dataclass_fields__),
        *(name for name in DayPlan.__dataclass_fields__ if name.startswith("has_")),
    ],
)
def test_what_a_long_day_may_have_is_there_on_some_short_days_and_not_on_others(name: str) -> None:
    had = [bool(getattr(plan if name.startswith("has_") else plan.shares, name)) for plan in SHORT_DAYS]
    assert len(SHORT_DAYS) // 20 < had.count(True) < len(SHORT_DAYS)


def test_short_days_have_every_kind_of_run_and_every_number_of_units_and_displays() -> None:
    assert {kind for plan in SHORT_DAYS for kind in plan.runs} == set(KINDS_OF_RUN)
    assert {count for plan in SHORT_DAYS for count in plan.units} == set(LONG.units)
    assert {count for plan in SHORT_DAYS for count in plan.displays} == set(LONG.displays)
    for name in ("gates", "lanes", "transponders", "teams"):
        assert {one for plan in SHORT_DAYS for one in getattr(plan, name)} == set(getattr(LONG, name))


def test_on_a_short_day_a_run_can_have_several_laps_and_a_programme_its_next_run() -> None:
    for plan in SHORT_DAYS:
        assert plan.run_ms > 6 * plan.lap_min_ms
        if plan.subject == "programme":
            assert plan.storm_s[0] * 1_000 > plan.run_ms + plan.gap_ms
