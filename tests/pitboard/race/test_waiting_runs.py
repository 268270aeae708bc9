"""Which runs wait for a person: told after every record, and not by looking at every run of the day."""

from __future__ import annotations

import sys
from types import FrameType

from pitboard.journal.folding.fold import Fold
from pitboard.race.race_state import DERIVED_MAX_COUNT, RaceState
from pitboard.race.words.word import Authority, Word
from tests.race_story import ROOT, UNIT_A, Teller, armed, central_enrols, confirmed_run, passing


def fold_of_runs(count: int) -> tuple[Fold, Teller]:
    fold, unit, seq = Fold(ROOT.key), Teller(UNIT_A, "Track A"), 1
    for number in range(count):
        seq = confirmed_run(
            unit, f"r{number}", f"c{number}", start_s=number * 30, laps_s=[9.0], first_seq=seq
        )
    unit.say(armed("last", "c0", s=count * 30))
    for record in [*central_enrols(UNIT_A).records, *unit.records]:
        fold.add(record)
    return fold, unit


def calls_of_a_look(runs: int) -> int:
    """Return how many Python functions it takes to tell who waits after one more passing."""
    fold, unit = fold_of_runs(runs)
    fold.race.waiting_for_a_person()
    fold.add(unit.say(passing(9_999, s=runs * 30 + 5)))
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(note)
    try:
        waiting = fold.race.waiting_for_a_person()
    finally:
        sys.setprofile(None)
    assert [run.run_id for run in waiting] == ["last"]
    return calls


def test_telling_who_waits_costs_the_same_after_four_hundred_runs_as_after_twenty() -> None:
    assert calls_of_a_look(400) <= calls_of_a_look(20) + 5


def test_more_runs_than_are_kept_derived_have_the_same_laps() -> None:
    fold, _ = fold_of_runs(DERIVED_MAX_COUNT + 20)
    for _ in range(2):
        for number in range(DERIVED_MAX_COUNT + 20):
            assert [lap.lap_ns for lap in fold.race.laps(f"r{number}")] == [9_000_000_000]


def test_a_passing_is_found_by_its_id_and_by_no_other_text() -> None:
    race, body = RaceState(), passing(10, s=1)
    race.hear(body, Word(Authority.TIMEKEEPER, 1, "s", 1), "unit")
    known = race.passing(("unit", body.passing_id))
    assert known is not None
    assert known.body == body
    for other in ("beam-1/dev/010", "beam-1/dev/+10", "beam-1/dev/1", "beam-1/dev/", "dev/10", "10", ""):
        assert not race.has_passing("unit", other)
    assert not race.has_passing("other", body.passing_id)
    assert race.passing_seqs("unit", "beam-1", "dev") == [10]
    assert race.passing_seqs("unit", "beam-1", "x") == []
