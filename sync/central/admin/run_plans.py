"""Acts on a run's places: penalties, how a place ended, whose it was, and taking back what somebody said."""

from __future__ import annotations

import secrets

import msgspec

from pitboard.drawing.time_text import format_lap_ns, parse_lap_time
from pitboard.errors import ActRefused
from pitboard.journal.fold import Fold
from pitboard.race.bodies.body import ActWithdrawn, Body
from pitboard.race.bodies.calculated import mark_text
from pitboard.race.bodies.passing_bodies import PassingInserted
from pitboard.race.bodies.people_bodies import PersonErased
from pitboard.race.bodies.run_bodies import RunHanded
from pitboard.race.bodies.verdict_bodies import PenaltyGiven, PlaceJudged, RunDecided
from pitboard.race.passings.missed import Offer
from pitboard.race.runs.phases import TIMING
from pitboard.race.runs.published import digest_of
from pitboard.race.runs.run import Run
from pitboard.race.words.word import Statement
from sync.central.admin.act_plan import Plan, check_may
from sync.central.admin.admin_act import HandOver, JudgePlace, Keep, Penalise, TakeOffer, Withdraw
from sync.central.admin.lap_reference import LapReference

_STATUSES = {
    "finished": "finished",
    "did-not-finish": "not finished",
    "did-not-start": "not started",
    "disqualified": "disqualified",
}


