"""The audit trail of one competitor: who did what when, and why, as the journal has it."""

from __future__ import annotations

import msgspec

from pitboard.drawing.time_text import format_lap_ns
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.journal.views.views import EntryView, view_entry
from pitboard.race.bodies.body import Act, ActWithdrawn, Body
from pitboard.race.bodies.passing_bodies import PassingAttributed, PassingInserted
from pitboard.race.bodies.people_bodies import (
    CompetitorChanged,
    CompetitorJudged,
    CompetitorRegistered,
    CompetitorsJoined,
    PersonErased,
)
from pitboard.race.bodies.run_bodies import (
    RunArmed,
    RunContinued,
    RunFinished,
    RunHanded,
    RunPaused,
    RunResumed,
    RunStarted,
)
from pitboard.race.bodies.verdict_bodies import (
    LapCorrected,
    LapJudged,
    OffTrackNoted,
    PenaltyGiven,
    PlaceJudged,
    RunDecided,
)
from pitboard.race.runs.run import Run
from pitboard.race.words.word import Word
from pitboard.sentences.language import Language, language
from sync.central.admin.lap_reference import LapReference

ADMIN = "admin"
_ENDINGS = {
    "time-up": "desk.past-ended-time-up",
    "stopped": "desk.past-ended-stopped",
    "laps-driven": "desk.past-ended-laps-driven",
    "discarded": "desk.past-ended-discarded",
}
_OTHER_DEEDS: dict[type[Body], str] = {
    RunStarted: "desk.past-started",
    RunPaused: "desk.past-paused",
    RunContinued: "desk.past-continued",
    PassingInserted: "desk.past-passing-inserted",
    PassingAttributed: "desk.past-passing-attributed",
    OffTrackNoted: "desk.past-off-track",
}
_FIELDS = {
    "name": "desk.past-name",
    "number": "desk.past-number",
    "race_class": "desk.past-class",
    "team": "desk.past-team",
    "flag": "desk.past-flag",
    "transponders": "desk.past-transponders",
}


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


def who_said(fold: Fold, key: str, body: Body) -> str:
    """Return who wrote a record: the admin, or a unit by its name with the official who was signed in."""
    by = getattr(body, "by", "")
    if key == fold.root_key:
        return ADMIN if by in ("", ADMIN) else f"{ADMIN} {by}"
    who = fold.roster.name_of(key) or key[:8]
    return f"{who}, {fold.race.roll.official_name(by) or by}" if by else who


