"""The board of a table of laps, by the rules that the event's boards use."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import msgspec

from pitboard.keeping.scoring.score_tables import PER_LAP, LapTable, Person
from pitboard.race.bodies.formats import Format
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.results import Result
from pitboard.race.ranking.score import Drive, ScoredLap, score


def board_of(
    table: LapTable, rules: Format, people: Mapping[str, Person] | None = None, race_class: str = ""
) -> Board:
    """Return the board of the laps; where nobody shares a run, points are given for each round of runs.

    Of a class, only who is in it; who drives outside the awards has no rank.
    """
    people = people or {}
    if rules.ranking == "points" and len({run for _, run in table.laps}) == len(table.laps):
        rules = msgspec.structs.replace(rules, points_within="round")
    board = Board(rules)
    rounds: dict[str, int] = {}
    for (competitor, run), numbers in table.laps.items():
        person = people.get(competitor, Person())
        if race_class and person.race_class != race_class:
            continue
        board.set_outside_awards(competitor, person.is_outside_awards)
        rounds[competitor] = rounds.get(competitor, 0) + 1
        worth = score(drive_of(numbers, rules), rules)
        result = Result(worth, (numbers[-1], "", 0), round=rounds[competitor])
        board.set_result(competitor, run, result)
    return board


def drive_of(numbers: array[int], rules: Format) -> Drive:
    laps: list[ScoredLap] = []
    closed_ns = 0
    for start in range(0, len(numbers), PER_LAP):
        lap_ns, counts, row = numbers[start : start + PER_LAP]
        closed_ns += lap_ns
        laps.append(ScoredLap(len(laps) + 1, lap_ns, bool(counts), closed_ns, (row, "", 0)))
    return Drive(laps, laps_asked=rules.laps_asked, is_cancelled=rules.cancels(len(laps)))
