"""Sectors and the ideal lap, as a table."""

from __future__ import annotations

import pytest

from pitboard.race.sectors import Passed, Sector, best_sectors, sectors_of

A, B = "a", "b"


def test_the_sectors_of_a_lap_are_the_lap() -> None:
    assert sectors_of(100, [(A, 30), (B, 70)]) == (
        Sector("", A, 30),
        Sector(A, B, 40),
        Sector(B, "", 30),
    )
    assert sectors_of(100, []) == (Sector("", "", 100),)


@pytest.mark.parametrize(
    ("laps", "best", "ideal_ns"),
    [
        ([(100, [(A, 30), (B, 70)])], [30, 40, 30], 100),
        ([(100, [(A, 30), (B, 70)]), (99, [(A, 40), (B, 60)])], [30, 20, 30], 80),
        # the gate a missed the second car: what it drove from the line to b is no sector of anybody
        ([(100, [(A, 30), (B, 70)]), (80, [(B, 45)])], [30, 40, 30], 100),
        ([(80, [(B, 45)]), (100, [(A, 30), (B, 70)])], [30, 40, 30], 100),
    ],
)
def test_the_best_of_each_sector_gives_the_ideal_lap(
    laps: list[tuple[int, Passed]], best: list[int], ideal_ns: int
) -> None:
    found = best_sectors(laps)
    assert found is not None
    assert [one.time_ns for one in found.best] == best
    assert found.ideal_ns == ideal_ns


@pytest.mark.parametrize("laps", [[], [(100, [])]])
def test_without_gates_there_are_no_sectors(laps: list[tuple[int, Passed]]) -> None:
    assert best_sectors(laps) is None
