"""Who was joined into another goes wherever that one goes, whenever somebody looks at the board."""

from __future__ import annotations

import pytest

from pitboard.journal.fold import Fold
from pitboard.journal.views import view_board
from pitboard.race.bodies import CompetitorRegistered, CompetitorsJoined
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols, confirmed_run


@pytest.mark.parametrize("is_looked_at", [False, True])
@pytest.mark.parametrize("joins", [[("a", "b"), ("b", "c")], [("b", "c"), ("a", "b")]])
def test_who_was_joined_goes_along_when_that_one_is_joined_into_another(
    joins: list[tuple[str, str]], is_looked_at: bool
) -> None:
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    seq = 1
    for number, (competitor_id, lap_s) in enumerate((("a", 5.0), ("b", 6.0), ("c", 7.0))):
        laps_s = [9.0, lap_s]
        seq = confirmed_run(
            unit, f"r{number}", competitor_id, start_s=number * 40, laps_s=laps_s, first_seq=seq
        )
        unit.say(CompetitorRegistered(competitor_id=competitor_id, name=competitor_id.upper()))
    for one, other in joins:
        unit.say(CompetitorsJoined(competitor_id=one, into_id=other))
    fold = Fold(ROOT.key)
    for record in central.records + unit.records:
        fold.add(record)
        if is_looked_at:
            assert len(fold.board) <= 3
    [entry] = view_board(fold).entries
    assert (entry.name, entry.best_ns, entry.runs) == ("C", 5_000_000_000, 3)
