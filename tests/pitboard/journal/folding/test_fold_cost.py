"""What folding costs: as much for each record however long the day; counted in calls, not in seconds."""

from __future__ import annotations

import sys
from itertools import count
from types import FrameType

from msgspec.structs import replace

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import Record
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.passing_bodies import FINISH, START
from pitboard.race.bodies.people_bodies import CompetitorRegistered, CompetitorsJoined
from tests.race_story import ROOT, UNIT_A, Teller, armed, central_enrols, confirmed_run, passing


def day_of(runs: int) -> list[Record]:
    """A day on which everybody drives once, and every tenth is joined to the next."""
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    seq = 1
    for number in range(runs):
        laps_s = [9.0, 8.0 + number % 7]
        seq = confirmed_run(
            unit, f"r{number}", f"c{number}", start_s=number * 40, laps_s=laps_s, first_seq=seq
        )
        unit.say(CompetitorRegistered(competitor_id=f"c{number}", name=f"Driver {number}"))
        if number % 10 == 9:
            unit.say(CompetitorsJoined(competitor_id=f"c{number}", into_id=f"c{number - 1}"))
    return central.records + unit.records


def calls_to_fold(records: list[Record], *, looks_every: int, of: str = "") -> int:
    """Return how many Python functions it takes to fold the records, the board looked at now and then.

    Where `of` is given, only functions of that name count.
    """
    fold, calls = Fold(ROOT.key), count()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and of in ("", frame.f_code.co_name):
            next(calls)

    sys.setprofile(note)
    try:
        for number, record in enumerate(records):
            fold.add(record)
            if number % looks_every == 0:
                assert len(fold.board) <= number
        assert len(fold.board) > 0
    finally:
        sys.setprofile(None)
    return next(calls)


def test_a_day_eight_times_as_long_costs_eight_times_as_much() -> None:
    short, long = (calls_to_fold(day_of(runs), looks_every=7) for runs in (60, 480))
    assert long < 8.3 * short


def test_a_board_that_nobody_looks_at_costs_less_than_one_looked_at_after_every_record() -> None:
    day = day_of(60)
    assert calls_to_fold(day, looks_every=1) > 1.2 * calls_to_fold(day, looks_every=len(day))


def test_a_run_is_derived_once_for_a_portion_of_records_whatever_was_said_of_it() -> None:
    day = day_of(60)
    assert calls_to_fold(day, looks_every=len(day), of="run_of") <= 61
    assert calls_to_fold(day, looks_every=1, of="run_of") > 150


def test_a_passing_at_a_gate_is_looked_at_once_for_all_who_are_under_way() -> None:
    """What one starter has another has not, so all are shared out anew; but not for each of them."""
    starters = 40
    fold, unit = Fold(ROOT.key), Teller(UNIT_A, "Track A")
    for number in range(starters):
        run = armed(f"r{number}", f"c{number}", s=number * 60)
        unit.say(replace(run, timing=TimingRules(clock="start-gate", ends="open", lap_min_ms=0)))
        unit.say(replace(passing(2 * number + 1, s=number * 60 + 5), gate=START))
        unit.say(replace(passing(2 * number + 2, s=number * 60 + 50), gate=FINISH))
    for record in [*central_enrols(UNIT_A).records, *unit.records[:-1]]:
        fold.add(record)
    drives = [fold.race.driven(f"r{number}")[0].laps for number in range(starters)]
    assert [len(laps) for laps in drives] == [1] * (starters - 1) + [0]
    made = count()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_name == "made":
            next(made)

    sys.setprofile(note)
    try:
        fold.add(unit.records[-1])
        assert all(len(fold.race.driven(f"r{number}")[0].laps) == 1 for number in range(starters))
    finally:
        sys.setprofile(None)
    assert next(made) <= 2 * 2 * starters