class ActHistory:
    """Reads one fold."""

    def __init__(self, fold: Fold, reference: LapReference) -> None:
        self._fold = fold
        self._reference = reference

    def of(self, competitor: str, words: Language | None = None) -> list[PastAct]:
        """Return what was said about the competitor and their runs, in the order said; in English if nobody
        asks for another language."""
        say = _Words(words or language())
        runs = {
            run.run_id: (number, run)
            for number, run in enumerate(self._reference.runs_of(competitor), start=1)
        }
        people = {competitor, *self._fold.race.roll.same_person(competitor)}
        known: dict[str, object] = {}
        acts = []
        for key, body, word in sorted(self._fold.statements(), key=lambda one: one[2].moment):
            what = self._what(body, people, runs, known, say)
            if what is not None:
                acts.append(self._told(key, body, word, what))
        return acts

    def _told(self, key: str, body: Body, word: Word, what: str) -> PastAct:
        statement = self._fold.race.statements.at((word.stream, word.seq))
        return PastAct(
            utc_ms=stamp_utc_ms(word.stamp),
            who=who_said(self._fold, key, body),
            what=what,
            why=getattr(body, "reason", ""),
            stream=word.stream,
            seq=word.seq,
            is_act=isinstance(body, Act) and not isinstance(body, PersonErased | RunArmed | ActWithdrawn),
            is_withdrawn=statement is not None and not self._fold.race.statements.stands(statement),
        )

    def _what(
        self,
        body: Body,
        people: set[str],
        runs: dict[str, tuple[int, Run]],
        known: dict[str, object],
        say: _Words,
    ) -> str | None:
        """Return the act in words, None for one that is not about these people; `known` is what was said of
        them before it."""
        match body:
            case CompetitorRegistered(competitor_id=one) | CompetitorChanged(competitor_id=one):
                return self._changed(body, known, say) if one in people else None
            case CompetitorsJoined(competitor_id=one, into_id=other) if one in people or other in people:
                return say("desk.past-joined", one=one, other=other)
            case CompetitorJudged(competitor_id=one) if one in people:
                return say(
                    "desk.past-reinstated" if body.disqualification is None else "desk.past-disqualified"
                )
            case PersonErased(competitor_id=one) if one in people:
                return say("desk.past-erased")
            case ActWithdrawn():
                named = self._fold.race.statements.at((body.stream, body.seq))
                what = None if named is None else self._what(named.body, people, runs, {}, say)
                return None if what is None else say("desk.past-taken-back", what=what)
        if (run_id := getattr(body, "run_id", None)) not in runs:
            return None
        number, run = runs[run_id]
        return self._of_run(body, run, number, say)

    def _changed(
        self, body: CompetitorRegistered | CompetitorChanged, known: dict[str, object], say: _Words
    ) -> str:
        said = {name: value for name in _FIELDS if (value := getattr(body, name)) not in (None, "", ())}
        if isinstance(body, CompetitorChanged):
            said = {name: value for name in _FIELDS if (value := getattr(body, name)) is not None}
        before = dict(known)
        known.update(said)
        if isinstance(body, CompetitorRegistered):
            return say("desk.past-registered", name=body.name)
        changes = [
            f"{say(_FIELDS[name])}: {say.shown(before.get(name))} → {say.shown(value)}"
            for name, value in said.items()
        ]
        return ", ".join(changes) or say("desk.past-nothing-changed")

    def _of_run(self, body: Body, run: Run, number: int, say: _Words) -> str | None:
        """Return what was said of a run, None for what needs no line."""
        match body:
            case RunArmed():
                return say("desk.past-armed", number=number, track=body.track)
            case RunResumed():
                return say("desk.past-resumed", number=number)
            case RunFinished():
                return say(_ENDINGS[body.ended], number=number)
            case RunDecided():
                if body.decision is None:
                    return say("desk.past-decision-withdrawn", number=number)
                return say("desk.past-decided", number=number, decision=say.word(body.decision))
            case LapJudged():
                word = say.word(body.verdict) if body.verdict else say("desk.past-verdict-withdrawn")
                return self._of_lap(body.lap_id, run, number, word, say)
            case LapCorrected():
                word = say("desk.past-correction-withdrawn")
                if body.lap_ns is not None:
                    word = say("desk.past-set-to", time=self._text(body.lap_ns))
                return self._of_lap(body.lap_id, run, number, word, say)
            case RunHanded():
                name = self._fold.race.name_of(body.competitor_id)
                code = "desk.past-given-to" if name else "desk.past-given-to-nobody"
                return say(code, number=number, name=name)
            case PlaceJudged():
                return say("desk.past-of-run", number=number, what=say.word(body.status))
            case PenaltyGiven():
                parts = [f"{self._text(body.penalty_ns)} s"] * bool(body.penalty_ns)
                parts += [say("desk.past-penalty-laps", count=body.laps)] * bool(body.laps)
                what = " + ".join(parts) or say("desk.past-penalty-none")
                return say("desk.past-penalty", number=number, what=what) + f", {body.code}" * bool(body.code)
        other = _OTHER_DEEDS.get(type(body))
        return None if other is None else say(other, number=number)

    def _of_lap(self, lap_id: str, run: Run, number: int, what: str, say: _Words) -> str:
        for lap in self._fold.race.laps(run.run_id):
            if lap.lap_id == lap_id:
                measured = self._text(lap.measured_ns)
                return say("desk.past-of-lap", number=number, lap=lap.number, measured=measured, what=what)
        return say("desk.past-of-lap-gone", number=number, what=what)

    def _text(self, lap_ns: int) -> str:
        return format_lap_ns(lap_ns, resolution_ns=self._fold.resolution_ns)


class _Words:
    """A language, and its words for what records say in one."""

    def __init__(self, words: Language) -> None:
        self._words = words

    def __call__(self, code: str, /, **fields: object) -> str:
        return self._words.say(code, **fields)

    def word(self, value: str) -> str:
        code = f"desk.word-{value}"
        return self._words.say(code) if self._words.knows(code) else value.replace("-", " ")

    def shown(self, value: object) -> str:
        text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")
        return text or self._words.say("desk.none")


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
