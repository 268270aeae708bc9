"""Every passing that was heard of, by the name its sensor gave it and by where it lies among others.

What two records say of one passing is one passing: the first one said."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.passings.attribution import (
    PassingKey,
    TimedPassing,
    Timeline,
    TimelineKey,
    recorded_passing,
)
from pitboard.race.passings.passing_shelf import PassingShelf
from pitboard.race.words.slot_row import SlotRow
from pitboard.race.words.word import Authority, Word


class Course(NamedTuple):
    """What all passings of one shape by one writer share: they differ in their numbers alone."""

    of_start: SlotRow  # the slots of all that the sensor has sent since its start, by number
    key: TimelineKey
    timeline: Timeline
    writer: int


class KnownPassings:
    """Keeps no passing itself: it makes those that lie on the shelf for whoever asks."""

    def __init__(self, shelf: PassingShelf) -> None:
        self.shelf = shelf
        self.timelines: dict[TimelineKey, Timeline] = {}
        self._slots: dict[tuple[str, str], SlotRow] = {}  # by unit and id up to the number: by number
        self._said_by = array("I")  # of a slot, its writer in `_writers`
        self._writers: dict[tuple[str, Authority], int] = {}
        self._writer_at: list[tuple[str, Authority]] = []
        self._courses: dict[tuple[str, Authority], dict[int, Course]] = {}  # by writer, then by shape

    def course_of(self, slot: int, body: PassingRecorded, unit: str, authority: Authority) -> Course:
        """Return where the passing in this slot belongs: with those of its shape by the same writer."""
        courses = self._courses.get((unit, authority))
        if courses is None:
            courses = self._courses[unit, authority] = {}
        shape = self.shelf.shape_number(slot)
        return courses.get(shape) or self._new_course(courses, shape, body, unit, authority)

    def _new_course(
        self, courses: dict[int, Course], shape: int, body: PassingRecorded, unit: str, authority: Authority
    ) -> Course:
        start = (unit, f"{body.sensor}/{body.sensor_boot}")
        of_start = self._slots.get(start)
        if of_start is None:
            of_start = self._slots[start] = SlotRow()
        writer = (unit, authority)
        index = self._writers.get(writer)
        if index is None:
            index = self._writers[writer] = len(self._writer_at)
            self._writer_at.append(writer)
        key = (unit, body.track, body.boot_id)
        course = courses[shape] = Course(of_start, key, self.timeline(key), index)
        return course

    def put(self, slot: int, body: PassingRecorded, course: Course) -> None:
        """Take a passing that lies on the shelf."""
        said_by = self._said_by
        missing = slot + 1 - len(said_by)
        if missing == 1:
            said_by.append(course.writer)
        else:
            if missing > 0:
                said_by.extend([0] * missing)
            said_by[slot] = course.writer
        course.of_start.put(body.seq, slot)
        course.timeline.add(slot, body.mono_ns)

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
        word = Word(authority, *self.moment(slot))
        return recorded_passing(self.shelf.body(slot), word, unit)

    def moment(self, slot: int) -> tuple[int, str, int]:
        """Return when the passing that lies there was said, among all that was."""
        return self.shelf.said_at(slot)

    def seqs(self, unit: str, sensor: str, sensor_boot: str) -> list[int]:
        """Return the seqs known of one start of a device, in order."""
        of_start = self._slots.get((unit, f"{sensor}/{sensor_boot}"))
        return [] if of_start is None else of_start.numbers()

    def timeline(self, key: TimelineKey) -> Timeline:
        timeline = self.timelines.get(key)
        if timeline is None:
            timeline = self.timelines[key] = Timeline(self.made)
        return timeline
