"""Results that others published, ranked again by our rules: at least one for each rule, with its source.

What was published is named; where only a total is known, it is split evenly into laps, which changes nothing
that the rule looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from pitboard.race.bodies.formats import RANKINGS, Format
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.results import Result
from pitboard.race.ranking.score import Drive, ScoredLap, Status, score

MS = 1_000_000


class Driven(NamedTuple):
    """One competitor's laps in one run, in ms."""

    name: str
    laps_ms: Sequence[int]
    run: str = "1"
    status: Status = "finished"


class Published(NamedTuple):
    """`board` is what was published: rank, name, and the value that ranks (ns as ms, laps, or points)."""

    source: str
    rules: Format
    driven: Sequence[Driven]
    board: Sequence[tuple[int | None, str, int | None]]


def even(total_ms: int, laps: int) -> list[int]:
    return [total_ms // laps] * (laps - 1) + [total_ms - total_ms // laps * (laps - 1)]


def three_laps(best_ms: int, total_ms: int) -> list[int]:
    return [best_ms, *even(total_ms - best_ms, 2)]


VICTORIA = {
    "Thomas Bitmatta": (7_150, 21_770),
    "Rhett Mooney": (8_490, 25_850),
    "James Steel": (9_020, 29_310),
    "Josh Connolly": (9_810, 31_900),
    "Paul Bitmatta": (10_650, 34_050),
}
ROUND_3 = [
    ("Neil Cragg", 301_410),
    ("Tommy Hall", 304_060),
    ("Ben Smith", 310_280),
    ("Lee Martin", 312_250),
    ("Michal Orlowski", 312_440),
    ("Paul Crompton", 313_240),
    ("Josh Holdsworth", 313_670),
    ("Richard Barton", 313_730),
    ("Luke Holdsworth", 313_910),
    ("James Helliwell", 318_330),
]
CHART = """
13 22 31 44  22 31 43 54  34 43 51 12  44 53 11 22  54 13 21 32
32 21 13 54  13 52 44 31  21 13 52 44  44 32 21 13  52 44 31 23
"""
"""Ten heats on four lanes: each car with its place."""

PUBLISHED = [
    Published(
        "vicfpv.com, 2018 Nationals Qualifier Time Trial: fastest lap",
        Format(ranking="best-lap"),
        [Driven(name, three_laps(*times)) for name, times in VICTORIA.items()],
        [(rank, name, best) for rank, (name, (best, _)) in enumerate(VICTORIA.items(), start=1)],
    ),
    Published(
        "deepracer.ml, AWS Summit London 2019: a first run of 11.036, a second of 9.447",
        Format(ranking="best-lap"),
        [Driven("the writer", [11_036]), Driven("the writer", [9_447], run="2")],
        [(1, "the writer", 9_447)],
    ),
    Published(
        "vicfpv.com, 2018 Nationals Qualifier Time Trial: fastest 3 consecutive laps, here as their average",
        Format(ranking="best-average", laps=3),
        [Driven(name, three_laps(*times)) for name, times in VICTORIA.items()],
        [(rank, name, total // 3) for rank, (name, (_, total)) in enumerate(VICTORIA.items(), start=1)],
    ),
    Published(
        "multigp.com, 2019 series, week 12: 3 consecutive laps of 13.6, 13.5, 13.9 and 16.9, 16.9, 15.6",
        Format(ranking="best-average", laps=3),
        [Driven("Wiita", [20_000, 16_900, 16_900, 15_600]), Driven("kmead", [13_600, 13_500, 13_900])],
        [(1, "kmead", 41_000 // 3), (2, "Wiita", 49_400 // 3)],
    ),
    Published(
        "isu.org, World Cup Salt Lake City 2019, 500 m: opening and full lap",
        Format(ranking="total-first", laps=2),
        [Driven("Shinhama", [9_500, 24_330]), Driven("Kulizhnikov", [9_670, 23_940])],
        [(1, "Kulizhnikov", 33_610), (2, "Shinhama", 33_830)],
    ),
    Published(
        "worldairsports.aero, FAI World Drone Racing Championship 2018: averages of the three best laps",
        Format(ranking="total-best", laps=3),
        [
            Driven("Bitmatta", even(3 * 26_608, 3)),
            Driven("Rousseau", [30_000, *even(3 * 24_746, 3), 29_000]),
            Driven("Schuette", even(3 * 25_408, 3)),
        ],
        [(1, "Rousseau", 3 * 24_746), (2, "Schuette", 3 * 25_408), (3, "Bitmatta", 3 * 26_608)],
    ),
    Published(
        "quantumracing-rc.blogspot.com, RCMC EP Open Race 2012, qualifying",
        Format(ranking="most-laps"),
        [
            Driven("Daryl Thong", even(301_714, 17)),
            Driven("Esmail", even(312_649, 18)),
            Driven("P.Y.Tang", even(303_684, 19)),
            Driven("Chee Lip Keong", even(313_824, 18)),
            Driven("Nicholas Lee", even(315_110, 19)),
            Driven("Alvin Koh", even(316_067, 18)),
        ],
        [
            (1, "P.Y.Tang", 19),
            (2, "Nicholas Lee", 19),
            (3, "Esmail", 18),
            (4, "Chee Lip Keong", 18),
            (5, "Alvin Koh", 18),
            (6, "Daryl Thong", 17),
        ],
    ),
    Published(
        "racewayone.com, BRCA 1/10 off-road, Boughton 2022, 2WD qualifying round 3: 11 laps each",
        Format(ranking="most-laps"),
        [Driven(name, even(time, 11)) for name, time in reversed(ROUND_3)],
        [(rank, name, 11) for rank, (name, _) in enumerate(ROUND_3, start=1)],
    ),
    Published(
        "isu.org, World Cup Salt Lake City 2019, 500 m: from start to finish",
        Format(ranking="net", resolution_ns=10 * MS),
        [Driven("Murakami", [34_110]), Driven("Shinhama", [33_830]), Driven("Kulizhnikov", [33_610])],
        [(1, "Kulizhnikov", 33_610), (2, "Shinhama", 33_830), (3, "Murakami", 34_110)],
    ),
    Published(
        "laht.com, Olympic slalom 2018: 47.93 and 51.06 are 1:38.99; the leader did not finish his second",
        Format(ranking="sum-of-best-runs", runs=2, resolution_ns=10 * MS),
        [
            Driven("Kristoffersen", [47_720]),
            Driven("Kristoffersen", [], run="2", status="did-not-finish"),
            Driven("Myhrer", [47_930]),
            Driven("Myhrer", [51_060], run="2"),
        ],
        [(1, "Myhrer", 98_990), (None, "Kristoffersen", None)],
    ),
    Published(
        "stanpope.net, Complementary-Perfect 5-4 chart: 4, 3, 2, 1 points",
        Format(ranking="points", points=(4, 3, 2, 1)),
        [
            Driven(f"car {one[0]}", [3_000 + int(one[1])], run=f"heat {number // 4}")
            for number, one in enumerate(CHART.split())
        ],
        [(1, "car 2", 27), (2, "car 3", 26), (3, "car 1", 19), (4, "car 5", 18), (5, "car 4", 10)],
    ),
]


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda published: published.source)
def test_what_was_published_comes_out(published: Published) -> None:
    board = Board(published.rules)
    for order, driven in enumerate(published.driven):
        closed_ns, laps = 0, []
        for number, lap_ms in enumerate(driven.laps_ms, start=1):
            closed_ns += lap_ms * MS
            laps.append(ScoredLap(number, lap_ms * MS, True, closed_ns, (order, "", number)))
        worth = score(Drive(laps, status=driven.status), published.rules)
        board.set_result(driven.name, driven.run, Result(worth, (order, "", 0)))
    came_out = []
    for standing in board.in_order():
        first = standing.columns[0]
        value = first.value if first.kind != "duration_ns" or first.value is None else first.value // MS
        came_out.append((board.rank_of(standing), standing.competitor, value))
    assert came_out == list(published.board)


def test_every_rule_has_a_published_example() -> None:
    assert {published.rules.ranking for published in PUBLISHED} == set(RANKINGS)
