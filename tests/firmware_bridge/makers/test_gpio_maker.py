"""Edges of pins become passings: one a car, whatever chatters, and the same ones from the raw log."""

from __future__ import annotations

from firmware_bridge.lines.gpio_edge import Edge, GpioSetting, encode_edge, encode_levels, parse_line
from firmware_bridge.makers.gpio_maker import GpioMaker
from firmware_bridge.makers.reading import HoldOff
from pitboard.unit_api.program_calls import Passing

MS = 1_000_000
SECOND = 1_000_000_000
BOTH = GpioSetting(pins=(17, 27), clear_ms=20)
RISING = GpioSetting(pins=(17,), edge="rising", clear_ms=20)


def test_a_passage_runs_until_the_beam_was_clear_for_the_set_time() -> None:
    maker = new_maker()
    chatter = [(0, True), (2, False), (3, True), (15, False), (30, True), (60, False)]
    after = [(81, True), (90, False)]
    passings = feed(maker, [edge_at(ms=ms, is_high=is_high) for ms, is_high in chatter + after])
    assert [passing.mono_ns for passing in passings] == [SECOND, SECOND + 81 * MS]
    assert [passing.seq for passing in passings] == [1, 7]


def test_two_beams_at_one_line_give_one_passing_and_the_other_edge_stays_evidence() -> None:
    maker = new_maker(hold_off_ms=300)
    passings = feed(maker, [edge_at(ms=0), edge_at(ms=4, channel=2), edge_at(ms=9, is_high=False)])
    assert [(passing.channel, passing.mono_ns) for passing in passings] == [(1, SECOND)]
    assert maker.counters.held_off == 1


def test_two_sensors_share_the_hold_off_of_their_gate() -> None:
    gate = HoldOff(hold_off_ms=300)
    left, right = GpioMaker(sensor="left", hold_off=gate), GpioMaker(sensor="right", hold_off=gate)
    assert len(feed(left, [edge_at(ms=0)])) == 1
    assert feed(right, [edge_at(ms=4)]) == []
    assert right.counters.held_off == 1


def test_the_hold_off_moves_no_stamp() -> None:
    maker = new_maker(hold_off_ms=50)
    (passing,) = feed(maker, [edge_at(ms=0), edge_at(ms=1, is_high=False), edge_at(ms=40)])
    assert (passing.mono_ns, passing.tick_us, passing.rate_ppb) == (SECOND, 1_000_000, 0)


def test_a_car_that_stood_in_the_beam_for_long_is_one_passing() -> None:
    maker = new_maker()
    edges = [
        edge_at(ms=0),
        edge_at(ms=9_000, is_high=False),
        edge_at(ms=9_001),
        edge_at(ms=9_002, is_high=False),
    ]
    assert len(feed(maker, edges)) == 1


def test_with_one_kind_of_edge_a_passage_lasts_while_edges_come() -> None:
    maker = new_maker()
    edges = [edge_at(ms=ms) for ms in (0, 15, 30, 60)]
    passings = feed(maker, edges, setting=RISING)
    assert [passing.mono_ns for passing in passings] == [SECOND, SECOND + 60 * MS]
    assert maker.counters.overruns == 0


def test_a_low_active_beam_begins_with_a_falling_edge() -> None:
    maker = new_maker()
    setting = GpioSetting(pins=(17,), active="low")
    passings = feed(maker, [edge_at(ms=0, is_high=False), edge_at(ms=30), edge_at(ms=99)], setting=setting)
    assert [passing.mono_ns for passing in passings] == [SECOND]


def test_edges_that_the_kernel_dropped_are_counted() -> None:
    maker = new_maker()
    feed(
        maker,
        [edge_at(ms=0, kernel_seq=1), edge_at(ms=50, kernel_seq=9), edge_at(ms=51, channel=2, kernel_seq=1)],
    )
    assert maker.counters.overruns == 7


def test_without_numbers_a_lost_edge_shows_by_two_of_the_same_kind() -> None:
    maker = new_maker()
    passings = feed(maker, [edge_at(ms=0), edge_at(ms=400)])
    assert maker.counters.overruns == 1
    # The car whose other edge was lost is not lost with it.
    assert len(passings) == 2


