"""Whose each passing is: derived from where and when it was stamped, unless a person said otherwise.

On a lap track the run armed last before the stamp has every passing; between a start and a finish gate
several runs are under way at once, and who started first is taken to finish first."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from pitboard.race.bodies.body import Transponder
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.passing_bodies import FINISH, START, PassingInserted, PassingRecorded
from pitboard.race.bodies.related_clock import RelatedClock
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.race.passings.device_clocks import Settled
from pitboard.race.passings.settling import settle
from pitboard.race.passings.two_systems import PAIR_WITHIN_NS, are_two_cars
from pitboard.race.words.word import Word

TimelineKey: TypeAlias = tuple[str, str, str]
"""(unit key, track, boot id): where stamps can be compared."""
PassingKey: TypeAlias = tuple[str, str]
"""(key of the unit that recorded it, passing id)"""
FIRST_SYSTEM, BACKUP_SYSTEM, HAND = "A", "B", "hand"
_AFTER_ALL_IDS = "\U0010ffff"
_AFTER_ALL_STAMPS = 2**63


class TimedPassing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A passing on the clock of the run that asks; `body` is what its sensor said.

    Where a person inserted the passing, `body` is that of the passing it copies, or one made for it.
    `settled` is what later passings showed it to be; None where nothing was in doubt. `calculated` marks a
    time that was worked out from what another system saw.
    """

    unit: str
    body: PassingRecorded
    word: Word
    mono_ns: int
    uncertainty_ns: int
    inserted_id: str = ""
    settled: Settled | None = None
    calculated: Calculated | None = None

    @property
    def passing_id(self) -> str:
        return self.inserted_id or self.body.passing_id

    @property
    def is_inserted(self) -> bool:
        return self.inserted_id != ""

    @property
    def timeline(self) -> TimelineKey:
        """Where it lies among others, as its unit stamped it."""
        return (self.unit, self.body.track, self.body.boot_id)

    @property
    def order(self) -> tuple[int, str]:
        return (self.mono_ns, self.passing_id)

    @property
    def key(self) -> PassingKey:
        return (self.unit, self.passing_id)

    def on_clock(self, clock: RelatedClock) -> TimedPassing:
        """Return the same passing on another unit's clock."""
        if clock.is_ours:
            return self
        mono_ns = clock.ours_ns(self.mono_ns)
        return replace(
            self, mono_ns=mono_ns, uncertainty_ns=self.uncertainty_ns + clock.uncertainty_at(mono_ns)
        )


def recorded_passing(body: PassingRecorded, word: Word, unit: str) -> TimedPassing:
    """Return a passing as its own unit stamped it."""
    return TimedPassing(
        unit=unit,
        body=body,
        word=word,
        mono_ns=body.mono_ns,
        uncertainty_ns=body.uncertainty_ns,
    )


def inserted_passing(
    inserted: PassingInserted, word: Word, unit: str, track: str, copied: PassingRecorded | None
) -> TimedPassing:
    """Return the passing that a person said is missing; a copied passing keeps the stamp of its device."""
    body = copied or PassingRecorded(
        sensor="inserted",
        sensor_boot=inserted.boot_id,
        seq=1,
        track=track,
        boot_id=inserted.boot_id,
        mono_ns=inserted.mono_ns,
        uncertainty_ns=inserted.uncertainty_ns,
        received_mono_ns=inserted.mono_ns,
        system=HAND if inserted.from_passing_id is None else "calculated",
    )
    return TimedPassing(
        unit=unit,
        body=replace_gate(body, inserted.gate),
        word=word,
        mono_ns=body.mono_ns,
        uncertainty_ns=body.uncertainty_ns,
        calculated=inserted.calculated if copied is None else None,
        inserted_id=inserted.passing_id,
    )


