"""The simulator judges heats by lane by what the unit that draws them knows then."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.passing_bodies import PassingAttributed, PassingJudged
from pitboard.race.bodies.run_bodies import RunArmed, RunPlace, RunStarted
from tests.race_story import ROOT, SECOND_NS, UNIT_A, UNIT_B, Teller, armed, central_enrols, passing
from venue.simulator.judging.heat_judge import lanes_had_before
from venue.simulator.judging.lap_oracle import LapOracle

STAGE = "heats of unit-1"
ANN_AND_BO = (
    RunPlace(place=1, competitor_id="ann", told_by="lane", lane=1),
    RunPlace(place=2, competitor_id="bo", told_by="lane", lane=2),
)


def test_a_lane_that_somebody_had_is_named_and_so_is_who_drives_twice_in_a_heat() -> None:
    fold = race_of(heat())
    assert lanes_had_before(fold.race, UNIT_A.key, STAGE, ("cy", "bo")) == [("bo", 2)]
    assert lanes_had_before(fold.race, UNIT_A.key, STAGE, ("bo", "ann")) == []
    assert lanes_had_before(fold.race, UNIT_A.key, STAGE, ("cy", "cy")) == [("cy", 1), ("cy", 2)]
    assert lanes_had_before(fold.race, UNIT_A.key, "another stage", ("ann", "bo")) == []
    assert lanes_had_before(fold.race, UNIT_B.key, STAGE, ("ann", "bo")) == []


@pytest.mark.parametrize(("earlier_ms", "again"), [(60_000, []), (-60_000, [("ann", 1), ("bo", 2)])])
def test_a_run_that_another_unit_says_to_have_armed_earlier_is_none_of_this_units_heats(
    earlier_ms: int, again: list[tuple[str, int]]
) -> None:
    rogues = msgspec.structs.replace(heat(), stage_id="")
    fold = race_of(heat(), rogues, rogue_utc_ms=ScriptedClock().utc_ms() - earlier_ms)
    assert lanes_had_before(fold.race, UNIT_A.key, STAGE, ("ann", "bo")) == again


def test_a_run_taken_by_a_second_arming_is_its_units_again_once_the_other_unit_is_revoked() -> None:
    rogues = msgspec.structs.replace(heat(), stage_id="")
    fold = race_of(heat(), rogues, rogue_utc_ms=ScriptedClock().utc_ms() - 60_000, is_revoked=True)
    assert fold.race.runs["r"].unit == UNIT_A.key
    assert lanes_had_before(fold.race, UNIT_A.key, STAGE, ("ann", "bo")) == [("ann", 1), ("bo", 2)]


def heat() -> RunArmed:
    return msgspec.structs.replace(armed("r", "ann", s=10), places=ANN_AND_BO, stage_id=STAGE)


def race_of(
    own: RunArmed, rogues: RunArmed | None = None, *, rogue_utc_ms: int = 0, is_revoked: bool = False
) -> Fold:
    fold = Fold(ROOT.key)
    unit = Teller(UNIT_A, "Track 1")
    unit.say(own)
    tellers = [central_enrols(UNIT_A, UNIT_B), unit]
    if rogues is not None:
        tellers.append(Teller(UNIT_B, "Track 2", clock=ScriptedClock(now_utc_ms=rogue_utc_ms)))
        tellers[-1].say(rogues)
    if is_revoked:
        tellers[0].say(UnitRevoked(key=UNIT_B.key))
    for teller in tellers:
        for record in teller.records:
            fold.add(record)
    return fold


def test_fold_and_judge_let_the_same_lanes_go_at_the_start() -> None:
    """Two heats by lane and a car alone, starts with and without a lane, and what persons say of them."""
    places_with_laps = 0
    for seed in range(6):
        chance = Random(seed)
        unit, central = Teller(UNIT_A, "Track A"), central_enrols(UNIT_A)
        for number, s in enumerate(sorted(chance.uniform(0, 9) for _ in range(3))):
            lanes = (1, 2, 3) if number != chance.choice((0, 1, 2)) else (None,)
            unit.say(derby(f"run-{number}", lanes, s=s))
        passings = [
            msgspec.structs.replace(
                passing(seq, s=chance.uniform(1, 30)),
                gate=chance.choice(("start", "finish", "finish")),
                lane=chance.choice((None, 0, 1, 2, 3)),
                channel=chance.choice((0, 1, 2)),
            )
            for seq in range(1, 18)
        ]
        for one in passings:
            unit.say(one)
        spoken_of = [one.passing_id for one in passings if one.gate == "start"][:2]
        for passing_id in spoken_of:
            unit.say(
                chance.choice(
                    (
                        PassingJudged(passing_id=passing_id, verdict="ignored"),
                        PassingAttributed(passing_id=passing_id, run_id="run-1", place=chance.choice((1, 2))),
                        RunStarted(run_id="run-0", boot_id="boot", mono_ns=12 * SECOND_NS, place=2),
                    )
                )
            )
        records = [*central.records, *unit.records]
        fold = Fold(ROOT.key)
        for record in records:
            fold.add(record)
        oracle = LapOracle(records, ROOT.key)
        for run in oracle.runs:
            folded = [(lap.place, lap.lap_id, lap.lap_ns) for lap in fold.race.laps(run)]
            assert folded == [(lap.place, lap.lap_id, lap.lap_ns) for lap in oracle.laps(run)], (seed, run)
            places_with_laps += len({place for place, _, _ in folded})
    assert places_with_laps > 12


def derby(run: str, lanes: tuple[int | None, ...], *, s: float) -> RunArmed:
    places = tuple(
        RunPlace(place=number, competitor_id=f"c{number}", told_by="lane" if lane else "any", lane=lane)
        for number, lane in enumerate(lanes, start=1)
    )
    rules = TimingRules(clock="start-gate", ends="open", lap_min_ms=0)
    return msgspec.structs.replace(armed(run, "c1", s=s), places=places, timing=rules)
