"""Lap times come from the device's crystal; a slow host or a drifting crystal does not enter them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from firmware_bridge.makers.tick_clock import CRYSTAL_DRIFT_MAX_PPB, RATE_SPAN_MIN_NS, TickClock

SECOND_NS = 1_000_000_000
BOOTED_MONO_NS = 77 * SECOND_NS


def ticks(since_ns: int, drift_ppb: int) -> int:
    return since_ns * (SECOND_NS + drift_ppb) // 10**12


def fast_usb(random: Random) -> int:
    return 100_000 + random.randint(0, 1_000_000)


def busy_host(random: Random) -> int:
    return 100_000 + int(random.expovariate(1 / 1_500_000)) + (random.random() < 0.1) * 20_000_000


@pytest.mark.parametrize("delay", [fast_usb, busy_host])
@pytest.mark.parametrize("seed", range(3))
def test_laps_of_an_hour_are_true_however_the_lines_are_delayed(
    delay: Callable[[Random], int], seed: int
) -> None:
    random = Random(seed)
    drift_ppb = random.randint(-40_000, 40_000)
    clock = TickClock()
    by_ticks: list[int] = []
    by_stamps: list[int] = []
    last: tuple[int, int, int] | None = None
    crossing_ns = 3 * SECOND_NS
    for second in range(3600):
        while crossing_ns < second * SECOND_NS:
            tick_us = ticks(crossing_ns, drift_ppb) + random.randint(0, 3)
            clock.observe(tick_us, BOOTED_MONO_NS + crossing_ns + delay(random))
            stamp = clock.stamp(tick_us)
            if last is not None:
                lap_ns = crossing_ns - last[0]
                device_ns = (tick_us - last[1]) * 1000
                by_ticks.append(abs(device_ns + device_ns * stamp.rate_ppb // SECOND_NS - lap_ns))
                by_stamps.append(abs(stamp.mono_ns - last[2] - lap_ns))
            last = (crossing_ns, tick_us, stamp.mono_ns)
            crossing_ns += random.randint(2_000, 4_500) * 1_000_000
        clock.observe(
            ticks(second * SECOND_NS, drift_ppb), BOOTED_MONO_NS + second * SECOND_NS + delay(random)
        )
    assert quantile(by_ticks, 99) < 50_000
    assert max(by_ticks) < 200_000
    assert quantile(by_stamps, 99) < 200_000


def quantile(values: list[int], percent: int) -> int:
    return sorted(values)[len(values) * percent // 100]


def test_no_rate_is_claimed_before_the_window_is_long_enough() -> None:
    clock = TickClock()
    for second in range(RATE_SPAN_MIN_NS // SECOND_NS):
        clock.observe(ticks(second * SECOND_NS, 40_000), BOOTED_MONO_NS + second * SECOND_NS)
        assert clock.rate_ppb == 0
    second = RATE_SPAN_MIN_NS // SECOND_NS
    clock.observe(ticks(second * SECOND_NS, 40_000), BOOTED_MONO_NS + second * SECOND_NS)
    assert clock.rate_ppb == pytest.approx(-40_000, abs=100)


def test_uncertainty_shrinks_as_lines_come_and_grows_with_distance() -> None:
    clock = TickClock()
    clock.observe(0, BOOTED_MONO_NS)
    alone_ns = clock.stamp(0).uncertainty_ns
    for second in range(1, 5):
        clock.observe(second * 1_000_000, BOOTED_MONO_NS + second * SECOND_NS + 1000 * second)
    near, far = clock.stamp(0), clock.stamp(60_000_000)
    assert near.uncertainty_ns < alone_ns
    assert far.uncertainty_ns - near.uncertainty_ns == 60 * CRYSTAL_DRIFT_MAX_PPB


def test_stamps_stay_in_the_order_of_ticks_though_the_fit_moves() -> None:
    random = Random(5)
    clock = TickClock()
    stamped: list[tuple[int, int]] = []
    for second in range(300):
        clock.observe(second * 1_000_000, BOOTED_MONO_NS + second * SECOND_NS + random.randint(0, 30_000_000))
        for _ in range(3):
            tick_us = second * 1_000_000 - random.randint(0, 2_000_000)
            stamped.append((tick_us, clock.stamp(tick_us).mono_ns))
    in_order = [mono_ns for _, mono_ns in sorted(stamped)]
    assert in_order == sorted(in_order)


def test_a_later_tick_is_never_stamped_before_an_earlier_one_though_its_line_came_quicker() -> None:
    clock = TickClock()
    clock.observe(0, BOOTED_MONO_NS + 30_000_000)
    first = clock.stamp(0).mono_ns
    clock.observe(1_000, BOOTED_MONO_NS + 1_000_000)
    assert clock.stamp(1_000).mono_ns == first == BOOTED_MONO_NS + 30_000_000


def test_an_old_tick_that_comes_again_tells_the_clock_nothing() -> None:
    alone, repeated = TickClock(), TickClock()
    for second in range(60):
        received_mono_ns = BOOTED_MONO_NS + second * SECOND_NS + second * 30_000 + second % 7 * 100_000
        for clock in (alone, repeated):
            clock.observe(second * 1_000_000, received_mono_ns)
        if second:
            repeated.observe(second // 2 * 1_000_000, received_mono_ns + 1_000)
    assert repeated.rate_ppb == alone.rate_ppb != 0
    assert repeated.stamp(59_500_000) == alone.stamp(59_500_000)


def test_a_host_that_slept_starts_the_window_anew() -> None:
    clock = TickClock()
    for second in range(60):
        clock.observe(second * 1_000_000, BOOTED_MONO_NS + second * SECOND_NS)
    slept_ns = 10 * SECOND_NS  # CLOCK_MONOTONIC stood still, the device counted on
    for second in range(70, 72):
        clock.observe(second * 1_000_000, BOOTED_MONO_NS + second * SECOND_NS - slept_ns)
    stamp = clock.stamp(71_000_000)
    assert stamp.mono_ns == BOOTED_MONO_NS + 71 * SECOND_NS - slept_ns
    assert stamp.rate_ppb == 0