def settled_passings(passings: list[TimedPassing]) -> list[TimedPassing]:
    """Return the passings of one timeline by stamp; a clock in doubt is decided by those after it."""
    if not any(passing.body.flag for passing in passings):
        return passings
    settled = settle([passing.body for passing in passings])
    return merged(
        replace(passing, mono_ns=other.mono_ns, uncertainty_ns=other.uncertainty_ns, settled=other)
        for passing, other in zip(passings, settled, strict=True)
    )


def replace_gate(body: PassingRecorded, gate: str) -> PassingRecorded:
    if body.gate == gate:
        return body
    fields = {name: getattr(body, name) for name in body.__struct_fields__}
    return PassingRecorded(**{**fields, "gate": gate})


class PassingWord(NamedTuple):
    """What persons said of one passing: no car, or whose; nothing where both are empty."""

    is_ignored: bool = False
    is_given: bool = False
    run_id: str | None = None
    place: int = 0


NOTHING_SAID = PassingWord()


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One place's passings under one boot, by stamp, with the run's time already used before them."""

    boot_id: str
    passings: Sequence[TimedPassing]
    elapsed_ns: int


class Timeline:
    """The passings of one unit, track and boot by stamp, and where each run's window begins.

    It holds where the passings lie, and makes them for whoever asks.
    """

    __slots__ = ("_make", "_slots", "_stamps", "windows")

    def __init__(self, make: Callable[[int], TimedPassing]) -> None:
        self._make = make
        self._stamps = array("q")
        self._slots = array("I")
        self.windows: list[tuple[int, str]] = []  # (from_mono_ns, run_id), sorted

    def add(self, slot: int, mono_ns: int) -> None:
        if not self._stamps or self._stamps[-1] < mono_ns:
            self._stamps.append(mono_ns)  # as it nearly always is
            self._slots.append(slot)
            return
        at = bisect_left(self._stamps, mono_ns)
        while at < len(self._stamps) and self._stamps[at] == mono_ns and self._is_before(at, slot):
            at += 1
        self._stamps.insert(at, mono_ns)
        self._slots.insert(at, slot)

    def _is_before(self, at: int, slot: int) -> bool:
        return self._make(self._slots[at]).passing_id < self._make(slot).passing_id

    def remove(self, slot: int) -> None:
        at = self._slots.index(slot)
        del self._stamps[at], self._slots[at]

    def _between(self, start: int, end: int | None = None) -> list[TimedPassing]:
        return [self._make(slot) for slot in self._slots[start:end]]

    def of_runs(self, run_ids: Container[str]) -> list[TimedPassing]:
        """Return the passings in the windows of these runs, their finish not considered."""
        return [
            self._make(slot)
            for slot, mono_ns in zip(self._slots, self._stamps, strict=True)
            if self.run_at(mono_ns) in run_ids
        ]

    def since(self, mono_ns: int) -> list[TimedPassing]:
        """Return the passings stamped then or later."""
        return self._between(bisect_left(self._stamps, mono_ns))

    def run_at(self, mono_ns: int) -> str | None:
        """Return the run whose window holds this stamp, its finish not considered."""
        index = bisect_right(self.windows, (mono_ns, _AFTER_ALL_IDS)) - 1
        return self.windows[index][1] if index >= 0 else None

    def runs_at(self, stamps: Iterable[int]) -> set[str]:
        """Return the runs whose windows hold any of the stamps; those beside one another cost little."""
        found: set[str] = set()
        windows = self.windows
        begins, ends = 0, 0  # of the window that held the stamp before
        for mono_ns in stamps:
            if not begins <= mono_ns < ends:
                index = bisect_right(windows, (mono_ns, _AFTER_ALL_IDS)) - 1
                begins = windows[index][0] if index >= 0 else 0
                ends = windows[index + 1][0] if index + 1 < len(windows) else _AFTER_ALL_STAMPS
                if index >= 0:
                    found.add(windows[index][1])
        return found

    def open_window(self, from_mono_ns: int, run_id: str) -> str | None:
        """Return the run whose window ends here now, None where there is none."""
        index = bisect_left(self.windows, (from_mono_ns, run_id))
        self.windows.insert(index, (from_mono_ns, run_id))
        return self.windows[index - 1][1] if index > 0 else None

    def close_window(self, from_mono_ns: int, run_id: str) -> str | None:
        """Return the run whose window is longer now, None where there is none."""
        index = bisect_left(self.windows, (from_mono_ns, run_id))
        del self.windows[index]
        return self.windows[index - 1][1] if index > 0 else None

    def around(self, from_mono_ns: int, to_mono_ns: int | None, count: int) -> list[TimedPassing]:
        """Return the passings between the stamps, and up to `count` before and after them."""
        start = bisect_left(self._stamps, from_mono_ns)
        end = len(self._stamps) if to_mono_ns is None else bisect_right(self._stamps, to_mono_ns)
        return self._between(max(0, start - count), end + count)

    def window_of(self, run_id: str, from_mono_ns: int, to_mono_ns: int | None) -> list[TimedPassing]:
        """Return the passings from the window's start until the next window's, or until `to_mono_ns`."""
        after = bisect_right(self.windows, (from_mono_ns, run_id))
        start, end = bisect_left(self._stamps, from_mono_ns), len(self._stamps)
        if after < len(self.windows):
            end = bisect_left(self._stamps, self.windows[after][0])
        if to_mono_ns is not None:
            end = min(end, bisect_right(self._stamps, to_mono_ns))
        return self._between(start, end)


_order = attrgetter("order")


def fits(place: RunPlace, passing: PassingRecorded) -> bool:
    """Return whether the place's passings are told so that this may be one of them."""
    match place.told_by:
        case "any":
            return True
        case "lane":
            return place.lane is not None and place.lane == lane_of(passing)
        case "transponder":
            return passing.transponder is not None and passing.transponder in place.transponders
        case _:
            return False  # a later version knows


