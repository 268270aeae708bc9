"""Slots by number: four bytes for each, where a dictionary takes a hundred."""

from __future__ import annotations

from array import array

HOLE_MAX_COUNT = 1_024
"""Numbers without a slot that are kept as holes in a row."""


class SlotRow:
    """Slots by number; numbers mostly come in order, from 1 on, and any order will do."""

    __slots__ = ("_apart", "_row")

    def __init__(self) -> None:
        self._row = array("I")  # slot + 1, nought for a hole
        self._apart: dict[int, int] = {}  # what came far ahead of the row

    def get(self, number: int) -> int | None:
        row = self._row
        if 0 < number <= len(row):
            slot = row[number - 1]
            if slot:
                return slot - 1
        return self._apart.get(number) if self._apart else None

    def put(self, number: int, slot: int) -> None:
        row = self._row
        missing = number - len(row) - 1
        if missing == 0:
            row.append(slot + 1)
        elif missing > HOLE_MAX_COUNT or number < 1:
            self._apart[number] = slot
        else:
            if missing > 0:
                self._row.extend([0] * (missing + 1))
            self._row[number - 1] = slot + 1

    def drop(self, number: int) -> None:
        self._apart.pop(number, None)
        if 0 < number <= len(self._row):
            self._row[number - 1] = 0

    def numbers(self) -> list[int]:
        """Return the numbers that have a slot, in order."""
        of_row = [number for number, slot in enumerate(self._row, start=1) if slot]
        return of_row if not self._apart else sorted({*of_row, *self._apart})
