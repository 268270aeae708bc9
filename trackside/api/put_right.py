"""What helps an official to put a mistake right: the last acts, and the passings that are no run's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from pitboard.clock import Clock
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import KIND_OF
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.journal.views.stage_view import seeds_id_of
from pitboard.race.bodies import event_bodies, people_bodies, queue_bodies, run_bodies
from pitboard.race.bodies.body import Act, ActWithdrawn, Body
from pitboard.race.names import clean_name
from pitboard.race.passings.attribution import HAND
from pitboard.race.ranking.score import Column, Moment
from pitboard.race.runs.run import Run
from pitboard.race.words.subjects import subject_of
from pitboard.race.words.word import Statement
from pitboard.unit_api.screen_state import Consequence, DoneAct, Stray
from trackside.timing.run_control import RunControl

ACTS_SHOWN_MAX_COUNT = 40
STRAY_MAX_MS = 120_000
STRAYS_MAX_COUNT = 6
_NS_PER_MS = 1_000_000


def done_acts(fold: Fold, unit_key: str, run: Run | None) -> list[DoneAct]:
    """Return what was done at this unit, the newest first; passings by hand of the run under way too."""
    all_said = fold.race.statements.newest_acts(unit_key)
    said = islice((one for one in all_said if not _is_part_of_another(one.body)), ACTS_SHOWN_MAX_COUNT)
    done = [(one.word.moment, _done_act(fold, one)) for one in said]
    if run is not None:
        done += _by_hand(fold, run)
    done.sort(key=lambda one: one[0], reverse=True)
    return [act for _, act in done[:ACTS_SHOWN_MAX_COUNT]]


def _is_part_of_another(body: Body) -> bool:
    """Tell heats that go with their stage, or with the order of its drivers, which stands last."""
    if not isinstance(body, event_bodies.HeatDrawn) or body.act_id:
        return False
    return body.heat_id != seeds_id_of(body.stage_id)


def _by_hand(fold: Fold, run: Run) -> Iterator[tuple[Moment, DoneAct]]:
    """Yield the passings of the run that a thumb stamped: no acts, but taken back all the same."""
    for passing in fold.race.raw_passings(run):
        if passing.body.system == HAND:  # on the screen, or by a button beside the track
            word = passing.word
            yield (
                word.moment,
                DoneAct(
                    stream=word.stream,
                    seq=word.seq,
                    kind="passing",
                    utc_ms=stamp_utc_ms(word.stamp),
                    who=fold.race.name_of(run.places[0].competitor_id) if len(run.places) == 1 else "",
                    run_id=run.run_id,
                    passing_id=passing.passing_id,
                    is_withdrawn=fold.race.word_on(passing.key).is_ignored,
                ),
            )


def _done_act(fold: Fold, said: Statement) -> DoneAct:
    race, body = fold.race, said.body
    by = body.by if isinstance(body, Act) else ""
    named = _named(fold, body)
    return DoneAct(
        stream=said.word.stream,
        seq=said.word.seq,
        kind=KIND_OF[type(body)],
        utc_ms=stamp_utc_ms(said.word.stamp),
        by=by,
        by_name=race.roll.official_name(by) or "",
        who=_who(fold, named),
        what=_what(named, body),
        run_id=getattr(named, "run_id", "") or "",
        is_withdrawn=not race.statements.stands(said),
    )


def _named(fold: Fold, body: Body) -> Body:
    """Return what a withdrawal takes back, however often it was turned; of anything else itself."""
    for _ in range(ACTS_SHOWN_MAX_COUNT):
        if not isinstance(body, ActWithdrawn):
            break
        said = fold.race.statements.at((body.stream, body.seq))
        if said is None:
            break
        body = said.body
    return body


def _who(fold: Fold, body: Body) -> str:
    """Return the name of the competitor that the act is about, empty for none."""
    if isinstance(
        body, people_bodies.CompetitorRegistered | people_bodies.CompetitorChanged | queue_bodies.QueueJoined
    ):
        return fold.race.name_of(body.competitor_id)
    if isinstance(body, queue_bodies.QueueMarked):
        joined = fold.race.statements.all_about(subject_of(body, "") or ())
        waits = next((one.body for one in joined if isinstance(one.body, queue_bodies.QueueJoined)), None)
        if waits is None:
            asked = fold.race.programme.asked_by(body.entry_id)
            if asked is None or asked.competitor_id not in fold.race.competitors:
                return "" if asked is None else clean_name(asked.name)
            return fold.race.name_of(asked.competitor_id)
        return fold.race.name_of(waits.competitor_id)
    if isinstance(body, event_bodies.StageSet):
        return body.name
    if isinstance(body, event_bodies.HeatDrawn):
        stages = fold.race.programme.stages()
        return next((one.name for one in stages if one.stage_id == body.stage_id), "")
    run = fold.race.runs.get(getattr(body, "run_id", None) or "")
    if run is None:
        driver = (
            body.places[0].competitor_id if isinstance(body, run_bodies.RunArmed) and body.places else None
        )
        return fold.race.name_of(driver)
    place = run.place_of(getattr(body, "place", None) or 1) or run.places[0]
    return fold.race.name_of(place.competitor_id)


def _what(named: Body, body: Body) -> str:
    """Return the word that says what was done: the kind withdrawn, a decision, a verdict, a status."""
    if isinstance(body, ActWithdrawn):
        return "" if isinstance(named, ActWithdrawn) else KIND_OF[type(named)]
    if isinstance(body, run_bodies.RunFinished):
        return body.ended if body.ended in ("time-up", "laps-driven") else ""  # else a person did it
    for field in ("decision", "verdict", "status", "state"):
        word = getattr(body, field, None)
        if isinstance(word, str):
            return word
    return ""


def strays(fold: Fold, run_control: RunControl, clock: Clock, unit_key: str) -> tuple[Stray, ...]:
    """Return the last passings that are no run's, by stamp; those before a run under way too."""
    since_mono_ns = clock.mono_ns()
    if run_control.run is not None and run_control.run.armed.value.boot_id == clock.boot_id:
        since_mono_ns = min(since_mono_ns, run_control.run.armed.value.mono_ns)
    found = fold.race.unclaimed(
        unit_key, run_control.tracks[0], clock.boot_id, max(0, since_mono_ns - STRAY_MAX_MS * _NS_PER_MS)
    )
    return tuple(
        Stray(
            passing_id=one.passing_id,
            mono_ns=one.mono_ns,
            uncertainty_ns=one.uncertainty_ns,
            gate=one.body.gate,
            transponder=one.body.transponder,
        )
        for one in found[-STRAYS_MAX_COUNT:]
    )


def consequence(fold: Fold, run: Run) -> Consequence | None:
    """Return what confirming the run would do on the board; None where it brings no rank."""
    trial = fold.boards.trial(run)
    if trial is None:
        return None
    gap = None if trial.gap is None else msgspec.convert(trial.gap, type=Column, from_attributes=True)
    return Consequence(rank=trial.rank, ahead=fold.race.name_of(trial.ahead), gap=gap)
