"""The bodies of one stream by number, with their stamps: a few bytes for each beside the body itself."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from pitboard.race.bodies import Body

HOLE_MAX_COUNT = 1_024
"""Numbers without a body, of a kind that is not known here or erased, that are kept as holes in the row."""


class KeptBodies:
    """Bodies mostly come in the order of their numbers; any order will do."""

    def __init__(self) -> None:
        self._row: list[Body | None] = []  # from number 1 on
        self._stamps = array("Q")
        self._apart: dict[int, tuple[Body, int]] = {}  # what came far ahead of the row

    def __contains__(self, seq: int) -> bool:
        return self.get(seq) is not None

    def get(self, seq: int) -> tuple[Body, int] | None:
        """Return the body and its stamp."""
        if 0 < seq <= len(self._row):
            body = self._row[seq - 1]
            if body is not None:
                return (body, self._stamps[seq - 1])
        return self._apart.get(seq)

    def put(self, seq: int, body: Body, stamp: int) -> None:
        missing = seq - len(self._row)
        if missing > HOLE_MAX_COUNT or seq < 1:
            self._apart[seq] = (body, stamp)
            return
        if missing > 0:
            self._row += [None] * missing
            self._stamps.extend([0] * missing)
        self._row[seq - 1], self._stamps[seq - 1] = body, stamp

    def drop(self, seq: int) -> None:
        self._apart.pop(seq, None)
        if 0 < seq <= len(self._row):
            self._row[seq - 1] = None

    def drop_beyond(self, seq: int) -> None:
        del self._row[seq:], self._stamps[seq:]
        self._apart = {one: kept for one, kept in self._apart.items() if one <= seq}

    def between(self, after: int, last: int | None) -> Iterator[tuple[int, Body, int]]:
        """Yield the same beyond one number and up to another, or to the end."""
        if last is None:
            last = max([len(self._row), *self._apart])
        for seq in range(after + 1, last + 1):
            if (kept := self.get(seq)) is not None:
                yield seq, *kept

    def __iter__(self) -> Iterator[tuple[int, Body, int]]:
        """Yield number, body and stamp of all that is here now, by number."""
        for seq, (body, stamp) in enumerate(zip(self._row, self._stamps, strict=True), start=1):
            if body is not None:
                yield seq, body, stamp
        for seq in sorted(self._apart):
            yield seq, *self._apart[seq]
