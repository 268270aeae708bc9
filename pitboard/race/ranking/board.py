"""The board: one standing for each competitor, ranked by the format's rule.

Equal results share a rank (1, 2, 2, 4) unless the format breaks ties, and the one set earlier stands first;
competitors without a rank come after, disqualified ones last. A change costs one search, whatever the
size."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from pitboard.race.bodies.formats import DEFAULT_FORMAT, Format
from pitboard.race.ranking.placings import Driver, Placings
from pitboard.race.ranking.results import Outcome, Result, TieKey, amount_kinds, outcome_of
from pitboard.race.ranking.score import Amounts, Column, ColumnKind, Moment

_RANKED, _UNRANKED, _DISQUALIFIED = range(3)
_Key: TypeAlias = tuple[int, Amounts, TieKey, Moment, str]
"""(group, what orders it, what breaks ties, when it was set, competitor)."""


class Standing(msgspec.Struct, frozen=True, gc=False):
    """A competitor's line on the board, before it has a rank."""

    competitor: str
    outcome: Outcome
    laps: int
    runs: int
    is_disqualified: bool = False
    is_outside_awards: bool = False

    @property
    def has_result(self) -> bool:
        return self.outcome.amounts is not None

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.outcome.columns

    @property
    def set_at(self) -> Moment:
        return self.outcome.set_at

    @property
    def key(self) -> _Key:
        outcome = self.outcome
        if self.is_disqualified:
            return (_DISQUALIFIED, (), (), outcome.set_at, self.competitor)
        if outcome.amounts is None:
            return (_UNRANKED, outcome.partial, (), outcome.set_at, self.competitor)
        return (_RANKED, outcome.amounts, outcome.tie, outcome.set_at, self.competitor)


class Trial(NamedTuple):
    """Where a result would stand: its rank, the next better competitor and how far behind."""

    rank: int
    ahead: str | None
    gap: Column | None


