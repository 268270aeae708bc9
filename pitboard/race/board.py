"""The board: one entry a competitor, ranked by the best lap that counts.

Ranking is on the published time, cut to the resolution. Equal times share a rank (1, 2, 2, 4) and the one set
earlier stands first; competitors without a time come after, unranked, and disqualified ones last."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass

Moment = tuple[int, str, int]
_Key = tuple[int, int, Moment, str]
"""(0 timed, 1 untimed, 2 disqualified; published ns; moment of best lap or result; competitor)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one confirmed run brings; `best_ns` is as published, None without a counting lap."""

    best_ns: int | None
    set_at: Moment
    laps: int
    confirmed_at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A competitor's entry before it has a rank."""

    competitor: str
    best_ns: int | None
    set_at: Moment
    laps: int
    runs: int
    is_disqualified: bool = False

    @property
    def key(self) -> _Key:
        if self.is_disqualified:
            return (2, 0, self.set_at, self.competitor)
        if self.best_ns is None:
            return (1, 0, self.set_at, self.competitor)
        return (0, self.best_ns, self.set_at, self.competitor)


class Board:
    """Keeps the entries in order while results come, change and go; each change costs one search."""

    def __init__(self) -> None:
        self._results: dict[str, dict[str, Result]] = {}
        self._standings: dict[str, Standing] = {}
        self._keys: list[_Key] = []
        self._confirmations: list[tuple[Moment, str]] = []
        self._disqualified: set[str] = set()

    def set_result(self, competitor: str, run: str, result: Result | None) -> None:
        """Take the run's result for the competitor; None takes an earlier one away."""
        results = self._results.setdefault(competitor, {})
        former = results.get(run)
        if former == result:
            return
        if former is not None:
            del self._confirmations[bisect_left(self._confirmations, (former.confirmed_at, competitor))]
            del results[run]
        if result is not None:
            insort(self._confirmations, (result.confirmed_at, competitor))
            results[run] = result
        self._rank(competitor)

    def set_disqualified(self, competitor: str, is_disqualified: bool) -> None:
        """Take a disqualified competitor out of the ranking, or put a reinstated one back."""
        if is_disqualified == (competitor in self._disqualified):
            return
        (self._disqualified.add if is_disqualified else self._disqualified.discard)(competitor)
        self._rank(competitor)

    def _rank(self, competitor: str) -> None:
        results = self._results.get(competitor)
        is_disqualified = competitor in self._disqualified
        self._replace(competitor, _standing(competitor, results, is_disqualified) if results else None)

    def _replace(self, competitor: str, standing: Standing | None) -> None:
        former = self._standings.pop(competitor, None)
        if former is not None:
            del self._keys[bisect_left(self._keys, former.key)]
        if standing is not None:
            self._standings[competitor] = standing
            insort(self._keys, standing.key)

    def __len__(self) -> int:
        return len(self._keys)

    def rank_of(self, standing: Standing) -> int | None:
        """Return the rank, shared by equal times; None without a time or when disqualified."""
        if standing.best_ns is None or standing.is_disqualified:
            return None
        return bisect_left(self._keys, (0, standing.best_ns)) + 1

    def standing_of(self, competitor: str) -> Standing | None:
        return self._standings.get(competitor)

    def in_order(self, start: int = 0, count: int | None = None) -> Iterator[Standing]:
        """Yield standings as they appear on the board, from position `start`."""
        end = None if count is None else start + count
        for key in self._keys[start:end]:
            yield self._standings[key[-1]]

    @property
    def leader_ns(self) -> int | None:
        """Return the best published time, None while nobody has one."""
        if not self._keys or self._keys[0][0] != 0:
            return None
        return self._keys[0][1]

    def newest(self) -> str | None:
        """Return the competitor whose result was confirmed last."""
        return self._confirmations[-1][1] if self._confirmations else None


def _standing(competitor: str, results: dict[str, Result], is_disqualified: bool) -> Standing:
    timed = [(r.best_ns, r.set_at) for r in results.values() if r.best_ns is not None]
    best_ns, set_at = min(timed) if timed else (None, min(r.confirmed_at for r in results.values()))
    return Standing(
        competitor=competitor,
        best_ns=best_ns,
        set_at=set_at,
        laps=sum(result.laps for result in results.values()),
        runs=len(results),
        is_disqualified=is_disqualified,
    )