def test_edges_that_found_our_queue_full_are_counted() -> None:
    maker = new_maker()
    for number, ms in ((1, 0), (2, 400), (50, 800)):
        edge = edge_at(ms=ms, is_high=number % 2 == 1)
        read(maker, encode_edge(edge, boot="0badcafe", number=number, setting=BOTH))
    assert maker.counters.overruns == 47


def test_a_log_that_begins_later_gives_the_same_passings_with_the_same_numbers() -> None:
    edges = [edge_at(ms=500 * number, is_high=number % 2 == 0) for number in range(10)]
    lines = [encode_edge(edge, boot="0badcafe", number=at, setting=BOTH) for at, edge in enumerate(edges, 1)]
    whole, part = new_maker(), new_maker()
    all_passings = read(whole, b"".join(lines))
    assert read(part, b"".join(lines[4:])) == all_passings[2:]
    assert read(part, b"".join(lines)) == []
    assert part.counters.repeats == len(lines)


def test_lines_cut_anywhere_are_read_the_same() -> None:
    data = b"".join(
        encode_edge(
            edge_at(ms=100 * number, is_high=number % 2 == 0),
            boot="0badcafe",
            number=number + 1,
            setting=BOTH,
        )
        for number in range(4)
    )
    expected = read(new_maker(), data)
    assert len(expected) == 2
    for at in range(len(data)):
        maker = new_maker()
        assert read(maker, data[:at]) + read(maker, data[at:]) == expected


def test_the_levels_tell_which_beams_are_interrupted() -> None:
    line = encode_levels([True, False, True], boot="0badcafe", mono_ns=5 * SECOND, setting=BOTH)
    assert line == b"L,0badcafe,A,5000000000\n"
    reading = new_maker().feed(line, received_mono_ns=5 * SECOND, boot_id="boot")
    assert [(beat.levels, beat.unwrapped_us) for beat in reading.heartbeats] == [(0b1010, 5_000_000)]
    low = encode_levels(
        [True, False], boot="0badcafe", mono_ns=1, setting=GpioSetting(pins=(1, 2), active="low")
    )
    assert low == b"L,0badcafe,4,1\n"


def test_what_is_no_line_of_ours_is_counted_and_does_no_harm() -> None:
    maker = new_maker()
    assert read(maker, b"E,0badcafe,1\n\xff\x00\n" + b"x" * 100_000 + b"\n") == []
    assert maker.counters.lines_damaged == 3
    assert parse_line(b"L,0badcafe,123456789,1") is None


def new_maker(*, hold_off_ms: int = 0) -> GpioMaker:
    return GpioMaker(sensor="gpio-1", hold_off=HoldOff(hold_off_ms=hold_off_ms))


def edge_at(*, ms: int, is_high: bool = True, channel: int = 1, kernel_seq: int = 0) -> Edge:
    return Edge(channel=channel, is_high=is_high, mono_ns=SECOND + ms * MS, kernel_seq=kernel_seq)


def feed(maker: GpioMaker, edges: list[Edge], *, setting: GpioSetting = BOTH) -> list[Passing]:
    return read(
        maker,
        b"".join(
            encode_edge(edge, boot="0badcafe", number=number, setting=setting)
            for number, edge in enumerate(edges, 1)
        ),
    )


def read(maker: GpioMaker, data: bytes) -> list[Passing]:
    return maker.feed(data, received_mono_ns=60 * SECOND, boot_id="boot").passings


def test_an_edge_that_the_kernel_never_saw_is_counted_whatever_its_numbers_say() -> None:
    """The kernel numbers what it emitted: a car whose leading edge it missed leaves two falls in a row."""
    maker = new_maker()
    seen = [(5_000, True), (5_050, False), (15_050, False), (25_000, True), (25_050, False)]
    edges = [
        edge_at(ms=ms, is_high=is_high, kernel_seq=number) for number, (ms, is_high) in enumerate(seen, 1)
    ]
    assert [passing.mono_ns for passing in feed(maker, edges)] == [6 * SECOND, 26 * SECOND]
    assert maker.counters.overruns == 1


def test_a_leap_of_the_numbers_and_the_levels_are_counted_together() -> None:
    maker = new_maker()
    feed(maker, [edge_at(ms=0, kernel_seq=1), edge_at(ms=900, is_high=False, kernel_seq=3)])
    assert maker.counters.overruns == 2  # one by its number, and one that the levels demand
