"""Passing, attribution, verdict: three facts; what was confirmed stays; every act can be taken back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import Record
from pitboard.journal.views.run_views import view_run, view_run_detail
from pitboard.journal.views.views import view_board
from pitboard.race.bodies.body import ActWithdrawn, Body
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.passing_bodies import (
    PassingAttributed,
    PassingInserted,
    PassingJudged,
    PassingRecorded,
)
from pitboard.race.bodies.run_bodies import RunArmed, RunContinued, RunHanded, RunPaused, RunPlace, RunStarted
from pitboard.race.bodies.verdict_bodies import (
    LapJudged,
    OffTrackNoted,
    PenaltyGiven,
    PlaceJudged,
    RunDecided,
)
from pitboard.race.runs.published import digest_of, seen_places, sheets_of
from tests.race_story import ROOT, SECOND_NS, UNIT_A, Teller, armed, central_enrols, finished, passing


def ns(seconds: float) -> int:
    return round(seconds * SECOND_NS)


class Story:
    """A unit that tells a race, and the fold of it."""

    def __init__(self) -> None:
        self.central = central_enrols(UNIT_A)
        self.unit = Teller(UNIT_A, "Track A")

    def say(self, *bodies: Body) -> Record:
        for body in bodies:
            record = self.unit.say(body)
        return record

    @property
    def fold(self) -> Fold:
        fold = Fold(ROOT.key)
        for record in [*self.central.records, *self.unit.records]:
            fold.add(record)
        return fold

    def laps(self, run_id: str = "r", place: int | None = None) -> list[tuple[float, bool]]:
        return [(lap.lap_ns / SECOND_NS, lap.counts) for lap in self.fold.race.laps(run_id, place)]

    def confirm(self, run_id: str = "r") -> None:
        driven = self.fold.race.driven(run_id)
        self.say(
            *sheets_of(run_id, "sheet", driven),
            RunDecided(
                run_id=run_id,
                decision="confirmed",
                sheet_id="sheet",
                places=seen_places(driven),
                weighed=digest_of(driven),
            ),
        )

    def best(self) -> list[tuple[str, float | None]]:
        return [
            (entry.competitor_id, None if entry.best_ns is None else entry.best_ns / SECOND_NS)
            for entry in view_board(self.fold).entries
        ]

    def withdraw(self, record: Record, *, by: str = "") -> Record:
        return self.say(ActWithdrawn(stream=record.stream, seq=record.seq, by=by))


def phantom() -> Story:
    """A true lap of 10 s, with somebody in the beam at 4 s."""
    story = Story()
    story.say(armed("r", "ann", s=9), passing(1, s=10), passing(2, s=14), passing(3, s=20))
    return story


def test_voiding_a_phantom_publishes_no_false_best() -> None:
    story = phantom()
    story.say(LapJudged(run_id="r", lap_id=passing(2, s=14).passing_id, verdict="void"))
    assert story.laps() == [(4.0, False), (6.0, False)]
    assert [lap.waits_for_verdict for lap in story.fold.race.laps("r")] == [False, True]


def test_ignoring_the_passing_gives_the_true_lap_and_taking_that_back_the_two_again() -> None:
    story = phantom()
    ignored = story.say(PassingJudged(passing_id=passing(2, s=14).passing_id, verdict="ignored"))
    assert story.laps() == [(10.0, True)]
    story.withdraw(ignored)
    assert story.laps() == [(4.0, True), (6.0, True)]


def test_a_lap_void_for_its_driver_casts_no_doubt_on_the_next() -> None:
    story = phantom()
    lap_id = passing(2, s=14).passing_id
    story.say(LapJudged(run_id="r", lap_id=lap_id, verdict="void", cause="driver"))
    assert story.laps() == [(4.0, False), (6.0, True)]


def test_what_was_confirmed_stays_though_another_car_passed_earlier() -> None:
    """A late passing of another car, stamped a second earlier, once turned 2 laps into none."""
    story = Story()
    car = [
        PassingRecorded(
            **{
                **{f: getattr(passing(seq, s=s), f) for f in PassingRecorded.__struct_fields__},
                "transponder": t,
            }
        )
        for seq, s, t in ((1, 11, 7), (2, 17, 7), (3, 23, 7), (4, 10, 8))
    ]
    story.say(armed("r", "ann", s=9), *car[:3], finished("r", s=24))
    story.confirm()
    assert story.best() == [("ann", 6.0)]
    story.say(car[3])
    fold = story.fold
    view = view_run(fold, fold.race.runs["r"])
    assert story.best() == [("ann", 6.0)]
    assert [lap.lap_ns for lap in view.laps] == [ns(6), ns(6)]
    assert (view.has_changed, [len(place.laps) for place in view.changed_places]) == (True, [0])


def test_a_person_decides_about_a_change() -> None:
    story = Story()
    story.say(armed("r", "ann", s=9), passing(1, s=10), passing(2, s=16), finished("r", s=24))
    story.confirm()
    story.say(passing(3, s=20))
    assert (story.best(), story.fold.race.has_changed(story.fold.race.runs["r"])) == ([("ann", 6.0)], True)
    driven = story.fold.race.driven("r")
    kept = story.fold.race.runs["r"].decided
    assert kept is not None
    story.say(
        RunDecided(
            run_id="r",
            decision="confirmed",
            sheet_id="sheet",
            places=kept.value.places,
            weighed=digest_of(driven),
        )
    )
    assert (story.best(), story.fold.race.has_changed(story.fold.race.runs["r"])) == ([("ann", 6.0)], False)
    story.say(
        *sheets_of("r", "second", driven),
        RunDecided(
            run_id="r",
            decision="confirmed",
            sheet_id="second",
            places=seen_places(driven),
            weighed=digest_of(driven),
        ),
    )
    assert story.best() == [("ann", 4.0)]


def test_a_reopened_run_is_off_the_board_until_it_is_decided_again_by_whoever() -> None:
    story = Story()
    story.say(armed("r", "ann", s=9), passing(1, s=10), passing(2, s=16), finished("r", s=24))
    story.confirm()
    story.central.clock.advance(ms=60_000)
    story.central.say(RunDecided(run_id="r", decision="reopened"))
    assert (story.best(), story.fold.race.phase(story.fold.race.runs["r"])) == ([], "review")
    story.unit.clock.advance(ms=120_000)
    story.confirm()
    assert story.best() == [("ann", 6.0)]


def lane_run(**places: int) -> RunArmed:
    return RunArmed(
        run_id="r",
        track="1",
        boot_id="boot",
        mono_ns=ns(9),
        places=tuple(
            RunPlace(place=number, competitor_id=name, told_by="lane", lane=lane)
            for number, (name, lane) in enumerate(places.items(), start=1)
        ),
    )


def in_lane(seq: int, lane: int, *, s: float, gate: str = "finish") -> PassingRecorded:
    fields = {name: getattr(passing(seq, s=s), name) for name in PassingRecorded.__struct_fields__}
    return PassingRecorded(**{**fields, "lane": lane, "gate": gate})


def test_lanes_tell_whose_a_passing_is_and_a_third_lane_is_nobodys() -> None:
    story = Story()
    story.say(lane_run(ann=1, bob=2))
    story.say(*(in_lane(seq, seq % 3 + 1, s=10 + seq) for seq in range(1, 10)))
    assert story.laps(place=1) == [(3.0, True), (3.0, True)]
    assert story.laps(place=2) == [(3.0, True), (3.0, True)]


def test_a_passing_given_to_another_place_is_a_lap_there_and_nowhere_else() -> None:
    story = Story()
    story.say(lane_run(ann=1, bob=2), in_lane(1, 1, s=10), in_lane(2, 1, s=14), in_lane(3, 2, s=11))
    assert (story.laps(place=1), story.laps(place=2)) == ([(4.0, True)], [])
    given = story.say(PassingAttributed(passing_id=passing(2, s=14).passing_id, run_id="r", place=2))
    assert (story.laps(place=1), story.laps(place=2)) == ([], [(3.0, True)])
    nobody = story.say(PassingAttributed(passing_id=passing(2, s=14).passing_id))
    assert (story.laps(place=1), story.laps(place=2)) == ([], [])
    story.withdraw(nobody)
    assert (story.laps(place=1), story.laps(place=2)) == ([], [(3.0, True)])
    story.withdraw(given)
    assert (story.laps(place=1), story.laps(place=2)) == ([(4.0, True)], [])


def test_a_missing_passing_is_inserted_with_its_uncertainty() -> None:
    story = Story()
    story.say(armed("r", "ann", s=9), passing(1, s=10), passing(2, s=30))
    story.say(
        PassingInserted(
            passing_id="i1", run_id="r", boot_id="boot", mono_ns=ns(19), uncertainty_ns=200_000_000
        )
    )
    assert story.laps() == [(9.0, True), (11.0, True)]
    assert story.fold.race.laps("r")[0].uncertainty_ns == 200_001_000


def test_what_a_pause_takes_is_no_part_of_a_lap_nor_of_the_runs_time() -> None:
    story = Story()
    story.say(armed("r", "ann", s=9, run_ms=20_000), passing(1, s=10), passing(2, s=18))
    story.say(
        RunPaused(run_id="r", boot_id="boot", mono_ns=ns(20)),
        passing(3, s=22),
        RunContinued(run_id="r", boot_id="boot", mono_ns=ns(50)),
    )
    story.say(passing(4, s=58), passing(5, s=66), passing(6, s=75))
    assert story.laps() == [(8.0, True), (10.0, True), (8.0, True)]  # time is up at 60 s; that lap may end


def test_a_start_by_go_begins_the_first_lap_and_one_moved_to_an_earlier_passing_too() -> None:
    story = Story()
    story.say(passing(1, s=8), armed("r", "ann", s=9), passing(2, s=16), passing(3, s=23))
    assert story.laps() == [(7.0, True)]
    moved = story.say(
        RunStarted(run_id="r", boot_id="boot", mono_ns=ns(8), passing_id=passing(1, s=8).passing_id)
    )
    assert story.laps() == [(8.0, True), (7.0, True)]
    story.withdraw(moved)
    story.say(RunStarted(run_id="r", boot_id="boot", mono_ns=ns(12), uncertainty_ns=1))
    assert story.laps() == [(4.0, True), (7.0, True)]


def test_the_passing_that_a_start_by_go_was_moved_to_is_no_lap_of_no_time() -> None:
    story = Story()
    run = armed("r", "ann", s=9)
    rules = TimingRules(clock="go", run_ms=60_000)
    story.say(RunArmed(**{**{f: getattr(run, f) for f in RunArmed.__struct_fields__}, "timing": rules}))
    pressed_late = RunStarted(run_id="r", boot_id="boot", mono_ns=ns(12), uncertainty_ns=1)
    story.say(passing(1, s=10), pressed_late, passing(2, s=16), passing(3, s=23))
    moved = story.say(replace(pressed_late, mono_ns=ns(10), passing_id=passing(1, s=10).passing_id))
    assert story.laps() == [(6.0, True), (7.0, True)]
    story.withdraw(moved)
    assert story.laps() == [(4.0, True), (7.0, True)]


def test_a_start_moved_to_before_another_arming_still_has_the_passings_after_its_own() -> None:
    """START for the wrong driver, called off, START for the right one, whose car had gone before both."""
    story = Story()
    story.say(passing(1, s=8), armed("wrong", "ben", s=9), passing(2, s=10))
    story.say(RunDecided(run_id="wrong", decision="discarded"), armed("r", "ann", s=13))
    moved = story.say(
        RunStarted(run_id="r", boot_id="boot", mono_ns=ns(8), passing_id=passing(1, s=8).passing_id)
    )
    story.say(passing(3, s=16), passing(4, s=23), finished("r", s=24), passing(5, s=30))
    assert story.laps() == [(8.0, True), (7.0, True)]
    unclaimed = story.fold.race.unclaimed(UNIT_A.key, "1", "boot", 0)
    assert [one.mono_ns for one in unclaimed] == [ns(10), ns(30)]  # the first during the one called off
    story.withdraw(moved)
    assert story.laps() == [(7.0, True)]


def test_off_tracks_fall_on_the_lap_under_way_and_penalties_add_up_once_each() -> None:
    story = Story()
    run = armed("r", "ann", s=9)
    rules = TimingRules(off_track="void", run_ms=60_000)
    story.say(RunArmed(**{**{f: getattr(run, f) for f in RunArmed.__struct_fields__}, "timing": rules}))
    story.say(passing(1, s=10), passing(2, s=20), passing(3, s=30))
    story.say(OffTrackNoted(run_id="r", boot_id="boot", mono_ns=ns(20)))
    assert story.laps() == [(10.0, True), (10.0, False)]
    for _ in range(2):
        story.say(PenaltyGiven(run_id="r", penalty_ns=ns(5), laps=1, act_id="tap-1"))
    [driven] = story.fold.race.driven("r")
    assert (driven.penalty_ns, driven.penalty_laps) == (ns(5), 1)


def test_a_repeated_act_is_taken_back_as_one() -> None:
    story = phantom()
    records = [story.say(PenaltyGiven(run_id="r", laps=1, act_id="tap-1")) for _ in range(2)]
    withdrawal = story.withdraw(records[1])
    assert story.fold.race.driven("r")[0].penalty_laps == 0
    story.withdraw(withdrawal)
    assert story.fold.race.driven("r")[0].penalty_laps == 1


def test_only_who_said_it_or_the_admin_takes_it_back() -> None:
    story = phantom()
    judged = story.say(PlaceJudged(run_id="r", status="disqualified", by="olga"))

    def status() -> str:
        return story.fold.race.driven("r")[0].status

    story.withdraw(judged, by="otto")
    assert status() == "disqualified"
    story.withdraw(judged, by="olga")
    assert status() == "finished"
    again = story.say(PlaceJudged(run_id="r", status="did-not-finish", by="olga"))
    story.central.clock.advance(ms=60_000)
    story.central.say(ActWithdrawn(stream=again.stream, seq=again.seq))
    assert status() == "finished"


def test_a_run_is_handed_to_another_and_the_board_follows() -> None:
    story = Story()
    story.say(armed("r", "ann", s=9), passing(1, s=10), passing(2, s=16), finished("r", s=24))
    story.say(RunHanded(run_id="r", competitor_id="bob"))
    story.confirm()
    assert story.best() == [("bob", 6.0)]


def test_the_detail_of_a_run_shows_raw_passings_and_acts_with_who_and_whether_they_stand() -> None:
    story = phantom()
    ignored = story.say(
        PassingJudged(
            passing_id=passing(2, s=14).passing_id, verdict="ignored", by="olga", where="touchscreen"
        )
    )
    story.withdraw(ignored, by="olga")
    story.say(PassingJudged(passing_id=passing(3, s=20).passing_id, verdict="ignored", by="otto"))
    fold = story.fold
    detail = view_run_detail(fold, fold.race.runs["r"])
    assert [(one.is_ignored, one.place) for one in detail.raw_passings] == [
        (False, 1),
        (False, 1),
        (True, 0),
    ]
    acts = [(act.kind, act.by, act.is_withdrawn) for act in detail.acts]
    assert acts == [
        ("run-armed", "", False),
        ("passing-judged", "olga", True),
        ("passing-judged", "otto", False),
    ]


def start_to_finish(run_id: str, competitor: str, *, s: float) -> RunArmed:
    return RunArmed(
        run_id=run_id,
        track="1",
        boot_id="boot",
        mono_ns=ns(s),
        places=(RunPlace(competitor_id=competitor),),
        timing=TimingRules(clock="start-gate", ends="open", lap_min_ms=0),
    )


def at_gate(seq: int, gate: str, *, s: float) -> PassingRecorded:
    return in_lane(seq, 0, s=s, gate=gate)


def test_several_are_under_way_and_who_started_first_finishes_first() -> None:
    story = Story()
    story.say(start_to_finish("a", "ann", s=1), at_gate(1, "start", s=2), start_to_finish("b", "bob", s=3))
    story.say(at_gate(2, "start", s=5), at_gate(3, "split", s=20), at_gate(4, "split", s=24))
    story.say(at_gate(5, "finish", s=40), at_gate(6, "finish", s=47))
    assert (story.laps("a"), story.laps("b")) == ([(38.0, True)], [(42.0, True)])
    assert story.fold.race.laps("b")[0].sectors == (("split", ns(19)),)


def test_who_was_overtaken_is_put_right_by_one_attribution() -> None:
    story = Story()
    story.say(start_to_finish("a", "ann", s=1), at_gate(1, "start", s=2), start_to_finish("b", "bob", s=3))
    story.say(at_gate(2, "start", s=5), at_gate(3, "finish", s=40), at_gate(4, "finish", s=47))
    story.say(PassingAttributed(passing_id=at_gate(3, "finish", s=40).passing_id, run_id="b"))
    assert (story.laps("a"), story.laps("b")) == ([(45.0, True)], [(35.0, True)])


@pytest.mark.parametrize("is_late", [False, True])
def test_a_passing_that_nobody_wants_is_nobodys(is_late: bool) -> None:
    story = Story()
    story.say(start_to_finish("a", "ann", s=10))
    story.say(at_gate(1, "finish", s=50.0 if is_late else 5.0))
    assert story.laps("a") == []


def lane_heat(run_id: str, *, s: float, **lanes: int) -> RunArmed:
    """A heat by lane from a start gate, as a pinewood derby drives it."""
    rules = TimingRules(clock="start-gate", ends="laps", run_laps=1, told_by="lane", lanes=4, lap_min_ms=0)
    return replace(lane_run(**lanes), run_id=run_id, mono_ns=ns(s), timing=rules)


def derby(*started: Body) -> Story:
    """Two heats armed after each other; what `started` says stands between, then both lanes finish."""
    story = Story()
    story.say(lane_heat("a", s=1, ann=1, bob=2), *started)
    story.say(in_lane(11, 2, s=8), in_lane(12, 1, s=9))
    return story


def lanes_of(story: Story, run_id: str = "a") -> tuple[list[float], list[float]]:
    one, two = ([lap_s for lap_s, _ in story.laps(run_id, place)] for place in (1, 2))
    return one, two


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_one_switch_at_the_start_lets_all_lanes_go(channel: int) -> None:
    story = derby(replace(at_gate(1, "start", s=5), channel=channel))
    assert lanes_of(story) == ([4.0], [3.0])
    view = view_run(story.fold, story.fold.race.runs["a"])
    assert (view.passings, [place.started_mono_ns for place in view.places]) == (3, [ns(5), ns(5)])


def test_a_switch_for_each_lane_lets_that_lane_go() -> None:
    story = derby(in_lane(1, 1, s=5, gate="start"), in_lane(2, 2, s=5.5, gate="start"))
    assert lanes_of(story) == ([4.0], [2.5])
    assert lanes_of(derby(replace(in_lane(1, 2, s=5, gate="start"), lane=None, channel=2))) == ([], [3.0])


def test_a_second_start_of_all_lanes_is_nobodys_until_the_next_heat_stands_ready() -> None:
    story = derby(at_gate(1, "start", s=5), at_gate(2, "start", s=6))
    assert lanes_of(story) == ([4.0], [3.0])
    story = derby(at_gate(1, "start", s=5), lane_heat("b", s=5.5, cy=1, di=2), at_gate(2, "start", s=6))
    story.say(in_lane(13, 2, s=10), in_lane(14, 1, s=11))
    assert (lanes_of(story), lanes_of(story, "b")) == (([4.0], [3.0]), ([5.0], [4.0]))
    both_stand_ready = derby(lane_heat("b", s=2, cy=1, di=2), at_gate(1, "start", s=5))
    assert [one.started_mono_ns for one in both_stand_ready.fold.race.driven("b")] == [None, None]


def test_a_false_start_of_all_lanes_that_was_no_car_leaves_them_to_the_next() -> None:
    story = derby(at_gate(1, "start", s=3), at_gate(2, "start", s=5))
    assert lanes_of(story) == ([6.0], [5.0])
    ignored = story.say(PassingJudged(passing_id=at_gate(1, "start", s=3).passing_id, verdict="ignored"))
    assert lanes_of(story) == ([4.0], [3.0])
    story.withdraw(ignored)
    assert lanes_of(story) == ([6.0], [5.0])


def test_a_lane_whose_start_a_person_moved_keeps_it_and_the_others_go_by_the_switch() -> None:
    story = derby(at_gate(1, "start", s=5))
    moved = story.say(RunStarted(run_id="a", boot_id="boot", mono_ns=ns(6), place=2))
    assert lanes_of(story) == ([4.0], [2.0])
    story.withdraw(moved)
    assert lanes_of(story) == ([4.0], [3.0])


def test_a_start_of_all_lanes_that_a_person_gave_to_one_is_that_ones_until_it_is_taken_back() -> None:
    story = derby(at_gate(1, "start", s=5))
    given = story.say(PassingAttributed(passing_id=at_gate(1, "start", s=5).passing_id, run_id="a", place=2))
    assert lanes_of(story) == ([], [3.0])
    story.withdraw(given)
    assert lanes_of(story) == ([4.0], [3.0])


def test_the_order_of_arrival_does_not_choose_the_lanes_that_start() -> None:
    story = derby(at_gate(1, "start", s=5), lane_heat("b", s=5.5, cy=1, di=2), at_gate(2, "start", s=6))
    fold = Fold(ROOT.key)
    for record in story.central.records:
        fold.add(record)
    for record in reversed(story.unit.records):
        fold.add(record)
        for run_id in fold.race.runs:
            fold.race.laps(run_id)
    assert fold.race.driven("a") == story.fold.race.driven("a")
    assert [one.started_mono_ns for one in fold.race.driven("b")] == [ns(6), ns(6)]


def test_cars_that_drive_one_by_one_start_one_by_one() -> None:
    story = Story()
    story.say(start_to_finish("a", "ann", s=1), start_to_finish("b", "bob", s=2), at_gate(1, "start", s=3))
    story.say(at_gate(2, "finish", s=10))
    assert (story.laps("a"), story.laps("b")) == ([(7.0, True)], [])
    [bob] = story.fold.race.driven("b")
    assert bob.started_mono_ns is None
