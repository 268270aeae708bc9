"""The results and the laps of an event as tables, for people's spreadsheets and for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.run_views import RunView, view_run
from pitboard.journal.views.views import BoardView, view_board
from pitboard.race.bodies.calculated import Calculated, mark_text
from pitboard.race.bodies.verdict_bodies import Verdict
from pitboard.race.runs.phases import Phase
from pitboard.race.runs.run_parts import Place

What = Literal["results", "laps", "certificates"]


class Duration(msgspec.Struct, frozen=True, kw_only=True):
    """A time in ns, cut to the event's resolution; each file says it in its own way."""

    duration_ns: int
    resolution_ns: int


Cell = str | int | Duration | None


class ResultRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the board; times in ns as published. `calculated` says from what, where the result rests on
    times that were calculated."""

    rank: int | None
    name: str
    best_ns: int | None
    gap_ns: int | None
    laps: int
    runs: int
    disqualified: bool
    competitor: str
    calculated: str


class LapRow(msgspec.Struct, frozen=True, kw_only=True):
    """A lap of any run; `run` numbers the competitor's runs in the order armed."""

    name: str
    run: int
    lap: int
    lap_ns: int
    counts: bool
    verdict: Verdict | None
    short: bool
    corrected: bool
    phase: Phase
    unit: str
    track: str
    competitor: str
    calculated: str


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows for machines, and the same for people: headings, and cells."""

    event: str
    resolution_ns: int
    what: What
    rows: list[ResultRow] | list[LapRow]

    @property
    def headings(self) -> list[str]:
        row_type = LapRow if self.what == "laps" else ResultRow
        return ["time" if name == "lap_ns" else name.removesuffix("_ns") for name in _columns(row_type)]

    def cells(self) -> Iterator[list[Cell]]:
        """Yield each row's cells in the order of the headings."""
        for row in self.rows:
            yield [self._cell(name, getattr(row, name)) for name in _columns(type(row))]

    def _cell(self, name: str, value: object) -> Cell:
        if value is None:
            return None
        if isinstance(value, bool):
            return "yes" if value else ""
        if name.endswith("_ns") and isinstance(value, int):
            return Duration(duration_ns=value, resolution_ns=self.resolution_ns)
        return value if isinstance(value, int) else str(value)


def table_of(fold: Fold, what: What) -> Table:
    """Return the table that the fold gives."""
    if what != "laps":
        return msgspec.structs.replace(results_of(view_board(fold)), what=what)
    event = view_board(fold, count=0).event
    return Table(event=event.name, resolution_ns=event.resolution_ns, what=what, rows=_laps(fold))


def results_of(board: BoardView) -> Table:
    """Return the entries of a board, or of a part of it, as a table."""
    rows = [
        ResultRow(
            rank=entry.rank,
            name=entry.name,
            best_ns=entry.best_ns,
            gap_ns=entry.gap_ns,
            laps=entry.laps,
            runs=entry.runs,
            disqualified=entry.is_disqualified,
            competitor=entry.competitor_id,
            calculated=_marks(entry.calculated),
        )
        for entry in board.entries
    ]
    return Table(event=board.event.name, resolution_ns=board.event.resolution_ns, what="results", rows=rows)


def _laps(fold: Fold) -> list[LapRow]:
    rows: list[LapRow] = []
    numbers: dict[str, int] = {}
    for run in sorted(fold.race.runs.values(), key=lambda run: run.armed.word.moment):
        view = view_run(fold, run)
        for place in view.places:
            competitor_id = place.competitor_id or ""
            number = numbers[competitor_id] = numbers.get(competitor_id, 0) + 1
            rows += _laps_of(view, place, number)
    return rows


def _laps_of(run: RunView, place: Place, number: int) -> list[LapRow]:
    return [
        LapRow(
            name=place.name,
            run=number,
            lap=lap.number,
            lap_ns=lap.lap_ns,
            counts=lap.counts,
            verdict=lap.verdict,
            short=lap.is_short,
            corrected=lap.is_corrected,
            phase=run.phase,
            unit=run.unit,
            track=run.track,
            competitor=place.competitor_id or "",
            calculated=_marks(lap.calculated),
        )
        for lap in place.laps
    ]


def _marks(calculated: Iterable[Calculated]) -> str:
    """Return what each time was calculated from and how sure it is, empty for measured ones."""
    return "; ".join(mark_text(mark) for mark in calculated)


def _columns(row_type: type[msgspec.Struct]) -> tuple[str, ...]:
    return row_type.__struct_fields__
