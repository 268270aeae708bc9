"""Whatever an enrolled key writes: every screen can be drawn, and the order of arrival does not matter."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import KINDS, DisplayEnrolled, UnitEnrolled, UnitRevoked
from pitboard.journal.records.record import Record, without_body, write_record
from pitboard.journal.views.run_views import view_run_detail
from pitboard.journal.views.stage_view import view_stages
from pitboard.journal.views.views import encode_view, view_board, view_competitor
from pitboard.race.bodies.people_bodies import CompetitorRegistered, OfficialAppointed, PersonErased
from pitboard.race.bodies.verdict_bodies import RunDecided
from tests.pitboard.journal.folding.any_body import any_body, encoded
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller, armed, central_enrols, passing

STORY_MAX_COUNT = 60
OF_CENTRAL_ALONE = ("stream-opened", "unit-enrolled", "heads-witnessed")


def any_story(seed: int) -> list[Record]:
    """Return what central and two units may have written; gaps and broken chains are none of the fold's."""
    chance = random.Random(seed)
    central = central_enrols(UNIT_A, UNIT_B)
    units = [
        Teller(identity, "Unit", stream=letter * 32) for letter, identity in (("a", UNIT_A), ("b", UNIT_B))
    ]
    records = [record for teller in (central, *units) for record in teller.records]
    kinds = [kind for kind in KINDS if kind not in OF_CENTRAL_ALONE]
    kinds += ["passing", "run-armed", "run-sheet", "run-decided", "run-started", "act-withdrawn"] * 6
    for number in range(chance.randint(5, STORY_MAX_COUNT)):
        kind, teller = chance.choice(kinds), chance.choice((central, *units))
        body = encoded(any_body(kind, chance))
        stamp = chance.choice((number + 1, 2**62 - 1 - number))
        seq = len(teller.records) + 1
        record = write_record(
            teller.identity,
            stream=teller.writer.stream,
            seq=seq,
            previous="0" * 64,
            stamp=stamp,
            kind=kind,
            body=body,
        )
        teller.records.append(record)
        records.append(record)
    return records


def shown(records: Sequence[Record], looks: random.Random | None = None) -> bytes:
    """Return all that screens show of the records; `looks` has them drawn now and then on the way, too."""
    fold = Fold(ROOT.key)
    for record in records:
        fold.add(record)
        if looks is not None and looks.random() < 0.05:
            view_board(fold)
    race = fold.race
    views = [view_board(fold), *view_stages(fold)]
    views += [view_run_detail(fold, run) for _, run in sorted(race.runs.items())]
    views += [one for name in sorted(race.competitors) if (one := view_competitor(fold, name)) is not None]
    roster = fold.roster
    lists = [sorted(one.items()) for one in (roster.known(), roster.displays(), roster.revoked_displays())]
    return b"\n".join([*map(encode_view, views), repr([lists, race.roll.officials()]).encode()])


def shown_in_any_order(records: Sequence[Record]) -> bytes:
    """Return what screens show, the same in a few orders of arrival."""
    wanted = shown(records)
    for seed in range(3):
        order = random.Random(seed)
        assert shown(order.sample(list(records), len(records)), looks=order) == wanted
    return wanted


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_written_can_be_drawn_and_comes_in_any_order(seed: int) -> None:
    shown_in_any_order(any_story(seed))


def test_a_decision_that_names_a_sheet_and_no_places_shows_the_run_as_it_was_driven() -> None:
    """Every screen of every node ended by it."""
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    for body in (
        CompetitorRegistered(competitor_id="ann", name="Ann"),
        armed("r", "ann", s=1),
        passing(1, s=2),
        passing(2, s=9),
        RunDecided(run_id="r", decision="confirmed", sheet_id="s"),
    ):
        unit.say(body)
    assert b'"lap_ns":7000000000' in shown([*central.records, *unit.records])


def test_the_name_of_a_revoked_unit_or_a_display_is_the_last_one_given_whatever_came_last() -> None:
    central = central_enrols(UNIT_A)
    later = Teller(ROOT, "Central", clock=central.clock)  # central was started anew
    central.say(DisplayEnrolled(key=UNIT_B.key, name="Old hall"))
    later.clock.advance(ms=1_000)
    for body in (
        UnitEnrolled(key=UNIT_A.key, name="New name"),
        UnitRevoked(key=UNIT_A.key),
        DisplayEnrolled(key=UNIT_B.key, name="New hall"),
    ):
        later.say(body)
    for records in ([*central.records, *later.records], [*later.records, *central.records]):
        fold = Fold(ROOT.key)
        for record in records:
            fold.add(record)
        assert fold.roster.known() == {UNIT_A.key: "New name"}
        assert fold.roster.displays() == {UNIT_B.key: "New hall"}


@pytest.mark.parametrize("has_body", [True, False])
def test_an_erased_official_is_no_competitor_whichever_came_first(has_body: bool) -> None:
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    appointed = unit.say(OfficialAppointed(official_id="o", name="Olga"))
    erased = central.say(PersonErased(competitor_id="o", records={appointed.stream: [appointed.seq]}))
    kept = appointed if has_body else without_body(appointed)
    first = [*central.records[:-1], unit.records[0]]
    orders = [[*first, erased, kept], *([[*first, kept, erased]] if has_body else [])]
    for records in orders:
        fold = Fold(ROOT.key)
        for record in records:
            fold.add(record)
            assert "o" not in fold.race.competitors or record is erased
        assert "o" not in fold.race.competitors


def test_nothing_revokes_the_root_key() -> None:
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    unit.say(CompetitorRegistered(competitor_id="ann", name="Ann"))
    before = shown_in_any_order([*central.records, *unit.records])
    central.say(UnitRevoked(key=ROOT.key))
    assert shown_in_any_order([*central.records, *unit.records]) == before
