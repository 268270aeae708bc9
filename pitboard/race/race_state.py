"""What the records say about the race: competitors, runs, and which passing belongs to which run.

Every change is commutative: a field keeps the greatest word, a passing its earliest record, and laps are
derived anew from what is there. So any order, repetition or batching of the same records gives one state."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal

from pitboard.race.bodies import (
    Body,
    CompetitorJudged,
    CompetitorRegistered,
    ContactKeyPublished,
    Decision,
    EventConfigured,
    LapCorrected,
    LapJudged,
    PassingRecorded,
    PersonErased,
    RunArmed,
    RunDecided,
    RunFinished,
    RunResumed,
    RunTimedUp,
    Standing,
    Verdict,
)
from pitboard.race.laps import Crossing, Lap, Segment, laps_of_run, own_segments
from pitboard.race.names import clean_name
from pitboard.race.word import LastWord, Said, Word

Phase = Literal["armed", "running", "time-up", "review", "confirmed", "discarded"]
LaneKey = tuple[str, str, str]
"""(unit key, track, boot id): where stamps can be compared."""

ERASED_NAME = "Erased"
_AFTER_ALL_IDS = "\U0010ffff"


@dataclass(slots=True)
class Run:
    """One competitor's turn. `unit` is the key of the unit that armed it."""

    run_id: str
    unit: str = ""
    armed: Said[RunArmed] | None = None
    resumed: dict[str, Said[RunResumed]] = field(default_factory=dict)
    finished: LastWord[RunFinished] = field(default_factory=LastWord)
    timed_up: bool = False
    verdicts: dict[str, LastWord[Verdict]] = field(default_factory=dict)
    corrections: dict[str, LastWord[int]] = field(default_factory=dict)
    decided: LastWord[Decision] = field(default_factory=LastWord)

    @property
    def decision(self) -> Decision | None:
        return self.decided.value

    def verdict_values(self) -> dict[str, Verdict]:
        return {lap: last.value for lap, last in self.verdicts.items() if last.value is not None}

    def correction_values(self) -> dict[str, int]:
        return {lap: last.value for lap, last in self.corrections.items() if last.value is not None}


@dataclass(slots=True)
class Lane:
    """The passings of one unit, track and boot by stamp, and where each run's window begins."""

    crossings: list[Crossing] = field(default_factory=list)
    windows: list[tuple[int, str]] = field(default_factory=list)  # (from_mono_ns, run), sorted

    def run_at(self, mono_ns: int) -> str | None:
        """Return the run whose window holds this stamp, its finish not considered."""
        index = bisect_right(self.windows, (mono_ns, _AFTER_ALL_IDS)) - 1
        return self.windows[index][1] if index >= 0 else None

    def window_of(self, run: str, from_mono_ns: int, to_mono_ns: int | None) -> list[Crossing]:
        """Return the crossings from the window's start until the next window's, or until `to_mono_ns`."""
        after = bisect_right(self.windows, (from_mono_ns, run))
        start = bisect_left(self.crossings, (from_mono_ns, ""), key=_order)
        end = len(self.crossings)
        if after < len(self.windows):
            end = bisect_left(self.crossings, (self.windows[after][0], ""), key=_order)
        if to_mono_ns is not None:
            end = min(end, bisect_right(self.crossings, (to_mono_ns, _AFTER_ALL_IDS), key=_order))
        return self.crossings[start:end]


_order = attrgetter("order")


