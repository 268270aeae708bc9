"""Sectors: the parts of a lap between two gates, and what the best of each would give together.

A gate that missed a car makes a longer part of two; such a part is nobody's best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

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
