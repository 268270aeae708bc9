"""Which sequence numbers we have, as a few ranges.

`floor` is the number up to which none is awaited any more: held, or known to be lost for good."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass

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


class PassingSequence:
    """The numbers of one device, modulo `modulus`; half of them count as ahead and half as behind."""

    def __init__(self, *, modulus: int) -> None:
        self._modulus = modulus
        self._last: int | None = None

    def is_behind(self, number: int) -> bool:
        if self._last is None:
            return False
        return (number - self._last) % self._modulus >= self._modulus // 2 or number == self._last

    def step(self, number: int) -> tuple[int, int] | None:
        """Take the next number; return the first and last of those it leaps over, or None."""
        last, self._last = self._last, number
        if last is None:
            return None
        leap = (number - last) % self._modulus
        if leap <= 1:
            return None
        return (last + 1) % self._modulus, (number - 1) % self._modulus

    def restart(self, number: int | None = None) -> None:
        """Forget the numbers so far: the device began anew, with `number` where it is known."""
        self._last = number


class SeenBefore:
    """Remembers the latest `max_count` keys, so that a record delivered twice counts once."""

    def __init__(self, *, max_count: int) -> None:
        self._max_count = max_count
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: Hashable) -> bool:
        """Return whether the key was known; it is remembered from now on, as the latest."""
        if key in self._keys:
            self._keys.move_to_end(key)
            return True
        self._keys[key] = None
        if len(self._keys) > self._max_count:
            self._keys.popitem(last=False)
        return False


LOST_RANGES_MAX_COUNT = 64
CARS_MAX_COUNT = 1_024


class CarNumbers:
    """Tells whether a number is missing between two passings of one car."""

    def __init__(self) -> None:
        self._missing: deque[tuple[int, int]] = deque(maxlen=LOST_RANGES_MAX_COUNT)
        self._latest: dict[Hashable, int] = {}

    def miss(self, first: int, last: int) -> None:
        self._missing.append((first, last))

    def was_missing(self, number: int) -> bool:
        """Return whether this number was missing once."""
        return any(first <= number <= last for first, last in self._missing)

    def lacks_one_before(self, number: int, car: Hashable) -> bool:
        """Take the car's passing; return whether numbers since its one before are missing."""
        before = self._latest.pop(car, None)
        if len(self._latest) >= CARS_MAX_COUNT:
            del self._latest[next(iter(self._latest))]
        self._latest[car] = number if before is None else max(number, before)
        if before is None or number < before:
            return False
        return any(first < number and last > before for first, last in self._missing)


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
