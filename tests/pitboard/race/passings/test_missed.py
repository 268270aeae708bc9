"""What A missed is offered with its time by the book; taken, it is a lap with a mark on every view."""

from __future__ import annotations

import msgspec
import pytest

from pitboard.journal.views.run_views import view_run, view_run_detail
from pitboard.journal.views.views import view_board
from pitboard.keeping.export_tables import table_of
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.passing_bodies import PassingInserted, PassingJudged, PassingRecorded
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunArmed, RunPlace
from pitboard.race.passings.attribution import BACKUP_SYSTEM, HAND
from pitboard.race.passings.missed import OFFERS_MAX_COUNT, Offer
from pitboard.race.passings.two_systems import PAIR_WITHIN_NS
from tests.pitboard.race.runs.test_marshalling import Story, in_lane, lane_run, ns
from tests.race_story import armed, finished, passing

MS = 1_000_000
BOOK_MS = [12.4, 12.6, 12.1, 12.9, 12.5, 12.3, 12.7, 12.2, 12.8, 12.0]
"""In sum 124.5, in the mean 12.45, as published 12 ms."""


def of_system(system: str, seq: int, *, s: float, **fields: object) -> PassingRecorded:
    one = passing(seq, s=s)
    said = {name: getattr(one, name) for name in one.__struct_fields__}
    return PassingRecorded(**{**said, "sensor": f"beam-{system}", "system": system, **fields})


def both(seq: int, *, s: float, b_ms: float, system: str = BACKUP_SYSTEM) -> list[PassingRecorded]:
    return [passing(seq, s=s), of_system(system, seq, s=s + b_ms / 1_000)]


def missed_after_ten(system: str = BACKUP_SYSTEM, *, ms: float = 1.0) -> Story:
    """Ten laps of 10 s by two systems; the next passing, at 120 s on B's clock, A misses."""
    story = Story()
    story.say(CompetitorRegistered(competitor_id="ann", name="Ann"), armed("r", "ann", s=9, run_ms=600_000))
    for number, difference_ms in enumerate(BOOK_MS, start=1):
        story.say(*both(number, s=10 * number, b_ms=difference_ms * ms, system=system))
    story.say(of_system(system, 11, s=110.012), *both(12, s=120, b_ms=-250.0, system=system))
    return story


def offers(story: Story, run_id: str = "r") -> list[Offer]:
    fold = story.fold
    return fold.race.offers(fold.race.runs[run_id], fold.resolution_ns)


def taken(offer: Offer, run_id: str = "r", *, place: int = 1) -> PassingInserted:
    mark = offer.mark
    return PassingInserted(
        passing_id="inserted/1",
        run_id=run_id,
        place=place,
        boot_id=offer.boot_id,
        mono_ns=offer.time.mono_ns,
        uncertainty_ns=mark.uncertainty_ns,
        gate=offer.passing.body.gate,
        from_passing_id=mark.from_passing_id,
        from_system=mark.from_system,
        correction_ns=mark.correction_ns,
        before_count=mark.before_count,
        after_count=mark.after_count,
    )


def test_what_only_b_saw_is_offered_with_the_time_by_the_book() -> None:
    (offer,) = offers(missed_after_ten())
    assert offer.time.mono_ns == ns(110)
    assert (offer.place, offer.boot_id, offer.time.is_by_the_book) == (1, "boot", True)
    assert offer.mark == Calculated(
        from_passing_id="beam-B/dev/11",
        from_system="B",
        correction_ns=12 * MS,
        before_count=10,
        after_count=0,
        uncertainty_ns=2 * 900_000 + MS + 3_000,
    )


def test_an_offer_is_no_passing_until_it_is_taken_and_again_none_once_withdrawn() -> None:
    story = missed_after_ten()
    assert [lap for lap, _ in story.laps()] == [10.0] * 9 + [20.0]
    inserted = story.say(taken(offers(story)[0]))
    assert [lap for lap, _ in story.laps()] == [10.0] * 11
    assert offers(story) == []
    story.withdraw(inserted)
    assert [lap for lap, _ in story.laps()] == [10.0] * 9 + [20.0]
    assert len(offers(story)) == 1


def at_gate(gate: str, seq: int, *, s: float) -> PassingRecorded:
    one = passing(seq, s=s)
    said = {name: getattr(one, name) for name in one.__struct_fields__}
    return PassingRecorded(**{**said, "sensor": f"beam-{gate}", "gate": gate})


