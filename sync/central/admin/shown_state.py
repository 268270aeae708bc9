"""What a page shows of what an act is about, field by field, and which records say something of a field.

A run is as it is driven: where it changed since it was confirmed, as it would be now."""

from __future__ import annotations

from typing import Any, NamedTuple

from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.run_views import view_run
from pitboard.race.bodies.body import Act, Body
from pitboard.race.bodies.people_bodies import CompetitorChanged, CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunHanded
from pitboard.race.bodies.verdict_bodies import (
    LapCorrected,
    LapJudged,
    PenaltyGiven,
    PlaceJudged,
    RunDecided,
)
from pitboard.race.runs.run import Run
from pitboard.race.runs.run_parts import Place
from pitboard.race.words.word import Subject
from sync.central.admin.admin_act import (
    AnyAct,
    Change,
    Correct,
    Decide,
    HandOver,
    Judge,
    JudgePlace,
    Keep,
    Penalise,
    TakeOffer,
)
from sync.central.admin.lap_reference import LapReference
from sync.central.admin.seen import Seen, SeenCheck

_SAYS: dict[str, type[Body]] = {
    "lap_ns": LapCorrected,
    "verdict": LapJudged,
    "phase": RunDecided,
    "status": PlaceJudged,
    "penalty_ns": PenaltyGiven,
    "penalty_laps": PenaltyGiven,
    "driver": RunHanded,
}
_OF_PERSON = ("name", "number", "race_class", "team", "flag", "transponders")


class Thing(NamedTuple):
    """What an act is about: a lap or a place of a run, a competitor, or nothing that can be overwritten."""

    subject: Subject = ("nothing",)
    run: Run | None = None
    place: int = 0
    lap_id: str | None = None
    competitor: str = ""

    def is_told_by(self, body: Body, field: str) -> bool:
        """Return whether a record about the subject says something of the field."""
        if isinstance(body, CompetitorRegistered | CompetitorChanged):
            return getattr(body, field, None) is not None
        if not isinstance(body, _SAYS.get(field, Act)):
            return False
        if self.lap_id is not None:
            return getattr(body, "lap_id", "") == self.lap_id
        return getattr(body, "place", self.place) == self.place


class ShownState:
    """Reads one fold."""

    def __init__(self, fold: Fold, reference: LapReference) -> None:
        self._fold = fold
        self._reference = reference
        self._check = SeenCheck(fold)

    def check(self, seen: Seen, thing: Thing) -> None:
        """Raise ChangedMeanwhile where a form was read from what is not so any more."""
        self._check.check(seen, self.of(thing), thing.subject, is_about=thing.is_told_by)

    def thing(self, act: AnyAct) -> Thing:
        """Return what the act is about; raises ActRefused where it names nothing."""
        match act:
            case Correct() | Judge():
                _, run, lap = self._reference.lap(act.lap)
                return Thing(("run", run.run_id), run, lap.place, lap.lap_id)
            case Decide() | Penalise() | JudgePlace() | HandOver() | TakeOffer() | Keep():
                _, run, place = self._reference.run(act.run)
                return Thing(("run", run.run_id), run, place)
            case Change():
                competitor = self._reference.competitor(act.competitor)
                return Thing(("competitor", competitor), competitor=competitor)
            case _:
                return Thing()

    def of(self, thing: Thing) -> dict[str, Any]:
        """Return what a page shows of it now."""
        if thing.run is not None:
            place = self._driven(thing.run, thing.place)
            if place is None:
                return {}
            return self._lap(place, thing.lap_id) if thing.lap_id else self._place(thing.run, place)
        known = self._fold.race.competitors.get(thing.competitor)
        return {} if known is None else {field: getattr(known, field) for field in _OF_PERSON}

    def _lap(self, place: Place, lap_id: str) -> dict[str, Any]:
        shown = [one for one in place.laps if one.lap_id == lap_id]
        return {"lap_ns": shown[0].lap_ns, "verdict": shown[0].verdict} if shown else {}

    def _place(self, run: Run, place: Place) -> dict[str, Any]:
        return {
            "phase": self._fold.race.phase(run),
            "status": place.status,
            "penalty_ns": place.penalty_ns,
            "penalty_laps": place.penalty_laps,
            "driver": [place.competitor_id, place.name],
            "laps": [[one.lap_ns, one.counts] for one in place.laps],
        }

    def _driven(self, run: Run, place: int) -> Place | None:
        view = view_run(self._fold, run)
        places = view.changed_places if view.has_changed else view.places
        return next((one for one in places if one.place == place), None)
