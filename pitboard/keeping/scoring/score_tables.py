"""The tables that `pitboard score` reads: laps in the order driven, and people with class, team and awards.

Either is a CSV file of a spreadsheet; whatever is wrong in it is told with its line."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pitboard.errors import TableRefused
from pitboard.race.bodies.formats import NANOSECONDS_PER_MS

HEAD = ("competitor", "run", "lap_ms", "counts")
ALSO = ("lane", "sectors_ms")
"""Columns that a table of laps may have as well."""
PEOPLE_HEAD = ("competitor",)
PEOPLE_ALSO = ("class", "team", "awards")
_LAP_MS = re.compile(r"(\d{1,12})(?:[.,](\d{1,40}))?", re.ASCII)
PER_LAP = 3
"""Numbers kept of each lap: time in ns, 1 or 0, row."""
LANES_MAX_COUNT = 64


class LapTable(NamedTuple):
    """The laps of each (competitor, run) in the order driven, and each competitor's name as first written.

    `lanes` are by (competitor, run), `sectors` by row: (gate, time from the lap's beginning).
    """

    laps: dict[tuple[str, str], array[int]]
    names: dict[str, str]
    lanes: dict[tuple[str, str], int]
    sectors: dict[int, tuple[tuple[str, int], ...]]


class Person(NamedTuple):
    race_class: str = ""
    team: str = ""
    is_outside_awards: bool = False


def read_laps(path: Path) -> LapTable:
    """Return the laps of the file; raises TableRefused naming the line."""
    table = LapTable({}, {}, {}, {})
    for number, (line, row) in enumerate(_rows(path, HEAD, ALSO)):
        _add(path, table, row, number, line)
    return table


def read_people(path: Path) -> dict[str, Person]:
    """Return {competitor: what the file says}; raises TableRefused naming the line."""
    people: dict[str, Person] = {}
    for line, row in _rows(path, PEOPLE_HEAD, PEOPLE_ALSO):
        name = unicodedata.normalize("NFC", row["competitor"])
        if not name or name in people:
            raise TableRefused(path, "stands there twice" if name else "has no competitor; write one", line)
        awards = row.get("awards", "") or "1"
        if awards not in ("0", "1"):
            reason = f"awards is '{awards}'; write 1, or 0 for who drives outside the awards"
            raise TableRefused(path, reason, line)
        people[name] = Person(row.get("class", ""), row.get("team", ""), awards == "0")
    return people


def _rows(path: Path, needed: Sequence[str], also: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, {column: cell}) of each row that is not empty."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TableRefused(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TableRefused(path, "is not UTF-8 text; save it as CSV UTF-8") from error
    first_line = text.lstrip("\r\n").partition("\n")[0]
    separator = ";" if ";" in first_line and "," not in first_line else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        head = _head(path, rows, needed, also)
        for row in rows:
            if any(cell.strip() for cell in row):
                if len(row) != len(head):
                    raise TableRefused(path, f"has {len(row)} values instead of {len(head)}", rows.line_num)
                yield rows.line_num, {name: cell.strip() for name, cell in zip(head, row, strict=True)}
    except csv.Error as error:
        raise TableRefused(path, f"is not a CSV table: {error}", rows.line_num) from error


def _head(path: Path, rows: Iterator[list[str]], needed: Sequence[str], also: Sequence[str]) -> list[str]:
    head = [cell.strip() for cell in next((row for row in rows if any(row)), [])]
    must = f"the first line must be {','.join(needed)}"
    if not head:
        raise TableRefused(path, f"is empty; its {must.removeprefix('the ')}")
    for name in head:
        if name not in needed and name not in also:
            raise TableRefused(path, f"unknown column '{name}'; {must}", 1)
    for name in (*needed, *also):
        if head.count(name) > 1 or (name in needed and name not in head):
            fault = "is missing" if name not in head else "stands there twice"
            raise TableRefused(path, f"column '{name}' {fault}; {must}", 1)
    return head


def _add(path: Path, table: LapTable, row: dict[str, str], number: int, line: int) -> None:
    competitor, run, lap_text, counts_text = (row[name] for name in HEAD)
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
    if lane := row.get("lane"):
        if not lane.isascii() or not lane.isdigit() or not 1 <= int(lane) <= LANES_MAX_COUNT:
            raise TableRefused(path, f"lane is '{lane}'; write a number from 1 to {LANES_MAX_COUNT}", line)
        table.lanes[key, run] = int(lane)
    if passed := row.get("sectors_ms"):
        table.sectors[number] = _passed(path, passed, lap_ns, line)


def _passed(path: Path, text: str, lap_ns: int, line: int) -> tuple[tuple[str, int], ...]:
    """Return (gate, time) of a text such as 3100/6400; an empty part is a gate that missed the car."""
    times = [(str(gate), _lap_ns(part)) for gate, part in enumerate(text.split("/"), start=1) if part]
    passed = tuple((gate, time_ns) for gate, time_ns in times if time_ns is not None)
    in_order = [0, *(time_ns for _, time_ns in passed), lap_ns]
    if len(passed) < len(times) or in_order != sorted(in_order):
        reason = f"sectors_ms is '{text}'; write when each gate was passed in the lap, such as 3100/6400"
        raise TableRefused(path, reason, line)
    return passed


def _lap_ns(text: str) -> int | None:
    """Return the nanoseconds of a text in milliseconds, cut; None where it is not such a text."""
    match = _LAP_MS.fullmatch(text)
    if match is None:
        return None
    return int(match[1]) * NANOSECONDS_PER_MS + int((match[2] or "")[:6].ljust(6, "0"))
