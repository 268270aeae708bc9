"""The audit trail of one competitor: who did what when, and why, as the journal has it."""

from __future__ import annotations

import msgspec

from pitboard.drawing.time_text import format_lap_ns
from pitboard.journal.fold import Fold
from pitboard.journal.record import stamp_utc_ms
from pitboard.journal.views import EntryView, view_entry
from pitboard.race import bodies
from pitboard.race.bodies import (
    Act,
    ActWithdrawn,
    Body,
    CompetitorChanged,
    CompetitorJudged,
    CompetitorRegistered,
    CompetitorsJoined,
    LapCorrected,
    LapJudged,
    PenaltyGiven,
    PersonErased,
    PlaceJudged,
    RunArmed,
    RunDecided,
    RunFinished,
    RunHanded,
    RunResumed,
)
from pitboard.race.run import Run
from pitboard.race.word import Word
from sync.central.admin.lap_reference import LapReference

ADMIN = "admin"
_ENDINGS = {
    "time-up": "its time was up",
    "stopped": "the official stopped it",
    "laps-driven": "its laps were driven",
    "discarded": "discarded",
}


_OTHER_DEEDS: dict[type[Body], str] = {
    bodies.RunStarted: ": its start was said",
    bodies.RunPaused: " paused",
    bodies.RunContinued: " continued",
    bodies.PassingInserted: ": a passing inserted",
    bodies.PassingAttributed: ": an impulse attributed",
    bodies.OffTrackNoted: ": off the track",
}
_FIELDS = ("name", "number", "race_class", "team", "flag", "transponders")


class PastAct(msgspec.Struct, frozen=True, kw_only=True):
    """One record in words; `utc_ms` labels it by the writer's clock, `who` is the admin or a unit's name.

    `stream` and `seq` name the record, to take it back where `is_act`.
    """

    utc_ms: int
    who: str
    what: str
    why: str = ""
    stream: str = ""
    seq: int = 0
    is_act: bool = False
    is_withdrawn: bool = False


