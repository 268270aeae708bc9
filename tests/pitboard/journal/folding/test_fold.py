"""The fold: who is believed, and the same board for any order, repetition and batching."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.journal.records.record import Record
from pitboard.journal.views.views import BoardView, encode_view, view_board, view_competitor
from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunResumed
from pitboard.race.bodies.verdict_bodies import LapJudged, RunDecided
from tests.race_story import (
    ROOT,
    STRANGER,
    UNIT_A,
    Teller,
    armed,
    central_enrols,
    confirmed_run,
    finished,
    passing,
    random_race,
)

RACES = [random_race(seed) for seed in range(40)]


def fold_of(*records: Record) -> Fold:
    fold = Fold(ROOT.key)
    for record in records:
        fold.add(record)
    return fold


def board_of(*tellers: Teller) -> BoardView:
    return view_board(fold_of(*[record for teller in tellers for record in teller.records]))


def everything(fold: Fold) -> bytes:
    competitors = [view_competitor(fold, competitor) for competitor in sorted(fold.race.competitors)]
    return encode_view(view_board(fold)) + b"".join(encode_view(view) for view in competitors if view)


@settings(max_examples=150, deadline=None)
@given(race=st.integers(0, len(RACES) - 1), seed=st.integers(0, 2**32))
def test_order_repetition_and_looking_in_between_change_nothing(race: int, seed: int) -> None:
    chance = random.Random(seed)
    records = RACES[race]
    shuffled = records + chance.choices(records, k=len(records) // 2)
    chance.shuffle(shuffled)
    fold = Fold(ROOT.key)
    for record in shuffled:
        fold.add(record)
        if chance.random() < 0.1:
            view_board(fold)  # a board drawn half-way must leave no trace
    assert everything(fold) == everything(fold_of(*records))


def test_the_random_races_are_worth_shuffling() -> None:
    boards = [view_board(fold_of(*records)) for records in RACES]
    assert sum(len(board.entries) for board in boards) > 40
    assert sum(len(board.on_track) for board in boards) > 5


def test_equal_times_share_a_rank_and_the_one_set_earlier_stands_first() -> None:
    unit = Teller(UNIT_A, "Track A")
    seq = 1
    for number, best_s in enumerate([7.0, 6.0, 6.0005, 8.0]):  # 6.0005 is cut to 6.000
        seq = confirmed_run(
            unit, f"r{number}", f"c{number}", start_s=10 + 100 * number, laps_s=[best_s, 9.0], first_seq=seq
        )
    board = board_of(central_enrols(UNIT_A), unit)
    assert [(entry.rank, entry.competitor_id) for entry in board.entries] == [
        (1, "c1"),
        (1, "c2"),
        (3, "c0"),
        (4, "c3"),
    ]
    assert [entry.gap_ns for entry in board.entries] == [0, 0, 1_000_000_000, 2_000_000_000]
    assert board.newest == "c3"


def test_published_times_are_cut_never_rounded() -> None:
    unit = Teller(UNIT_A, "Track A")
    confirmed_run(unit, "r", "c", start_s=10, laps_s=[5.9999], first_seq=1)
    assert board_of(central_enrols(UNIT_A), unit).entries[0].best_ns == 5_999_000_000


def test_a_short_lap_is_kept_flagged_and_counts_only_once_an_official_says_valid() -> None:
    unit = Teller(UNIT_A, "Track A")
    confirmed_run(unit, "r", "c", start_s=10, laps_s=[1.0, 5.0], first_seq=1)
    assert board_of(central_enrols(UNIT_A), unit).entries[0].best_ns == 5_000_000_000
    unit.say(LapJudged(run_id="r", lap_id=passing(2, s=12).passing_id, verdict="valid"))
    assert board_of(central_enrols(UNIT_A), unit).entries[0].best_ns == 1_000_000_000


def test_the_lap_under_way_when_time_is_up_counts_and_the_next_does_not() -> None:
    unit = Teller(UNIT_A, "Track A")
    unit.say(armed("r", "c", s=10, run_ms=10_000))
    for seq, at_s in enumerate([11.0, 16.0, 20.9, 25.0, 30.0], start=1):
        unit.say(passing(seq, s=at_s))
    unit.say(finished("r", s=40))
    unit.say(RunDecided(run_id="r", decision="confirmed"))
    assert board_of(central_enrols(UNIT_A), unit).entries[0].laps == 3


def test_a_passing_stamped_before_the_stop_counts_though_it_arrives_after() -> None:
    unit = Teller(UNIT_A, "Track A")
    unit.say(armed("r", "c", s=10))
    unit.say(passing(1, s=11))
    unit.say(finished("r", s=20))
    unit.say(RunDecided(run_id="r", decision="confirmed"))
    assert board_of(central_enrols(UNIT_A), unit).entries[0].laps == 0
    unit.say(passing(2, s=16))
    unit.say(passing(3, s=21))
    assert board_of(central_enrols(UNIT_A), unit).entries[0].laps == 1


def test_a_discarded_run_is_kept_and_off_the_board() -> None:
    unit = Teller(UNIT_A, "Track A")
    confirmed_run(unit, "r", "c", start_s=10, laps_s=[5.0], first_seq=1)
    unit.say(RunDecided(run_id="r", decision="discarded"))
    fold = fold_of(*central_enrols(UNIT_A).records, *unit.records)
    assert view_board(fold).entries == []
    assert fold.race.runs["r"].decision == "discarded"


def test_an_admin_stands_above_an_official_whatever_the_stamps_say() -> None:
    unit = Teller(UNIT_A, "Track A")
    central = central_enrols(UNIT_A)
    central.clock.now_utc_ms = 1  # the admin's machine woke up in 1970
    central.hybrid_clock = type(central.hybrid_clock)(central.clock)
    confirmed_run(unit, "r", "c", start_s=10, laps_s=[5.0, 6.0], first_seq=1)
    lap = passing(2, s=16).passing_id
    central.say(LapJudged(run_id="r", lap_id=lap, verdict="void", cause="driver"))
    unit.say(LapJudged(run_id="r", lap_id=lap, verdict="valid"))
    assert board_of(central, unit).entries[0].best_ns == 6_000_000_000


def test_a_strangers_records_change_nothing() -> None:
    unit, stranger = Teller(UNIT_A, "Track A"), Teller(STRANGER, "Track A")
    confirmed_run(unit, "r", "c", start_s=10, laps_s=[5.0], first_seq=1)
    before = board_of(central_enrols(UNIT_A), unit)
    confirmed_run(stranger, "r2", "c", start_s=10, laps_s=[3.5], first_seq=1)
    stranger.say(LapJudged(run_id="r", lap_id=passing(2, s=16).passing_id, verdict="void"))
    assert board_of(central_enrols(UNIT_A), unit, stranger) == before


def test_a_unit_cannot_configure_the_event_or_enrol_another() -> None:
    unit = Teller(UNIT_A, "Track A")
    unit.say(EventConfigured(name="Mine now"))
    assert board_of(central_enrols(UNIT_A), unit).event.name == "Test race"


def test_a_revoked_unit_counts_up_to_the_named_head_and_no_further() -> None:
    unit, central = Teller(UNIT_A, "Track A"), central_enrols(UNIT_A)
    seq = confirmed_run(unit, "r", "c", start_s=10, laps_s=[5.0], first_seq=1)
    good_head = unit.records[-1].seq
    confirmed_run(unit, "r2", "c", start_s=100, laps_s=[4.0], first_seq=seq)
    central.say(UnitRevoked(key=UNIT_A.key, heads={unit.writer.stream: good_head}))
    assert board_of(central, unit).entries[0].best_ns == 5_000_000_000


def test_a_competitor_without_a_counting_lap_stands_last_and_unranked() -> None:
    unit = Teller(UNIT_A, "Track A")
    unit.say(CompetitorRegistered(competitor_id="c0", name="Ann"))
    seq = confirmed_run(unit, "r0", "c0", start_s=10, laps_s=[], first_seq=1)
    confirmed_run(unit, "r1", "c1", start_s=100, laps_s=[5.0], first_seq=seq)
    entries = board_of(central_enrols(UNIT_A), unit).entries
    assert [(entry.rank, entry.competitor_id) for entry in entries] == [(1, "c1"), (None, "c0")]
    assert entries[1].name == "Ann"


def test_a_run_armed_twice_by_two_units_leaves_no_window_behind_in_any_order() -> None:
    """Found by the venue simulator: the windows of a resumed run stayed with the unit that lost it."""
    unit, rogue = Teller(UNIT_A, "Track A"), Teller(STRANGER, "Rogue")
    early = rogue.say(armed("run-1", "c1", s=2))
    resumed = rogue.say(RunResumed(run_id="run-1", boot_id="boot", mono_ns=6_500_000_000, elapsed_ns=0))
    unit.clock.advance(ms=100)
    late = unit.say(armed("run-1", "c1", s=1))
    confirmed_run(unit, "run-2", "c2", start_s=3, laps_s=[4.0, 5.0], first_seq=1)
    roster = central_enrols(UNIT_A, STRANGER).records
    rest = [record for record in unit.records if record is not late]
    assert early.header.stamp < late.header.stamp
    boards = [
        encode_view(view_board(fold_of(*roster, rogue.records[0], *ordered)))
        for ordered in ([*rest, early, resumed, late], [rest[0], late, resumed, *rest[1:], early])
    ]
    assert boards[0] == boards[1]


def test_a_run_under_way_is_not_hidden_by_a_decided_one_with_a_later_stamp() -> None:
    """Found by the venue simulator: a restored card without a clock arms before what it lost comes back."""
    unit = Teller(UNIT_A, "Track A")
    unit.say(armed("run-now", "c1", s=1))
    confirmed_run(unit, "run-lost", "c2", start_s=20, laps_s=[4.0], first_seq=1)
    assert [run.run_id for run in board_of(central_enrols(UNIT_A), unit).on_track] == ["run-now"]


def test_a_writers_name_is_the_one_of_its_last_start_whatever_arrives_last() -> None:
    early = Teller(UNIT_A, "Old name", stream="b" * 32)
    late = Teller(UNIT_A, "New name", stream="a" * 32)
    late.clock.advance(ms=60_000)
    late = Teller(UNIT_A, "New name", stream="c" * 32, clock=late.clock)
    for tellers in ((early, late), (late, early)):
        fold = fold_of(*(record for teller in tellers for record in teller.records))
        assert fold.claimed_name(UNIT_A.key) == "New name"
