"""How scores are printed: lines in columns for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pitboard.drawing.time_text import format_lap_ns
from pitboard.race.bodies.formats import NANOSECONDS_PER_MS, Format
from pitboard.race.names import clean_name
from pitboard.race.ranking.score import Column


def column_key(column: Column) -> str:
    if column.kind == "duration_ns":
        return f"{column.code}_ms"
    return f"gap_{'laps' if column.kind == 'count' else 'points'}" if column.code == "gap" else column.code


def plain_value(column: Column) -> int | float | None:
    return column.value if column.kind != "duration_ns" or column.value is None else plain_ms(column.value)


def plain_ms(duration_ns: int) -> int | float:
    whole, rest = divmod(duration_ns, NANOSECONDS_PER_MS)
    return duration_ns / NANOSECONDS_PER_MS if rest else whole


def column_text(column: Column, rules: Format) -> str:
    if column.kind == "duration_ns":
        return format_lap_ns(column.value, resolution_ns=rules.resolution_ns)
    return "–" if column.value is None else str(column.value)


def shown(name: str) -> str:
    return clean_name(name) or "?"


def json_list(lines: Iterable[dict[str, Any]]) -> str:
    return "[" + ",\n ".join(json.dumps(line, ensure_ascii=False) for line in lines) + "]"


def aligned(rows: Sequence[Sequence[str]], *, right: int) -> str:
    """Return the rows in columns; so many of the first are numbers and stand to the right."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if index < right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join([*cells, row[-1]]))
    return "\n".join(lines)
