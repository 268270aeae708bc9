"""Several cars on the track: a run's laps are those of one transponder."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import KIND_OF, read_body
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import PassingRecorded
from tests.race_story import ROOT, UNIT_A, Teller, armed, central_enrols, passing


def car(transponder: int | str | None, seq: int, *, s: float) -> PassingRecorded:
    return msgspec.structs.replace(passing(seq, s=s), transponder=transponder)


def laps_ms(*bodies: Body, order: tuple[int, ...] | None = None) -> list[int]:
    unit = Teller(UNIT_A, "Track A")
    records = [unit.say(body) for body in bodies]
    fold = Fold(ROOT.key)
    for record in [*central_enrols(UNIT_A).records, unit.records[0]]:
        fold.add(record)
    for index in order or range(len(records)):
        fold.add(records[index])
    return [lap.lap_ns // 1_000_000 for lap in fold.race.laps("run")]


def test_the_first_transponder_after_arming_is_the_runs_own() -> None:
    race = [
        armed("run", "ann", s=10),
        car(7, 1, s=5.0),  # before arming: not of this run
        car(8, 2, s=11.0),
        car(9, 3, s=13.0),
        car(8, 4, s=17.0),
        car(9, 5, s=20.0),
        car(8, 6, s=24.0),
    ]
    assert laps_ms(*race) == [6_000, 7_000]


def test_a_passing_without_a_transponder_always_counts() -> None:
    race = [armed("run", "ann", s=10), car(None, 1, s=11), car("CS58061", 2, s=16), car(None, 3, s=22)]
    assert laps_ms(*race) == [5_000, 6_000]


def test_the_order_of_arrival_does_not_choose_the_car() -> None:
    race = [armed("run", "ann", s=10), car(8, 1, s=11), car(9, 2, s=12), car(8, 3, s=18), car(9, 4, s=20)]
    for order in itertools.permutations(range(len(race))):
        assert laps_ms(*race, order=order) == [7_000]


@pytest.mark.parametrize(
    ("transponder", "is_read"), [(0, True), ("x", True), (-1, False), ("", False), (1.5, False)]
)
def test_a_transponder_is_a_whole_number_or_text(transponder: object, is_read: bool) -> None:
    body = msgspec.json.decode(msgspec.json.encode(passing(1, s=1)))
    encoded = msgspec.json.encode({**body, "transponder": transponder})
    assert (read_body(KIND_OF[PassingRecorded], encoded) is not None) == is_read
