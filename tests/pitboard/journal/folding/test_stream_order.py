"""What one unit said counts in the order it said it, whatever its wall clock said then."""

from __future__ import annotations

import random

import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import UnitEnrolled, UnitRevoked
from pitboard.journal.records.record import Record
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.body import ActWithdrawn
from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.people_bodies import CompetitorChanged, CompetitorRegistered
from pitboard.trust.identity import Identity
from tests.pitboard.journal.folding.test_fold import fold_of
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller, central_enrols, confirmed_run

YEAR_MS = 365 * 86_400_000
NOW_MS = ScriptedClock().now_utc_ms


def started_at(
    minute: int,
    *,
    after: Teller | None = None,
    who: Identity = UNIT_A,
    ahead_ms: int = 0,
    stream: str | None = None,
) -> Teller:
    """A start of the unit's program, which knows the one before."""
    clock = ScriptedClock(boot_id=f"boot-{minute}", now_utc_ms=NOW_MS + minute * 60_000 + ahead_ms)
    earlier = {} if after is None else {after.writer.stream: len(after.records)}
    return Teller(who, "Track", clock=clock, earlier=earlier, stream=stream)


def named(name: str) -> CompetitorRegistered:
    return CompetitorRegistered(competitor_id="c1", name=name)


def renamed(name: str, *, act_id: str = "") -> CompetitorChanged:
    return CompetitorChanged(competitor_id="c1", name=name, by="o1", act_id=act_id)


def name_after(*tellers: Teller) -> str:
    return fold_of(*[record for one in tellers for record in one.records]).race.name_of("c1")


def test_a_word_of_an_hour_whose_clock_was_a_year_ahead_yields_to_what_the_unit_said_later() -> None:
    ahead = started_at(0, ahead_ms=YEAR_MS)
    ahead.say(named("Wrong"))
    right = started_at(60, after=ahead)
    right.say(renamed("Right"))
    assert name_after(central_enrols(UNIT_A), ahead, right) == "Right"


def test_the_clock_that_was_set_back_twice_leaves_every_start_in_its_order() -> None:
    first = started_at(0, ahead_ms=2 * YEAR_MS, stream="f" * 32)
    first.say(named("First"))
    second = started_at(10, after=first, ahead_ms=YEAR_MS, stream="e" * 32)
    second.say(renamed("Second"))
    third = started_at(20, after=second, stream="d" * 32)
    third.say(renamed("Third"))
    fold = fold_of(
        *[one for teller in (central_enrols(UNIT_A), third, first, second) for one in teller.records]
    )
    said = [getattr(one.body, "name", "") for one in fold.race.statements.newest_acts(UNIT_A.key)]
    assert said == ["Third", "Second", "First"]


def test_a_clock_that_is_set_back_within_one_start_changes_no_order() -> None:
    unit = started_at(0, ahead_ms=YEAR_MS)
    unit.say(named("Wrong"))
    other = Teller(ROOT, "Central", clock=ScriptedClock(now_utc_ms=NOW_MS + 60_000))
    unit.clock.now_utc_ms = NOW_MS + 60_000
    unit.hybrid_clock.observe_central(other.records[0].header.stamp)
    unit.say(renamed("Right"))
    assert unit.records[-1].header.stamp < unit.records[-2].header.stamp
    assert name_after(central_enrols(UNIT_A), unit) == "Right"


def test_what_was_said_under_a_clock_that_was_ahead_can_be_undone_later() -> None:
    ahead = started_at(0, ahead_ms=YEAR_MS)
    ahead.say(named("Ann"))
    slip = ahead.say(renamed("Anm"))
    right = started_at(60, after=ahead)
    right.say(ActWithdrawn(stream=slip.stream, seq=slip.seq, by="o1"))
    assert name_after(central_enrols(UNIT_A), ahead, right) == "Ann"


def test_another_units_word_of_between_stands_against_one_said_under_a_clock_that_was_ahead() -> None:
    """It counts as said no later than the start after it; what the other said after that is later."""
    ahead = started_at(0, ahead_ms=YEAR_MS)
    ahead.say(named("Wrong"))
    right = started_at(60, after=ahead)
    other = started_at(90, who=UNIT_B)
    other.say(renamed("Right"))
    assert name_after(central_enrols(UNIT_A, UNIT_B), ahead, right, other) == "Right"


def test_where_no_start_knows_of_another_the_stamps_decide() -> None:
    """As with a new card: nobody can tell."""
    ahead = started_at(0, ahead_ms=YEAR_MS)
    ahead.say(named("Later by its stamp"))
    new_card = started_at(60)
    new_card.say(renamed("Earlier by its stamp"))
    assert name_after(central_enrols(UNIT_A), ahead, new_card) == "Later by its stamp"


