"""What the board would be under other rules: of the runs that are confirmed, else of three drivers made up.

Nothing is written, and the event's own boards stay as they are."""

from __future__ import annotations

import asyncio
from array import array

import msgspec

from pitboard.journal.folding.fold import Fold
from pitboard.keeping.scoring.score_tables import LapTable
from pitboard.keeping.scoring.scored_board import board_of
from pitboard.race.bodies.body import Name
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.formats import Format, RaceClass
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.boards import ALL, Boards
from pitboard.race.ranking.score import Column

SHOWN_COUNT = 20
BATCH_COUNT = 200
"""Runs that are ranked before others have the loop."""


class PreviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """`before` is the rank on the board as it is, None for no rank."""

    rank: int | None
    name: str
    columns: tuple[Column, ...]
    before: int | None = None
    calculated: tuple[Calculated, ...] = ()


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`is_example` where no run is confirmed yet; `entries` is how many the whole board has."""

    rows: list[PreviewRow]
    entries: int
    is_example: bool
    resolution_ns: int


async def preview_of(fold: Fold, rules: Format, race_class: str = ALL) -> Preview:
    """Return the first lines of the board as these rules would have it."""
    board = await _board_under(fold, rules, race_class)
    if not len(board):
        return _example(rules)
    now = fold.board_of(ALL, race_class)
    before = {one.competitor: now.rank_of(one) for one in now.in_order()}
    rows = [
        PreviewRow(
            rank=board.rank_of(one),
            name=fold.race.name_of(one.competitor),
            columns=one.columns,
            before=before.get(one.competitor),
            calculated=one.outcome.calculated,
        )
        for one in board.in_order(0, SHOWN_COUNT)
    ]
    return Preview(rows=rows, entries=len(board), is_example=False, resolution_ns=board.rules.resolution_ns)


async def _board_under(fold: Fold, rules: Format, race_class: str) -> Board:
    roll = fold.race.roll
    classes = [
        RaceClass(race_class=one.race_class, name=one.name, is_outside_awards=one.is_outside_awards)
        for one in fold.race.programme.classes()
    ]
    boards = Boards(rules, classes)
    for competitor in list(fold.race.competitors):
        boards.set_class(competitor, fold.race.competitors[competitor].race_class)
        boards.set_disqualified(competitor, roll.is_disqualified(competitor))
    for count, run in enumerate(list(fold.race.runs.values())):
        if count % BATCH_COUNT == BATCH_COUNT - 1:
            await asyncio.sleep(0)
        for competitor, confirmed in fold.boards.confirmed_in(run).items():
            boards.set_drive(competitor, run.run_id, confirmed)
    return boards.board(ALL, race_class)


_EXAMPLE: dict[Name, tuple[tuple[int, ...], ...]] = {
    "Steady": ((10_100, 10_150, 10_120, 10_140), (10_110, 10_130, 10_120, 10_160)),
    "One fast lap": ((9_600, 12_400, 12_900), (11_900, 12_200, 12_600)),
    "Late": ((13_000, 11_000, 10_000, 9_900), (10_400, 10_200, 10_000, 9_950)),
}
"""Laps in ms of made-up drivers that most rules put into another order."""


def _example(rules: Format) -> Preview:
    table = LapTable({}, {}, {}, {})
    row = 0
    for driver, runs in _EXAMPLE.items():
        table.names[driver] = driver
        for number, laps in enumerate(runs, start=1):
            numbers = array("q")
            for lap_ms in laps:
                row += 1
                numbers.extend((lap_ms * 1_000_000, 1, row))
            table.laps[driver, str(number)] = numbers
    board = board_of(table, rules)
    rows = [
        PreviewRow(rank=board.rank_of(one), name=one.competitor, columns=one.columns)
        for one in board.in_order()
    ]
    return Preview(rows=rows, entries=len(rows), is_example=True, resolution_ns=rules.resolution_ns)
