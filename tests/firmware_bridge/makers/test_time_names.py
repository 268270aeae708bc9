"""A device whose clock was set back says the same times once more; said again, a line is one passing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest

from firmware_bridge.decoders.alge import AlgeImpulse, encode_impulse
from firmware_bridge.decoders.amb_text import AmbTextPassing, encode_passing
from firmware_bridge.decoders.tns_messages import (
    TnsPassing,
    encode_message,
    encode_passing_record,
    encode_store_record,
)
from firmware_bridge.lap_replay import laps_between
from firmware_bridge.makers.device_kinds import make_maker
from firmware_bridge.makers.reading import HoldOff, PassingSource
from firmware_bridge.makers.time_names import WAITING_MAX_COUNT
from pitboard.unit_api.program_calls import Passing

NOON_US = 12 * 3_600_000_000
Heard = tuple[float, bytes]


def maker_of(kind: str) -> PassingSource:
    maker = make_maker(kind, sensor="loop", hold_off=HoldOff(hold_off_ms=0))
    maker.open_port()
    return maker


def v2(at_s: float) -> bytes:
    said = TnsPassing(
        chip="CAR0007",
        time_of_day_us=NOON_US + round(at_s * 1_000_000),
        date="2026-06-06",
        device=1,
        lap=1,
        number=1,
    )
    return encode_message(["Loop", "Passing", encode_passing_record(said), "1"])


def v1(at_s: float) -> bytes:
    said = TnsPassing(
        chip="CAR0007",
        time_of_day_us=NOON_US + round(at_s * 1_000_000),
        date="2026-06-06",
        device=1,
        lap=3,
        number=77,
    )
    return encode_message(["Loop", "Store", encode_store_record(said), "1"])


def alge(at_s: float) -> bytes:
    at_us = NOON_US + round(at_s * 1_000_000)
    return encode_impulse(AlgeImpulse(flag=" ", number=7, channel="C1", manual=False, time_of_day_us=at_us))


SAYS = {"tns": v2, "alge": alge}


def heard(maker: PassingSource, lines: Iterable[Heard], *, boot_id: str = "boot") -> list[Passing]:
    passings: list[Passing] = []
    for received_s, data in lines:
        received_ns = round((100 + received_s) * 1e9)
        passings += maker.feed(data, received_mono_ns=received_ns, boot_id=boot_id).passings
    return passings


def names(passings: Sequence[Passing]) -> list[tuple[str, int]]:
    return [(passing.sensor_boot, passing.seq) for passing in passings]


def set_back(kind: str, by_s: float, crossed_s: Sequence[float]) -> list[Heard]:
    """Return a line each 2 s up to 12 s, then those of a clock that was set back."""
    says = SAYS[kind]
    before = [(at_s, says(at_s)) for at_s in (0, 2, 4, 6, 8, 10, 12)]
    return before + [(at_s, says(at_s - by_s)) for at_s in crossed_s]


@pytest.mark.parametrize("kind", ["tns", "alge"])
@pytest.mark.parametrize(
    ("by_s", "crossed_s"),
    [
        pytest.param(5.0, (14.3, 16.3, 15.0 + 2, 19.3, 21.3), id="known-by-then"),
        pytest.param(8.0, (14.0, 16.3, 18.3, 20.3), id="the-first-line"),
        pytest.param(12.0, (14.3, 16.0, 18.3, 30.3, 42.3, 44.3), id="like-a-repeat"),
    ],
)
def test_a_crossing_at_a_time_that_was_said_before_is_another_passing(
    kind: str, by_s: float, crossed_s: Sequence[float]
) -> None:
    lines = set_back(kind, by_s, [*crossed_s, *(crossed_s[-1] + 2.3 + 15 * at for at in range(4))])
    maker = maker_of(kind)
    passings = heard(maker, lines)
    assert len(set(names(passings))) == len(passings) == len(lines)
    assert {passing.received_mono_ns for passing in passings} == {
        round((100 + received_s) * 1e9) for received_s, _ in lines
    }
    assert maker.counters.repeats == 0
    assert names(heard(maker_of(kind), lines)) == names(passings)  # from its log it is named the same
    driven = [later[0] - one[0] for one, later in pairwise(lines)]
    for lap in laps_between(sorted(passings, key=lambda one: one.received_mono_ns)):
        if not lap.flag:
            assert lap.lap_ns is not None
            assert lap.uncertainty_ns is not None
            assert min(abs(lap.lap_ns - one * 1e9) for one in driven) <= lap.uncertainty_ns


@pytest.mark.parametrize("kind", ["tns", "alge"])
@pytest.mark.parametrize("by_s", [0.0, 5.0, 12.0, 3_600.0])
@pytest.mark.parametrize("again_s", [10.4, 13.1, 30.0, 300.0])
def test_a_line_that_is_said_again_is_one_passing_though_the_clock_was_set(
    kind: str, by_s: float, again_s: float
) -> None:
    lines = set_back(kind, by_s, [14.3 + 2.3 * at for at in range(40)])
    again = [(4 + again_s, SAYS[kind](4)), (4 + 2 * again_s, SAYS[kind](4))]
    maker = maker_of(kind)
    merged = sorted([*lines, *again])
    before, after = (
        [one for one in merged if (one[0] < 4 + again_s) is is_before] for is_before in (True, False)
    )
    passings = heard(maker, before)
    maker.open_port()
    passings += heard(maker, after)
    assert len(passings) == len(lines)
    assert maker.counters.repeats == 2


@pytest.mark.parametrize("kind", ["tns", "alge"])
def test_what_was_said_again_before_the_clock_was_set_is_no_passing_of_the_new_setting(kind: str) -> None:
    """It fits the new setting to the millisecond; but the clock ran on after it."""
    lines = set_back(kind, 0, [14.3, 16.3, 18.3, 20.3])
    again = (17.0, SAYS[kind](4))
    after = [(at_s, SAYS[kind](at_s - 13)) for at_s in (22.9, 24.9, 26.9, 40.9, 52.9, 54.9)]
    assert len(heard(maker_of(kind), sorted([*lines, again, *after]))) == len(lines) + len(after)


def test_both_versions_of_a_line_are_one_passing_before_and_after_the_clock_was_set() -> None:
    twice = [
        (received_s + off_s, says(at_s))
        for received_s, at_s in [(2.0 * at, 2.0 * at) for at in range(7)]
        + [(14.3, 9.3), (16.3, 11.3), (17.0, 12.0), (19.3, 14.3), (21.3, 16.3)]
        for off_s, says in ((0.0, v2), (0.004, v1))
    ]
    maker = maker_of("tns")
    assert len(heard(maker, twice)) == 12
    assert maker.counters.repeats == 12


def test_what_waits_for_the_clock_is_bounded_and_is_of_one_boot() -> None:
    maker = maker_of("tns")
    heard(maker, [(at_s, v2(at_s)) for at_s in range(0, 400, 4)])
    heard(maker, [(396 + 0.01 * at, v2(4 * at)) for at in range(99)])
    assert maker.counters.repeats == 99
    assert len(maker._names._waiting) == WAITING_MAX_COUNT  # type: ignore[attr-defined]
    after_boot = heard(maker, [(at_s, v2(1_000 + at_s)) for at_s in (1, 3, 5)], boot_id="next")
    assert len(after_boot) == 3
    assert maker._names._waiting == []  # type: ignore[attr-defined]


def test_a_passing_after_the_next_boot_at_a_time_said_before_is_another() -> None:
    maker = maker_of("tns")
    first = heard(maker, [(at_s, v2(at_s)) for at_s in (0, 2, 4)])
    later = heard(maker, [(at_s, v2(at_s)) for at_s in (0.7, 2.7, 4.0, 4.7)], boot_id="next")
    assert len(set(names([*first, *later]))) == 7


def test_two_starts_that_begin_with_one_number_and_time_have_two_names() -> None:
    """A decoder that is switched off and on counts from nothing; another car opens its second start."""
    maker = maker_of("amb-text")

    def line(seq: int, car: int, at_s: float) -> bytes:
        return encode_passing(
            AmbTextPassing(
                seq=seq,
                transponder=car,
                time_us=round(at_s * 1_000_000),
                hits=400,
                strength=163,
                status=2,
            )
        )

    lines = [(10, line(1, 7, 10)), (20, line(2, 7, 20)), (60, line(1, 8, 10)), (70, line(2, 8, 21))]
    passings = heard(maker, lines)
    assert len(set(names(passings))) == 4
    assert names(heard(maker_of("amb-text"), lines)) == names(passings)
