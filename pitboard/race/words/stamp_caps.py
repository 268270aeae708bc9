"""The latest that a stamp may count as: no word is later than what its unit said after it.

A unit's wall clock may be a year ahead for an hour. What was said then has a stamp behind everything that the
unit says once the clock is right, and would win over it. Where a unit's own streams tell what came after, the
stamps before count as no later than that."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import itemgetter

Cap = tuple[int, int]
"""(seq, stamp): up to this record of the stream nothing counts as later."""


class StampCaps:
    """The caps of each stream; nearly none has one that changes anything."""

    def __init__(self) -> None:
        self._of: dict[str, Sequence[Cap]] = {}

    def stamp(self, stream: str, seq: int, stamp: int) -> int:
        """Return the stamp that this record counts with."""
        caps = self._of.get(stream)
        if caps is None:
            return stamp
        at = bisect_left(caps, seq, key=_seq)
        return stamp if at == len(caps) else min(stamp, caps[at][1])

    def of(self, stream: str) -> Sequence[Cap]:
        return self._of.get(stream, ())

    def put(self, stream: str, caps: Sequence[Cap]) -> None:
        """Let these be all caps of the stream, as `tightened` gives them."""
        if caps:
            self._of[stream] = caps
        else:
            self._of.pop(stream, None)


def tightened(caps: Iterable[Cap]) -> Sequence[Cap]:
    """Return the caps by seq, each the least of those that hold for its records."""
    by_seq = sorted(caps, reverse=True)
    least = accumulate((stamp for _, stamp in by_seq), min)
    found: dict[int, int] = {}
    for (seq, _), stamp in zip(by_seq, least, strict=True):
        found[seq] = stamp
    return sorted(found.items())


_seq = itemgetter(0)