class Board:
    """Keeps the standings of one format in order while results come, change and go."""

    def __init__(self, rules: Format = DEFAULT_FORMAT) -> None:
        self.rules = rules
        self._results: dict[str, dict[str, Result]] = {}
        self._standings: dict[str, Standing] = {}
        self._keys: list[_Key] = []
        self._outside: list[_Key] = []  # of the ranked keys, those that take nobody's rank
        self._confirmations: list[tuple[Moment, str]] = []
        self._disqualified: set[str] = set()
        self._outside_awards: set[str] = set()
        self._placings: dict[str | int, Placings] = {}
        self._groups: dict[str, dict[str, str | int]] = {}  # competitor -> run -> where its place is

    def set_result(self, competitor: str, run: str, result: Result | None) -> None:
        """Take the run's result for the competitor; None takes an earlier one away."""
        results = self._results.get(competitor, {})
        former = results.get(run)
        if former == result:
            return
        if former is not None:
            del self._confirmations[bisect_left(self._confirmations, (former.confirmed_at, competitor))]
            del results[run]
        if result is not None:
            insort(self._confirmations, (result.confirmed_at, competitor))
            results[run] = result
            self._results[competitor] = results
        self._rank_all(self._place(competitor, {run}))

    def set_disqualified(self, competitor: str, is_disqualified: bool) -> None:
        """Take a disqualified competitor out of the ranking, or put a reinstated one back."""
        self._set_aside(competitor, is_disqualified, self._disqualified)

    def set_outside_awards(self, competitor: str, is_outside_awards: bool) -> None:
        """List a competitor by result without a rank, so that nobody else's rank or points change."""
        self._set_aside(competitor, is_outside_awards, self._outside_awards)

    def _set_aside(self, competitor: str, is_aside: bool, aside: set[str]) -> None:
        if is_aside == (competitor in aside):
            return
        (aside.add if is_aside else aside.discard)(competitor)
        self._rank_all(self._place(competitor, set(self._results.get(competitor, {}))))

    def _place(self, competitor: str, changed: set[str]) -> set[str]:
        """Keep the places that points are for, after these runs changed; return whose standing may be another
        now."""
        if self.rules.ranking != "points":
            return {competitor}
        results = self._results.get(competitor, {})
        former, groups = self._groups.get(competitor, {}), self._grouped(results)
        self._groups[competitor] = groups
        is_aside = competitor in self._disqualified or competitor in self._outside_awards
        moved: set[Driver] = set()
        for run, group in former.items():
            if groups.get(run) != group:
                moved |= self._placed(group).set_score((competitor, run), None)
        for run, group in groups.items():
            if run in changed or former.get(run) != group:
                amounts = None if is_aside else results[run].score.amounts
                moved |= self._placed(group).set_score((competitor, run), amounts)
        return {competitor, *(driver for driver, _ in moved)}

    def _grouped(self, results: Mapping[str, Result]) -> dict[str, str | int]:
        """Return in which run, or which round of runs, each result has its place.

        Where nobody drew rounds a competitor's first run is of the first round, the second of the second.
        """
        if self.rules.points_within != "round":
            return {run: run for run in results}
        groups: dict[str, str | int] = {run: one.round for run, one in results.items() if one.round}
        alone = sorted((one.armed_at, one.confirmed_at, run) for run, one in results.items() if not one.round)
        return groups | {run: attempt for attempt, (_, _, run) in enumerate(alone, start=1)}

    def _placed(self, group: str | int) -> Placings:
        placings = self._placings.get(group)
        if placings is None:
            placings = self._placings[group] = Placings(self.rules.points)
        return placings

    def _rank_all(self, competitors: set[str]) -> None:
        for competitor in sorted(competitors):
            self._replace(competitor, self._standing(competitor))

    def _standing(self, competitor: str) -> Standing | None:
        results = self._results.get(competitor)
        if not results:
            return None
        if self.rules.ranking == "points":
            groups = self._groups[competitor]
            points = [self._placed(groups[run]).points_of((competitor, run)) for run in results]
        else:
            points = [0] * len(results)
        return Standing(
            competitor=competitor,
            outcome=outcome_of(list(results.values()), points, self.rules),
            laps=sum(result.score.laps for result in results.values()),
            runs=len(results),
            is_disqualified=competitor in self._disqualified,
            is_outside_awards=competitor in self._outside_awards,
        )

    def _replace(self, competitor: str, standing: Standing | None) -> None:
        former = self._standings.pop(competitor, None)
        if former is not None:
            _remove(self._keys, former.key)
            if former.is_outside_awards and former.key[0] == _RANKED:
                _remove(self._outside, former.key)
        if standing is not None:
            self._standings[competitor] = standing
            insort(self._keys, standing.key)
            if standing.is_outside_awards and standing.key[0] == _RANKED:
                insort(self._outside, standing.key)

    def __len__(self) -> int:
        return len(self._keys)

    def rank_of(self, standing: Standing) -> int | None:
        """Return the rank, shared by equal results; None without a result, disqualified or outside the
        awards."""
        group, amounts, tie = standing.key[:3]
        if group != _RANKED or standing.is_outside_awards:
            return None
        before = (group, amounts, tie)
        return bisect_left(self._keys, before) - bisect_left(self._outside, before) + 1

    def is_tie(self, one: Standing, other: Standing) -> bool:
        """Return whether two with a rank share it."""
        return (
            one.key[:3] == other.key[:3]
            and one.key[0] == _RANKED
            and not (one.is_outside_awards or other.is_outside_awards)
        )

    def position_of(self, standing: Standing) -> int:
        """Return where it appears on the board, from 0."""
        return bisect_left(self._keys, standing.key)

    def ahead_of(self, standing: Standing) -> tuple[Standing, Column | None] | None:
        """Return the next better one of those with a rank, and the gap to it."""
        if self.rank_of(standing) is None:
            return None
        ahead = self._ahead_of(standing)
        return None if ahead is None else (ahead, self._difference(standing, ahead))

    def gap_of(self, standing: Standing) -> Column | None:
        """Return how far behind the leader, as the first thing in which they differ; None where there is
        none."""
        leader = self.leader
        if leader is None or standing.is_disqualified:
            return None
        return self._difference(standing, leader)

    def _difference(self, standing: Standing, better: Standing) -> Column | None:
        amounts = standing.outcome.amounts
        if better.outcome.amounts is None or amounts is None:
            return None
        pairs = zip(amounts, better.outcome.amounts, amount_kinds(self.rules), strict=True)
        kind: ColumnKind
        for mine, best, kind in pairs:
            if mine != best:
                return Column("gap", kind, mine - best)
        return Column("gap", kind, 0)

    def trial(self, competitor: str, run: str, result: Result) -> Trial | None:
        """Return where the result would put the competitor, None where without a rank; nothing is changed."""
        former = self._results.get(competitor, {}).get(run)
        self.set_result(competitor, run, result)
        try:
            standing = self.standing_of(competitor)
            rank = None if standing is None else self.rank_of(standing)
            if standing is None or rank is None:
                return None
            ahead = self._ahead_of(standing)
            return Trial(
                rank,
                None if ahead is None else ahead.competitor,
                None if ahead is None else self._difference(standing, ahead),
            )
        finally:
            self.set_result(competitor, run, former)

    def _ahead_of(self, standing: Standing) -> Standing | None:
        """Return the next better one of those with a rank."""
        first = bisect_left(self._keys, standing.key[:2])
        for at in range(first - 1, -1, -1):
            other = self._standings[self._keys[at][-1]]
            if not other.is_outside_awards:
                return other
        return None

    def standing_of(self, competitor: str) -> Standing | None:
        return self._standings.get(competitor)

    def in_order(self, start: int = 0, count: int | None = None) -> Iterator[Standing]:
        """Yield standings as they appear on the board, from position `start`."""
        end = None if count is None else start + count
        for key in self._keys[start:end]:
            yield self._standings[key[-1]]

    @property
    def leader(self) -> Standing | None:
        """Return the first of those with a rank, None while nobody has one."""
        for standing in self.in_order(count=len(self._outside) + 1):
            if standing.key[0] != _RANKED:
                return None
            if not standing.is_outside_awards:
                return standing
        return None

    def newest(self) -> str | None:
        """Return the competitor whose result was confirmed last."""
        return self._confirmations[-1][1] if self._confirmations else None


def _remove(keys: list[_Key], key: _Key) -> None:
    del keys[bisect_left(keys, key)]
