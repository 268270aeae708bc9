"""A beam that flickers is said to within two seconds, floods nothing, and takes no car in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from firmware_bridge.decoders.beamline import BeamPassing, Heartbeat, encode_beam_passing, encode_heartbeat
from firmware_bridge.lines.flicker import FlickerWatch
from firmware_bridge.lines.gpio_edge import Edge, GpioSetting, encode_edge
from firmware_bridge.lines.gpio_line import GpioLine
from firmware_bridge.makers.beamline_maker import PassingMaker
from firmware_bridge.makers.gpio_maker import GpioMaker
from firmware_bridge.makers.reading import HoldOff
from pitboard.clock import ScriptedClock

MS = 1_000_000
SECOND = 1_000_000_000
SETTING = GpioSetting(pins=(17,))
SAID_WITHIN_NS = 2 * SECOND


def interruptions(*, hz: int, from_ms: int, seconds: int) -> list[int]:
    return [from_ms * MS + at * SECOND // hz for at in range(hz * seconds)]


@pytest.mark.parametrize("hz", [5, 10, 15, 30, 100, 1_000])
def test_a_flicker_of_any_speed_is_known_within_two_seconds(hz: int) -> None:
    watch = FlickerWatch()
    said = next(at for at in interruptions(hz=hz, from_ms=0, seconds=3) if watch.interrupted(at))
    assert said <= SAID_WITHIN_NS


def test_a_cable_that_moves_in_bursts_is_known_within_three_seconds() -> None:
    watch = FlickerWatch()
    bursts = [start + at * 20 for start in range(0, 3_000, 400) for at in range(5)]
    assert any(watch.interrupted(at_ms * MS) for at_ms in bursts)


def test_a_slow_flicker_that_no_cars_could_make_is_known_within_ten_seconds() -> None:
    watch = FlickerWatch()
    assert any(watch.interrupted(at) for at in interruptions(hz=4, from_ms=0, seconds=10))


def test_cars_are_no_flicker_however_they_chatter() -> None:
    watch = FlickerWatch()
    for car in range(0, 60_000, 1_500):
        assert not any(watch.interrupted((car + at_ms) * MS) for at_ms in (0, 20, 45, 80, 81, 82, 83))


def test_it_is_steady_again_once_no_more_comes_than_cars_make() -> None:
    watch = FlickerWatch()
    for at in interruptions(hz=30, from_ms=0, seconds=5):
        watch.interrupted(at)
    assert watch.is_flickering
    assert watch.settle(6_800 * MS)
    assert not watch.settle(6_900 * MS)
    assert not watch.interrupted(7_200 * MS)


class Pins:
    """Pins that a test drives; the time goes with the edges, and a second brings the levels."""

    def __init__(self, line: GpioLine, clock: ScriptedClock, on_edge: Callable[[Edge], None]) -> None:
        self._line = line
        self._clock = clock
        self._on_edge = on_edge
        self._next_levels_ns = clock.mono_ns() + SECOND
        self._kernel_seq = 0

    def drive(self, at_ns: int, *, is_high: bool) -> None:
        while self._next_levels_ns <= at_ns:
            self._clock.now_mono_ns = self._next_levels_ns
            self._line._tell_levels()
            self._next_levels_ns += SECOND
        self._clock.now_mono_ns = at_ns
        self._kernel_seq += 1
        self._on_edge(Edge(channel=1, is_high=is_high, mono_ns=at_ns, kernel_seq=self._kernel_seq))

    def levels(self) -> Sequence[bool]:
        return [False]


async def lines_of(edges: Sequence[tuple[int, bool]]) -> bytes:
    """Return what the raw log gets of these edges."""
    clock = ScriptedClock(now_mono_ns=0)
    edge_sinks: list[Callable[[Edge], None]] = []

    class Quiet:
        def levels(self) -> Sequence[bool]:
            return [False]

    @contextmanager
    def open_edges(setting: GpioSetting, on_edge: Callable[[Edge], None]) -> Iterator[Quiet]:
        edge_sinks.append(on_edge)
        yield Quiet()

    written = b""
    async with GpioLine.open(SETTING, clock=clock, open_edges=open_edges) as line:
        pins = Pins(line, clock, edge_sinks[0])
        for at_ns, is_high in edges:
            pins.drive(at_ns, is_high=is_high)
            written += b"".join(chunk.data for chunk in await line.read()) if line._queue._chunks else b""
        clock.now_mono_ns += SECOND
        line._tell_levels()
        written += b"".join(chunk.data for chunk in await line.read())
    return written


def square(*, hz: int, from_ms: int, seconds: int) -> list[tuple[int, bool]]:
    half_ns = SECOND // hz // 2
    begins = interruptions(hz=hz, from_ms=from_ms, seconds=seconds)
    return [edge for at in begins for edge in ((at, True), (at + half_ns, False))]


def car(ms: int) -> list[tuple[int, bool]]:
    return [(ms * MS, True), ((ms + 50) * MS, False)]


@pytest.mark.parametrize("hz", [10, 15, 30, 500])
def test_half_a_minute_of_flicker_makes_a_line_a_second_and_no_flood_of_passings(hz: int) -> None:
    edges = [*car(1_000), *square(hz=hz, from_ms=5_000, seconds=30), *car(39_000), *car(42_000)]
    written = asyncio.run(lines_of(edges))
    summed = [line for line in written.splitlines() if line.startswith(b"F,")]
    assert 28 <= len(summed) <= 33
    assert written.count(b"\n") < 31 * 2 + 60 + hz  # and those before it was known
    maker = GpioMaker(sensor="pins", hold_off=HoldOff(hold_off_ms=300))
    passings = maker.feed(written, received_mono_ns=0, boot_id="boot").passings
    before, flood, after = (
        [passing.mono_ns for passing in passings if low <= passing.mono_ns < high]
        for low, high in ((0, 5 * SECOND), (5 * SECOND, 38 * SECOND), (38 * SECOND, 60 * SECOND))
    )
    assert before == [1 * SECOND]
    assert len(flood) <= 4  # those before it was known, within two seconds
    assert after == [39 * SECOND, 42 * SECOND]
    assert maker.counters.overruns == 0
    assert maker.counters.lines_damaged == 0
    # No interruption vanishes: it began a passage, belongs to one, was held off, or is counted as uncounted.
    assert maker.counters.uncounted >= 30 * hz - 2 * hz
    assert maker.flickering == ()


@pytest.mark.parametrize("is_high", [True, False])
@pytest.mark.parametrize("hz", [10, 30])
def test_a_flicker_of_which_the_kernel_sees_one_kind_of_edge_only_is_one_too(hz: int, is_high: bool) -> None:
    seen = [edge for edge in square(hz=hz, from_ms=5_000, seconds=20) if edge[1] is is_high]
    written = asyncio.run(lines_of([*car(1_000), *seen, *car(29_000)]))
    assert sum(line.startswith(b"F,") for line in written.splitlines()) >= 18
    maker = GpioMaker(sensor="pins", hold_off=HoldOff(hold_off_ms=300))
    known_at = [
        line.split(b",")[5]
        for line in written.splitlines(keepends=True)
        for _ in [maker.feed(line, received_mono_ns=0, boot_id="boot")]
        if maker.flickering and line.startswith(b"F,")
    ]
    assert 5 * SECOND < int(known_at[0]) <= 8 * SECOND
    assert maker.counters.uncounted >= 20 * hz - 2 * hz
    assert maker.flickering == ()


def test_every_edge_of_an_old_log_gives_what_the_sums_of_a_new_one_give() -> None:
    edges = [*car(1_000), *square(hz=20, from_ms=5_000, seconds=10), *car(19_000)]
    new = GpioMaker(sensor="pins", hold_off=HoldOff(hold_off_ms=300))
    told = new.feed(asyncio.run(lines_of(edges)), received_mono_ns=0, boot_id="boot").passings
    old = GpioMaker(sensor="pins", hold_off=HoldOff(hold_off_ms=300))
    written = b"".join(
        encode_edge(
            Edge(channel=1, is_high=is_high, mono_ns=at_ns, kernel_seq=number),
            boot="0badcafe",
            number=number,
            setting=SETTING,
        )
        for number, (at_ns, is_high) in enumerate(edges, 1)
    )
    again = old.feed(written, received_mono_ns=0, boot_id="boot").passings
    assert [(one.seq, one.mono_ns) for one in told] == [(one.seq, one.mono_ns) for one in again]
    assert new.counters.uncounted == old.counters.uncounted


def test_the_field_case_of_30_hz_is_said_before_the_car_that_nobody_can_see() -> None:
    """At 103.335 s a car crosses a beam that has flickered since 103.0 s."""
    times_ms = [1_000, 1_050, *(3_000 + at * 50 // 3 for at in range(20)), 3_335, 3_385]
    maker = GpioMaker(sensor="s", hold_off=HoldOff(hold_off_ms=300))
    passings = []
    for number, at_ms in enumerate(times_ms, 1):
        edge = Edge(channel=1, is_high=number % 2 == 1, mono_ns=at_ms * MS, kernel_seq=number)
        line = encode_edge(edge, boot="aabbccdd", number=number, setting=SETTING)
        passings += maker.feed(line, received_mono_ns=at_ms * MS, boot_id="boot").passings
    assert [passing.mono_ns for passing in passings] == [1_000 * MS, 3_000 * MS]
    assert maker.flickering == (1,)
    assert maker.counters.uncounted == 2


def test_a_sensor_of_our_own_that_flickers_makes_no_flood_either() -> None:
    maker = PassingMaker(sensor="beam", hold_off=HoldOff(hold_off_ms=300))
    passings = maker.feed(heartbeat(0), received_mono_ns=0, boot_id="boot").passings
    for seq, at in enumerate(interruptions(hz=10, from_ms=1_000, seconds=30), 1):
        passings += maker.feed(beam_passing(seq, at), received_mono_ns=at, boot_id="boot").passings
        if at <= 3 * SECOND:
            continue
        assert maker.flickering == (1,)
    assert len(passings) <= 4
    assert maker.counters.uncounted + maker.counters.held_off + len(passings) == 300
    maker.feed(heartbeat(34 * SECOND), received_mono_ns=34 * SECOND, boot_id="boot")
    assert maker.flickering == ()
    car_at = 35 * SECOND
    assert len(maker.feed(beam_passing(301, car_at), received_mono_ns=car_at, boot_id="boot").passings) == 1


def beam_passing(seq: int, at_ns: int) -> bytes:
    us = at_ns // 1_000
    return encode_beam_passing(
        BeamPassing(
            boot="0badcafe",
            seq=seq,
            channel=1,
            tick_us=us,
            unwrapped_us=us,
            uptime_s=us // 1_000_000,
            blocked_us=9,
        )
    )


def heartbeat(at_ns: int) -> bytes:
    us = at_ns // 1_000
    return encode_heartbeat(
        Heartbeat(
            boot="0badcafe",
            last_seq=0,
            oldest_seq=1,
            tick_us=us,
            unwrapped_us=us,
            uptime_s=us // 1_000_000,
            levels=0,
            overruns=0,
        )
    )
