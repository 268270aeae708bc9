"""Every passing that was heard of, by the name its sensor gave it and by where it lies among others.

What two records say of one passing is one passing: the first one said."""

from __future__ import annotations

from array import array

from pitboard.race.attribution import PassingKey, TimedPassing, Timeline, TimelineKey, recorded_passing
from pitboard.race.bodies import PassingRecorded
from pitboard.race.passing_shelf import PassingShelf
from pitboard.race.slot_row import SlotRow
from pitboard.race.word import Authority, Word


class KnownPassings:
    """Keeps no passing itself: it makes those that lie on the shelf for whoever asks."""

    def __init__(self, shelf: PassingShelf) -> None:
        self.shelf = shelf
        self.timelines: dict[TimelineKey, Timeline] = {}
        self._slots: dict[tuple[str, str], SlotRow] = {}  # by unit and id up to the number: by number
        self._said_by = array("I")  # of a slot, its writer in `_writers`
        self._writers: dict[tuple[str, Authority], int] = {}
        self._writer_at: list[tuple[str, Authority]] = []

    def slots_of_start(self, unit: str, body: PassingRecorded) -> SlotRow:
        """Return the slots of all that the sensor has sent since its start, by number."""
        start = (unit, f"{body.sensor}/{body.sensor_boot}")
        of_start = self._slots.get(start)
        if of_start is None:
            of_start = self._slots[start] = SlotRow()
        return of_start

    def put(self, slot: int, body: PassingRecorded, word: Word, unit: str) -> TimelineKey:
        """Take a passing that lies on the shelf; return where it lies among others."""
        self._note_writer(slot, (unit, word.authority))
        key = (unit, body.track, body.boot_id)
        self.timeline(key).add(slot, body.mono_ns)
        return key

    def has(self, unit: str, passing_id: str) -> bool:
        return self._slot_named((unit, passing_id)) is not None

    def get(self, key: PassingKey) -> TimedPassing | None:
        slot = self._slot_named(key)
        return None if slot is None else self.made(slot)

    def _slot_named(self, key: PassingKey) -> int | None:
        unit, passing_id = key
        start, _, number = passing_id.rpartition("/")
        if not (number.isascii() and number.isdigit()) or number.startswith("0"):
            return None
        of_start = self._slots.get((unit, start))
        return None if of_start is None else of_start.get(int(number))

    def made(self, slot: int) -> TimedPassing:
        """Return the passing that lies there."""
        unit, authority = self._writer_at[self._said_by[slot]]
        word = Word(authority, self.shelf.stamp(slot), *self.shelf.record(slot))
        return recorded_passing(self.shelf.body(slot), word, unit)

    def seqs(self, unit: str, sensor: str, sensor_boot: str) -> list[int]:
        """Return the seqs known of one start of a device, in order."""
        of_start = self._slots.get((unit, f"{sensor}/{sensor_boot}"))
        return [] if of_start is None else of_start.numbers()

    def timeline(self, key: TimelineKey) -> Timeline:
        timeline = self.timelines.get(key)
        if timeline is None:
            timeline = self.timelines[key] = Timeline(self.made)
        return timeline

    def _note_writer(self, slot: int, writer: tuple[str, Authority]) -> None:
        index = self._writers.get(writer)
        if index is None:
            index = self._writers[writer] = len(self._writer_at)
            self._writer_at.append(writer)
        missing = slot + 1 - len(self._said_by)
        if missing > 0:
            self._said_by.extend([0] * missing)
        self._said_by[slot] = index
