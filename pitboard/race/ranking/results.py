"""What all the runs of one competitor give together: the best one, the sum of the best, or points.

A rule that makes one result of several runs is one pure function and one row of `MAKERS`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.formats import Format
from pitboard.race.ranking.score import RULES, Amounts, Column, ColumnKind, Moment, Score, columns_of

TieKey: TypeAlias = tuple[int | str, ...]
NO_SECOND: Amounts = (2**62,)
"""Stands below every second-best there is."""


class Result(NamedTuple):
    """What one confirmed run brings its competitor.

    `round` is the one that was drawn, 0 for a run that was in none; of those `armed_at` tells which attempt
    it was, where points go by round.
    """

    score: Score
    confirmed_at: Moment
    track: str = ""
    round: int = 0
    armed_at: Moment = (0, "", 0)


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """A competitor's result. `amounts` order competitors, the least first; None means too little that counts,
    so no rank.

    `partial` orders those without a rank among each other; `tie` orders equal amounts where the format breaks
    ties; `set_at` is when the result was reached. `ranking` and `values` make the columns. `calculated` are
    the marks of the calculated times that it rests on.
    """

    ranking: str
    amounts: Amounts | None
    set_at: Moment
    values: tuple[int | None, ...]
    tie: TieKey = ()
    partial: Amounts = ()
    run_times: Amounts = ()
    extras: tuple[Column, ...] = ()
    calculated: tuple[Calculated, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return what to show: the rule's columns, each run of a sum, penalties."""
        runs = (
            Column(f"run_{number}", "duration_ns", run_ns)
            for number, run_ns in enumerate(self.run_times, start=1)
        )
        return (*columns_of(self.ranking, self.values), *runs, *self.extras)


class Scored(NamedTuple):
    """A run with a score, as its competitor's result is made of it; `points` are those of its place."""

    amounts: Amounts
    set_at: Moment
    score: Score
    points: int


Maker: TypeAlias = Callable[[Sequence[Scored], Sequence[Result], Format], Outcome]


def outcome_of(results: Sequence[Result], points: Sequence[int], rules: Format) -> Outcome:
    """Return what the runs give together; `points` belong to the results one by one, 0 where there are none.

    At least one result is needed.
    """
    scored = [
        Scored(result.score.amounts, result.score.set_at, result.score, run_points)
        for result, run_points in zip(results, points, strict=True)
        if result.score.amounts is not None and result.score.set_at is not None
    ]
    scored.sort(key=_best_first)
    return MAKERS.get(rules.ranking, best_of)(scored, results, rules)


def best_of(scored: Sequence[Scored], results: Sequence[Result], rules: Format) -> Outcome:
    """The best run counts; of equal ones the earlier. A tie is broken by the next best lap or run."""
    if not scored:
        score = min(results, key=lambda result: (-result.score.laps, result.confirmed_at)).score
        return Outcome(
            score.ranking, None, _first_confirmed(results), score.values, extras=score.extra_columns
        )
    best = scored[0]
    seconds = [one.amounts for one in scored[1:2]] + [one.score.second for one in scored if one.score.second]
    return Outcome(
        best.score.ranking,
        best.amounts,
        best.set_at,
        best.score.values,
        tie=_tie(rules, best.set_at, min(seconds, default=NO_SECOND)),
        extras=best.score.extra_columns,
        calculated=best.score.calculated,
    )


def sum_of_best_runs(scored: Sequence[Scored], results: Sequence[Result], rules: Format) -> Outcome:
    """The best `runs` runs together, each as it was published. Who has fewer stands below them, without a
    rank."""
    chosen = scored[: rules.runs]
    in_order = sorted(chosen, key=lambda one: one.set_at)
    is_whole = len(chosen) == rules.runs and bool(chosen)
    total = tuple(map(sum, zip(*(one.amounts for one in chosen), strict=True)))
    next_best = scored[rules.runs].amounts if len(scored) > rules.runs else NO_SECOND
    set_at = in_order[-1].set_at if chosen else _first_confirmed(results)
    return Outcome(
        "sum-of-best-runs",
        total if is_whole else None,
        set_at,
        (total[-1] if is_whole else None, len(chosen)),
        tie=_tie(rules, set_at, next_best),
        partial=(-len(chosen), *total),
        run_times=tuple(one.amounts[-1] for one in in_order),
        extras=_sum_of_extras(chosen, total),
        calculated=_marks(chosen),
    )


def points_by_place(scored: Sequence[Scored], results: Sequence[Result], rules: Format) -> Outcome:
    """The points of all runs, or of the best `runs`; a tie is broken by the best place, then the next."""
    by_points = sorted(scored, key=lambda one: (-one.points, one.set_at))
    chosen = by_points[: rules.runs] if rules.runs else by_points
    total = sum(one.points for one in chosen)
    set_at = max((one.set_at for one in chosen), default=_first_confirmed(results))
    return Outcome(
        "points",
        (-total,) if chosen else None,
        set_at,
        (total if chosen else None, len(chosen)),
        tie=_tie(rules, set_at, tuple(-one.points for one in by_points)),
        extras=_sum_of_extras(chosen, ()),
        calculated=_marks(chosen),
    )


MAKERS: dict[str, Maker] = {"sum-of-best-runs": sum_of_best_runs, "points": points_by_place}
"""How a result is made where it is not simply the best run."""


def amount_kinds(rules: Format) -> tuple[ColumnKind, ...]:
    """Return the kinds of what orders results under the format, as columns have them."""
    ranking = rules.ranking_of_run if rules.ranking == "sum-of-best-runs" else rules.ranking
    rule = RULES.get(ranking)
    return () if rule is None else rule.amounts


def _best_first(one: Scored) -> tuple[Amounts, Moment]:
    return (one.amounts, one.set_at)


def _first_confirmed(results: Iterable[Result]) -> Moment:
    return min(result.confirmed_at for result in results)


def _tie(rules: Format, set_at: Moment, second: Amounts) -> TieKey:
    if rules.ties == "second-best":
        return second
    return set_at if rules.ties == "first-set" else ()


def _marks(chosen: Sequence[Scored]) -> tuple[Calculated, ...]:
    return tuple(dict.fromkeys(mark for one in chosen for mark in one.score.calculated))


def _sum_of_extras(chosen: Sequence[Scored], total: Amounts) -> tuple[Column, ...]:
    laps = (Column("laps", "count", -total[0]),) if len(total) > 1 else ()
    sums: dict[str, Column] = {}
    for one in chosen:
        for column in one.score.extra_columns:
            former = sums.get(column.code)
            value = (column.value or 0) + (0 if former is None else former.value or 0)
            sums[column.code] = Column(column.code, column.kind, value)
    return (*laps, *sums.values())
