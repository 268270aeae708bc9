"""Acts on a run's places: penalties, how a place ended, whose it was, and taking back what somebody said."""

from __future__ import annotations

import secrets

import msgspec

from pitboard.drawing.time_text import format_lap_ns, parse_lap_time
from pitboard.errors import ActRefused
from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.body import ActWithdrawn, Body
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
from sync.central.admin.said import Said, in_english

_STATUSES = {
    "finished": "finished",
    "did-not-finish": "not finished",
    "did-not-start": "not started",
    "disqualified": "disqualified",
}
_ENDED = {
    "finished": "desk.done-finished",
    "did-not-finish": "desk.done-did-not-finish",
    "did-not-start": "desk.done-did-not-start",
    "disqualified": "desk.done-run-disqualified",
}


def name_or_nobody(fold: Fold, competitor: str | None) -> str | Said:
    return fold.race.name_of(competitor) or Said("desk.nobody-2")


def what_run(fold: Fold, number: int, competitor: str) -> Said:
    """Return the run as a part of a sentence; `number` is 0 where it is nobody's."""
    name = name_or_nobody(fold, competitor)
    if not number:
        return Said("desk.what-run-of", {"name": name})
    return Said("desk.what-run", {"number": number, "name": name})


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
        named, what = self._what(number, run, place)
        if act.undo:
            return self._take_back(PenaltyGiven, run, place, named, "desk.done-back-penalty", reason)
        check_may("penalize", self._fold.race.phase(run), what)
        penalty_ns = parse_lap_time(act.time) if act.time else 0
        if not penalty_ns and not act.laps:
            raise ActRefused(code="bad-penalty", reason="Say how many seconds, or how many laps.")
        time = format_lap_ns(penalty_ns, resolution_ns=self._fold.resolution_ns)
        parts: list[str | Said] = [f"{time} s"] * bool(penalty_ns)
        parts += [Said("desk.past-penalty-laps", {"count": act.laps})] * bool(act.laps)
        body = PenaltyGiven(
            run_id=run.run_id, place=place, penalty_ns=penalty_ns, laps=act.laps, code=act.code, reason=reason
        )
        return self._plan_of(
            run, place, Said("desk.done-penalty", {"run": named, "what": tuple(parts)}), body
        )

    def _judge_place(self, act: JudgePlace, reason: str) -> Plan:
        number, run, place = self._reference.run(act.run)
        named, what = self._what(number, run, place)
        if act.undo:
            return self._take_back(PlaceJudged, run, place, named, "desk.done-back-ended", reason)
        check_may("judge-place", self._fold.race.phase(run), what)
        if run.statuses.get(place, "finished") == act.status:
            raise ActRefused(code="no-change", reason=f"{what} is {_STATUSES[act.status]} already.")
        body = PlaceJudged(run_id=run.run_id, place=place, status=act.status, reason=reason)
        return self._plan_of(run, place, Said(_ENDED[act.status], {"run": named}), body)

    def _hand_over(self, act: HandOver, reason: str) -> Plan:
        number, run, place = self._reference.run(act.run)
        named, what = self._what(number, run, place)
        if act.undo:
            return self._take_back(RunHanded, run, place, named, "desk.done-back-handed", reason)
        check_may("hand-over", self._fold.race.phase(run), what)
        competitor = self._reference.competitor(act.competitor) if act.competitor.strip() else None
        if (competitor or "") == self._reference.holder(run, place):
            raise ActRefused(code="no-change", reason=f"{what} is theirs already.")
        said = Said("desk.done-handed", {"run": named, "name": name_or_nobody(self._fold, competitor)})
        body = RunHanded(run_id=run.run_id, place=place, competitor_id=competitor, reason=reason)
        plan = self._plan_of(run, place, said, body)
        return plan._replace(competitor=competitor or plan.competitor)

    def _take_offer(self, act: TakeOffer, reason: str) -> Plan:
        number, run, place = self._reference.run(act.run)
        named, what = self._what(number, run, place)
        if act.undo:
            return self._take_back(PassingInserted, run, place, named, "desk.done-back-passing", reason)
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
        mark = offer.mark
        sure_ms = -(-mark.uncertainty_ns // 1_000_000)
        sure = Said("desk.calculated-from-system-ms-ms", {"system": mark.from_system, "ms": sure_ms})
        said = Said("desk.done-offer", {"run": named, "mark": sure})
        return self._plan_of(run, inserted.place, said, body)

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
        named, what = self._what(number, run, place)
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
        return Plan(competitor, Said("desk.done-kept", {"run": named}), [body])

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
        return self._plan_about(named, Said("desk.done-taken-back"), body)

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
        return self._plan_about(named, Said("desk.done-said-again"), *bodies)

    def _plan_about(self, named: Statement, said: Said, *bodies: Body) -> Plan:
        run = self._fold.race.runs.get(getattr(named.body, "run_id", None) or "")
        competitor = getattr(named.body, "competitor_id", None) or ""
        if run is not None:
            place = getattr(named.body, "place", None) or run.places[0].place
            competitor = self._reference.holder(run, place)
        is_decision = isinstance(named.body, RunDecided)
        run_id = None if run is None or is_decision else run.run_id
        return Plan(competitor, said, list(bodies), run_id)

    def _take_back(self, kind: type[Body], run: Run, place: int, named: Said, code: str, reason: str) -> Plan:
        heard = [
            one
            for one in self._fold.race.statements.in_force(("run", run.run_id))
            if isinstance(one.body, kind) and getattr(one.body, "place", 0) == place
        ]
        if not heard:
            raise ActRefused(code="nothing-to-undo", reason="There is nothing of that kind to take back.")
        word = heard[-1].word
        body = ActWithdrawn(stream=word.stream, seq=word.seq, reason=reason)
        return self._plan_of(run, place, Said(code, {"run": named}), body)

    def _plan_of(self, run: Run, place: int, said: Said, body: Body) -> Plan:
        return Plan(self._reference.holder(run, place), said, [body], run.run_id)

    def _what(self, number: int, run: Run, place: int) -> tuple[Said, str]:
        """Return the run as a part of a sentence, and the same in English."""
        named = what_run(self._fold, number, self._reference.holder(run, place))
        return named, in_english((named,))
