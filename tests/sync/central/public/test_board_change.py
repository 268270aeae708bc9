"""What changed between two live boards leads from the one to the other, whatever they hold."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.people_bodies import CompetitorJudged, CompetitorRegistered
from sync.central.public.board_change import Form, change_between, changed
from sync.central.public.live_board import LiveBoards
from tests.race_story import ROOT, UNIT_A, central_enrols
from tests.sync.central.central_stage import TrackStory

PLAIN = st.one_of(st.integers(), st.text(max_size=3), st.booleans(), st.lists(st.integers(), max_size=3))
THINGS = st.lists(st.integers(0, 9), unique=True, max_size=8).flatmap(
    lambda ids: st.tuples(
        *(st.fixed_dictionaries({"id": st.just(one), "laps": PLAIN}, optional={"last": PLAIN}) for one in ids)
    ).map(list)
)
FORMS = st.fixed_dictionaries(
    {"entries": THINGS, "event": st.fixed_dictionaries({"name": PLAIN}, optional={"id": PLAIN})},
    optional={"newest": PLAIN, "count": PLAIN},
)


@settings(max_examples=80, deadline=None)
@given(FORMS, FORMS)
def test_a_change_leads_from_the_one_board_to_the_other(old: Form, new: Form) -> None:
    kept = json.dumps(old)
    assert changed(old, json.loads(json.dumps(change_between(old, new)))) == new
    assert json.dumps(old) == kept
    assert change_between(new, new) == {}


def listed(*ids: int) -> Form:
    return {"entries": [{"id": one} for one in ids]}


def test_who_moves_up_is_all_that_is_told() -> None:
    change = change_between(listed(1, 2, 3, 4, 5), listed(5, 1, 2, 3, 4))
    assert change == {"entries": {"set": [[0, {"id": 5}]]}}
    change = change_between(listed(1, 2, 3), listed(1, 3))
    assert change == {"entries": {"gone": [2]}}


def test_the_live_board_leaves_to_the_phone_what_it_can_tell_itself() -> None:
    fold, story = Fold(ROOT.key), TrackStory()
    boards = LiveBoards(fold)

    def newest() -> Form:
        for record in story.news():
            fold.add(record)
        return boards.newest().form

    central = central_enrols(UNIT_A)
    for record in central.records:
        fold.add(record)
    story.drives("c1", "Anna", 12.5).drives("c2", "Ben", 12.5).drives("c3", "Carla", 13.0)
    before = newest()
    assert [(one["id"], one.get("tied", False)) for one in before["entries"]] == [
        ("c1", False),
        ("c2", True),
        ("c3", False),
    ]
    story.drives("c4", "Dora", 11.0)  # takes a place from everybody, and the gap
    change = change_between(before, newest())
    assert [(place, one["id"]) for place, one in change["entries"]["set"]] == [(0, "c4")]
    story.teller.say(CompetitorRegistered(competitor_id="c2", name="Bernd"))
    assert name_of("c2", newest()) == "Bernd"
    fold.add(
        central.say(CompetitorJudged(competitor_id="c1", disqualification="disqualified", reason="Too light"))
    )
    last = newest()["entries"][-1]
    assert (last["id"], last["disqualified"]) == ("c1", True)
    assert not [one for one in newest()["entries"] if one.get("tied")]
    assert None not in values_in(newest())


def name_of(competitor: str, form: Form) -> Any:
    return next(one["name"] for one in form["entries"] if one["id"] == competitor)


def values_in(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for inner in value.values() for one in values_in(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in values_in(inner)]
    return [value]
