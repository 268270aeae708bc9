"""The queue and the lanes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitboard.race.bodies.formats import Format
from pitboard.race.stages.heats import Entrant, LaneHeat, lane_heats, start_order

QUEUE = [
    Entrant("new", None, "B"),
    Entrant("second", 2, "A"),
    Entrant("first", 1, "B"),
    Entrant("fourth", 4, "A"),
    Entrant("also second", 2, "A"),
]


def order(**keys: object) -> list[str]:
    return start_order(QUEUE, Format(**keys))  # type: ignore[arg-type]


def test_the_queue_is_as_joined_by_class_or_slowest_first() -> None:
    assert order() == ["new", "second", "first", "fourth", "also second"]
    assert order(start_order="class") == ["second", "fourth", "also second", "new", "first"]
    assert order(start_order="slowest-first") == ["new", "fourth", "also second", "second", "first"]


def test_only_the_best_start_in_turned_order_and_a_tie_at_the_border_belongs_to_them() -> None:
    turned = order(start_order="slowest-first", reverse_count=2)
    assert turned == ["also second", "second", "first", "fourth", "new"]
    assert order(start_order="slowest-first", reverse_count=1) == [
        "first",
        "second",
        "also second",
        "fourth",
        "new",
    ]


def pairs(heats: list[LaneHeat]) -> list[tuple[str, int]]:
    for heat in heats:
        seated = [driver for driver in heat if driver is not None]
        assert seated, "an empty heat"
        assert len(set(seated)) == len(seated), f"twice in one heat: {heat}"
    return sorted((driver, lane) for heat in heats for lane, driver in enumerate(heat) if driver is not None)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 23), st.integers(1, 8), st.integers(0, 10), st.integers(0, 4), st.integers(0, 2))
def test_each_drives_every_lane_once_whoever_comes_late_or_leaves(
    count: int, lanes: int, driven_count: int, late: int, gone: int
) -> None:
    drivers = [f"d{number:02}" for number in range(count)]
    planned = lane_heats(drivers, lanes)
    assert pairs(planned) == [(driver, lane) for driver in drivers for lane in range(lanes)]
    driven = planned[:driven_count]
    staying = [*drivers[gone:], *[f"late{number}" for number in range(late)]]
    rest = lane_heats(staying, lanes, driven)
    before = [pair for pair in pairs(driven) if pair[0] in staying]
    assert sorted(before + pairs(rest)) == sorted(
        (driver, lane) for driver in staying for lane in range(lanes)
    )
    assert len(rest) <= max(2 * lanes, len(staying) + lanes)


def test_alike_speeds_drive_together() -> None:
    drivers = [f"d{number:02}" for number in range(12)]
    for heat in lane_heats(drivers, 4):
        places = [drivers.index(driver) for driver in heat if driver is not None]
        assert max(places) - min(places) < 4


def test_ten_cars_on_four_lanes_as_a_pack_drives_them() -> None:
    heats = lane_heats([f"{number}" for number in range(1, 8)], 4)
    assert len(heats) == 7
    assert heats[3] == ("4", "3", "2", "1")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_fewer_cars_than_lanes_leave_lanes_empty(count: int) -> None:
    heats = lane_heats([f"d{number}" for number in range(count)], 4)
    assert len(heats) == 4
    assert all(len(heat) == 4 and heat.count(None) == 4 - count for heat in heats)
