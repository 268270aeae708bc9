"""Sectors: the parts of a lap between two gates, and what the best of each would give together.

A gate that missed a car makes a longer part of two; such a part is nobody's best."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

LINE = ""
"""Where a lap begins and ends."""
Passed = Sequence[tuple[str, int]]
"""The gates that one lap passed, with the time from its beginning."""


class Sector(NamedTuple):
    begin: str
    end: str
    time_ns: int


class BestSectors(NamedTuple):
    """`best` has each sector of the lap in order; `ideal_ns` is what they give together."""

    best: tuple[Sector, ...]
    ideal_ns: int


SectorKey: TypeAlias = tuple[str, str, str, str]
"""Competitor, track, begin, end; the competitor is ANYBODY for the best of all."""
ANYBODY = ""


class SectorBests:
    """The best time of each sector, of each competitor and of all, while runs come, change and go.

    A run costs one search for each of its sectors, however many runs there are.
    """

    def __init__(self) -> None:
        self._of_run: dict[str, dict[SectorKey, int]] = {}
        self._times: dict[SectorKey, list[int]] = {}  # sorted

    def set_run(self, run: str, times: Mapping[SectorKey, int]) -> None:
        """Take each competitor's best sectors of a run in the place of what it brought before."""
        for key, time_ns in self._of_run.pop(run, {}).items():
            for told in (key, (ANYBODY, *key[1:])):
                known = self._times[told]
                del known[bisect_left(known, time_ns)]
                if not known:
                    del self._times[told]
        if times:
            self._of_run[run] = dict(times)
        for key, time_ns in times.items():
            for told in (key, (ANYBODY, *key[1:])):
                insort(self._times.setdefault(told, []), time_ns)

    def best(self, key: SectorKey) -> int | None:
        """Return the best time, None where nobody has one."""
        known = self._times.get(key)
        return known[0] if known else None


def sectors_of(lap_ns: int, passed: Passed) -> tuple[Sector, ...]:
    """Return the lap's sectors in order; together they are the lap."""
    marks = [(LINE, 0), *passed, (LINE, lap_ns)]
    return tuple(Sector(a, b, to_ns - from_ns) for (a, from_ns), (b, to_ns) in pairwise(marks))


def best_sectors(laps: Iterable[tuple[int, Passed]]) -> BestSectors | None:
    """Return the best of each sector; None where no lap passed a gate.

    Which sectors there are is told by the laps with the most gates, by the first of those.
    """
    driven = [sectors_of(lap_ns, passed) for lap_ns, passed in laps]
    whole = max(driven, key=len, default=())
    if len(whole) < 2:
        return None
    least: dict[tuple[str, str], int] = {}
    for sector in (one for lap in driven for one in lap):
        key = (sector.begin, sector.end)
        least[key] = min(sector.time_ns, least.get(key, sector.time_ns))
    best = tuple(Sector(one.begin, one.end, least[one.begin, one.end]) for one in whole)
    return BestSectors(best, sum(one.time_ns for one in best))
