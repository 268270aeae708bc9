"""Which sequence numbers we have, as a few ranges.

`floor` is the number up to which none is awaited any more: held, or known to be lost for good."""

from __future__ import annotations

from bisect import bisect_right

# Only a hostile device makes so many holes; the oldest range is then forgotten, and a repeat counts anew.
RANGES_MAX_COUNT = 1024


class SeqRanges:
    """A set of positive integers kept as sorted, disjoint, non-adjacent ranges."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self._floor = 0

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def __contains__(self, seq: int) -> bool:
        at = bisect_right(self._firsts, seq) - 1
        return at >= 0 and seq <= self._lasts[at]

    @property
    def ranges(self) -> list[tuple[int, int]]:
        return list(zip(self._firsts, self._lasts, strict=True))

    @property
    def contiguous_to(self) -> int:
        """The last number such that none up to it is awaited any more; what may be acknowledged."""
        at = bisect_right(self._firsts, self._floor + 1) - 1
        return max(self._floor, self._lasts[at]) if at >= 0 else self._floor

    def add(self, seq: int) -> bool:
        """Return whether the number is new."""
        at = bisect_right(self._firsts, seq)
        if at and seq <= self._lasts[at - 1]:
            return False
        joins_left = at > 0 and self._lasts[at - 1] == seq - 1
        joins_right = at < len(self._firsts) and self._firsts[at] == seq + 1
        if joins_left and joins_right:
            self._lasts[at - 1] = self._lasts.pop(at)
            del self._firsts[at]
        elif joins_left:
            self._lasts[at - 1] = seq
        elif joins_right:
            self._firsts[at] = seq
        else:
            self._firsts.insert(at, seq)
            self._lasts.insert(at, seq)
            if len(self._firsts) > RANGES_MAX_COUNT:
                del self._firsts[0], self._lasts[0]
        return True

    def raise_floor(self, floor: int) -> int:
        """Wait no more for numbers up to `floor`; return how many of those newly given up we never had."""
        if floor <= self._floor:
            return 0
        before, self._floor = self._floor, floor
        held = sum(
            max(0, min(last, floor) - max(first, before + 1) + 1)
            for first, last in zip(self._firsts, self._lasts, strict=True)
        )
        return floor - before - held
