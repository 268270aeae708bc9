"""Whose each passing of a run is: the windows of its boots shared out among its places.

On a lap track a run's window ends where the next one begins. Between a start and a finish gate several runs
are under way at once, and are shared out together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pitboard.race.bodies.passing_bodies import START, PassingInserted
from pitboard.race.bodies.related_clock import RelatedClock, same_clock
from pitboard.race.passings.attribution import (
    NOTHING_SAID,
    PassingKey,
    PassingWord,
    Segment,
    Starter,
    TimedPassing,
    TimelineKey,
    inserted_passing,
    merged,
    settled_passings,
    share_out,
    share_out_starters,
    without_spoken_of,
    without_what_a_hand_doubled,
)
from pitboard.race.passings.known_passings import KnownPassings
from pitboard.race.passings.missed import NEIGHBOURS_MAX_COUNT, OTHER_SYSTEMS, Offer, offers_of
from pitboard.race.runs.run import Run
from pitboard.race.words.word import Statement

KEPT_MAX_COUNT = 128
"""Runs whose passings are kept once shared out: those of others are when somebody asks."""


class Sharing:
    """Reads what the race state keeps, and keeps for a while what it made of it."""

    def __init__(
        self,
        known: KnownPassings,
        *,
        runs: Mapping[str, Run],
        starters: Mapping[TimelineKey, set[str]],
        given: Mapping[str, set[PassingKey]],
        word_on: Callable[[PassingKey], PassingWord],
    ) -> None:
        self._known = known
        self._runs = runs
        self._starters = starters
        self._given = given
        self._word_on = word_on
        self._segments: dict[str, dict[int, list[Segment]]] = {}
        self._of_starters: dict[TimelineKey, dict[str, dict[int, list[TimedPassing]]]] = {}

    def forget(self, run_id: str) -> None:
        """Share the run's passings out anew when somebody asks."""
        self._segments.pop(run_id, None)
        self._of_starters.clear()  # what it has, others have not

    def segments(self, run: Run, place: int | None = None) -> list[Segment]:
        """Return the passings of the place, or of all, one segment for each boot the run went under."""
        by_place = self._segments_of(run)
        if place is not None:
            return by_place.get(place, [])
        parts = list(by_place.values())
        return [
            Segment(
                boot_id=same_boot[0].boot_id,
                passings=_each_once(merged(*(segment.passings for segment in same_boot))),
                elapsed_ns=same_boot[0].elapsed_ns,
            )
            for same_boot in zip(*parts, strict=True)
        ]

    def raw_passings(self, run: Run) -> list[TimedPassing]:
        """Return every passing of the run's windows, whosever it is, and those given to it, by stamp."""
        found: dict[PassingKey, TimedPassing] = {}
        for boot_id, from_mono_ns, _ in run.openings:
            for passing in [*self._window(run, boot_id, from_mono_ns), *self._given_in(run, boot_id)]:
                found[passing.key] = passing
        return merged(found.values())

    def offers(self, run: Run, resolution_ns: int) -> list[Offer]:
        """Return what the first system missed of the run, each with its calculated time."""
        offers: list[Offer] = []
        for boot_id in run.boots:
            window = self._missing_in(run, boot_id)
            if window:
                offers += offers_of(
                    self._neighbours(run, boot_id, window),
                    within={one.key for one in window},
                    places=run.places,
                    boot_id=boot_id,
                    resolution_ns=resolution_ns,
                )
        return offers

    def _missing_in(self, run: Run, boot_id: str) -> list[TimedPassing]:
        """Return what other systems than the first saw of the run, of which nobody spoke yet."""
        runs = [run]
        if run.is_start_to_finish:
            keys = [key for key, _ in windows_of(run)]
            runs = [self._runs[one] for key in keys for one in self._starters.get(key, ())]
            starters = list(self._starters_in(run, boot_id))
            window = [
                passing
                for passing in self._all_in([run], boot_id)
                if any(self._may_lack(run, starter, passing) for starter in starters)
            ]
        else:
            window = [
                passing
                for boot, from_mono_ns, _ in run.openings
                if boot == boot_id
                for passing in self._window(run, boot, from_mono_ns)
            ]
        taken = {passing_id for one in runs for passing_id in replaced_in(one)}
        return [
            passing
            for passing in without_spoken_of(window, self._word_on)
            if passing.body.system in OTHER_SYSTEMS and passing.passing_id not in taken
        ]

    def _may_lack(self, run: Run, starter: Starter, passing: TimedPassing) -> bool:
        """Return whether a place between a start and a finish gate may still lack this passing."""
        if passing.mono_ns < starter.from_mono_ns or not starter.is_open_at(passing.mono_ns):
            return False
        own = [one for part in self.segments(run, starter.place.place) for one in part.passings]
        if any(one.body.gate == passing.body.gate for one in own):
            return False
        starts = [one.mono_ns for one in own if one.body.gate == START]
        if starter.started_mono_ns is not None:
            starts.append(starter.started_mono_ns)
        return passing.body.gate == START or min(starts, default=passing.mono_ns) < passing.mono_ns

    def _neighbours(self, run: Run, boot_id: str, window: Sequence[TimedPassing]) -> list[TimedPassing]:
        """Return the window with what was stamped before and after it, for pairs; what a person said was no
        car is half of none."""
        first_ns, last_ns = min(one.mono_ns for one in window), max(one.mono_ns for one in window)
        parts = []
        for clock in clocks_of(run, boot_id):
            timeline = self._known.timelines.get((clock.unit, run.track, clock.boot_id))
            if timeline is not None:
                window_ns = (clock.theirs_ns(first_ns), clock.theirs_ns(last_ns))
                around = timeline.around(*window_ns, NEIGHBOURS_MAX_COUNT)
                cars = [one for one in settled_passings(around) if not self._word_on(one.key).is_ignored]
                parts.append([one.on_clock(clock) for one in cars])
        return merged(*parts)

    def _segments_of(self, run: Run) -> dict[int, list[Segment]]:
        if run.run_id not in self._segments:
            self._segments[run.run_id] = self._share_out(run)
            if len(self._segments) > KEPT_MAX_COUNT:
                del self._segments[next(iter(self._segments))]
        return self._segments[run.run_id]

    def _share_out(self, run: Run) -> dict[int, list[Segment]]:
        derived, openings = self._derived(run), run.openings
        segments: dict[int, list[Segment]] = {}
        for place in (one.place for one in run.places):
            given = [
                (boot_id, passing)
                for boot_id in run.boots
                for passing in self._given_by_place(run, boot_id).get(place, ())
            ]
            own: list[list[TimedPassing]] = [[] for _ in openings]
            for boot_id, passing in [*derived.get(place, ()), *given]:
                at = 0 if len(openings) == 1 else run.opening_at(boot_id, passing.mono_ns)
                own[at].append(passing)
            segments[place] = [
                Segment(boot_id=boot_id, passings=merged(passings), elapsed_ns=elapsed_ns)
                for passings, (boot_id, _, elapsed_ns) in zip(own, openings, strict=True)
            ]
        return segments

    def _derived(self, run: Run) -> dict[int, list[tuple[str, TimedPassing]]]:
        """Return {place: (boot, passing)} of the run, of those that no person spoke of."""
        if run.is_start_to_finish:
            parts = [(boot_id, self._derived_starter(run, boot_id)) for boot_id in run.boots]
            return {
                place.place: [(boot, one) for boot, own in parts for one in own.get(place.place, ())]
                for place in run.places
            }
        boots: dict[PassingKey, str] = {}
        window: list[TimedPassing] = []
        replaced = replaced_in(run)
        for boot_id, from_mono_ns, _ in run.openings:
            unspoken = without_spoken_of(self._window(run, boot_id, from_mono_ns), self._word_on)
            fresh = without_what_a_hand_doubled(unspoken, replaced)
            if len(run.openings) == 1:  # as nearly always
                own = share_out(fresh, run.places)
                return {place: [(boot_id, one) for one in passings] for place, passings in own.items()}
            for passing in fresh:
                if passing.key not in boots:  # a rogue may open a window twice
                    boots[passing.key] = boot_id
                    window.append(passing)
        own = share_out(window, run.places)
        return {place: [(boots[one.key], one) for one in passings] for place, passings in own.items()}

    def _derived_starter(self, run: Run, boot_id: str) -> dict[int, list[TimedPassing]]:
        """Return {place: passings} of the run. What one has another has not: they are shared out for all."""
        key = (run.unit, run.track, boot_id)
        if key not in self._of_starters:
            self._of_starters[key] = self._share_out_starters(key)
        return self._of_starters[key].get(run.run_id, {})

    def _share_out_starters(self, key: TimelineKey) -> dict[str, dict[int, list[TimedPassing]]]:
        """Return {run: {place: passings}} of all that are under way at once on this timeline."""
        boot_id = key[2]
        runs = [self._runs[one] for one in self._starters.get(key, ())]
        starters = [starter for one in runs for starter in self._starters_in(one, boot_id)]
        replaced = {passing_id for one in runs for passing_id in replaced_in(one)}
        unspoken = without_spoken_of(merged(self._all_in(runs, boot_id)), self._word_on)
        fresh = without_what_a_hand_doubled(unspoken, replaced)
        own: dict[str, dict[int, list[TimedPassing]]] = {}
        for passing, starter in share_out_starters(fresh, starters):
            own.setdefault(starter.run_id, {}).setdefault(starter.place.place, []).append(passing)
        return own

    def _starters_in(self, run: Run, boot_id: str) -> Iterable[Starter]:
        given = self._given_by_place(run, boot_id)
        opened = next((mono_ns for boot, mono_ns, _ in run.openings if boot == boot_id), 0)
        finished = run.finished
        to_mono_ns = finished.mono_ns if finished is not None and finished.boot_id == boot_id else None
        for place in run.places:
            own = given.get(place.place, [])
            starts = [one.mono_ns for one in own if one.body.gate == START]
            start = run.start_of(place.place)
            if start is not None and start.boot_id == boot_id:
                starts.append(start.mono_ns)
            yield Starter(
                run_id=run.run_id,
                place=place,
                from_mono_ns=opened,
                to_mono_ns=to_mono_ns,
                started_mono_ns=min(starts, default=None),
                given=frozenset(one.body.gate for one in own),
            )

    def _given_by_place(self, run: Run, boot_id: str) -> dict[int, list[TimedPassing]]:
        by_place: dict[int, list[TimedPassing]] = {}
        for passing in self._given_in(run, boot_id):
            word = self._word_on(passing.key)
            place = self._inserted_place(run, passing) if passing.is_inserted else word.place
            by_place.setdefault(place, []).append(passing)
        return by_place

    def _inserted_place(self, run: Run, passing: TimedPassing) -> int:
        for one in run.inserted:
            if isinstance(one.body, PassingInserted) and one.body.passing_id == passing.passing_id:
                return one.body.place
        return 0

    def _given_in(self, run: Run, boot_id: str) -> list[TimedPassing]:
        """Return what persons gave to the run under this boot, on the run's clock."""
        found = []
        for key in self._given.get(run.run_id, ()):
            passing = self._known.get(key)
            if passing is not None:
                unit, _, boot = passing.timeline
                clock = self.clock(run, boot_id, unit, boot)
                if clock is not None:
                    found.append(passing.on_clock(clock))
        for one in run.inserted:
            if isinstance(one.body, PassingInserted):
                inserted = self._insert(run, one, one.body)
                if inserted.body.boot_id == boot_id and self._word_on(inserted.key) == NOTHING_SAID:
                    found.append(inserted)
        return merged(found)

    def _insert(self, run: Run, one: Statement, body: PassingInserted) -> TimedPassing:
        copied = None if body.copy_of is None else self._known.get((run.unit, body.copy_of))
        return inserted_passing(body, one.word, one.unit, run.track, None if copied is None else copied.body)

    def clock(self, run: Run, boot_id: str, unit: str, other_boot_id: str) -> RelatedClock | None:
        """Return how the unit's clock lies to the run's of this boot; None where that is not known."""
        found = (one for one in clocks_of(run, boot_id) if (one.unit, one.boot_id) == (unit, other_boot_id))
        return next(found, None)

    def _window(self, run: Run, boot_id: str, from_mono_ns: int) -> list[TimedPassing]:
        """Return every passing of the run's window under this boot, from all units at its track."""
        finished = run.finished
        to_mono_ns = finished.mono_ns if finished is not None and finished.boot_id == boot_id else None
        parts = []
        for clock in clocks_of(run, boot_id):
            timeline = self._known.timelines.get((clock.unit, run.track, clock.boot_id))
            if timeline is not None:
                until = None if to_mono_ns is None else clock.theirs_ns(to_mono_ns)
                window = timeline.window_of(run.run_id, clock.theirs_ns(from_mono_ns), until)
                if from_mono_ns < (armed_ns := armed_in(run, boot_id, from_mono_ns)):
                    window += timeline.window_of(run.run_id, clock.theirs_ns(armed_ns), until)
                parts.append([passing.on_clock(clock) for passing in settled_passings(window)])
        return parts[0] if len(parts) == 1 else merged(*parts)

    def _all_in(self, runs: Sequence[Run], boot_id: str) -> Iterable[TimedPassing]:
        """Return the runs' passings, but for those in the windows of runs on laps; where two runs relate a
        clock differently, the later one is right."""
        found: dict[PassingKey, TimedPassing] = {}
        looked: set[tuple[str, RelatedClock]] = set()
        for run in reversed(runs):
            for clock in clocks_of(run, boot_id):
                if (run.track, clock) in looked:
                    continue
                looked.add((run.track, clock))
                key = (clock.unit, run.track, clock.boot_id)
                timeline = self._known.timelines.get(key)
                if timeline is not None:
                    for passing in settled_passings(timeline.of_runs(self._starters.get(key, ()))):
                        found.setdefault(passing.key, passing.on_clock(clock))
        return found.values()


