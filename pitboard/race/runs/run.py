"""A run as the statements about it tell: armed when, for whom, under which rules, and what was said since.

What was heard of a run is a list of statements; only an arming among them makes it a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import PassingInserted
from pitboard.race.bodies.run_bodies import (
    RunArmed,
    RunContinued,
    RunFinished,
    RunHanded,
    RunPaused,
    RunPlace,
    RunResumed,
    RunStarted,
    RunTimedUp,
)
from pitboard.race.bodies.verdict_bodies import (
    LapCorrected,
    LapJudged,
    OffTrackNoted,
    PenaltyGiven,
    PlaceJudged,
    PlaceStatus,
    RunDecided,
    RunSheet,
)
from pitboard.race.runs.laps import Pause, RunStart
from pitboard.race.runs.run_ids import may_arm
from pitboard.race.runs.verdicts import SaidOfLap
from pitboard.race.words.word import Authority, LastWord, Said, Statement

Kind = TypeVar("Kind", bound=Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One use of a track. `unit` is the key of the unit that armed it.

    `resumed` are the boots it went on under, in the order said; `said_of_laps` and `said_by_admin` are by
    lap id.
    """

    run_id: str
    unit: str
    armed: Said[RunArmed]
    places: tuple[RunPlace, ...]
    resumed: tuple[RunResumed, ...] = ()
    started: Mapping[int | None, RunStarted] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    finished: RunFinished | None = None
    is_timed_up: bool = False
    said_of_laps: Mapping[str, SaidOfLap] = field(default_factory=dict)
    said_by_admin: Mapping[str, SaidOfLap] = field(default_factory=dict)
    off_tracks: Sequence[OffTrackNoted] = ()
    penalties: Sequence[PenaltyGiven] = ()
    statuses: Mapping[int, PlaceStatus] = field(default_factory=dict)
    inserted: Sequence[Statement] = ()
    decided: Said[RunDecided] | None = None
    sheets: Sequence[RunSheet] = ()

    @property
    def track(self) -> str:
        return self.armed.value.track

    @property
    def decision(self) -> Literal["confirmed", "discarded"] | None:
        decision = None if self.decided is None else self.decided.value.decision
        return None if decision == "reopened" else decision

    @property
    def competitor_ids(self) -> list[str]:
        return [place.competitor_id for place in self.places if place.competitor_id is not None]

    @property
    def is_start_to_finish(self) -> bool:
        """Whether cars drive from a start gate to a finish gate, several of them at once."""
        return self.armed.value.timing.clock == "start-gate"

    @property
    def openings(self) -> list[tuple[str, int, int]]:
        """Return (boot id, from which stamp on, the run's time used before) of its windows.

        A start that a person moved to an earlier passing opens the first one earlier.
        """
        armed = self.armed.value
        if not self.started and not self.resumed:
            return [(armed.boot_id, armed.mono_ns, 0)]  # as nearly always
        moved = [
            one.mono_ns
            for one in self.started.values()
            if one.passing_id is not None and one.boot_id == armed.boot_id
        ]
        first = (armed.boot_id, min([armed.mono_ns, *moved]), 0)
        return [first, *((one.boot_id, one.mono_ns, one.elapsed_ns) for one in self.resumed)]

    @property
    def boots(self) -> list[str]:
        """Return the boots of the run's unit that it went under, each once."""
        return list(dict.fromkeys(boot_id for boot_id, _, _ in self.openings))

    def opening_at(self, boot_id: str, mono_ns: int) -> int:
        """Return the index of the window that holds the stamp: a boot may, by a writer's fault, have
        several."""
        same = [
            (from_mono_ns, index)
            for index, (boot, from_mono_ns, _) in enumerate(self.openings)
            if boot == boot_id
        ]
        return max((one for one in same if one[0] <= mono_ns), default=min(same))[1]

    def place_of(self, number: int) -> RunPlace | None:
        return next((place for place in self.places if place.place == number), None)

    def start_of(self, place: int) -> RunStart | None:
        """Return the start that was said for the place, where its time begins at no passing of its own."""
        said = self.started.get(place) or self.started.get(None)
        if said is None or (said.passing_id is not None and self.armed.value.timing.clock == "first-passing"):
            return None
        return RunStart(
            boot_id=said.boot_id,
            mono_ns=said.mono_ns,
            uncertainty_ns=said.uncertainty_ns,
            passing_id=said.passing_id,
        )

    @property
    def is_paused(self) -> bool:
        """Whether its time stands still now; a reboot ends a pause, for laps are never timed across one."""
        boot_id = self.openings[-1][0]
        return any(pause.to_mono_ns is None and pause.boot_id == boot_id for pause in self.pauses)

    def penalty_of(self, place: int) -> tuple[int, int]:
        """Return the place's penalties as time and as laps."""
        given = [one for one in self.penalties if one.place == place]
        return sum(one.penalty_ns for one in given), sum(one.laps for one in given)


