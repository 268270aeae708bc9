"""The admin's acts: each is one record above an official's word, has a reason, and returns once durable.

Undoing writes one more record that withdraws the admin's word, so the official's counts again. Only an
erasure cannot be undone."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import Any

import msgspec

from pitboard.drawing.time_text import format_lap_ns, parse_lap_time
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.people_bodies import CompetitorJudged
from pitboard.race.bodies.verdict_bodies import LapCorrected, LapJudged, RunDecided
from pitboard.race.runs.phases import ActName
from pitboard.race.runs.published import digest_of, seen_places, sheets_of
from pitboard.race.runs.run import Run
from pitboard.race.runs.verdicts import Lap
from pitboard.race.words.word import Authority
from sync.central.admin.act_history import BoardBefore, BoardChange
from sync.central.admin.act_plan import Plan, check_may, signed
from sync.central.admin.actor import TERMINAL, Actor
from sync.central.admin.admin_act import (
    AnyAct,
    Change,
    Correct,
    Decide,
    Disqualify,
    Erase,
    HandOver,
    Join,
    Judge,
    JudgePlace,
    Keep,
    Penalise,
    Reinstate,
    TakeOffer,
    Withdraw,
    checked_reason,
)
from sync.central.admin.erasure import bodies_that_erase
from sync.central.admin.lap_reference import LapReference
from sync.central.admin.people_plans import PeoplePlans
from sync.central.admin.run_plans import RunPlans, name_or_nobody, what_run
from sync.central.admin.said import Said, Told, in_english
from sync.central.admin.shown_state import ShownState

REPEATED_MAX_COUNT = 200
"""How many acts may lie between a request and its repetition."""


class Done(Told, frozen=True, kw_only=True):
    """What was done, and what it changed; `now` is what it was about as it stands, which an undo may send as
    `seen`."""

    change: BoardChange
    now: dict[str, Any] = msgspec.field(default_factory=dict)


class AdminActs:
    """Carries out acts on central's replica; raises ActRefused with nothing changed."""

    def __init__(self, replica: WritingReplica) -> None:
        self._replica = replica
        self._fold = replica.fold
        self.reference = LapReference(replica.fold)
        self._runs = RunPlans(replica.fold, self.reference)
        self._people = PeoplePlans(replica.fold, self.reference)
        self._shown = ShownState(replica.fold, self.reference)
        self._acting = asyncio.Lock()
        self._done: deque[str] = deque(maxlen=REPEATED_MAX_COUNT)

    async def carry_out(self, act: AnyAct, actor: Actor = TERMINAL) -> Done:
        """Do it and return once it is durable."""
        async with self._acting:  # an act is weighed against what the one before it left
            return await self._carry_out(act, actor)

    async def _carry_out(self, act: AnyAct, actor: Actor) -> Done:
        reason = checked_reason(act.reason, self._fold)
        if act.act_id and act.act_id in self._done:  # after a restart the fold knows a repetition
            raise ActRefused(code="no-change", reason="This was done already.")
        plan = self._plan(act, reason)
        thing = self._shown.thing(act)
        self._shown.check(act.seen, thing)
        before = BoardBefore(self._fold, plan.competitor)
        was_settled = plan.run_id is not None and self._is_settled(plan.run_id)
        await self._replica.append(*signed(plan.bodies, actor, act.act_id))
        self._done.append(act.act_id)
        said = [plan.said]
        run = None if plan.run_id is None else self._fold.race.runs.get(plan.run_id)
        if run is not None and self._fold.race.has_changed(run):
            if was_settled and not self._waiting(run):
                await self._replica.append(*signed(self._confirmation(run, reason), actor, ""))
            else:
                said.append(Said("desk.done-waits"))
        return Done(
            sentence=in_english(said), said=tuple(said), change=before.change(), now=self._shown.of(thing)
        )

    def _is_settled(self, run_id: str) -> bool:
        """Return whether the run is on the board as it stands, so that an act on it goes there at once."""
        run = self._fold.race.runs[run_id]
        return run.decision == "confirmed" and not self._fold.race.has_changed(run)

    def _plan(self, act: AnyAct, reason: str) -> Plan:
        match act:
            case Correct():
                return self._correct(act, reason)
            case Judge():
                return self._judge(act, reason)
            case Decide():
                return self._decide(act, reason)
            case Disqualify():
                return self._judge_competitor(act.competitor, not act.undo, reason)
            case Reinstate():
                return self._reinstate(act, reason)
            case Erase():
                return self._erase(act, reason)
            case Change() | Join():
                return self._people.plan(act, reason)
            case Penalise() | JudgePlace() | HandOver() | TakeOffer() | Keep() | Withdraw():
                return self._runs.plan(act, reason)

    def _correct(self, act: Correct, reason: str) -> Plan:
        number, run, lap = self.reference.lap(act.lap)
        competitor = self.reference.holder(run, lap.place)
        what = f"Run {number}, lap {lap.number} of {self._name(competitor)}"
        measured = self._text(lap.measured_ns)
        named = Said(
            "desk.what-lap",
            {"number": number, "lap": lap.number, "name": name_or_nobody(self._fold, competitor)},
        )
        if act.undo:
            if not lap.is_corrected:
                raise ActRefused(code="nothing-to-undo", reason=f"{what} was not corrected.")
            said, lap_ns = Said("desk.done-measured-again", {"lap": named, "time": measured}), None
        else:
            if act.time is None:
                raise ActRefused(code="bad-time", reason="Say the lap's time, with --time 12.345.")
            lap_ns = parse_lap_time(act.time)
            if lap.is_corrected and lap_ns == lap.lap_ns:
                raise ActRefused(code="no-change", reason=f"{what} was corrected to this time already.")
            is_void = not lap.counts and lap.verdict == "void"
            code = "desk.done-corrected-void" if is_void else "desk.done-corrected"
            said = Said(code, {"lap": named, "time": self._text(lap_ns), "measured": measured})
        body = LapCorrected(run_id=run.run_id, lap_id=lap.lap_id, lap_ns=lap_ns, reason=reason)
        return Plan(competitor, said, [body])

    def _judge(self, act: Judge, reason: str) -> Plan:
        number, run, lap = self.reference.lap(act.lap)
        competitor = self.reference.holder(run, lap.place)
        what = f"Run {number}, lap {lap.number} of {self._name(competitor)} ({self._text(lap.lap_ns)})"
        former = run.said_by_admin[lap.lap_id].verdict if lap.lap_id in run.said_by_admin else None
        _check_change(what, former, act.verdict, undo=act.undo)
        named = Said(
            "desk.what-lap-time",
            {
                "number": number,
                "lap": lap.number,
                "name": name_or_nobody(self._fold, competitor),
                "time": self._text(lap.lap_ns),
            },
        )
        said = Said((_UNSAID if act.undo else _DONE)[act.verdict], {"what": named})
        verdict = None if act.undo else act.verdict
        body = LapJudged(run_id=run.run_id, lap_id=lap.lap_id, verdict=verdict, reason=reason)
        return Plan(competitor, said, [body])

    def _decide(self, act: Decide, reason: str) -> Plan:
        number, run, place = self.reference.run(act.run)
        competitor = self.reference.holder(run, place)
        named = what_run(self._fold, number, competitor)
        what = in_english((named,))
        if act.undo or not self._fold.race.has_changed(run):
            _check_change(what, self._last_decision(run), act.decision, undo=act.undo)
        if not act.undo:
            check_may(_DECIDING[act.decision], self._fold.race.phase(run), what)
        if not act.undo and act.decision == "confirmed" and (waiting := self._waiting(run)):
            raise ActRefused(
                code="short-lap-waits",
                reason=f"Say valid or void for the short lap {waiting[0].number} first.",
                fields={"number": waiting[0].number},
            )
        said = Said((_UNSAID if act.undo else _DONE)[act.decision], {"what": named})
        return Plan(competitor, said, self._decision(run, act, reason))

    def _decision(self, run: Run, act: Decide, reason: str) -> list[Body]:
        if act.undo or act.decision != "confirmed":
            decision = None if act.undo else act.decision
            return [RunDecided(run_id=run.run_id, decision=decision, reason=reason)]
        return self._confirmation(run, reason)

    def _confirmation(self, run: Run, reason: str) -> list[Body]:
        """A confirmation names the laps that it confirms."""
        driven = self._fold.race.driven(run.run_id)
        sheet_id = secrets.token_hex(8)
        return [
            *sheets_of(run.run_id, sheet_id, driven),
            RunDecided(
                run_id=run.run_id,
                decision="confirmed",
                sheet_id=sheet_id,
                places=seen_places(driven),
                weighed=digest_of(driven),
                reason=reason,
            ),
        ]

    def _last_decision(self, run: Run) -> str | None:
        """Return what the admin decided last, None where the admin did not or took it back."""
        heard = self._fold.race.statements.in_force(("run", run.run_id))
        said = [one.body for one in heard if one.word.authority == Authority.ADMIN]
        return next((body.decision for body in reversed(said) if isinstance(body, RunDecided)), None)

    def _waiting(self, run: Run) -> list[Lap]:
        return [lap for lap in self._fold.race.laps(run.run_id) if lap.waits_for_verdict]

    def _reinstate(self, act: Reinstate, reason: str) -> Plan:
        if act.undo:
            competitor = self.reference.competitor(act.competitor)
            heard = self._fold.race.statements.in_force(("competitor", competitor))
            judged = [one.body for one in heard if isinstance(one.body, CompetitorJudged)]
            if not judged or judged[-1].disqualification is not None:
                name = self._fold.race.name_of(competitor)
                raise ActRefused(code="nothing-to-undo", reason=f"{name} was not reinstated.")
        return self._judge_competitor(act.competitor, act.undo, reason)

    def _judge_competitor(self, typed: str, is_disqualified: bool, reason: str) -> Plan:
        competitor = self.reference.competitor(typed)
        name = self._fold.race.name_of(competitor)
        if self._fold.race.roll.is_disqualified(competitor) == is_disqualified:
            state = "disqualified already" if is_disqualified else "not disqualified"
            raise ActRefused(code="no-change", reason=f"{name} is {state}.")
        body = CompetitorJudged(
            competitor_id=competitor,
            disqualification="disqualified" if is_disqualified else None,
            reason=reason,
        )
        code = "desk.done-disqualified" if is_disqualified else "desk.done-reinstated"
        return Plan(competitor, Said(code, {"name": name}), [body])

    def _erase(self, act: Erase, reason: str) -> Plan:
        if act.undo:
            raise ActRefused(
                code="not-undoable", reason="An erasure cannot be undone: the name is in no journal any more."
            )
        competitor = self.reference.competitor(act.competitor)
        if competitor in self._fold.race.erased:
            raise ActRefused(code="no-change", reason=f"{competitor} was erased already.")
        said = Said("desk.done-erased", {"id": competitor})
        return Plan(competitor, said, bodies_that_erase(self._fold, competitor, reason))

    def _text(self, lap_ns: int) -> str:
        return format_lap_ns(lap_ns, resolution_ns=self._fold.resolution_ns)

    def _name(self, competitor: str) -> str:
        return self._fold.race.name_of(competitor) or "nobody"


_DONE = {
    "valid": "desk.done-valid",
    "void": "desk.done-void",
    "confirmed": "desk.done-confirmed",
    "discarded": "desk.done-discarded",
    "reopened": "desk.done-reopened",
}
_UNSAID = {
    "valid": "desk.done-unsaid-valid",
    "void": "desk.done-unsaid-void",
    "confirmed": "desk.done-unsaid-confirmed",
    "discarded": "desk.done-unsaid-discarded",
    "reopened": "desk.done-unsaid-reopened",
}
_DECIDING: dict[str, ActName] = {"confirmed": "confirm", "discarded": "discard", "reopened": "reopen"}


def _check_change(what: str, said: str | None, wanted: str, *, undo: bool) -> None:
    if undo and said != wanted:
        reason = f"The admin has not called {what} {wanted}."
        raise ActRefused(code="nothing-to-undo", reason=reason)
    if not undo and said == wanted:
        raise ActRefused(code="no-change", reason=f"The admin has said so already: {what} is {wanted}.")
