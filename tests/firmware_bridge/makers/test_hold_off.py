"""One car gives one passing at a gate, however often it passings the beams."""

from __future__ import annotations

from firmware_bridge.makers.reading import REMEMBERED_MAX_COUNT, HoldOff

MS = 1_000_000


def passed(hold_off: HoldOff, *at_ms: int, boot_id: str = "boot") -> list[int]:
    return [ms for ms in at_ms if hold_off.lets_through(ms * MS, boot_id=boot_id)]


def test_wheels_after_the_nose_are_held_back() -> None:
    assert passed(HoldOff(hold_off_ms=300), 1000, 1010, 1299, 1300, 5000) == [1000, 1300, 5000]


def test_a_passing_that_comes_late_is_judged_by_its_stamp() -> None:
    assert passed(HoldOff(hold_off_ms=300), 5000, 4900, 2000, 5100, 2299) == [5000, 2000]


def test_without_hold_off_every_passing_is_a_passing() -> None:
    assert passed(HoldOff(hold_off_ms=0), 1000, 1000, 1001) == [1000, 1000, 1001]


def test_cars_side_by_side_are_two_where_each_channel_is_a_lane() -> None:
    passings = [(1_000, 1), (1_001, 2), (1_200, 1), (1_299, 2), (1_300, 1), (1_301, 2)]
    for has_lanes, expected in ((True, [0, 1, 4, 5]), (False, [0, 4])):
        gate = HoldOff(hold_off_ms=300, has_lanes=has_lanes)
        through = [gate.lets_through(ms * MS, boot_id="boot", channel=channel) for ms, channel in passings]
        assert [index for index, is_through in enumerate(through) if is_through] == expected


def test_another_boot_of_the_host_has_other_instants() -> None:
    gate = HoldOff(hold_off_ms=300)
    assert passed(gate, 1000) == [1000]
    assert passed(gate, 1100, boot_id="next") == [1100]


def test_memory_is_bounded() -> None:
    gate = HoldOff(hold_off_ms=10)
    assert len(passed(gate, *range(0, 100 * REMEMBERED_MAX_COUNT, 50))) == 2 * REMEMBERED_MAX_COUNT
    assert len(gate._passed_mono_ns[None]) == REMEMBERED_MAX_COUNT
