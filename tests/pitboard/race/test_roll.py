"""Who is who: names by the last word, joins that may run in a circle, erasures that come before the name."""

from __future__ import annotations

from itertools import permutations

import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.people_bodies import CompetitorRegistered, CompetitorsJoined, PersonErased
from pitboard.race.race_state import RaceState
from pitboard.race.roll import ERASED_NAME, Competitor, alike
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols


def race_of(*said: Body, admin: tuple[Body, ...] = (), is_admin_first: bool = False) -> RaceState:
    unit, central = Teller(UNIT_A, "Track A"), central_enrols(UNIT_A)
    for body in said:
        unit.say(body)
    for body in admin:
        central.say(body)
    fold = Fold(ROOT.key)
    parts = [central.records, unit.records] if is_admin_first else [unit.records, central.records]
    for record in [record for part in parts for record in part]:
        fold.add(record)
    return fold.race


@pytest.mark.parametrize("is_admin_first", [True, False])
def test_a_name_registered_after_its_erasure_is_known_to_nobody(is_admin_first: bool) -> None:
    registered = CompetitorRegistered(competitor_id="c", name="Ann", team="Ann's team")
    erased = PersonErased(competitor_id="c", records={})
    race = race_of(registered, admin=(erased,), is_admin_first=is_admin_first)
    known = race.competitors["c"]
    assert (race.name_of("c"), known.name, known.team) == (ERASED_NAME, "", "")


@pytest.mark.parametrize(
    ("joins", "who"),
    [
        ([], {"a": "a", "b": "b", "c": "c"}),
        ([("a", "b")], {"a": "b", "b": "b", "c": "c"}),
        ([("a", "b"), ("b", "c")], {"a": "c", "b": "c", "c": "c"}),
        ([("a", "b"), ("b", "a")], {"a": "a", "b": "b", "c": "c"}),
        ([("a", "a")], {"a": "a", "b": "b", "c": "c"}),
        ([("a", "nobody")], {"a": "nobody", "b": "b", "c": "c"}),
    ],
)
def test_joins_are_followed_and_a_circle_is_none(joins: list[tuple[str, str]], who: dict[str, str]) -> None:
    registered = [CompetitorRegistered(competitor_id=one, name=one.upper()) for one in "abc"]
    said = [CompetitorsJoined(competitor_id=one, into_id=other) for one, other in joins]
    for order in permutations(said):
        for told in ([*registered, *order], [*order, *registered]):
            roll = race_of(*told).roll
            assert {one: roll.now(one) for one in "abc"} == who
            assert all(one in roll.same_person(who[one]) for one in "abc")


ANN = Competitor(competitor_id="a", name="Ann Öz", number="7", race_class="kids", transponders=(11,))


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (Competitor(competitor_id="b", name="ann oz"), [("name", "a", "b")]),
        (Competitor(competitor_id="b", name="Anna Öz"), []),
        (Competitor(competitor_id="b", name=""), []),
        (Competitor(competitor_id="b", name="Ben", number="7", race_class="kids"), [("number", "a", "b")]),
        (Competitor(competitor_id="b", name="Ben", number="7", race_class="pros"), []),
        (Competitor(competitor_id="b", name="Ben", transponders=(5, 11)), [("transponder", "a", "b")]),
        (Competitor(competitor_id="b", name="Ben", transponders=(5, 5)), []),
        (
            Competitor(competitor_id="b", name="ANN ÖZ", number="7", race_class="kids", transponders=(11,)),
            [("name", "a", "b"), ("number", "a", "b"), ("transponder", "a", "b")],
        ),
    ],
)
def test_who_may_be_one_person_is_asked_about(other: Competitor, found: list[tuple[str, str, str]]) -> None:
    assert alike([ANN, other]) == found