def run_of(run_id: str, heard: Sequence[Statement]) -> Run | None:
    """Return the run that the standing statements make, the greatest word last; None where nobody armed
    it."""
    said: dict[type[Body], list[Statement]] = {}
    for one in heard:
        said.setdefault(type(one.body), []).append(one)
    # Only its unit may arm it, and does so once; a second arming is its fault, and the first one stands.
    armings = [one for one in said.get(RunArmed, ()) if may_arm(run_id, one.unit)]
    first = min(armings, key=lambda one: one.word.moment, default=None)
    if first is None or not isinstance(first.body, RunArmed):
        return None
    armed = Said(first.body, first.word)
    if said.keys() <= _OF_A_PLAIN_RUN:  # as nearly all are: nothing else need be looked for
        return Run(
            run_id=run_id,
            unit=first.unit,
            armed=armed,
            places=_places(armed.value, ()),
            started=_NONE,
            finished=next(reversed(_bodies(said, RunFinished)), None),
            said_of_laps=_NONE,
            said_by_admin=_NONE,
            statuses=_NONE,
            decided=_decided(said.get(RunDecided, ())),
            sheets=_bodies(said, RunSheet),
        )
    resumed: dict[str, RunResumed] = {}
    own = {kind: [one for one in said.get(kind, ()) if _is_of_its_unit(one, first)] for kind in _UNITS_OWN}
    for one in sorted(own[RunResumed], key=lambda one: one.word.moment):
        if isinstance(one.body, RunResumed):
            resumed.setdefault(one.body.boot_id, one.body)
    of_laps = [*said.get(LapJudged, ()), *said.get(LapCorrected, ())]
    return Run(
        run_id=run_id,
        unit=first.unit,
        armed=armed,
        places=_places(armed.value, _bodies(said, RunHanded)),
        resumed=tuple(resumed.values()),
        started={one.place: one for one in _bodies(said, RunStarted)} or _NONE,
        pauses=_pauses([*_bodies(said, RunPaused), *_bodies(said, RunContinued)]),
        finished=next(reversed(_bodies(said, RunFinished)), None),
        is_timed_up=bool(own[RunTimedUp]),
        said_of_laps=_said_of_laps(of_laps),
        said_by_admin=_said_of_laps([one for one in of_laps if one.word.authority == Authority.ADMIN]),
        off_tracks=_bodies(said, OffTrackNoted),
        penalties=_bodies(said, PenaltyGiven),
        statuses={one.place: one.status for one in _bodies(said, PlaceJudged)} or _NONE,
        inserted=tuple(said.get(PassingInserted, ())),
        decided=_decided(said.get(RunDecided, ())),
        sheets=_bodies(said, RunSheet),
    )


_OF_A_PLAIN_RUN = {RunArmed, RunFinished, RunSheet, RunDecided}
_UNITS_OWN = (RunResumed, RunTimedUp)
"""What no person says: the run's unit tells it of its own clock."""


