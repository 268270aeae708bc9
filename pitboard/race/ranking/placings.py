"""The places within one run, or one round of runs, and the points that they bring.

Equal scores share a place and its points. A change looks only at places that move and that bring points."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from operator import itemgetter
from typing import TypeAlias

from pitboard.race.ranking.score import Amounts

Driver: TypeAlias = tuple[str, str]
"""(competitor, run): who drives twice in a round has two places in it."""
_Key: TypeAlias = tuple[Amounts, Driver]
_amounts = itemgetter(0)


class Placings:
    """Keeps who is where in one group while scores come, change and go."""

    def __init__(self, points: Sequence[int]) -> None:
        self._points = points
        self._keys: list[_Key] = []
        self._amounts: dict[Driver, Amounts] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def set_score(self, driver: Driver, amounts: Amounts | None) -> set[Driver]:
        """Take the driver's score, None for none; return whose points may have changed."""
        former = self._amounts.pop(driver, None)
        if former == amounts and former is not None:
            self._amounts[driver] = former
            return set()
        moved = {driver}
        if former is not None:
            index = bisect_left(self._keys, (former, driver))
            del self._keys[index]
            moved |= self._behind(former)
        if amounts is not None:
            insort(self._keys, (amounts, driver))
            self._amounts[driver] = amounts
            moved |= self._behind(amounts)
        return moved

    def points_of(self, driver: Driver) -> int:
        """Return the points of the driver's place; 0 without a place, or behind the last one with points."""
        amounts = self._amounts.get(driver)
        if amounts is None:
            return 0
        place = bisect_left(self._keys, (amounts,))
        return self._points[place] if place < len(self._points) else 0

    def _behind(self, amounts: Amounts) -> set[Driver]:
        """Return who stands behind this score at a place that brings points, or did until just now."""
        moved: set[Driver] = set()
        place = start = bisect_right(self._keys, amounts, key=_amounts)
        for position in range(start, len(self._keys)):
            key = self._keys[position]
            if position > start and key[0] != self._keys[position - 1][0]:
                place = position
            if place > len(self._points):
                break
            moved.add(key[1])
        return moved
