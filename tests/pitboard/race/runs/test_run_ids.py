"""A run is armed by the unit that its id names: another's arming, however early, is nothing."""

from __future__ import annotations

import msgspec
import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.run_bodies import RunResumed, RunTimedUp
from pitboard.race.runs.run import Run
from pitboard.race.runs.run_ids import may_arm, run_id_of
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller, armed, central_enrols, passing
from venue.simulator.judging.lap_oracle import is_armed_by_its_unit

RUN = run_id_of(UNIT_A.key, "0123456789abcdef")


def run_after(*thiefs: Body, run_id: str = RUN, earlier_ms: int = 60_000, is_first: bool = False) -> Run:
    """Return the run that unit A armed, of which a thief with B's key said these, stamped a minute before."""
    unit = Teller(UNIT_A, "Track 1")
    thief = Teller(UNIT_B, "Track 2", clock=ScriptedClock(now_utc_ms=ScriptedClock().utc_ms() - earlier_ms))
    unit.say(armed(run_id, "ann", s=10))
    for body in thiefs:
        thief.say(body)
    fold = Fold(ROOT.key)
    told = [thief, unit] if is_first else [unit, thief]
    for teller in (central_enrols(UNIT_A, UNIT_B), *told):
        for record in teller.records:
            fold.add(record)
    assert set(fold.race.runs) == {run_id}
    return fold.race.runs[run_id]


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("earlier_ms", [60_000, -60_000])
def test_an_arming_of_another_units_run_changes_nothing(earlier_ms: int, is_first: bool) -> None:
    other = msgspec.structs.replace(armed(RUN, "mallory", s=0), track="9", boot_id="his")
    run = run_after(other, earlier_ms=earlier_ms, is_first=is_first)
    assert (run.unit, run.competitor_ids, run.track) == (UNIT_A.key, ["ann"], "1")
    assert run.openings == [("boot", 10_000_000_000, 0)]


def test_only_its_unit_says_that_it_went_on_after_a_boot_or_that_its_time_is_up() -> None:
    run = run_after(
        RunResumed(run_id=RUN, boot_id="boot", mono_ns=0, elapsed_ns=10**10),
        RunResumed(run_id=RUN, boot_id="next", mono_ns=0, elapsed_ns=0),
        RunTimedUp(run_id=RUN),
    )
    assert (run.boots, run.is_timed_up) == (["boot"], False)


def test_a_run_that_its_unit_never_armed_is_no_run_whoever_arms_it() -> None:
    thief = Teller(UNIT_B, "Track 2")
    thief.say(armed(RUN, "mallory", s=1))
    thief.say(passing(1, s=2))
    fold = Fold(ROOT.key)
    for record in (*central_enrols(UNIT_B).records, *thief.records):
        fold.add(record)
    assert fold.race.runs == {}


def test_an_id_of_a_former_version_names_nobody_and_the_first_arming_said_stands() -> None:
    assert run_after(armed("ab12", "mallory", s=1), run_id="ab12").unit == UNIT_B.key
    assert run_after(armed("ab12", "mallory", s=1), run_id="ab12", earlier_ms=-60_000).unit == UNIT_A.key


@pytest.mark.parametrize("number", ["7", "a.b", "hand-0123456789abcdef", "0\n1", "\udcff", "x." + "0" * 16])
def test_an_id_is_its_units_alone_and_the_simulators_judge_reads_it_alike(number: str) -> None:
    run_id = run_id_of(UNIT_A.key, number)
    assert (may_arm(run_id, UNIT_A.key), may_arm(run_id, UNIT_B.key)) == (True, False)
    if number.isprintable():
        assert is_armed_by_its_unit(run_id, UNIT_A.key)
        assert not is_armed_by_its_unit(run_id, UNIT_B.key)
    assert may_arm(run_id + "\n", UNIT_B.key)  # another id: no run of unit A has it
