"""What stray light the simulator makes is no pair of any car, so what A missed can be told from it."""

from __future__ import annotations

from random import Random

import pytest

from pitboard.race.passings.two_systems import PAIR_WITHIN_NS, Sighting, pair
from pitboard.unit_api.program_calls import Passing
from venue.simulator.cast.two_systems_line import (
    FLICKERS_AFTER_MIN_S,
    GATE,
    MS,
    PairBridge,
    TwoSystems,
    next_car_s,
)
from venue.simulator.world.virtual_loop import MachineClock, VirtualLoop
from venue.simulator.world.world import World

S = 1_000 * MS
OFFSET_MAX_NS = 60 * MS


def test_a_car_with_stray_light_comes_late_enough_and_others_may_come_sooner() -> None:
    chance = Random(1)
    flickering = [next_car_s(chance, {"A": "", "B": "flickers"}) for _ in range(500)]
    others = [next_car_s(chance, {"A": "missed", "B": "edge-lost"}) for _ in range(500)]
    assert min(flickering) >= FLICKERS_AFTER_MIN_S
    assert min(others) < 1.1


@pytest.mark.parametrize("offset_ns", [-OFFSET_MAX_NS, OFFSET_MAX_NS])
def test_stray_light_at_a_is_no_pair_of_the_car_that_it_missed_before_nor_of_its_own(offset_ns: int) -> None:
    bridge = pair_bridge()
    before_ns = 5 * S
    after_ns = before_ns + round(FLICKERS_AFTER_MIN_S * S)
    seen_by_b = [
        *bridge.see("B", before_ns + offset_ns, ""),
        *bridge.see("B", after_ns + offset_ns, ""),
    ]
    seen_by_a = bridge.see("A", after_ns, "flickers")
    assert len(seen_by_a) == 2, "it passes for cars until it is known"
    assert pair(sightings(seen_by_a), sightings(seen_by_b)).pairs == []
    assert pair(sightings(seen_by_a), sightings(seen_by_b), within_ns=PAIR_WITHIN_NS + S // 5).pairs != []


def pair_bridge() -> PairBridge:
    loop = VirtualLoop()
    try:
        line = TwoSystems(Random(1))
        line.kinds = {"A": "gpio", "B": "gpio"}
        bridge = PairBridge(World(loop, Random(1)), MachineClock(loop, "boot"), line)
    finally:
        loop.close()
    return bridge


def sightings(passings: list[Passing]) -> list[Sighting]:
    assert {one.gate for one in passings} == {GATE}
    return [Sighting(passing_id=f"{one.sensor}/{one.seq}", mono_ns=one.mono_ns) for one in passings]