def lane_of(passing: PassingRecorded) -> int:
    """Return the lane; a sensor that does not say which has one channel for each."""
    return passing.channel if passing.lane is None else passing.lane


def starts_lanes(place: RunPlace, passing: PassingRecorded) -> bool:
    """Return whether one switch at the start let all lanes go, this place's among them."""
    return (
        passing.gate == START and place.told_by == "lane" and place.lane is not None and lane_of(passing) == 0
    )


def share_out(passings: Iterable[TimedPassing], places: Sequence[RunPlace]) -> dict[int, list[TimedPassing]]:
    """Return which passings of a run's window belong to which place: the first place that fits.

    Where any passing counts, the first transponder that passes is the place's own, and those of other cars
    are evidence. What the backup system timed is evidence until a person says whose it is.
    """
    own: dict[int, list[TimedPassing]] = {place.place: [] for place in places}
    cars: dict[int, Transponder | None] = {}
    for passing in passings:
        if passing.body.system == BACKUP_SYSTEM:
            continue
        place = next((one for one in places if fits(one, passing.body)), None)
        if place is None:
            continue
        transponder = passing.body.transponder
        is_told_apart = place.told_by == "any" and transponder is not None
        if is_told_apart and cars.setdefault(place.place, transponder) != transponder:
            continue
        own[place.place].append(passing)
    return own


class Starter(NamedTuple):
    """A place of a run between a start and a finish gate: from when to when on the timeline it may pass.

    `given` are the gates whose passing a person named: there nothing is derived.
    """

    run_id: str
    place: RunPlace
    from_mono_ns: int
    to_mono_ns: int | None
    started_mono_ns: int | None
    given: frozenset[str]

    @property
    def key(self) -> tuple[str, int]:
        return (self.run_id, self.place.place)

    def is_open_at(self, mono_ns: int) -> bool:
        return self.to_mono_ns is None or mono_ns <= self.to_mono_ns


