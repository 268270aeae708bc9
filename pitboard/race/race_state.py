"""What the records say about the race: competitors, runs, and what was driven in each.

It keeps what was said as it was said, and derives everything else from what of it still stands. So the same
records give the same state, in whatever order, how often and in what portions they come. Here it is also
known which record changes which run."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pitboard.race.bodies.body import ActWithdrawn, Body
from pitboard.race.bodies.event_bodies import DayMoved, DayPlanned, EventConfigured
from pitboard.race.bodies.passing_bodies import (
    ClocksRelated,
    PassingAttributed,
    PassingInserted,
    PassingJudged,
    PassingRecorded,
)
from pitboard.race.bodies.people_bodies import ContactKeyPublished, PersonErased
from pitboard.race.bodies.related_clock import RelatedClock
from pitboard.race.passings.attribution import (
    NOTHING_SAID,
    PassingKey,
    PassingWord,
    Segment,
    TimedPassing,
    TimelineKey,
    settled_passings,
)
from pitboard.race.passings.known_passings import KnownPassings
from pitboard.race.passings.missed import Offer
from pitboard.race.passings.passing_shelf import PassingShelf
from pitboard.race.roll import Competitor, Roll
from pitboard.race.runs.laps import laps_of_place, off_tracks_by_lap, started_mono_ns
from pitboard.race.runs.phases import Phase, phase_of
from pitboard.race.runs.published import PublishedPlace, digest_of, published_places
from pitboard.race.runs.run import Run, run_of
from pitboard.race.runs.run_list import RunList, in_order
from pitboard.race.runs.sharing import Sharing, keys_inserted, windows_of
from pitboard.race.runs.verdicts import DrivenPlace, Lap, judged_laps
from pitboard.race.stages.day_schedule import DaySchedule, Ended, day_of
from pitboard.race.stages.programme import Programme
from pitboard.race.words.subjects import subject_of
from pitboard.race.words.word import Authority, LastWord, RecordPlace, Statement, Statements, Subject, Word

DERIVED_MAX_COUNT = 128
"""Runs whose laps are kept once derived: of the others they are derived again when somebody asks."""


@dataclass(slots=True)
class Touched:
    """What a record may have changed."""

    runs: set[str] = field(default_factory=set)
    competitors: set[str] = field(default_factory=set)
    has_new_rules: bool = False

    def add(self, other: Touched) -> None:
        """Take in what another record may have changed."""
        self.runs |= other.runs
        self.competitors |= other.competitors
        self.has_new_rules |= other.has_new_rules


class RaceState:
    """Takes bodies with their words and says what each touched; answers runs, laps and competitors."""

    def __init__(self, shelf: PassingShelf | None = None) -> None:
        self.event: LastWord[EventConfigured] = LastWord()
        self.event_of_file: LastWord[EventConfigured] = LastWord()
        """What central.toml said last, whatever a person chose since."""
        self.contact_key: LastWord[str] = LastWord()
        self.statements = Statements()
        self.roll = Roll(self.statements)
        self.programme = Programme(self.statements)
        self.run_list = RunList()
        self.runs = self.run_list.runs
        self._known = KnownPassings(PassingShelf() if shelf is None else shelf)
        self._words: dict[PassingKey, PassingWord] = {}
        self._given: dict[str, set[PassingKey]] = {}
        self._inserted: dict[PassingKey, set[str]] = {}  # runs it was put into, or that hold a copy of it
        self._starters: dict[TimelineKey, set[str]] = {}
        self._sharing = Sharing(
            self._known,
            runs=self.runs,
            starters=self._starters,
            given=self._given,
            word_on=self.word_on,
        )
        self._driven: dict[str, tuple[DrivenPlace, ...]] = {}
        self._to_weigh: set[str] = set()  # runs that may have changed since they were confirmed
        self._changed: set[str] = set()  # and those that have
        self.is_settled = True
        """Whether all that was heard is weighed; nothing may be asked before."""
        self._touched = Touched()  # by what was heard since
        self._to_look_at: dict[Subject, None] = {}
        self._stamps_to_look_at: dict[TimelineKey, array[int]] = {}

    def hear(self, body: Body, word: Word, unit: str) -> None:
        """Take what the unit with this key said; kinds that do not concern the race are ignored.

        What follows from it is derived by `settle`: once for each run, however much was said of it.
        """
        self.is_settled = False
        match body:
            case PassingRecorded():
                slot = self._known.shelf.put(word.stream, word.seq, word.stamp, body)
                self.hear_passing(slot, body, word.authority, unit)
            case PersonErased():
                self.roll.erase(body.competitor_id)
                self._touched.competitors.add(body.competitor_id)
            case ContactKeyPublished():
                self.contact_key.say(body.key, word)
            case EventConfigured():
                self._touched.has_new_rules |= self.event.say(body, word)
                if not body.where:
                    self.event_of_file.say(body, word)
            case ActWithdrawn():
                subject = self.statements.withdraw((body.stream, body.seq), Statement(word, unit, body))
                if subject is not None:
                    self._to_look_at[subject] = None
            case _:
                subject = subject_of(body, unit)
                if subject is not None:
                    self.statements.say(subject, Statement(word, unit, body))
                    self._to_look_at[subject] = None

    def take_for_official(self, person_id: str) -> None:
        """Note that a record whose body was erased had appointed this person."""
        self.is_settled = False
        self._touched.competitors |= self.roll.take_for_official(person_id)

    def forget(self, record: RecordPlace) -> None:
        """Drop a record whose body was erased."""
        subject = self.statements.forget(record)
        if subject is not None:
            self.is_settled = False
            self._to_look_at[subject] = None

    def settle(self, touched: Touched) -> None:
        """Derive what follows from all that was heard; add to `touched` what that may have changed."""
        subjects, self._to_look_at = self._to_look_at, {}
        for subject in subjects:
            self._look_again(subject, self._touched)
        # Only now: all windows are where they belong.
        stamps_at, self._stamps_to_look_at = self._stamps_to_look_at, {}
        for key, stamps in stamps_at.items():
            timeline = self._known.timelines[key]
            for run_id in timeline.runs_at(stamps):
                self._touch_run_of(key, run_id)
        touched.add(self._touched)
        self._touched = Touched()
        self.is_settled = True

    # Runs

    def laps(self, run_id: str, place: int | None = None) -> list[Lap]:
        """Return the laps of the run's place, or of all its places one after the other, as they stand."""
        return [lap for driven in self.driven(run_id) if place in (None, driven.place) for lap in driven.laps]

    def driven(self, run_id: str) -> tuple[DrivenPlace, ...]:
        """Return what is driven in each place as far as the records tell; empty for an unknown run."""
        if run_id not in self._driven:
            run = self.runs.get(run_id)
            self._driven[run_id] = () if run is None else tuple(self._drive(run))
            if len(self._driven) > DERIVED_MAX_COUNT:
                del self._driven[next(iter(self._driven))]
        return self._driven[run_id]

    def published(self, run: Run) -> list[PublishedPlace] | None:
        """Return the places of a confirmed run as its decision names them; None where it names none."""
        if run.decided is None or run.decision != "confirmed":
            return None
        return published_places(run.decided.value, run.sheets, run.said_by_admin)

    def has_changed(self, run: Run) -> bool:
        """Return whether a confirmed run would be another one now, and nobody has weighed that yet."""
        if run.decided is None or run.decision != "confirmed" or not run.decided.value.sheet_id:
            return False
        return run.decided.value.weighed != digest_of(self.driven(run.run_id))

    def waiting_for_a_person(self) -> list[Run]:
        """Return the runs that are not decided yet or have changed since, in the order armed.

        Only those that a record has touched are weighed anew: a screen asks after every record.
        """
        for run_id in self._to_weigh:
            run = self.runs.get(run_id)
            has_changed = run is not None and self.has_changed(run)
            (self._changed.add if has_changed else self._changed.discard)(run_id)
        self._to_weigh.clear()
        return in_order([*self.run_list.undecided(), *(self.runs[one] for one in self._changed)])

    def day(self, track: str, boot_id: str) -> DaySchedule:
        """Return the day of a track as it stands, by the clock of this boot of its unit."""
        heard = self.statements.in_force(("day", track))
        plan = next((one.body for one in reversed(heard) if isinstance(one.body, DayPlanned)), None)
        ended = [
            Ended(run.armed.value.heat_id, run.finished.boot_id, run.finished.mono_ns)
            for run in self.runs.values()
            if run.track == track and run.finished is not None and run.decision != "discarded"
        ]
        return day_of(plan, [one.body for one in heard if isinstance(one.body, DayMoved)], ended, boot_id)

    def segments(self, run: Run, place: int | None = None) -> list[Segment]:
        """Return the passings of the place, or of all, one segment for each boot the run went under."""
        return self._sharing.segments(run, place)

    def raw_passings(self, run: Run) -> list[TimedPassing]:
        """Return every passing of the run's windows, whosever it is, and those given to it, by stamp."""
        return self._sharing.raw_passings(run)

    def offers(self, run: Run, resolution_ns: int) -> list[Offer]:
        """Return what the first system missed of the run, each with its calculated time."""
        return self._sharing.offers(run, resolution_ns)

    def word_on(self, key: PassingKey) -> PassingWord:
        """Return what persons said of the passing."""
        return self._words.get(key, NOTHING_SAID)

    def phase(self, run: Run) -> Phase:
        """Return the phase as far as the records tell; whether time is up a unit's clock may know earlier."""
        return phase_of(
            decision=run.decision,
            is_finished=run.finished is not None,
            is_paused=run.is_paused,
            is_timed_up=run.is_timed_up,
            has_begun=bool(run.started) or any(segment.passings for segment in self.segments(run)),
        )

    # People

    @property
    def competitors(self) -> dict[str, Competitor]:
        """Everybody who was ever named, those joined into others too."""
        return self.roll.competitors

    @property
    def erased(self) -> set[str]:
        return self.roll.erased

    def name_of(self, competitor_id: str | None) -> str:
        """Return the display name or a stand-in; empty for a place that nobody has."""
        return "" if competitor_id is None else self.roll.name_of(competitor_id)

    # Passings

    def has_passing(self, unit: str, passing_id: str) -> bool:
        return self._known.has(unit, passing_id)

    def passing(self, key: PassingKey) -> TimedPassing | None:
        return self._known.get(key)

    def passing_seqs(self, unit: str, sensor: str, sensor_boot: str) -> list[int]:
        """Return the seqs known of one start of a device, in order."""
        return self._known.seqs(unit, sensor, sensor_boot)

    def word_of_passing(self, run: Run, passing_id: str) -> Word | None:
        """Return the word that recorded a passing of the run, None where it is not here."""
        for one in run.inserted:
            if isinstance(one.body, PassingInserted) and one.body.passing_id == passing_id:
                return one.word
        for unit in (run.unit, *(clock.unit for clock in run.armed.value.clocks)):
            known = self.passing((unit, passing_id))
            if known is not None:
                return known.word
        return None

    def key_of_passing(self, passing_id: str, run: Run) -> PassingKey | None:
        """Return the passing that this id names at the run's track; None where there is none."""
        for unit in (run.unit, *(clock.unit for clock in run.armed.value.clocks)):
            if self.has_passing(unit, passing_id):
                return (unit, passing_id)
        inserted = [one for one in run.inserted if isinstance(one.body, PassingInserted)]
        units = [one.unit for one in inserted if getattr(one.body, "passing_id", "") == passing_id]
        return (units[0], passing_id) if units else None

    def is_comparable(self, run: Run, passing_id: str) -> bool:
        """Return whether the passing's stamp can be brought onto the clock of one of the run's boots."""
        key = self.key_of_passing(passing_id, run)
        passing = None if key is None else self.passing(key)
        if passing is None:
            return False
        unit, _, other_boot_id = passing.timeline
        return any(
            self._sharing.clock(run, boot, unit, other_boot_id) is not None for boot, _, _ in run.openings
        )

    def related_clock(self, boot_id: str, unit: str, other_boot_id: str) -> RelatedClock | None:
        """Return how the other unit's clock lies to that of this boot, as measured last; None if it never
        was."""
        heard = self.statements.in_force(("clocks", boot_id, other_boot_id))
        for one in reversed(heard):
            if isinstance(one.body, ClocksRelated) and one.body.other == unit:
                return one.body.relation
        return None

    def unclaimed(self, unit: str, track: str, boot_id: str, since_mono_ns: int) -> list[TimedPassing]:
        """Return the passings since then that are no run's and that nobody ignored, by stamp.

        Of a start that was called off, what crossed meanwhile is somebody else's start.
        """
        timeline = self._known.timelines.get((unit, track, boot_id))
        if timeline is None:
            return []
        claimed: dict[str, set[PassingKey]] = {}

        def is_claimed(key: PassingKey, mono_ns: int) -> bool:
            word = self.word_on(key)
            if word.is_ignored or word.run_id is not None:
                return True
            run_id = timeline.run_at(mono_ns)
            run = None if run_id is None else self.runs.get(run_id)
            if run is None or (run.decision == "discarded" and not self.laps(run.run_id)):
                return False
            if run.run_id not in claimed:
                own = (one for segment in self.segments(run) for one in segment.passings)
                claimed[run.run_id] = {one.key for one in own}
            return key in claimed[run.run_id]

        passings = settled_passings(timeline.since(since_mono_ns))
        return [one for one in passings if not is_claimed(one.key, one.mono_ns)]

    # What is touched by what

    def _look_again(self, subject: Subject, touched: Touched) -> None:
        match subject:
            case ("run", run_id):
                self._look_at_run(run_id, touched)
            case ("passing", unit, passing_id):
                self._look_at_passing((unit, passing_id), touched)
            case ("competitor", competitor_id):
                touched.competitors |= self.roll.look_again(competitor_id)
            case ("official", official_id):
                touched.competitors |= self.roll.take_for_official(official_id)
            case ("format" | "class", _):
                touched.has_new_rules = True
            case _:
                pass

    def _look_at_run(self, run_id: str, touched: Touched) -> None:
        run = run_of(run_id, self.statements.in_force(("run", run_id)))
        former = self.run_list.put(run_id, run)
        if run is None and former is None:
            return
        for one, change in ((former, set.discard), (run, set.add)):
            for key in () if one is None or not one.inserted else keys_inserted(one):
                change(self._inserted.setdefault(key, set()), run_id)
        self._move_windows(run_id, former, run, touched)
        self._touch(run_id, touched)
        if run is not None and run.is_start_to_finish:
            self._touch_starters(run, touched)

    def _move_windows(self, run_id: str, before: Run | None, run: Run | None, touched: Touched) -> None:
        former = [] if before is None else windows_of(before)
        new = [] if run is None else windows_of(run)
        if new == former:
            return
        for key, from_mono_ns in former:
            timeline = self._known.timelines[key]
            self._touch(timeline.close_window(from_mono_ns, run_id), touched)
            self._starters.get(key, set()).discard(run_id)
        for key, from_mono_ns in new:
            self._touch(self._known.timeline(key).open_window(from_mono_ns, run_id), touched)
            if run is not None and run.is_start_to_finish:
                self._starters.setdefault(key, set()).add(run_id)
        for key, _ in [*former, *new]:
            for other in self._starters.get(key, ()):
                self._touch(other, touched)

    def _touch_starters(self, run: Run, touched: Touched) -> None:
        """Where several are under way at once, what one has is another's no more."""
        for key, _ in windows_of(run):
            for other in self._starters.get(key, ()):
                self._touch(other, touched)

    def _touch(self, run_id: str | None, touched: Touched) -> None:
        if run_id is not None:
            self._driven.pop(run_id, None)
            self._sharing.forget(run_id)
            self._to_weigh.add(run_id)
            touched.runs.add(run_id)

    def _look_at_passing(self, key: PassingKey, touched: Touched) -> None:
        former = self.word_on(key)
        new = _word_of(self.statements.in_force(("passing", *key)))
        if new == former:
            return
        self._words[key] = new
        for word, change in ((former, set.discard), (new, set.add)):
            if word.run_id is not None:
                change(self._given.setdefault(word.run_id, set()), key)
                self._touch(word.run_id, touched)
        self._touch_inserted(key, touched)
        known = self.passing(key)
        if known is not None:
            self._touch_later(known.timeline, known.mono_ns)

    def hear_passing(self, slot: int, body: PassingRecorded, authority: Authority, unit: str) -> None:
        """Take a passing that lies on the shelf already, by a writer of this authority."""
        self.is_settled = False
        known = self._known
        course = known.course_of(slot, body, unit, authority)
        former_slot = course.of_start.get(body.seq)
        if former_slot is not None:
            former = known.made(former_slot)
            if former.word.moment <= known.moment(slot):
                return
            known.timelines[former.timeline].remove(former_slot)
            self._touch_later(former.timeline, former.mono_ns)
            self._touch_spoken_of(former.key, self._touched)
        known.put(slot, body, course)
        self._touch_later(course.key, body.mono_ns)
        if self._words or self._inserted:
            self._touch_spoken_of((unit, body.passing_id), self._touched)

    def _touch_later(self, timeline: TimelineKey, mono_ns: int) -> None:
        """Have the run at this stamp touched once it is known which one that is."""
        stamps = self._stamps_to_look_at.get(timeline)
        if stamps is None:
            stamps = self._stamps_to_look_at[timeline] = array("q")
        stamps.append(mono_ns)

    def _touch_run_of(self, timeline: TimelineKey, run_id: str) -> None:
        self._touch(run_id, self._touched)
        if run_id in self._starters.get(timeline, ()):
            self._touch_starters(self.runs[run_id], self._touched)

    def _touch_spoken_of(self, key: PassingKey, touched: Touched) -> None:
        """Touch the runs that anybody may have spoken of with this passing."""
        self._touch(self.word_on(key).run_id, touched)
        self._touch_inserted(key, touched)

    def _touch_inserted(self, key: PassingKey, touched: Touched) -> None:
        """What is said of a passing that a person put in or copied changes the run it was put into."""
        for run_id in tuple(self._inserted.get(key, ())):
            self._touch(run_id, touched)
            run = self.runs.get(run_id)
            if run is not None and run.is_start_to_finish:
                self._touch_starters(run, touched)

    # The line of steps

    def _drive(self, run: Run) -> Iterable[DrivenPlace]:
        rules = run.armed.value.timing
        for place in run.places:
            segments = self.segments(run, place.place)
            start = run.start_of(place.place)
            laps = laps_of_place(segments, rules, start=start, pauses=run.pauses)
            off = [(one.boot_id, one.mono_ns) for one in run.off_tracks if one.place == place.place]
            penalty_ns, penalty_laps = run.penalty_of(place.place)
            began = [started_mono_ns(segment, rules, start) for segment in segments]
            yield DrivenPlace(
                place=place.place,
                competitor_id=place.competitor_id,
                car=place.car,
                laps=tuple(
                    judged_laps(
                        laps,
                        rules,
                        place=place.place,
                        said=run.said_of_laps,
                        off_tracks=off_tracks_by_lap(laps, off),
                    )
                ),
                status=run.statuses.get(place.place, "finished"),
                penalty_ns=penalty_ns,
                penalty_laps=penalty_laps,
                started_mono_ns=next((one for one in reversed(began) if one is not None), None),
            )


def _word_of(standing: Sequence[Statement]) -> PassingWord:
    """Return what the standing statements, the greatest last, say of a passing."""
    ignored = any(isinstance(one.body, PassingJudged) for one in standing)
    for one in reversed(standing):
        if isinstance(one.body, PassingAttributed):
            return PassingWord(
                is_ignored=ignored,
                is_given=True,
                run_id=None if ignored else one.body.run_id,
                place=one.body.place,
            )
    return PassingWord(is_ignored=ignored)