class RunPlans:
    """Plans acts on one fold; raises ActRefused."""

    def __init__(self, fold: Fold, reference: LapReference) -> None:
        self._fold = fold
        self._reference = reference

    def plan(self, act: Penalise | JudgePlace | HandOver | TakeOffer | Keep | Withdraw, reason: str) -> Plan:
        """Return what to write; undoing withdraws the newest record of that kind."""
        match act:
            case Penalise():
                return self._penalise(act, reason)
            case JudgePlace():
                return self._judge_place(act, reason)
            case HandOver():
                return self._hand_over(act, reason)
            case TakeOffer():
                return self._take_offer(act, reason)
            case Keep():
                return self._keep(act, reason)
            case Withdraw():
                return self._withdraw(act, reason)

    def _penalise(self, act: Penalise, reason: str) -> Plan:
        number, run, place = self._reference.run(act.run)
        what = self._what(number, run, place)
        if act.undo:
            return self._take_back(PenaltyGiven, run, place, f"The last penalty of {what}", reason)
        check_may("penalize", self._fold.race.phase(run), what)
        penalty_ns = parse_lap_time(act.time) if act.time else 0
        if not penalty_ns and not act.laps:
            raise ActRefused(code="bad-penalty", reason="Say how many seconds, or how many laps.")
        parts = [f"{format_lap_ns(penalty_ns, resolution_ns=self._fold.resolution_ns)} s"] * bool(penalty_ns)
        parts += [f"{act.laps} lap{'' if act.laps == 1 else 's'}"] * bool(act.laps)
        body = PenaltyGiven(
            run_id=run.run_id, place=place, penalty_ns=penalty_ns, laps=act.laps, code=act.code, reason=reason
        )
        return self._plan_of(run, place, f"{what} has a penalty of {' and '.join(parts)}.", body)

    def _judge_place(self, act: JudgePlace, reason: str) -> Plan:
        number, run, place = self._reference.run(act.run)
        what = self._what(number, run, place)
        if act.undo:
            return self._take_back(PlaceJudged, run, place, f"What was said of how {what} ended", reason)
        check_may("judge-place", self._fold.race.phase(run), what)
        if run.statuses.get(place, "finished") == act.status:
            raise ActRefused(code="no-change", reason=f"{what} is {_STATUSES[act.status]} already.")
        body = PlaceJudged(run_id=run.run_id, place=place, status=act.status, reason=reason)
        return self._plan_of(run, place, f"{what} is {_STATUSES[act.status]} now.", body)

    def _hand_over(self, act: HandOver, reason: str) -> Plan:
        number, run, place = self._reference.run(act.run)
        what = self._what(number, run, place)
        if act.undo:
            return self._take_back(RunHanded, run, place, f"The last handing over of {what}", reason)
        check_may("hand-over", self._fold.race.phase(run), what)
        competitor = self._reference.competitor(act.competitor) if act.competitor.strip() else None
        if (competitor or "") == self._reference.holder(run, place):
            raise ActRefused(code="no-change", reason=f"{what} is theirs already.")
        name = self._fold.race.name_of(competitor) or "nobody"
        body = RunHanded(run_id=run.run_id, place=place, competitor_id=competitor, reason=reason)
        plan = self._plan_of(run, place, f"{what} was driven by {name} now.", body)
        return plan._replace(competitor=competitor or plan.competitor)

    def _take_offer(self, act: TakeOffer, reason: str) -> Plan:
        number, run, place = self._reference.run(act.run)
        what = self._what(number, run, place)
        if act.undo:
            return self._take_back(PassingInserted, run, place, f"The passing put in last of {what}", reason)
        phase = self._fold.race.phase(run)
        check_may("insert-passing", phase, what)
        if phase in TIMING:
            raise ActRefused(
                code="wrong-phase", reason=f"{what} is under way: its official has the offer at the track."
            )
        offer = self._offer(act, run, what)
        inserted = offer.inserted(
            passing_id=f"inserted/{secrets.token_hex(8)}", run_id=run.run_id, place=offer.place or place
        )
        body = msgspec.structs.replace(inserted, reason=reason)
        sentence = f"{what} has the passing that A missed, calculated {mark_text(offer.mark)}."
        return self._plan_of(run, inserted.place, sentence, body)

    def _offer(self, act: TakeOffer, run: Run, what: str) -> Offer:
        offers = self._fold.race.offers(run, self._fold.resolution_ns)
        wanted = act.passing.strip()
        found = [one for one in offers if wanted in ("", one.passing.passing_id)]
        if not found:
            raise ActRefused(code="no-offer", reason=f"Nothing that A missed is offered for {what}.")
        if len(found) > 1:
            ids = ", ".join(one.passing.passing_id for one in found)
            raise ActRefused(
                code="ambiguous", reason=f"A missed {len(found)} cars of {what}; name one: {ids}."
            )
        return found[0]

    def _keep(self, act: Keep, reason: str) -> Plan:
        number, run, place = self._reference.run(act.run)
        what = self._what(number, run, place)
        if act.undo:
            raise ActRefused(code="nothing-to-undo", reason="Take it back in the run's history.")
        check_may("keep-published", self._fold.race.phase(run), what)
        if not self._fold.race.has_changed(run) or run.decided is None:
            raise ActRefused(code="no-change", reason=f"{what} has not changed since it was confirmed.")
        former = run.decided.value
        body = RunDecided(
            run_id=run.run_id,
            decision="confirmed",
            sheet_id=former.sheet_id,
            places=former.places,
            weighed=digest_of(self._fold.race.driven(run.run_id)),
            reason=reason,
        )
        competitor = self._reference.holder(run, place)
        return Plan(competitor, f"{what} stays as it was confirmed.", [body])

    def _withdraw(self, act: Withdraw, reason: str) -> Plan:
        statements = self._fold.race.statements
        named = statements.at((act.stream, act.seq))
        if named is None:
            raise ActRefused(code="unknown-record", reason="Nothing that could be taken back is there.")
        if isinstance(named.body, PersonErased):
            raise ActRefused(code="not-undoable", reason="An erasure cannot be undone.")
        if act.undo:
            return self._say_again(act, named, reason)
        if not statements.stands(named):
            raise ActRefused(code="no-change", reason="This was taken back already.")
        body = ActWithdrawn(stream=act.stream, seq=act.seq, reason=reason)
        return self._plan_about(named, "That was taken back; what was said before it counts again.", body)

    def _say_again(self, act: Withdraw, named: Statement, reason: str) -> Plan:
        statements = self._fold.race.statements
        withdrawals = [
            one
            for one in statements.all_about(("withdrawal",))
            if isinstance(one.body, ActWithdrawn)
            and (one.body.stream, one.body.seq) == (act.stream, act.seq)
            and statements.stands(one)
        ]
        if not withdrawals:
            raise ActRefused(code="nothing-to-undo", reason="This was not taken back.")
        bodies: list[Body] = [
            ActWithdrawn(stream=one.word.stream, seq=one.word.seq, reason=reason) for one in withdrawals
        ]
        return self._plan_about(named, "That counts again.", *bodies)

    def _plan_about(self, named: Statement, sentence: str, *bodies: Body) -> Plan:
        run = self._fold.race.runs.get(getattr(named.body, "run_id", None) or "")
        competitor = getattr(named.body, "competitor_id", None) or ""
        if run is not None:
            place = getattr(named.body, "place", None) or run.places[0].place
            competitor = self._reference.holder(run, place)
        is_decision = isinstance(named.body, RunDecided)
        run_id = None if run is None or is_decision else run.run_id
        return Plan(competitor, sentence, list(bodies), run_id)

    def _take_back(self, kind: type[Body], run: Run, place: int, what: str, reason: str) -> Plan:
        said = [
            one
            for one in self._fold.race.statements.standing(("run", run.run_id))
            if isinstance(one.body, kind) and getattr(one.body, "place", 0) == place
        ]
        if not said:
            raise ActRefused(code="nothing-to-undo", reason=f"{what} is not there.")
        word = said[-1].word
        body = ActWithdrawn(stream=word.stream, seq=word.seq, reason=reason)
        return self._plan_of(run, place, f"{what} is taken back.", body)

    def _plan_of(self, run: Run, place: int, sentence: str, body: Body) -> Plan:
        return Plan(self._reference.holder(run, place), sentence, [body], run.run_id)

    def _what(self, number: int, run: Run, place: int) -> str:
        name = self._fold.race.name_of(self._reference.holder(run, place)) or "nobody"
        return f"Run {number} of {name}" if number else f"A run of {name}"