def _is_of_its_unit(said: Statement, armed: Statement) -> bool:
    return said.unit == armed.unit or said.word.authority == Authority.ADMIN


_NONE: Mapping[Any, Any] = MappingProxyType({})
"""A day has thousands of runs of which nobody said anything."""


def _bodies(said: Mapping[type[Body], Sequence[Statement]], kind: type[Kind]) -> Sequence[Kind]:
    """Return what of this kind was said, the greatest word last."""
    heard = said.get(kind)
    return () if heard is None else tuple(one.body for one in heard if isinstance(one.body, kind))


def _places(armed: RunArmed, handings: Sequence[RunHanded]) -> tuple[RunPlace, ...]:
    """Return the places, each with whoever it was handed to last; a number that occurs twice is one place."""
    if not handings and len(armed.places) == 1:
        return armed.places  # as nearly always
    handed = {one.place: one for one in handings}
    places: dict[int, RunPlace] = {}
    for place in armed.places:
        now = handed.get(place.place)
        if now is not None:
            place = RunPlace(
                place=place.place,
                competitor_id=now.competitor_id,
                told_by=place.told_by,
                lane=place.lane,
                transponders=place.transponders,
                car=now.car or place.car,
            )
        places.setdefault(place.place, place)
    return tuple(places.values())


def _pauses(said: Sequence[RunPaused | RunContinued]) -> tuple[Pause, ...]:
    """Return the pauses by boot and stamp; a second pause within one, or a second end, changes nothing."""
    if not said:
        return ()
    marks = sorted((one.boot_id, one.mono_ns, isinstance(one, RunPaused)) for one in said)
    pauses: list[Pause] = []
    for boot_id, of_boot in groupby(marks, key=lambda mark: mark[0]):
        began: int | None = None
        for _, mono_ns, is_pause in of_boot:
            if is_pause and began is None:
                began = mono_ns
            elif not is_pause and began is not None:
                pauses.append(Pause(boot_id=boot_id, from_mono_ns=began, to_mono_ns=mono_ns))
                began = None
        if began is not None:
            pauses.append(Pause(boot_id=boot_id, from_mono_ns=began, to_mono_ns=None))
    return tuple(pauses)


def _said_of_laps(heard: Sequence[Statement]) -> Mapping[str, SaidOfLap]:
    if not heard:
        return _NONE
    verdicts: dict[str, LastWord[LapJudged]] = {}
    corrections: dict[str, LastWord[int]] = {}
    for one in heard:
        if isinstance(one.body, LapJudged):
            judged = None if one.body.verdict is None else one.body
            verdicts.setdefault(one.body.lap_id, LastWord()).say(judged, one.word)
        elif isinstance(one.body, LapCorrected):
            corrections.setdefault(one.body.lap_id, LastWord()).say(one.body.lap_ns, one.word)
    said = {}
    for lap_id in verdicts.keys() | corrections.keys():
        verdict = verdicts[lap_id].value if lap_id in verdicts else None
        said[lap_id] = SaidOfLap(
            verdict=None if verdict is None else verdict.verdict,
            cause="" if verdict is None else verdict.cause,
            corrected_ns=corrections[lap_id].value if lap_id in corrections else None,
        )
    return said


def _decided(heard: Sequence[Statement]) -> Said[RunDecided] | None:
    """Return the decision that stands: the last word. A reopening takes back what was said before it by the
    same or a lower authority."""
    if not heard:
        return None
    decisions = [(one.word, one.body) for one in heard if isinstance(one.body, RunDecided)]
    reopenings = [word for word, body in decisions if body.decision == "reopened"]
    last: LastWord[RunDecided] = LastWord()
    for word, body in decisions:
        is_past = any(
            word.moment < reopened.moment and word.authority <= reopened.authority for reopened in reopenings
        )
        if not is_past and body.decision != "reopened":
            last.say(None if body.decision is None else body, word)
    return last.said
