"""A table of competitors as text, for an import that is looked at before anything is written.

Whoever is there already, by name, number and class, is left alone: the same table can be handed in again."""

from __future__ import annotations

import csv
import io
import secrets
from typing import Literal

import msgspec

from pitboard.errors import ActRefused
from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.body import TRANSPONDERS_MAX_COUNT, Transponder
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.names import clean_name, fold_name
from sync.central.admin.said import Said, in_english

ROWS_MAX_COUNT = 2_000
FIELD_MAX_LENGTH = 80
_COLUMNS = {"name": "name", "number": "number", "class": "race_class", "team": "team"}
_TRANSPONDERS = ("transponder", "transponders")


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it would be taken; `trouble` says why it cannot be. `line` counts from 1, the heading too."""

    line: int
    outcome: Literal["new", "known", "refused"]
    name: str
    number: str = ""
    race_class: str = ""
    team: str = ""
    transponders: tuple[Transponder, ...] = ()
    trouble: str = ""
    said: tuple[Said, ...] = ()


def read_people(text: str, fold: Fold) -> list[TableRow]:
    """Return every row with what would become of it; raises ActRefused where it is no table of people."""
    text = text.removeprefix("\ufeff")
    heading = text.partition("\n")[0]
    separator = ";" if heading.count(";") > heading.count(",") else ","
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise ActRefused(code="bad-table", reason=f"This is no CSV table: {error}.") from error
    heads = [cell.strip().lower() for cell in lines[0]] if lines else []
    if "name" not in heads:
        raise ActRefused(
            code="bad-table",
            reason="The first line must name the columns: name, and as you like number, class, team, "
            "transponder.",
        )
    if len(lines) - 1 > ROWS_MAX_COUNT:
        raise ActRefused(
            code="too-many-rows", reason=f"At most {ROWS_MAX_COUNT} rows at once; cut the table in parts."
        )
    seen = {_mark(one.name, one.number, one.race_class) for one in fold.race.roll.entered()}
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if any(cell.strip() for cell in cells):
            row = _row(number, dict(zip(heads, map(str.strip, cells), strict=False)))
            mark = _mark(row.name, row.number, row.race_class)
            if row.outcome == "new" and mark in seen:
                row = msgspec.structs.replace(row, outcome="known")
            seen.add(mark)
            rows.append(row)
    return rows


def registrations(rows: list[TableRow], reason: str) -> list[CompetitorRegistered]:
    """Return the bodies that register those who are new."""
    return [
        CompetitorRegistered(
            competitor_id=secrets.token_hex(8),
            name=row.name,
            number=row.number,
            race_class=row.race_class,
            team=row.team,
            transponders=row.transponders,
            reason=reason,
        )
        for row in rows
        if row.outcome == "new"
    ]


def _row(line: int, cells: dict[str, str]) -> TableRow:
    said = {field: cells.get(column, "") for column, field in _COLUMNS.items()}
    typed = said.pop("name")
    name = clean_name(typed)
    carried = " ".join(cells.get(column, "") for column in _TRANSPONDERS).split()
    trouble: tuple[Said, ...] = ()
    if not name:
        trouble = (Said("desk.row-without-name"),)
    elif any(len(one) > FIELD_MAX_LENGTH for one in (typed, *said.values(), *carried)):
        trouble = (Said("desk.row-too-long", {"most": FIELD_MAX_LENGTH}),)
    elif len(carried) > TRANSPONDERS_MAX_COUNT:
        trouble = (Said("desk.row-transponders", {"most": TRANSPONDERS_MAX_COUNT}),)
    return TableRow(
        line=line,
        outcome="refused" if trouble else "new",
        name=name[:FIELD_MAX_LENGTH],
        transponders=() if trouble else tuple(map(_transponder, carried)),
        trouble=in_english(trouble),
        said=trouble,
        **{field: value[:FIELD_MAX_LENGTH] for field, value in said.items()},
    )


def _transponder(text: str) -> Transponder:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else text


def _mark(name: str, number: str, race_class: str) -> tuple[str, str, str]:
    return fold_name(name), number, race_class