def test_what_a_stream_said_beyond_what_the_next_start_knew_is_ordered_by_its_stamps() -> None:
    """A second machine under the same key went on."""
    first = started_at(0)
    first.say(named("Before"))
    second = started_at(10, after=first)
    second.say(renamed("Second"))
    first.clock.advance(ms=20 * 60_000)
    first.say(renamed("First, later"))
    assert name_after(central_enrols(UNIT_A), first, second) == "First, later"
    fold = fold_of(*central_enrols(UNIT_A).records, *first.records[:-1], *second.records)
    assert (
        fold.race.name_of("c1") == "Second"
    )  # looked at, so that the order is known when the next one comes
    fold.add(first.records[-1])
    assert fold.race.name_of("c1") == "First, later"


def test_what_a_revoked_key_says_of_the_order_moves_nothing() -> None:
    unit = started_at(10)
    unit.say(named("The unit's"))
    other = started_at(5, who=UNIT_B)
    other.say(renamed("The other's"))
    thief = started_at(0, after=unit, ahead_ms=-YEAR_MS)
    central = central_enrols(UNIT_A, UNIT_B)
    assert name_after(central, unit, other, thief) == "The other's"
    central.say(UnitRevoked(key=UNIT_A.key, heads={unit.writer.stream: len(unit.records)}))
    assert name_after(central, unit, other, thief) == "The unit's"


def test_what_stands_in_a_stream_beyond_its_revocation_moves_nothing_before_it() -> None:
    unit = started_at(10)
    unit.say(named("The unit's"))
    other = started_at(5, who=UNIT_B)
    other.say(renamed("The other's"))
    true_count = len(unit.records)
    unit.hybrid_clock._last_stamp -= YEAR_MS << 16  # the thief's clock
    unit.clock.now_utc_ms -= YEAR_MS
    unit.say(EventConfigured(name="Nothing to the point"))
    central = central_enrols(UNIT_A, UNIT_B)
    assert name_after(central, unit, other) == "The other's"
    central.say(UnitRevoked(key=UNIT_A.key, heads={unit.writer.stream: true_count}))
    assert name_after(central, unit, other) == "The unit's"


def test_streams_that_name_each_other_in_a_circle_order_nothing() -> None:
    unit = started_at(0)
    one = Teller(UNIT_A, "Track", stream="1" * 32, earlier={"2" * 32: 9, unit.writer.stream: 9})
    other = Teller(UNIT_A, "Track", stream="2" * 32, earlier={"1" * 32: 9})
    unit.say(named("Ann"))
    assert name_after(central_enrols(UNIT_A), unit, one, other) == "Ann"


def test_who_is_believed_is_what_central_said_last_whatever_its_clock_said() -> None:
    ahead = started_at(0, who=ROOT, ahead_ms=YEAR_MS)
    ahead.say(EventConfigured(name="Test race"))
    ahead.say(UnitEnrolled(key=UNIT_A.key, name="Track"))
    unit = started_at(0)
    unit.say(named("Ann"))
    right = started_at(60, after=ahead, who=ROOT)
    right.say(UnitRevoked(key=UNIT_A.key, heads={}))
    assert name_after(ahead, unit) == "Ann"
    fold = fold_of(*[record for one in (ahead, unit, right) for record in one.records])
    assert fold.roster.is_revoked(UNIT_A.key)
    assert not fold.race.competitors


def day_with_clocks_that_jump(seed: int) -> list[Record]:
    """Starts of two units and of central, each under a clock of its own, all about one competitor."""
    chance = random.Random(seed)
    tellers = [central_enrols(UNIT_A, UNIT_B)]
    last: dict[str, Teller] = {}
    for minute in range(0, 90, 10):
        who = chance.choice((UNIT_A, UNIT_B, ROOT))
        ahead_ms = chance.choice((0, 0, YEAR_MS, -3 * 86_400_000))
        teller = started_at(minute, after=last.get(who.key), who=who, ahead_ms=ahead_ms)
        teller.say(named(f"Name {minute}"))
        if who is not ROOT:
            confirmed_run(teller, f"r{minute}", "c1", start_s=10 + minute, laps_s=[7.0, 6.0], first_seq=1)
        if chance.random() < 0.3:
            teller.hybrid_clock._last_stamp -= YEAR_MS << 16  # as central brings it back
            teller.say(renamed(f"Set back {minute}"))
        last[who.key] = teller
        tellers.append(teller)
    return [record for teller in tellers for record in teller.records]


@pytest.mark.parametrize("seed", range(12))
def test_no_order_of_arrival_changes_which_word_is_the_last(seed: int) -> None:
    records = day_with_clocks_that_jump(seed)
    chance = random.Random(seed)
    straight = fold_of(*records)
    for _ in range(4):
        chance.shuffle(records)
        fold = Fold(ROOT.key)
        for record in records:
            fold.add(record)
            if chance.random() < 0.1:
                fold.settle()
        assert list(fold.race.statements.newest_acts(UNIT_A.key)) == list(
            straight.race.statements.newest_acts(UNIT_A.key)
        )
        assert [one.armed.word for one in fold.race.runs.values()] == [
            straight.race.runs[one].armed.word for one in fold.race.runs
        ]
        assert fold.race.competitors == straight.race.competitors
        assert encode_view(view_board(fold)) == encode_view(view_board(straight))
