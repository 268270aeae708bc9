"""Passings that a decoder numbered and we never got: asked for again, and given up at last.

How a real decoder answers was never seen; so each is asked for three times, then counted lost."""

from __future__ import annotations

from dataclasses import dataclass

ASK_EVERY_NS = 2_000_000_000
ASK_MAX_COUNT = 3
HOLES_MAX_COUNT = 64
# The latest of a longer hole; no decoder is known to keep more.
HOLE_MAX_LENGTH = 10_000


@dataclass(slots=True)
class _Hole:
    numbers: set[int]
    asked_count: int = 0
    due_mono_ns: int = 0


class MissingNumbers:
    """The numbers still hoped for."""

    def __init__(self) -> None:
        self._holes: list[_Hole] = []

    @property
    def awaited_count(self) -> int:
        return sum(len(hole.numbers) for hole in self._holes)

    def add(self, first: int, last: int) -> int:
        """Take a new hole; return how many of the numbers we had to give up to keep the bounds."""
        if last < first:
            return 1  # over the wrap of the counter: nothing that we could ask for
        begin = max(first, last - HOLE_MAX_LENGTH + 1)
        given_up = begin - first
        if len(self._holes) == HOLES_MAX_COUNT:
            given_up += len(self._holes.pop(0).numbers)
        self._holes.append(_Hole(set(range(begin, last + 1))))
        return given_up

    def came(self, number: int) -> None:
        for hole in self._holes:
            hole.numbers.discard(number)
        self._holes = [hole for hole in self._holes if hole.numbers]

    def due(self, now_mono_ns: int) -> list[tuple[int, int]]:
        """Return the ranges to ask for now."""
        ranges = []
        for hole in self._holes:
            if hole.asked_count < ASK_MAX_COUNT and now_mono_ns >= hole.due_mono_ns:
                hole.asked_count += 1
                hole.due_mono_ns = now_mono_ns + ASK_EVERY_NS
                ranges.append((min(hole.numbers), max(hole.numbers)))
        return ranges

    def give_up(self, now_mono_ns: int) -> int:
        """Return how many numbers are lost for good by now; they are no longer awaited."""
        lost = [
            hole
            for hole in self._holes
            if hole.asked_count == ASK_MAX_COUNT and now_mono_ns >= hole.due_mono_ns
        ]
        self._holes = [hole for hole in self._holes if hole not in lost]
        return sum(len(hole.numbers) for hole in lost)

    def forget(self) -> int:
        """The device began anew: return how many numbers are lost with its former start."""
        lost, self._holes = self.awaited_count, []
        return lost
