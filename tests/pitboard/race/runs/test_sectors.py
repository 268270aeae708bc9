"""Sectors and the ideal lap, as a table."""

from __future__ import annotations

from random import Random

import pytest

from pitboard.race.runs.sectors import (
    ANYBODY,
    Passed,
    Sector,
    SectorBests,
    SectorKey,
    best_sectors,
    sectors_of,
)

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


def test_the_best_of_all_and_of_each_follow_runs_that_come_change_and_go() -> None:
    chance, bests = Random(3), SectorBests()
    runs: dict[str, dict[SectorKey, int]] = {}
    keys = [(who, track, "", "a") for who in ("c1", "c2", "c3") for track in ("1", "2")]
    for _ in range(400):
        run = f"r{chance.randrange(12)}"
        runs[run] = {key: chance.randrange(1, 9) for key in keys if chance.random() < 0.3}
        bests.set_run(run, runs[run])
        for key in (*keys, (ANYBODY, "1", "", "a"), (ANYBODY, "2", "", "a")):
            told = [
                time_ns
                for of_run in runs.values()
                for (who, *where), time_ns in of_run.items()
                if where == list(key[1:]) and key[0] in (who, ANYBODY)
            ]
            assert bests.best(key) == min(told, default=None)