class ActHistory:
    """Reads one fold."""

    def __init__(self, fold: Fold, reference: LapReference) -> None:
        self._fold = fold
        self._reference = reference

    def of(self, competitor: str) -> list[PastAct]:
        """Return what was said about the competitor and their runs, in the order said."""
        runs = {
            run.run_id: (number, run)
            for number, run in enumerate(self._reference.runs_of(competitor), start=1)
        }
        people = {competitor, *self._fold.race.roll.same_person(competitor)}
        known: dict[str, object] = {}
        acts = []
        for key, body, word in sorted(self._fold.statements(), key=lambda one: one[2].moment):
            what = self._what(body, people, runs, known)
            if what is not None:
                acts.append(self._told(key, body, word, what))
        return acts

    def _told(self, key: str, body: Body, word: Word, what: str) -> PastAct:
        by = body.by if isinstance(body, Act) else ""
        who = self._fold.roster.name_of(key) or key[:8]
        if key == self._fold.root_key:
            who = ADMIN if by in ("", ADMIN) else f"{ADMIN} {by}"
        elif by:
            who = f"{who}, {self._fold.race.roll.official_name(by) or by}"
        statement = self._fold.race.statements.at((word.stream, word.seq))
        return PastAct(
            utc_ms=stamp_utc_ms(word.stamp),
            who=who,
            what=what,
            why=getattr(body, "reason", ""),
            stream=word.stream,
            seq=word.seq,
            is_act=isinstance(body, Act) and not isinstance(body, PersonErased | RunArmed | ActWithdrawn),
            is_withdrawn=statement is not None and not self._fold.race.statements.stands(statement),
        )

    def _what(
        self, body: Body, people: set[str], runs: dict[str, tuple[int, Run]], known: dict[str, object]
    ) -> str | None:
        """Return the act in words, None for one that is not about these people; `known` is what was said of
        them before it."""
        match body:
            case CompetitorRegistered(competitor_id=one) | CompetitorChanged(competitor_id=one):
                return self._changed(body, known) if one in people else None
            case CompetitorsJoined(competitor_id=one, into_id=other) if one in people or other in people:
                return f"{one} and {other} are one competitor"
            case CompetitorJudged(competitor_id=one) if one in people:
                return "reinstated" if body.standing is None else "disqualified"
            case PersonErased(competitor_id=one) if one in people:
                return "name erased"
            case ActWithdrawn():
                named = self._fold.race.statements.at((body.stream, body.seq))
                what = None if named is None else self._what(named.body, people, runs, {})
                return None if what is None else f"taken back: {what}"
            case RunArmed() | RunResumed() | RunFinished() | RunDecided() | LapJudged() | LapCorrected():
                if body.run_id in runs:
                    number, run = runs[body.run_id]
                    return f"run {number}{self._act(body, run)}"
            case RunHanded() | PenaltyGiven() | PlaceJudged():
                if body.run_id in runs:
                    return f"run {runs[body.run_id][0]}{self._of_place(body)}"
            case _ if getattr(body, "run_id", None) in runs and (said := _OTHER_DEEDS.get(type(body))):
                return f"run {runs[body.run_id][0]}{said}"  # type: ignore[attr-defined]
        return None

    def _changed(self, body: CompetitorRegistered | CompetitorChanged, known: dict[str, object]) -> str:
        said = {name: value for name in _FIELDS if (value := getattr(body, name)) not in (None, "", ())}
        if isinstance(body, CompetitorChanged):
            said = {name: value for name in _FIELDS if (value := getattr(body, name)) is not None}
        before = dict(known)
        known.update(said)
        if isinstance(body, CompetitorRegistered):
            return f"registered as {body.name}"
        words = [
            f"{name.removeprefix('race_')}: {_shown(before.get(name))} → {_shown(value)}"
            for name, value in said.items()
        ]
        return ", ".join(words) or "nothing changed"

    def _of_place(self, body: RunHanded | PenaltyGiven | PlaceJudged) -> str:
        match body:
            case RunHanded():
                return f" given to {self._fold.race.name_of(body.competitor_id) or 'nobody'}"
            case PlaceJudged():
                return f": {body.status.replace('-', ' ')}"
            case PenaltyGiven():
                parts = [f"{self._text(body.penalty_ns)} s"] * bool(body.penalty_ns)
                parts += [f"{body.laps} laps"] * bool(body.laps)
                return (
                    f": a penalty of {' and '.join(parts) or 'nothing'}{f', {body.code}' * bool(body.code)}"
                )

    def _act(
        self, body: RunArmed | RunResumed | RunFinished | RunDecided | LapJudged | LapCorrected, run: Run
    ) -> str:
        match body:
            case RunArmed():
                return f" armed on track {body.track}"
            case RunResumed():
                return " went on after a restart of the unit"
            case RunFinished():
                return f" ended: {_ENDINGS[body.ended]}"
            case RunDecided():
                return f" {body.decision}" if body.decision else ": decision withdrawn"
            case LapJudged():
                return f", {self._lap(body.lap_id, run)}: {body.verdict or 'verdict withdrawn'}"
            case LapCorrected():
                word = "correction withdrawn" if body.lap_ns is None else f"set to {self._text(body.lap_ns)}"
                return f", {self._lap(body.lap_id, run)}: {word}"

    def _lap(self, lap_id: str, run: Run) -> str:
        for lap in self._fold.race.laps(run.run_id):
            if lap.lap_id == lap_id:
                return f"lap {lap.number} (measured {self._text(lap.measured_ns)})"
        return "a lap that is no longer part of it"

    def _text(self, lap_ns: int) -> str:
        return format_lap_ns(lap_ns, resolution_ns=self._fold.resolution_ns)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return str(value or "none")


MOVED_MAX_COUNT = 5


class Moved(msgspec.Struct, frozen=True):
    """Somebody else whose rank changed."""

    competitor_id: str
    name: str
    before: int | None
    after: int | None


class BoardChange(msgspec.Struct, frozen=True, kw_only=True):
    """`moved` holds the first of the `moved_count` others whose rank changed."""

    competitor_id: str
    name: str
    before: EntryView | None
    after: EntryView | None
    moved: list[Moved]
    moved_count: int
    resolution_ns: int


class BoardBefore:
    """The board as it stands now, to be compared later."""

    def __init__(self, fold: Fold, competitor: str) -> None:
        self._fold = fold
        self._competitor = competitor
        self._entry = view_entry(fold, competitor)
        self._ranks = _ranks(fold)

    def change(self) -> BoardChange:
        """Return what is different by now."""
        ranks = _ranks(self._fold)
        name_of = self._fold.race.name_of
        moved = [
            Moved(one, name_of(one), self._ranks.get(one), ranks.get(one))
            for one in dict.fromkeys([*ranks, *self._ranks])
            if one != self._competitor and ranks.get(one) != self._ranks.get(one)
        ]
        return BoardChange(
            competitor_id=self._competitor,
            name=name_of(self._competitor),
            before=self._entry,
            after=view_entry(self._fold, self._competitor),
            moved=moved[:MOVED_MAX_COUNT],
            moved_count=len(moved),
            resolution_ns=self._fold.resolution_ns,
        )


def _ranks(fold: Fold) -> dict[str, int | None]:
    board = fold.board
    return {standing.competitor: board.rank_of(standing) for standing in board.in_order()}