def share_out_starters(
    passings: Iterable[TimedPassing], starters: Sequence[Starter]
) -> Iterator[tuple[TimedPassing, Starter]]:
    """Yield each passing with its owner, where several cars are under way at once.

    A start belongs to the one armed first who has not started; one that tells no lane to all lanes of that
    run that have not. A finish, or a sector's gate, belongs to the one who started first and was not seen
    there yet.
    """
    starts: dict[tuple[str, int], int] = {}
    seen: dict[tuple[str, int], set[str]] = {}
    to_come = sorted(starters, key=lambda one: (one.from_mono_ns, one.run_id, one.place.place), reverse=True)
    for one in to_come:
        seen[one.key] = set(one.given)
        if one.started_mono_ns is not None:
            starts[one.key] = one.started_mono_ns
            seen[one.key].add(START)
    able: list[Starter] = []
    for passing in passings:
        if passing.body.system == BACKUP_SYSTEM:
            continue
        while to_come and to_come[-1].from_mono_ns <= passing.mono_ns:
            able.append(to_come.pop())
        able = [
            one for one in able if not {START, FINISH} <= seen[one.key] and one.is_open_at(passing.mono_ns)
        ]
        for chosen in _chosen(passing, able, starts, seen):
            seen[chosen.key].add(passing.body.gate)
            if passing.body.gate == START:
                starts[chosen.key] = passing.mono_ns
            yield passing, chosen


def _chosen(
    passing: TimedPassing,
    able: Sequence[Starter],
    starts: Mapping[tuple[str, int], int],
    seen: Mapping[tuple[str, int], set[str]],
) -> Sequence[Starter]:
    body = passing.body
    fitting = [
        one
        for one in able
        if body.gate not in seen[one.key] and (fits(one.place, body) or starts_lanes(one.place, body))
    ]
    if body.gate == START:
        first = fitting[:1]
        if not first or not starts_lanes(first[0].place, body):
            return first
        run_id = first[0].run_id
        return [one for one in fitting if one.run_id == run_id and starts_lanes(one.place, body)]
    under_way = [
        one
        for one in fitting
        if FINISH not in seen[one.key] and starts.get(one.key, passing.mono_ns) < passing.mono_ns
    ]
    return sorted(under_way, key=lambda one: starts[one.key])[:1]


def without_spoken_of(
    passings: Iterable[TimedPassing], word_on: Callable[[PassingKey], PassingWord]
) -> list[TimedPassing]:
    """Return the passings of which no person said anything: those are derived."""
    return [passing for passing in passings if word_on(passing.key) == NOTHING_SAID]


def without_what_a_hand_doubled(
    passings: Sequence[TimedPassing], replaced: Container[str] = ()
) -> list[TimedPassing]:
    """Return the passings without those of a hand that stand beside one of the first system, which timed the
    car better, or that a calculated one `replaced`."""
    if not any(passing.body.system == HAND for passing in passings):
        return list(passings)
    first = [passing for passing in passings if passing.body.system == FIRST_SYSTEM]
    stamps = [passing.mono_ns for passing in first]

    def is_doubled(hand: TimedPassing) -> bool:
        near = first[
            bisect_left(stamps, hand.mono_ns - PAIR_WITHIN_NS) : bisect_right(
                stamps, hand.mono_ns + PAIR_WITHIN_NS
            )
        ]
        return any(one.body.gate == hand.body.gate and not are_two_cars(one.body, hand.body) for one in near)

    return [
        passing
        for passing in passings
        if passing.body.system != HAND or not (passing.passing_id in replaced or is_doubled(passing))
    ]


def merged(*parts: Iterable[TimedPassing]) -> list[TimedPassing]:
    """Return the passings of all parts by stamp."""
    found = [passing for part in parts for passing in part]
    if all(one.mono_ns < other.mono_ns for one, other in pairwise(found)):
        return found  # as nearly always; of one stamp the ids decide
    return sorted(found, key=_order)
