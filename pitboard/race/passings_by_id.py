"""Every passing by the unit that recorded it and by its id, without a text in memory for each.

A passing's id is its device's start and a number that counts up, so passings of one start share the text of
it: a day has a hundred thousand passings, and few starts."""

from __future__ import annotations

from sys import intern

from pitboard.race.attribution import PassingKey, TimedPassing
from pitboard.race.bodies import PassingRecorded

_Start = tuple[str, str]
"""(unit, id of a passing up to its number)"""


class PassingsById:
    """A mapping from the key of a recorded passing; the newest `put` under a key stands."""

    def __init__(self) -> None:
        self._by_start: dict[_Start, dict[int, TimedPassing]] = {}

    def put(self, passing: TimedPassing) -> None:
        body = passing.body
        start = (passing.unit, _start_of(body))
        of_start = self._by_start.get(start)
        if of_start is None:
            of_start = self._by_start[(start[0], intern(start[1]))] = {}
        of_start[body.seq] = passing

    def same_as(self, body: PassingRecorded, unit: str) -> TimedPassing | None:
        """Return the passing that has the id of this one, None where there is none."""
        of_start = self._by_start.get((unit, _start_of(body)))
        return None if of_start is None else of_start.get(body.seq)

    def get(self, key: PassingKey) -> TimedPassing | None:
        unit, passing_id = key
        start, _, number = passing_id.rpartition("/")
        of_start = self._by_start.get((unit, start))
        if of_start is None or not (number.isascii() and number.isdigit()) or number.startswith("0"):
            return None
        return of_start.get(int(number))

    def __contains__(self, key: PassingKey) -> bool:
        return self.get(key) is not None

    def seqs(self, unit: str, sensor: str, sensor_boot: str) -> list[int]:
        """Return the numbers known of one start of a device, in order."""
        return sorted(self._by_start.get((unit, f"{sensor}/{sensor_boot}"), ()))


def _start_of(body: PassingRecorded) -> str:
    return f"{body.sensor}/{body.sensor_boot}"