class RaceState:
    """Takes bodies with their words; answers runs, laps and competitors.

    `touched_runs` and `touched_competitors` collect what changed until the board takes note.
    """

    def __init__(self) -> None:
        self.event: LastWord[EventConfigured] = LastWord()
        self.contact_key: LastWord[str] = LastWord()
        self.competitors: dict[str, LastWord[str]] = {}
        self.standings: dict[str, LastWord[Standing]] = {}
        self.erased: set[str] = set()
        self.runs: dict[str, Run] = {}
        self.touched_runs: set[str] = set()
        self.touched_competitors: set[str] = set()
        self._lanes: dict[LaneKey, Lane] = {}
        self._passings: dict[tuple[str, str], tuple[LaneKey, Crossing]] = {}
        self._laps: dict[str, list[Lap]] = {}
        self._undecided: dict[str, Run] = {}

    def apply(self, body: Body, word: Word, unit: str) -> None:
        """Take what the unit with this key said; kinds that do not concern the race are ignored."""
        match body:
            case PassingRecorded():
                self._add_passing(body, word, unit)
            case CompetitorRegistered():
                if body.competitor_id in self.erased:
                    return
                if self.competitors.setdefault(body.competitor_id, LastWord()).say(
                    clean_name(body.name), word
                ):
                    self.touched_competitors.add(body.competitor_id)
            case RunArmed():
                self._arm(body, word, unit)
            case RunResumed():
                self._resume(body, word)
            case RunFinished():
                if self._run(body.run_id).finished.say(body, word):
                    self._touch(body.run_id)
            case RunTimedUp():
                self._run(body.run_id).timed_up = True
                self._touch(body.run_id)
            case LapJudged():
                if (
                    self._run(body.run_id)
                    .verdicts.setdefault(body.lap_id, LastWord())
                    .say(body.verdict, word)
                ):
                    self._touch(body.run_id)
            case RunDecided():
                run = self._run(body.run_id)
                if run.decided.say(body.decision, word):
                    self._note_decision(run)
                    self._touch(body.run_id)
            case LapCorrected():
                if (
                    self._run(body.run_id)
                    .corrections.setdefault(body.lap_id, LastWord())
                    .say(body.lap_ns, word)
                ):
                    self._touch(body.run_id)
            case CompetitorJudged():
                if self.standings.setdefault(body.competitor_id, LastWord()).say(body.standing, word):
                    self.touched_competitors.add(body.competitor_id)
            case PersonErased():
                self._erase(body.competitor_id)
            case ContactKeyPublished():
                self.contact_key.say(body.key, word)
            case EventConfigured():
                if self.event.say(body, word):
                    self.touched_runs.update(self.runs)
            case _:
                pass

    def laps(self, run_id: str) -> list[Lap]:
        """Return the run's laps in the order driven; empty where nothing armed it yet."""
        if run_id not in self._laps:
            run = self.runs[run_id]
            self._laps[run_id] = (
                []
                if run.armed is None
                else laps_of_run(
                    self.segments(run),
                    run_ms=run.armed.value.run_ms,
                    lap_min_ms=run.armed.value.lap_min_ms,
                    verdicts=run.verdict_values(),
                    corrections=run.correction_values(),
                )
            )
        return self._laps[run_id]

    def segments(self, run: Run) -> list[Segment]:
        """Return the passings of the run's own car, one segment for each boot it ran under."""
        if run.armed is None:
            return []
        armed = run.armed.value
        windows = [(armed.boot_id, armed.mono_ns, 0)]
        windows += [
            (said.value.boot_id, said.value.mono_ns, said.value.elapsed_ns)
            for said in sorted(run.resumed.values(), key=lambda said: said.word.moment)
        ]
        finished = run.finished.value
        segments = []
        for boot_id, from_mono_ns, elapsed_ns in windows:
            lane = self._lanes.get((run.unit, armed.track, boot_id))
            if lane is None:
                continue
            to_mono_ns = finished.mono_ns if finished is not None and finished.boot_id == boot_id else None
            crossings = lane.window_of(run.run_id, from_mono_ns, to_mono_ns)
            segments.append(Segment(crossings=crossings, elapsed_ns=elapsed_ns))
        return own_segments(segments)

    def phase(self, run: Run) -> Phase:
        """Return the phase as far as the records tell; whether time is up a unit's clock may know earlier."""
        if run.decision is not None:
            return run.decision
        if run.finished.said is not None:
            return "review"
        if run.timed_up:
            return "time-up"
        return "running" if any(segment.crossings for segment in self.segments(run)) else "armed"

    def has_passing(self, unit: str, passing: str) -> bool:
        return (unit, passing) in self._passings

    def passing_seqs(self, unit: str, sensor: str, sensor_boot: str) -> list[int]:
        """Return the seqs known of one start of a device, in order."""
        return sorted(
            crossing.passing.seq
            for (writer, _), (_, crossing) in self._passings.items()
            if writer == unit
            and (crossing.passing.sensor, crossing.passing.sensor_boot) == (sensor, sensor_boot)
        )

    def name_of(self, competitor: str) -> str:
        """Return the display name, or a stand-in while none has arrived or once it was erased."""
        if competitor in self.erased:
            return ERASED_NAME
        last = self.competitors.get(competitor)
        return (last.value if last is not None else None) or f"#{competitor[:6]}"

    def is_disqualified(self, competitor: str) -> bool:
        standing = self.standings.get(competitor)
        return standing is not None and standing.value == "disqualified"

    def _erase(self, competitor: str) -> None:
        # Known from now on even where the registration came without its body.
        self.competitors[competitor] = LastWord()
        self.erased.add(competitor)
        self.touched_competitors.add(competitor)

    def _run(self, run_id: str) -> Run:
        run = self.runs.get(run_id)
        if run is None:
            run = self.runs[run_id] = Run(run_id)
        return run

    def _touch(self, run_id: str) -> None:
        self._laps.pop(run_id, None)
        self.touched_runs.add(run_id)

    def _lane(self, key: LaneKey) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane()
        return lane

    def _arm(self, body: RunArmed, word: Word, unit: str) -> None:
        run = self._run(body.run_id)
        if run.armed is not None:
            # Run ids are random, so a second arming is a writer's fault; the first one said stands.
            if run.armed.word.moment <= word.moment:
                return
            for key, opened in self._openings(run):
                self._close_window(key, opened)
        run.armed, run.unit = Said(body, word), unit
        self._note_decision(run)
        for key, opened in self._openings(run):
            self._open_window(key, opened.mono_ns, body.run_id)

    def last_undecided(self) -> dict[tuple[str, str], Run]:
        """Return the run armed last on each (unit, track), of those that nobody has decided yet.

        Of those: after a restored card a decided run may come back with a later stamp than the run under way.
        """
        latest: dict[tuple[str, str], Run] = {}
        for run in self._undecided.values():
            assert run.armed is not None
            place = (run.unit, run.armed.value.track)
            other = latest.get(place)
            if other is None or other.armed is None or other.armed.word.moment < run.armed.word.moment:
                latest[place] = run
        return latest

    def _note_decision(self, run: Run) -> None:
        if run.armed is not None and run.decision is None:
            self._undecided[run.run_id] = run
        else:
            self._undecided.pop(run.run_id, None)

    def _openings(self, run: Run) -> list[tuple[LaneKey, RunArmed | RunResumed]]:
        """Return where the run's windows begin: one for its arming and one for each boot it went on under."""
        if run.armed is None:
            return []
        opened: list[RunArmed | RunResumed] = [run.armed.value]
        opened += [said.value for said in run.resumed.values()]
        return [((run.unit, run.armed.value.track, one.boot_id), one) for one in opened]

    def _resume(self, body: RunResumed, word: Word) -> None:
        run = self._run(body.run_id)
        earlier = run.resumed.get(body.boot_id)
        if earlier is not None and earlier.word.moment <= word.moment:
            return
        run.resumed[body.boot_id] = Said(body, word)
        if run.armed is not None:
            key = (run.unit, run.armed.value.track, body.boot_id)
            if earlier is not None:
                self._close_window(key, earlier.value)
            self._open_window(key, body.mono_ns, body.run_id)
        self._touch(body.run_id)

    def _open_window(self, key: LaneKey, from_mono_ns: int, run_id: str) -> None:
        lane = self._lane(key)
        index = bisect_left(lane.windows, (from_mono_ns, run_id))
        lane.windows.insert(index, (from_mono_ns, run_id))
        if index > 0:
            self._touch(lane.windows[index - 1][1])
        self._touch(run_id)

    def _close_window(self, key: LaneKey, opened: RunArmed | RunResumed) -> None:
        lane = self._lane(key)
        lane.windows.remove((opened.mono_ns, opened.run_id))
        self.touched_runs.update(run for _, run in lane.windows)
        self._laps.clear()

    def _add_passing(self, body: PassingRecorded, word: Word, unit: str) -> None:
        passing_id = body.passing_id
        known = self._passings.get((unit, passing_id))
        if known is not None:
            known_key, known_crossing = known
            if known_crossing.word.moment <= word.moment:
                return
            self._lanes[known_key].crossings.remove(known_crossing)
            self._touch_run_at(known_key, known_crossing)
        key = (unit, body.track, body.boot_id)
        crossing = Crossing(passing=body, word=word, order=(body.mono_ns, passing_id))
        crossings = self._lane(key).crossings
        if not crossings or crossings[-1].order < crossing.order:
            crossings.append(crossing)  # as it nearly always is
        else:
            insort(crossings, crossing, key=_order)
        self._passings[(unit, passing_id)] = (key, crossing)
        self._touch_run_at(key, crossing)

    def _touch_run_at(self, key: LaneKey, crossing: Crossing) -> None:
        run_id = self._lanes[key].run_at(crossing.passing.mono_ns)
        if run_id is not None:
            self._touch(run_id)
