"""The board against a naive sort, under every rule, for any order of results coming, changing and going."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from pitboard.race.bodies.formats import RANKINGS, WORDS, Format
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.results import Result, outcome_of
from pitboard.race.ranking.score import Drive, ScoredLap, score

MS = 1_000_000
FORMATS = [
    Format(ranking=ranking, laps=2, runs=runs, ties=ties, points=(5, 3, 1), points_within=within)
    for ranking in RANKINGS
    for runs in ((2,) if ranking == "sum-of-best-runs" else (0, 1) if ranking == "points" else (0,))
    for ties in WORDS["ties"]
    for within in (WORDS["points_within"] if ranking == "points" else ("run",))
] + [Format(ranking="sum-of-best-runs", runs=2, run_ranking="most-laps")]


class Change(NamedTuple):
    """One thing that happens: `laps_ms` None takes the run's result away."""

    competitor: str
    run: str
    laps_ms: tuple[tuple[int, bool], ...] | None
    aside: bool | None = None


def result(competitor: str, run: str, laps_ms: tuple[tuple[int, bool], ...], rules: Format) -> Result:
    laps, closed = [], 0
    for number, (lap_ms, counts) in enumerate(laps_ms, start=1):
        closed += lap_ms * MS
        laps.append(ScoredLap(number, lap_ms * MS, counts, closed, (closed // MS, competitor + run, number)))
    number = int(run[1:])
    return Result(
        score(Drive(laps), rules),
        (1_000 + closed // MS, competitor + run, 0),
        round=0 if competitor in ALONE else number,
        armed_at=(number, competitor, 0),
    )


ALONE = "abc"
"""They drive one by one, in no round that anybody drew."""


def round_of(competitor: str, run: str, results: dict[tuple[str, str], Result]) -> int:
    if competitor not in ALONE:
        return int(run[1:])
    return 1 + sum(who == competitor and int(other[1:]) < int(run[1:]) for who, other in results)


competitors, runs = st.sampled_from([*"abcde", "f\nd"]), st.sampled_from(["r1", "r2", "r3"])
laps = st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=4).map(tuple)
changes = st.lists(
    st.builds(Change, competitors, runs, st.none() | laps)
    | st.builds(Change, competitors, st.just("disqualified"), st.none(), st.booleans())
    | st.builds(Change, competitors, st.just("outside"), st.none(), st.booleans()),
    max_size=25,
)


def carry_out(board: Board, change: Change) -> None:
    if change.run == "disqualified":
        board.set_disqualified(change.competitor, bool(change.aside))
    elif change.run == "outside":
        board.set_outside_awards(change.competitor, bool(change.aside))
    elif change.laps_ms is None:
        board.set_result(change.competitor, change.run, None)
    else:
        new = result(change.competitor, change.run, change.laps_ms, board.rules)
        board.set_result(change.competitor, change.run, new)


def naive(all_changes: list[Change], rules: Format) -> list[tuple[int | None, str, tuple[int | None, ...]]]:
    """The board worked out anew, by sorting everything: (rank, competitor, values)."""
    results: dict[tuple[str, str], Result] = {}
    aside: dict[str, set[str]] = {"disqualified": set(), "outside": set()}
    for change in all_changes:
        if change.run in aside:
            (aside[change.run].add if change.aside else aside[change.run].discard)(change.competitor)
        elif change.laps_ms is None:
            results.pop((change.competitor, change.run), None)
        else:
            new = result(change.competitor, change.run, change.laps_ms, rules)
            results[change.competitor, change.run] = new
    lines = []
    for competitor in sorted({competitor for competitor, _ in results}):
        own = {run: one for (who, run), one in results.items() if who == competitor}
        points = [naive_points(competitor, run, one, results, aside, rules) for run, one in own.items()]
        outcome = outcome_of(list(own.values()), points, rules)
        is_out = competitor in aside["disqualified"]
        group = 2 if is_out else 0 if outcome.amounts is not None else 1
        orders = (outcome.amounts, outcome.partial, ())[group]
        tie = outcome.tie if group == 0 else ()
        lines.append(((group, orders, tie), outcome.set_at, competitor, outcome.values))
    lines.sort()
    ranked = [line for line in lines if line[0][0] == 0 and line[2] not in aside["outside"]]
    return [
        (
            1 + sum(other[0] < line[0] for other in ranked) if line in ranked else None,
            line[2],
            line[3],
        )
        for line in lines
    ]


def naive_points(
    competitor: str,
    run: str,
    one: Result,
    results: dict[tuple[str, str], Result],
    aside: dict[str, set[str]],
    rules: Format,
) -> int:
    out = aside["disqualified"] | aside["outside"]
    if rules.ranking != "points" or one.score.amounts is None or competitor in out:
        return 0
    rivals = [
        other.score.amounts
        for (who, other_run), other in results.items()
        if (
            round_of(who, other_run, results) == round_of(competitor, run, results)
            if rules.points_within == "round"
            else other_run == run
        )
        and other.score.amounts is not None
        and who not in out
    ]
    place = sum(amounts < one.score.amounts for amounts in rivals)
    return rules.points[place] if place < len(rules.points) else 0


@settings(max_examples=400, deadline=None, derandomize=True)
@given(changes, st.sampled_from(FORMATS))
def test_the_board_equals_a_naive_sort_of_what_is_there(all_changes: list[Change], rules: Format) -> None:
    board = Board(rules)
    for change in all_changes:
        carry_out(board, change)
    drawn = [(board.rank_of(one), one.competitor, one.outcome.values) for one in board.in_order()]
    assert drawn == naive(all_changes, rules)
    assert len(board) == len(drawn)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(changes, st.sampled_from(FORMATS), st.randoms(use_true_random=False))
def test_the_order_in_which_results_come_does_not_matter(
    all_changes: list[Change], rules: Format, random: object
) -> None:
    last = {(change.competitor, change.run): change for change in all_changes}
    shuffled = list(last.values())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Board(rules), Board(rules)
    for change in all_changes:
        carry_out(one, change)
    for change in shuffled:
        carry_out(other, change)
    assert list(one.in_order()) == list(other.in_order())
    assert one.newest() == other.newest()


def board_of(rules: Format, *driven: tuple[str, str, tuple[int, ...]]) -> Board:
    board = Board(rules)
    for competitor, run, laps_ms in driven:
        laps_that_count = tuple((lap_ms, True) for lap_ms in laps_ms)
        board.set_result(competitor, run, result(competitor, run, laps_that_count, rules))
    return board


def ranks(board: Board) -> list[tuple[int | None, str]]:
    return [(board.rank_of(standing), standing.competitor) for standing in board.in_order()]


def test_of_runs_without_a_result_the_one_with_more_laps_and_then_the_earlier_is_shown() -> None:
    rules = Format(ranking="best-average", laps=2)
    driven = [("b", "r1", (1,)), ("b", "r2", (2,))]
    for order in (driven, driven[::-1]):
        assert [standing.outcome.values for standing in board_of(rules, *order).in_order()] == [(None, MS, 1)]


def test_equal_times_share_a_rank_and_the_next_one_is_left_out() -> None:
    board = board_of(
        Format(),
        ("d", "r1", (4,)),
        ("b", "r1", (3,)),
        ("c", "r1", (5, 3)),
        ("a", "r1", (2,)),
        ("e", "r1", ()),
    )
    assert ranks(board) == [(1, "a"), (2, "b"), (2, "c"), (4, "d"), (None, "e")]


def test_a_tie_is_broken_by_who_set_it_first_or_by_the_second_best() -> None:
    driven = (("b", "r1", (3, 6)), ("a", "r1", (5, 3)), ("c", "r1", (3,)), ("c", "r2", (4,)))
    assert ranks(board_of(Format(ties="first-set"), *driven)) == [(1, "b"), (2, "c"), (3, "a")]
    assert ranks(board_of(Format(ties="second-best"), *driven)) == [(1, "c"), (2, "a"), (3, "b")]


def test_the_gap_is_told_in_what_the_leader_is_better_at() -> None:
    board = board_of(Format(ranking="most-laps"), ("a", "r1", (3, 3)), ("b", "r1", (3, 4)), ("c", "r1", (5,)))
    gaps = [gap and (gap.kind, gap.value) for gap in map(board.gap_of, board.in_order())]
    assert gaps == [("duration_ns", 0), ("duration_ns", MS), ("count", 1)]


def test_who_drives_outside_the_awards_takes_nobodys_rank_or_points() -> None:
    board = board_of(Format(), ("a", "r1", (2,)), ("b", "r1", (3,)), ("c", "r1", (4,)))
    board.set_outside_awards("a", True)
    assert ranks(board) == [(None, "a"), (1, "b"), (2, "c")]
    assert board.leader is not None
    assert board.leader.competitor == "b"


def test_who_has_one_run_of_two_stands_below_in_the_order_of_what_is_there() -> None:
    board = board_of(
        Format(ranking="sum-of-best-runs", runs=2),
        ("late", "r1", (9,)),
        ("quick", "r1", (7,)),
        ("whole", "r1", (20,)),
        ("whole", "r2", (30,)),
    )
    assert ranks(board) == [(1, "whole"), (None, "quick"), (None, "late")]
    columns = {column.code: column.value for column in next(board.in_order()).columns}
    assert columns == {"total": 50 * MS, "runs": 2, "run_1": 20 * MS, "run_2": 30 * MS}


def test_the_points_of_the_best_runs_count() -> None:
    driven = [("a", f"r{run}", (place,)) for run, place in ((1, 2), (2, 1), (3, 3))]
    driven += [("b", f"r{run}", (2,)) for run in (2, 3)]
    best_one = board_of(Format(ranking="points", points=(5, 3, 1), runs=1), *driven)
    assert [standing.outcome.values for standing in best_one.in_order()] == [(5, 1), (5, 1)]
    every = board_of(Format(ranking="points", points=(5, 3, 1)), *driven)
    assert [(one.competitor, one.outcome.values) for one in every.in_order()] == [
        ("a", (13, 3)),
        ("b", (8, 2)),
    ]


def test_equal_sums_go_by_the_next_best_run_or_by_whose_last_run_was_earlier() -> None:
    driven = [("late", "r1", (20,)), ("late", "r2", (30,)), ("early", "r1", (25,)), ("early", "r2", (25,))]
    rules = {"ranking": "sum-of-best-runs", "runs": 2}
    assert ranks(board_of(Format(**rules), *driven)) == [(1, "early"), (1, "late")]  # type: ignore[arg-type]
    third = [*driven, ("late", "r3", (40,))]
    by_next = board_of(Format(**rules, ties="second-best"), *third)  # type: ignore[arg-type]
    assert ranks(by_next) == [(1, "late"), (2, "early")]


def test_without_a_rank_the_better_sum_stands_above_the_earlier_one() -> None:
    rules = Format(ranking="sum-of-best-runs", runs=2)
    board = Board(rules)
    for name, lap_ms, at in (("earlier", 9, 1), ("better", 7, 2)):
        lap = ScoredLap(1, lap_ms * MS, True, lap_ms * MS, (at, name, 0))
        board.set_result(name, "r1", Result(score(Drive([lap]), rules), (at, name, 1)))
    assert ranks(board) == [(None, "better"), (None, "earlier")]


def test_points_by_round_of_who_drives_alone_go_by_the_attempt() -> None:
    rules = Format(ranking="points", run_ranking="best-lap", points=(5, 3, 1), points_within="round")
    board = board_of(
        rules,
        ("a", "r1", (10,)),
        ("b", "r2", (9,)),
        ("c", "r3", (11,)),
        ("b", "r5", (12,)),
        ("a", "r6", (8,)),
    )
    points = {one.competitor: one.outcome.values[0] for one in board.in_order()}
    assert points == {"b": 5 + 3, "a": 3 + 5, "c": 1}
    board.set_result("a", "r1", None)  # their second attempt is the first that counts now
    points = {one.competitor: one.outcome.values[0] for one in board.in_order()}
    assert points == {"a": 5, "b": 3 + 5, "c": 1}