def _each_once(passings: list[TimedPassing]) -> list[TimedPassing]:
    """Return the passings without repeats: one start may be that of all lanes."""
    return list({id(one): one for one in passings}.values())


def replaced_in(run: Run) -> set[str]:
    """Return the passings that calculated ones stand in place of."""
    named = [getattr(one.body, "from_passing_id", None) for one in run.inserted]
    return {passing_id for passing_id in named if passing_id is not None}


def keys_inserted(run: Run) -> set[PassingKey]:
    """Return the keys of the passings that were put into the run, and of those they are copies of."""
    keys: set[PassingKey] = set()
    for one in run.inserted:
        if isinstance(one.body, PassingInserted):
            keys.add((one.unit, one.body.passing_id))
            if one.body.copy_of is not None:
                keys.add((run.unit, one.body.copy_of))
    return keys


def clocks_of(run: Run, boot_id: str) -> list[RelatedClock]:
    """Return every clock that the run's passings may be stamped by, the run's own first."""
    own = [same_clock(run.unit, boot_id)]
    armed = run.armed.value
    if boot_id != armed.boot_id:
        return own
    return own + [one for one in armed.clocks if (one.unit, one.boot_id) != (run.unit, boot_id)]


def armed_in(run: Run, boot_id: str, from_mono_ns: int) -> int:
    """Return when a run was armed whose start a person moved to a passing before that; else where the window
    begins. Another run may have been armed between the two, and called off."""
    armed = run.armed.value
    is_moved = (boot_id, from_mono_ns) == run.openings[0][:2] and from_mono_ns < armed.mono_ns
    return armed.mono_ns if is_moved else from_mono_ns


def windows_of(run: Run) -> list[tuple[TimelineKey, int]]:
    return [
        ((clock.unit, run.track, clock.boot_id), clock.theirs_ns(begins_ns))
        for boot_id, from_mono_ns, _ in run.openings
        for begins_ns in sorted({from_mono_ns, armed_in(run, boot_id, from_mono_ns)})
        for clock in clocks_of(run, boot_id)
    ]
