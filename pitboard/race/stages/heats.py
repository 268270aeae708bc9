"""Who starts when, and on which lane: the queue by the format's rule, and heats in which each drives every
lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pitboard.race.bodies.formats import Format

LaneHeat = tuple[str | None, ...]
"""Who drives on each lane, lane 1 first; None where it stays empty."""


class Entrant(NamedTuple):
    """Somebody in the queue, with the rank of the results that the order is made from; None without one."""

    driver: str
    rank: int | None = None
    race_class: str = ""


def start_order(entrants: Sequence[Entrant], rules: Format) -> list[str]:
    """Return the drivers in the order in which they start; `entrants` are as they joined.

    Slowest first turns the order of the best `reverse_count`; those who share the last rank among them are
    turned too. The others start after them, as ranked. With 0 all are turned. Who has no result starts first,
    but last where only some are turned.
    """
    if rules.start_order == "class":
        return [one.driver for one in sorted(entrants, key=lambda one: one.race_class)]
    if rules.start_order != "slowest-first":
        return [one.driver for one in entrants]
    without = [one.driver for one in entrants if one.rank is None]
    ranked = sorted(
        ((one.rank, one.driver) for one in entrants if one.rank is not None), key=lambda one: one[0]
    )
    turned_count = rules.reverse_count or len(ranked)
    while 0 < turned_count < len(ranked) and ranked[turned_count][0] == ranked[turned_count - 1][0]:
        turned_count += 1
    turned = [driver for _, driver in ranked[:turned_count]][::-1]
    rest = [driver for _, driver in ranked[turned_count:]]
    return [*without, *turned] if not rules.reverse_count else [*turned, *rest, *without]


def lane_heats(drivers: Sequence[str], lanes: int, driven: Sequence[LaneHeat] = ()) -> list[LaneHeat]:
    """Return the heats still to run so that each driver has every lane once.

    `drivers` stand in the order of their speed, where that is known, so that alike ones meet. Heats `driven`
    already count. So ask again when somebody comes late or leaves: the heats still to run fit.
    """
    left = {driver: set(range(lanes)) for driver in dict.fromkeys(drivers)}
    for heat in driven:
        for lane, driver in enumerate(heat):
            if driver in left:
                left[driver].discard(lane)
    if all(len(lanes_left) == lanes for lanes_left in left.values()):
        return _rotation(list(left), lanes)
    heats: list[LaneHeat] = []
    while any(left.values()):
        heat = _fullest_heat(left, lanes)
        heats.append(heat)
        for lane, driver in enumerate(heat):
            if driver is not None:
                left[driver].discard(lane)
    return heats


def _rotation(drivers: list[str], lanes: int) -> list[LaneHeat]:
    """Return the heats in which each one moves a lane on after each heat, in groups of alike speed."""
    heats: list[LaneHeat] = []
    for group in _groups(drivers, lanes):
        size = max(len(group), lanes)
        seats = [*group, *[None] * (size - len(group))]
        heats += [tuple(seats[(heat - lane) % size] for lane in range(lanes)) for heat in range(size)]
    return [heat for heat in heats if any(heat)]


def _groups(drivers: list[str], lanes: int) -> list[list[str]]:
    """Cut the drivers into groups of at least `lanes`, and below twice as many."""
    count = max(1, len(drivers) // lanes)
    size, longer = divmod(len(drivers), count)
    groups, start = [], 0
    for number in range(count):
        end = start + size + (number < longer)
        groups.append(drivers[start:end])
        start = end
    return [group for group in groups if group]


def _fullest_heat(left: Mapping[str, set[int]], lanes: int) -> LaneHeat:
    """Return a heat with as many drivers as can be, first those who have the most lanes left."""
    on_lane: dict[int, str] = {}

    def seat(driver: str, tried: set[int]) -> bool:
        for lane in sorted(left[driver] - tried, key=lambda lane: (lane in on_lane, lane)):
            tried.add(lane)
            if lane not in on_lane or seat(on_lane[lane], tried):
                on_lane[lane] = driver
                return True
        return False

    for driver in sorted(left, key=lambda driver: -len(left[driver])):
        if len(on_lane) == lanes:
            break
        seat(driver, set())
    return tuple(on_lane.get(lane) for lane in range(lanes))
