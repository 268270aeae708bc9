"""The simulator judges heats by lane by what the unit that draws them knows then."""

from __future__ import annotations

import msgspec
import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.race.bodies.run_bodies import RunArmed, RunPlace
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller, armed, central_enrols
from venue.simulator.judging.heat_judge import lanes_had_before

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
