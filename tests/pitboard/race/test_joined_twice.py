"""Who was joined into another goes wherever that one goes, whenever somebody looks at the board."""

from __future__ import annotations

import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.run_views import view_run
from pitboard.journal.views.views import view_board
from pitboard.race.bodies.body import ActWithdrawn
from pitboard.race.bodies.people_bodies import CompetitorJudged, CompetitorRegistered, CompetitorsJoined
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


def two_who_are_one() -> tuple[Fold, Teller, Teller]:
    """A, who drove 5 s, was joined into B, who drove 6 s."""
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    seq = confirmed_run(unit, "ra", "a", start_s=0, laps_s=[9.0, 5.0], first_seq=1)
    confirmed_run(unit, "rb", "b", start_s=40, laps_s=[9.0, 6.0], first_seq=seq)
    for one in "ab":
        unit.say(CompetitorRegistered(competitor_id=one, name=one.upper()))
    unit.say(CompetitorsJoined(competitor_id="a", into_id="b"))
    fold = Fold(ROOT.key)
    for record in central.records + unit.records:
        fold.add(record)
    return fold, unit, central


def test_a_run_of_somebody_who_was_joined_has_the_name_of_who_they_are_now() -> None:
    fold, _, _ = two_who_are_one()
    assert (fold.race.name_of("a"), view_run(fold, fold.race.runs["ra"]).name) == ("B", "B")
    assert [one.competitor_id for one in fold.race.roll.entered()] == ["b"]


def test_a_join_that_is_taken_back_gives_each_their_own_again_on_a_board_that_was_looked_at() -> None:
    fold, unit, _ = two_who_are_one()
    join = unit.records[-1]
    assert [(one.name, one.best_ns) for one in view_board(fold).entries] == [("B", 5_000_000_000)]
    fold.add(unit.say(ActWithdrawn(stream=join.stream, seq=join.seq)))
    assert [(one.name, one.best_ns) for one in view_board(fold).entries] == [
        ("A", 5_000_000_000),
        ("B", 6_000_000_000),
    ]


def test_who_is_disqualified_under_another_of_their_ids_has_no_rank() -> None:
    fold, _, central = two_who_are_one()
    assert [one.rank for one in view_board(fold).entries] == [1]
    fold.add(central.say(CompetitorJudged(competitor_id="a", disqualification="disqualified")))
    assert [one.rank for one in view_board(fold).entries] == [None]


def test_nobody_is_joined_into_themselves() -> None:
    fold, unit, _ = two_who_are_one()
    fold.add(unit.say(CompetitorsJoined(competitor_id="b", into_id="b")))
    assert fold.race.competitors["b"].joined_into is None