def test_the_mark_stands_on_the_sectors_that_end_at_what_was_calculated() -> None:
    story = missed_after_ten()
    mark = offers(story)[0].mark
    at_line = taken(offers(story)[0])
    for number, s in enumerate((93, 103, 106, 113, 116), start=1):
        story.say(at_gate("bend" if s % 10 == 3 else "hill", number, s=s))
    story.say(at_line, finished("r", s=121))
    view = view_run(story.fold, story.fold.race.runs["r"])
    assert [lap.sector_marks for lap in view.laps] == [()] * 9 + [((), (), (mark,)), ((mark,), (), ())]
    assert [len(lap.sectors) for lap in view.laps[8:]] == [1, 2, 2]
    # A gate's own passing may be what A missed: then two sectors rest on it, and the lap on none.
    story.say(msgspec.structs.replace(at_line, passing_id="inserted/2", gate="bend", mono_ns=ns(85)))
    eighth = view_run(story.fold, story.fold.race.runs["r"]).laps[7]
    assert (eighth.calculated, len(eighth.sectors)) == ((), 1)
    assert [len(ends) for ends in eighth.sector_marks] == [1, 1]
    story.confirm()
    assert view_run(story.fold, story.fold.race.runs["r"]).laps[7].sector_marks == eighth.sector_marks


def test_the_mark_stands_on_both_laps_and_on_a_result_that_rests_on_them() -> None:
    story = missed_after_ten()
    mark = offers(story)[0].mark
    story.say(taken(offers(story)[0]), finished("r", s=121))
    laps = view_run(story.fold, story.fold.race.runs["r"]).laps
    assert [lap.calculated for lap in laps] == [()] * 9 + [(mark,), (mark,)]
    assert all(lap.uncertainty_ns >= mark.uncertainty_ns for lap in laps[9:])
    story.confirm()
    entry = view_board(story.fold).entries[0]
    assert (entry.best_ns, entry.calculated) == (ns(10), ())  # a measured lap was as good
    assert table_of(story.fold, "laps").rows[9].calculated == (
        "from B, +-3 ms, by 10 pairs before and 0 after (beam-B/dev/11)"
    )
    assert table_of(story.fold, "results").rows[0].calculated == ""


def test_a_calculated_best_lap_is_marked_on_the_board_and_stays_so_whatever_is_withdrawn_later() -> None:
    story = Story()
    story.say(CompetitorRegistered(competitor_id="ann", name="Ann"), armed("r", "ann", s=9))
    story.say(*both(1, s=10, b_ms=5), *both(2, s=22, b_ms=5), of_system("B", 3, s=32.005))
    story.say(*both(4, s=44, b_ms=5))
    inserted = story.say(taken(offers(story)[0]))
    story.say(finished("r", s=45))
    story.confirm()
    for _ in range(2):
        entry = view_board(story.fold).entries[0]
        assert (entry.best_ns, [one.before_count for one in entry.calculated]) == (ns(10), [2])
        assert (
            table_of(story.fold, "results")
            .rows[0]
            .calculated.startswith("from B, +-2 ms, by 2 pairs before and 1")
        )
        assert view_run(story.fold, story.fold.race.runs["r"]).laps[1].calculated != ()
        story.withdraw(inserted)


def test_with_fewer_than_ten_pairs_it_says_how_many_and_without_any_nothing_is_offered() -> None:
    story = Story()
    story.say(armed("r", "ann", s=9), passing(1, s=10), of_system("B", 1, s=20))
    assert offers(story) == []
    story.say(*both(2, s=30, b_ms=4), *both(3, s=40, b_ms=6))
    (offer,) = offers(story)
    assert (offer.time.before_count, offer.time.after_count, offer.time.is_by_the_book) == (0, 2, False)
    assert offer.time.correction_ns == 5 * MS


def test_pairs_of_the_runs_before_and_after_stand_behind_a_short_run() -> None:
    story = Story()
    story.say(armed("one", "ann", s=9), *[one for at in range(1, 8) for one in both(at, s=10 * at, b_ms=3)])
    story.say(
        finished("one", s=75), armed("r", "bob", s=80), *both(8, s=90, b_ms=3), of_system("B", 9, s=100)
    )
    story.say(finished("r", s=105), armed("two", "ann", s=110), *both(10, s=120, b_ms=3))
    story.say(*both(11, s=130, b_ms=3))
    (offer,) = offers(story)
    assert (offer.time.before_count, offer.time.after_count) == (8, 2)
    assert offers(story, "one") == offers(story, "two") == []


