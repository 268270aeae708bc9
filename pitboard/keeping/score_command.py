"""`pitboard score`: rank a table of laps by a format, so that an organiser can try a rule before the race."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from pitboard.drawing.time_text import format_lap_ns
from pitboard.errors import TableRefused
from pitboard.program.event_rules import load_format
from pitboard.race.board import Board, Standing
from pitboard.race.formats import NANOSECONDS_PER_MS, Format
from pitboard.race.names import clean_name
from pitboard.race.results import Result
from pitboard.race.score import Column, Drive, DrivenLap, score

HEAD = ("competitor", "run", "lap_ms", "counts")
_LAP_MS = re.compile(r"(\d{1,12})(?:[.,](\d{1,40}))?", re.ASCII)
_PER_LAP = 3  # numbers kept of each lap: time in ns, 1 or 0, row


class LapTable(NamedTuple):
    """The laps of each (competitor, run) in the order driven, and each competitor's name as first written."""

    laps: dict[tuple[str, str], array[int]]
    names: dict[str, str]


@click.command()
@click.option(
    "--format",
    "format_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file of the format, as in the event's config.",
)
@click.option(
    "--laps",
    "laps_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV file with the columns competitor, run, lap_ms, counts (1 or 0), in the order driven.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def score_command(format_path: Path, laps_path: Path, as_json: bool) -> None:
    """Rank a table of laps by a format."""
    rules = load_format(format_path)
    table = read_laps(laps_path)
    board = board_of(table, rules)
    click.echo(as_json_text(board, table) if as_json else as_table(board, table))


def read_laps(path: Path) -> LapTable:
    """Return the laps of the file; raises TableRefused naming the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TableRefused(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TableRefused(path, "is not UTF-8 text; save it as CSV UTF-8") from error
    first_line = text.lstrip("\r\n").partition("\n")[0]
    separator = ";" if ";" in first_line and "," not in first_line else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    table = LapTable({}, {})
    try:
        places = _places(path, rows)
        for number, row in enumerate(rows):
            if any(cell.strip() for cell in row):
                _add(path, table, row, places, number, rows.line_num)
    except csv.Error as error:
        raise TableRefused(path, f"is not a CSV table: {error}", rows.line_num) from error
    return table


def _places(path: Path, rows: Iterator[list[str]]) -> list[int]:
    """Return where in a row each column of HEAD stands."""
    head = [cell.strip() for cell in next((row for row in rows if any(row)), [])]
    if not head:
        raise TableRefused(path, f"is empty; its first line must be {','.join(HEAD)}")
    for name in head:
        if name not in HEAD:
            raise TableRefused(path, f"unknown column '{name}'; the first line must be {','.join(HEAD)}", 1)
    for name in HEAD:
        if head.count(name) != 1:
            fault = "is missing" if name not in head else "stands there twice"
            raise TableRefused(path, f"column '{name}' {fault}; the first line must be {','.join(HEAD)}", 1)
    return [head.index(name) for name in HEAD]


def _add(path: Path, table: LapTable, row: list[str], places: list[int], number: int, line: int) -> None:
    if len(row) != len(HEAD):
        raise TableRefused(path, f"has {len(row)} values instead of {len(HEAD)}", line)
    competitor, run, lap_text, counts_text = (row[place].strip() for place in places)
    if not competitor or not run:
        raise TableRefused(path, f"has no {'run' if competitor else 'competitor'}; write one", line)
    if counts_text not in ("0", "1"):
        raise TableRefused(path, f"counts is '{counts_text}'; write 1 or 0", line)
    lap_ns = _lap_ns(lap_text)
    if lap_ns is None:
        reason = f"lap_ms is '{lap_text}'; write milliseconds such as 9500 or 9500.25"
        raise TableRefused(path, reason, line)
    if lap_ns == 0 and counts_text == "1":
        raise TableRefused(
            path, "a lap that counts takes longer than 0 ms; correct it or write 0 under counts", line
        )
    key = unicodedata.normalize("NFC", competitor)
    table.names.setdefault(key, competitor)
    table.laps.setdefault((key, run), array("q")).extend((lap_ns, int(counts_text), number))


def _lap_ns(text: str) -> int | None:
    """Return the nanoseconds of a text in milliseconds, cut; None where it is not such a text."""
    match = _LAP_MS.fullmatch(text)
    if match is None:
        return None
    return int(match[1]) * NANOSECONDS_PER_MS + int((match[2] or "")[:6].ljust(6, "0"))


def board_of(table: LapTable, rules: Format) -> Board:
    """Return the board of the laps; where nobody shares a run, points are given for each round of runs."""
    if rules.ranking == "points" and len({run for _, run in table.laps}) == len(table.laps):
        rules = msgspec.structs.replace(rules, points_within="round")
    board = Board(rules)
    rounds: dict[str, int] = {}
    for (competitor, run), numbers in table.laps.items():
        rounds[competitor] = rounds.get(competitor, 0) + 1
        worth = score(_drive(numbers), rules)
        result = Result(worth, (numbers[-1], "", 0), round=rounds[competitor])
        board.set_result(competitor, run, result)
    return board


def _drive(numbers: array[int]) -> Drive:
    laps: list[DrivenLap] = []
    closed_ns = 0
    for start in range(0, len(numbers), _PER_LAP):
        lap_ns, counts, row = numbers[start : start + _PER_LAP]
        closed_ns += lap_ns
        laps.append(DrivenLap(len(laps) + 1, lap_ns, bool(counts), closed_ns, (row, "", 0)))
    return Drive(laps)


def as_json_text(board: Board, table: LapTable) -> str:
    """Return a JSON list of {competitor, rank, columns}, one line each."""
    lines = [
        json.dumps(
            {
                "competitor": table.names[standing.competitor],
                "rank": board.rank_of(standing),
                "columns": {_key(column): _plain(column) for column in _columns(board, standing)},
            },
            ensure_ascii=False,
        )
        for standing in board.in_order()
    ]
    return "[" + ",\n ".join(lines) + "]"


def _columns(board: Board, standing: Standing) -> list[Column]:
    gap = board.gap_of(standing)
    return [*standing.columns, *([] if gap is None else [gap])]


def _key(column: Column) -> str:
    if column.kind == "duration_ns":
        return f"{column.code}_ms"
    return f"gap_{'laps' if column.kind == 'count' else 'points'}" if column.code == "gap" else column.code


def _plain(column: Column) -> int | float | None:
    if column.kind != "duration_ns" or column.value is None:
        return column.value
    whole, rest = divmod(column.value, NANOSECONDS_PER_MS)
    return column.value / NANOSECONDS_PER_MS if rest else whole


def as_table(board: Board, table: LapTable) -> str:
    """Return lines for people: rank, what the rule shows, name."""
    rows: list[list[str]] = []
    codes: list[str] = []
    drawn: list[tuple[str, dict[str, str], str]] = []
    for standing in board.in_order():
        cells = {}
        for column in _columns(board, standing):
            if _key(column) not in codes:
                codes.append(_key(column))
            cells[_key(column)] = _text(column, board.rules)
        rank = board.rank_of(standing)
        name = clean_name(table.names[standing.competitor]) or "?"
        drawn.append(("" if rank is None else str(rank), cells, name))
    rows.append(["rank", *(code.removesuffix("_ms") for code in codes), "competitor"])
    rows += [[rank, *(cells.get(code, "") for code in codes), name] for rank, cells, name in drawn]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    lines = [
        "  ".join([*(cell.rjust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]
    return "\n".join(lines if drawn else [*lines, "No laps in the table."])


def _text(column: Column, rules: Format) -> str:
    if column.kind == "duration_ns":
        return format_lap_ns(column.value, resolution_ns=rules.resolution_ns)
    return "–" if column.value is None else str(column.value)
