"""How another unit's clock lies to ours: never surer than it is, on clocks that drift and lines that lag."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from pitboard.clock import ScriptedClock
from sync.exchanging.clock_comparison import DRIFT_MAX_PPB, ROUND_TRIP_MAX_NS, ClockComparison, RoundTrip
from sync.exchanging.clock_reading import is_of, read_clock
from tests.race_story import UNIT_A, UNIT_B

MS, S = 1_000_000, 1_000_000_000
NONCE = "5a" * 16


class TwoClocks:
    """True time, and what each unit's clock shows at it; `set_by_ns` is a push that somebody gave theirs."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now_ns = 10 * S
        self.apart_ns = random.randrange(-(10**15), 10**15)
        self.rate_ppb = random.randrange(-150_000, 150_000)  # ours, against true time; theirs is true time
        self.set_by_ns = 0

    def ours(self) -> int:
        return self.now_ns + self.now_ns * self.rate_ppb // 10**9

    def theirs(self) -> int:
        return self.now_ns + self.apart_ns + self.set_by_ns

    def round_trip(self, most_ns: int) -> RoundTrip:
        asked = self.ours()
        self.now_ns += self.random.randrange(100_000, most_ns)
        received = self.theirs()
        self.now_ns += self.random.randrange(10_000, 500_000)
        answered = self.theirs()
        self.now_ns += self.random.randrange(100_000, most_ns)
        return RoundTrip(asked, received, answered, self.ours())


@pytest.mark.parametrize("seed", range(20))
def test_the_relation_holds_within_its_uncertainty_now_and_minutes_later(seed: int) -> None:
    clocks = TwoClocks(Random(seed))
    most_ns = clocks.random.choice([500_000, 20 * MS, 200 * MS])
    comparison = ClockComparison(UNIT_B.key, "boot")
    for _ in range(40):
        assert comparison.take([clocks.round_trip(most_ns) for _ in range(4)])
        relation = comparison.relation()
        assert relation is not None
        then_ns = clocks.now_ns
        for later_ns in (0, 10 * S, 180 * S):
            clocks.now_ns = then_ns + later_ns
            ours, theirs = clocks.ours(), clocks.theirs()
            assert abs(relation.ours_ns(theirs) - ours) <= relation.uncertainty_at(ours)
            assert abs(relation.theirs_ns(ours) - theirs) <= relation.uncertainty_at(ours) + 1
        clocks.now_ns = then_ns + 10 * S


def test_minutes_of_round_trips_make_it_sure_to_well_below_a_hundredth_over_a_long_run() -> None:
    clocks = TwoClocks(Random(1))
    comparison = ClockComparison(UNIT_B.key, "boot")
    comparison.take([clocks.round_trip(4 * MS) for _ in range(6)])
    first = comparison.relation()
    assert first is not None
    assert first.drift_ppb >= DRIFT_MAX_PPB  # one moment says nothing of the speed
    for _ in range(30):
        clocks.now_ns += 10 * S
        comparison.take([clocks.round_trip(4 * MS) for _ in range(6)])
    relation = comparison.relation()
    assert relation is not None
    assert relation.uncertainty_at(relation.mono_ns) < 2 * MS
    assert relation.uncertainty_at(relation.mono_ns + 600 * S) < 10 * MS
    assert abs(relation.rate_ppb - clocks.rate_ppb) <= relation.drift_ppb + 1_000


def test_a_clock_that_somebody_sets_begins_anew() -> None:
    clocks = TwoClocks(Random(2))
    comparison = ClockComparison(UNIT_B.key, "boot")
    for _ in range(10):
        clocks.now_ns += 10 * S
        comparison.take([clocks.round_trip(2 * MS)])
    clocks.set_by_ns = 500 * MS  # it slept, or was pushed
    clocks.now_ns += 10 * S
    comparison.take([clocks.round_trip(2 * MS)])
    relation = comparison.relation()
    assert relation is not None
    ours = clocks.ours()
    assert abs(relation.ours_ns(clocks.theirs()) - ours) <= relation.uncertainty_at(ours)
    assert relation.drift_ppb >= DRIFT_MAX_PPB


def test_round_trips_that_cannot_be_or_took_too_long_say_nothing() -> None:
    comparison = ClockComparison(UNIT_B.key, "boot")
    assert comparison.relation() is None
    assert not comparison.take([])
    assert not comparison.take([RoundTrip(0, 0, 5, 3)])  # it thought for longer than we waited
    assert not comparison.take([RoundTrip(0, 0, 0, ROUND_TRIP_MAX_NS + 1)])
    assert comparison.take([RoundTrip(0, 0, 0, ROUND_TRIP_MAX_NS)])
    relation = comparison.relation()
    assert relation is not None
    assert relation.uncertainty_ns >= ROUND_TRIP_MAX_NS // 2


def test_only_the_least_delayed_of_a_burst_counts() -> None:
    comparison = ClockComparison(UNIT_B.key, "boot")
    comparison.take([RoundTrip(0, 1_000, 1_000, 900), RoundTrip(1_000, 2_400, 2_400, 1_100)])
    relation = comparison.relation()
    assert relation is not None
    assert (relation.offset_ns, relation.uncertainty_ns) == (-1_350, 51)


def test_a_reading_is_its_units_and_of_this_question_only() -> None:
    clock = ScriptedClock(now_mono_ns=5_000)
    reading = read_clock(UNIT_B, clock, NONCE, received_mono_ns=4_000)
    assert (reading.boot_id, reading.received_mono_ns, reading.answered_mono_ns) == (
        clock.boot_id,
        4_000,
        5_000,
    )
    assert is_of(reading, NONCE, UNIT_B.key)
    assert not is_of(reading, NONCE, UNIT_A.key)
    assert not is_of(reading, "00" * 16, UNIT_B.key)
    for changed in ({"boot_id": "other"}, {"received_mono_ns": 4_001}, {"answered_mono_ns": 5_001}):
        assert not is_of(msgspec.structs.replace(reading, **changed), NONCE, UNIT_B.key)
    assert not is_of(read_clock(UNIT_B, clock, NONCE, received_mono_ns=5_001), NONCE, UNIT_B.key)