def test_what_a_person_has_spoken_of_is_offered_no_more() -> None:
    story = missed_after_ten()
    ignored = story.say(PassingJudged(passing_id="beam-B/dev/11", verdict="ignored"))
    assert offers(story) == []
    story.withdraw(ignored)
    assert len(offers(story)) == 1


def test_a_passing_of_a_that_was_no_car_is_half_of_no_pair() -> None:
    story = missed_after_ten()
    story.say(of_system("A", 99, s=109.6, sensor="beam"))  # stray light, 412 ms before B saw the car
    assert offers(story) == []
    ignored = story.say(PassingJudged(passing_id="beam/dev/99", verdict="ignored"))
    (offer,) = offers(story)
    assert (offer.time.mono_ns, offer.time.before_count) == (ns(110), 10)
    story.withdraw(ignored)
    assert offers(story) == []


def test_a_passing_of_b_that_was_no_car_tells_nothing_of_the_next_time() -> None:
    story = missed_after_ten()
    story.say(PassingJudged(passing_id="beam-B/dev/10", verdict="ignored"))
    (offer,) = offers(story)
    assert (offer.time.before_count, offer.time.after_count) == (9, 1)


def test_the_lane_tells_whose_it_is_and_other_lanes_make_no_pairs() -> None:
    story = Story()
    story.say(lane_run(ann=1, bob=2))
    for at in range(1, 4):
        story.say(in_lane(at, 1, s=10 * at), in_lane(at + 10, 2, s=10 * at + 0.2))
        story.say(of_system("B", at, s=10 * at + 0.007, lane=1))
    story.say(of_system("B", 8, s=40.1, lane=2), in_lane(4, 1, s=40), of_system("B", 9, s=40.007, lane=1))
    (offer,) = offers(story)
    assert offer.passing.passing_id == "beam-B/dev/8"
    assert (offer.place, offer.time.correction_ns, offer.time.pairs_count) == (2, 7 * MS, 4)


def test_who_is_under_way_from_start_to_finish_gets_the_finish_that_a_missed() -> None:
    story = Story()
    rules = armed("r", "ann", s=9).timing.__class__(clock="start-gate", ends="open", lap_min_ms=0)
    places = (RunPlace(competitor_id="ann"),)

    def arm(run_id: str, s: float) -> RunArmed:
        return RunArmed(run_id=run_id, track="1", boot_id="boot", mono_ns=ns(s), places=places, timing=rules)

    def gate(seq: int, s: float, name: str, system: str = "A") -> PassingRecorded:
        return of_system(system, seq, s=s, gate=name)

    story.say(arm("one", 1), gate(1, 10, "start"), gate(2, 40, "finish"), gate(1, 40.015, "finish", "B"))
    story.say(arm("r", 50), gate(3, 60, "start"), gate(2, 90.015, "finish", "B"), arm("two", 70))
    assert offers(story, "one") == offers(story, "two") == []
    (offer,) = offers(story)
    story.say(taken(offer))
    assert story.laps() == [(30.0, True)]
    assert offers(story) == []


@pytest.mark.parametrize(("apart_ms", "laps_s"), [(500, [10.0]), (501, [0.501, 9.499])])
def test_a_hand_beside_a_passing_of_a_makes_no_lap(apart_ms: int, laps_s: list[float]) -> None:
    assert PAIR_WITHIN_NS == 500 * MS
    story = Story()
    story.say(armed("r", "ann", s=9), passing(1, s=10), of_system(HAND, 1, s=10 + apart_ms / 1_000))
    story.say(passing(2, s=20))
    assert [lap for lap, _ in story.laps()] == laps_s


def test_a_hand_times_a_lap_where_a_saw_nothing_and_better_once_it_is_calculated() -> None:
    story = missed_after_ten(HAND, ms=20)
    assert [lap for lap, _ in story.laps()][9:] == [10.012, 9.988]
    (offer,) = offers(story)
    assert (offer.mark.from_system, offer.mark.correction_ns) == ("hand", 249 * MS)
    story.say(taken(offer))
    assert [lap for lap, _ in story.laps()][9:] == [9.763, 10.237]
    assert len(story.laps()) == 11


def test_the_public_board_has_no_offers_and_a_blind_system_makes_a_bounded_many() -> None:
    story = missed_after_ten()
    story.say(*[of_system("B", 100 + at, s=130 + 2 * at) for at in range(OFFERS_MAX_COUNT + 3)])
    run = story.fold.race.runs["r"]
    assert len(view_run_detail(story.fold, run).run.offers) == OFFERS_MAX_COUNT
    assert view_board(story.fold).on_track[0].offers == ()
