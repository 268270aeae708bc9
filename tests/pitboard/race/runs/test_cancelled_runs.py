"""A run by laps that is not over: whom `time_up = "cancel"` gives no result, and whom `net` does not."""

from __future__ import annotations

import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.event_bodies import EventConfigured, FormatSet
from pitboard.race.bodies.formats import RANKINGS, Format
from pitboard.race.bodies.run_bodies import RunArmed, RunPlace
from pitboard.race.bodies.verdict_bodies import LapJudged, RunDecided
from pitboard.race.runs.published import digest_of, seen_places, sheets_of
from tests.race_story import ROOT, SECOND_NS, UNIT_A, Teller, central_enrols, finished, passing


def rank_of(rules: Format, laps_count: int, *told: Body, is_seen: bool) -> int | None:
    """Return Ann's rank after one confirmed run with so many laps of 5 s; `is_seen`: by its sheet."""
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    central.say(FormatSet(name="F", format=rules))
    central.say(EventConfigured(name="Race", format="F"))
    place = RunPlace(competitor_id="ann")
    unit.say(
        RunArmed(
            run_id="r", track="1", boot_id="boot", mono_ns=SECOND_NS, places=(place,), timing=rules.timing
        )
    )
    for seq in range(laps_count + 1):
        unit.say(passing(seq + 1, s=2 + 5 * seq))
    unit.say(finished("r", s=60))
    for body in told:
        unit.say(body)
    fold = Fold(ROOT.key)
    if is_seen:
        for record in (*central.records, *unit.records):
            fold.add(record)
        driven = fold.race.driven("r")
        for sheet in sheets_of("r", "s", driven):
            unit.say(sheet)
        places, digest = seen_places(driven), digest_of(driven)
        unit.say(RunDecided(run_id="r", decision="confirmed", sheet_id="s", places=places, weighed=digest))
    else:
        unit.say(RunDecided(run_id="r", decision="confirmed"))
    for record in (*central.records, *unit.records):
        fold.add(record)
    standing = fold.board.standing_of("ann")
    assert standing is not None
    return fold.board.rank_of(standing)


@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize("ranking", RANKINGS)
def test_who_has_not_driven_the_laps_of_a_cancelled_run_has_no_result(ranking: str, is_seen: bool) -> None:
    rules = Format(ranking=ranking, laps=1, runs=1, ends="laps", run_laps=3, time_up="cancel")
    assert rank_of(rules, 2, is_seen=is_seen) is None
    assert rank_of(rules, 3, is_seen=is_seen) == 1


@pytest.mark.parametrize("is_seen", [False, True])
def test_a_part_of_a_run_by_laps_is_no_net_time(is_seen: bool) -> None:
    """Two laps of three took less time than all three, and won."""
    rules = Format(ranking="net", ends="laps", run_laps=3, time_up="stop")
    second_void = LapJudged(run_id="r", lap_id=passing(3, s=0).passing_id, verdict="void", cause="driver")
    assert rank_of(rules, 2, is_seen=is_seen) is None
    assert rank_of(rules, 3, second_void, is_seen=is_seen) is None
    assert rank_of(rules, 3, is_seen=is_seen) == 1
    assert rank_of(Format(ranking="net"), 2, is_seen=is_seen) == 1
