"""Knock-outs, repechage, ladders and finalists, all from finishing orders alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitboard.race.stages.brackets import Stage, knockout
from pitboard.race.stages.stages import (
    HeatState,
    StagePlan,
    StageState,
    finalists,
    order_of,
    stage_of,
    work_out,
)

KINDS = ["knockout", "double-elimination", "heat-knockout", "ladder"]


def drivers(count: int) -> list[str]:
    return [f"d{number:02}" for number in range(1, count + 1)]


def race_through(stage: Stage, seeds: list[str], order: object = None) -> StageState:
    """Run every heat as soon as it can be run; `order` shuffles, otherwise the better seed always wins."""
    orders: dict[str, list[str]] = {}
    state = work_out(stage, seeds, orders)
    while state.next_up:
        heat = state.next_up[0]
        finished = sorted(heat.drivers)
        if order is not None:
            order.shuffle(finished)  # type: ignore[attr-defined]
        orders[heat.heat] = finished
        state = work_out(stage, seeds, orders)
    return state


def losses(state: StageState) -> dict[str, int]:
    lost: dict[str, int] = {}
    for heat in state.heats:
        for driver in (heat.order or ())[1:]:
            lost[driver] = lost.get(driver, 0) + 1
    return lost


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", range(2, 34))
def test_when_the_better_seed_always_wins_the_podium_is_the_seeding(kind: str, count: int) -> None:
    stage = stage_of(StagePlan(stage="s", name="Finals", kind=kind, count=count))
    assert stage is not None
    podium = race_through(stage, drivers(count)).podium
    in_order = 2 if kind == "knockout" else 3
    assert list(podium[:in_order]) == drivers(count)[:in_order]
    if kind == "ladder":
        assert list(podium) == drivers(count)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(2, 40), st.sampled_from(KINDS), st.integers(2, 8), st.integers(1, 7), st.randoms())
def test_every_stage_ends_with_a_podium_of_different_people(
    count: int, kind: str, heat_size: int, advance: int, random: object
) -> None:
    plan = StagePlan(stage="s", name="n", kind=kind, count=count, heat_size=heat_size, advance=advance)
    stage = stage_of(plan)
    assert stage is not None
    state = race_through(stage, drivers(count), random)
    assert None not in state.podium
    assert len(set(state.podium)) == len(state.podium) >= min(count, 2)
    assert all(len(set(heat.drivers)) == len(heat.drivers) for heat in state.heats)
    raced = {driver for heat in state.heats for driver in heat.drivers}
    assert raced == set(drivers(count))
    if kind == "knockout":
        finals = [heat for heat in state.heats if heat.heat != "small-final" and not heat.is_bye]
        assert len(finals) == count - 1
        out = [driver for heat in finals for driver in (heat.order or ())[1:]]
        assert sorted([*out, str(state.podium[0])]) == drivers(count)
    if kind == "double-elimination":
        lost = losses(state)
        assert all(lost[driver] == 2 for driver in drivers(count) if driver not in state.podium[:2])
        assert max(lost.values()) <= 2


def test_in_the_repechage_nobody_meets_at_once_whom_they_lost_to() -> None:
    stage = stage_of(StagePlan(stage="s", name="n", kind="double-elimination", count=8))
    assert stage is not None
    heats = race_through(stage, drivers(8)).heats
    met_before = {frozenset(heat.drivers) for heat in heats if heat.heat.startswith("w")}
    first_repechage = [frozenset(heat.drivers) for heat in heats if heat.heat.startswith("x2")]
    assert len(first_repechage) == 2
    assert not met_before & set(first_repechage)


def test_byes_go_to_the_best_seeds_and_need_no_run() -> None:
    state = work_out(knockout(5), drivers(5), {})
    byes = [heat.drivers for heat in state.heats if heat.is_bye]
    assert byes == [("d01",), ("d02",), ("d03",)]
    assert [heat.drivers for heat in state.next_up] == [("d04", "d05"), ("d02", "d03")]


def test_a_corrected_result_moves_everybody_who_depends_on_it() -> None:
    stage, seeds = knockout(4), drivers(4)
    orders = {
        "r1-1": ["d01", "d04"],
        "r1-2": ["d02", "d03"],
        "final": ["d01", "d02"],
        "small-final": ["d03", "d04"],
    }
    assert work_out(stage, seeds, orders).podium == ("d01", "d02", "d03", "d04")
    orders["r1-1"] = ["d04", "d01"]
    state = work_out(stage, seeds, orders)
    assert heat(state, "final").drivers == ("d04", "d02")
    assert heat(state, "final").can_run  # what was driven there is another heat's result now
    assert state.podium == (None, None, None, None)


def test_who_does_not_start_takes_no_place() -> None:
    stage, seeds = knockout(4), drivers(4)
    state = work_out(stage, seeds, {"r1-1": ["d01"], "r1-2": ["d02", "d03"]})
    assert heat(state, "small-final").is_bye
    assert heat(state, "small-final").order == ("d03",)
    state = work_out(stage, seeds, {"r1-1": [], "r1-2": ["d02", "d03"]})
    assert heat(state, "final").order == ("d02",)


def test_fewer_seeds_than_planned_are_byes() -> None:
    state = race_through(knockout(8), drivers(3))
    assert state.podium == ("d01", "d02", "d03")


def test_a_kind_of_a_later_version_is_no_stage() -> None:
    assert stage_of(StagePlan(stage="s", name="n", kind="swiss")) is None


def test_finalists_come_by_the_rule_or_by_hand_and_a_tie_at_the_border_is_for_people() -> None:
    ranked = [(1, "a"), (2, "b"), (2, "c"), (4, "d"), (None, "e")]
    assert finalists(ranked, 3) == (("a", "b", "c"), ())
    assert finalists(ranked, 2) == (("a",), ("b", "c"))
    assert finalists(ranked, 4) == (("a", "b", "c", "d"), ())
    assert finalists(ranked, 9) == (("a", "b", "c", "d"), ())
    assert finalists(ranked, 2, picked=("e", "a")) == (("e", "a"), ())


def test_equal_scores_in_a_heat_must_be_told_apart() -> None:
    assert order_of({"a": (2,), "b": (1,), "c": None}) == ("b", "a")
    assert order_of({"a": (1,), "b": (1,)}) is None
    assert order_of({}) == ()


def heat(state: StageState, name: str) -> HeatState:
    return next(one for one in state.heats if one.heat == name)
