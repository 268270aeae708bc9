"""Ranges behave as the set they stand for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.decoders.device_numbers import RANGES_MAX_COUNT, SeqRanges


@given(st.lists(st.integers(1, 40)), st.integers(0, 30))
def test_ranges_are_the_set_of_what_was_added(added: list[int], floor: int) -> None:
    ranges, plain = SeqRanges(), set[int]()
    for seq in added:
        assert ranges.add(seq) == (seq not in plain)
        plain.add(seq)
    assert {seq for seq in range(1, 42) if seq in ranges} == plain
    assert all(
        first[1] + 1 < second[0] for first, second in zip(ranges.ranges, ranges.ranges[1:], strict=False)
    )
    assert ranges.raise_floor(floor) == len(set(range(1, floor + 1)) - plain)
    assert ranges.raise_floor(floor) == 0
    assert ranges.contiguous_to == next(
        seq for seq in range(floor, 50) if seq + 1 not in plain and seq >= floor
    )


def test_a_hostile_device_fills_no_memory() -> None:
    ranges = SeqRanges()
    for seq in range(1, 10_000, 2):
        ranges.add(seq)
    assert len(ranges.ranges) == RANGES_MAX_COUNT
