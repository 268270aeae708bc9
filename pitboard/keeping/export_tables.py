"""The results and the laps of an event as tables, for people's spreadsheets and for other programs.

What a program reads has English heads and words, whoever asked; what is for a person is in a language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.run_views import RunView, view_run
from pitboard.journal.views.views import BoardView, view_board
from pitboard.race.bodies.calculated import Calculated, mark_text, sure_ms
from pitboard.race.bodies.verdict_bodies import Verdict
from pitboard.race.runs.phases import Phase
from pitboard.race.runs.run_parts import Place
from pitboard.sentences.language import Language, LanguageCode, language

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


class Table(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows for machines, and the same for people: headings, and cells."""

    event: str
    resolution_ns: int
    what: What
    rows: list[ResultRow] | list[LapRow]
    language: LanguageCode = "en"

    @property
    def columns(self) -> list[str]:
        """Return the columns' names, the same in every language."""
        row_type = LapRow if self.what == "laps" else ResultRow
        return ["time" if name == "lap_ns" else name.removesuffix("_ns") for name in _columns(row_type)]

    @property
    def headings(self) -> list[str]:
        return [self.say(f"file.{name}") for name in self.columns]

    @property
    def title(self) -> str:
        return self.say("file.laps-title" if self.what == "laps" else "file.results-title")

    def say(self, code: str, /, **fields: object) -> str:
        return language(self.language).say(code, **fields)

    def cells(self) -> Iterator[list[Cell]]:
        """Yield each row's cells in the order of the headings."""
        for row in self.rows:
            yield [self._cell(name, getattr(row, name)) for name in _columns(type(row))]

    def _cell(self, name: str, value: object) -> Cell:
        if value is None:
            return None
        if isinstance(value, bool):
            return self.say("file.yes") if value else ""
        if name.endswith("_ns") and isinstance(value, int):
            return Duration(duration_ns=value, resolution_ns=self.resolution_ns)
        if isinstance(value, int):
            return value
        return self.say(f"desk.word-{value}") if name in _OF_A_FEW and self.language != "en" else str(value)


_OF_A_FEW = ("verdict", "phase")


def table_of(fold: Fold, what: What, code: LanguageCode = "en") -> Table:
    """Return the table that the fold gives."""
    if what != "laps":
        return msgspec.structs.replace(results_of(view_board(fold), code), what=what)
    event = view_board(fold, count=0).event
    rows = _laps(fold, language(code))
    return Table(event=event.name, resolution_ns=event.resolution_ns, what=what, rows=rows, language=code)


def results_of(board: BoardView, code: LanguageCode = "en") -> Table:
    """Return the entries of a board, or of a part of it, as a table."""
    words = language(code)
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
            calculated=_marks(entry.calculated, words),
        )
        for entry in board.entries
    ]
    event = board.event
    return Table(
        event=event.name, resolution_ns=event.resolution_ns, what="results", rows=rows, language=code
    )


def _laps(fold: Fold, words: Language) -> list[LapRow]:
    rows: list[LapRow] = []
    numbers: dict[str, int] = {}
    for run in sorted(fold.race.runs.values(), key=lambda run: run.armed.word.moment):
        view = view_run(fold, run)
        for place in view.places:
            competitor_id = place.competitor_id or ""
            number = numbers[competitor_id] = numbers.get(competitor_id, 0) + 1
            rows += _laps_of(view, place, number, words)
    return rows


def _laps_of(run: RunView, place: Place, number: int, words: Language) -> list[LapRow]:
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
            calculated=_marks(lap.calculated, words),
        )
        for lap in place.laps
    ]


def _marks(calculated: Iterable[Calculated], words: Language) -> str:
    """Return what each time was calculated from and how sure it is, empty for measured ones."""
    return "; ".join(mark_text(mark) if words.code == "en" else _mark(mark, words) for mark in calculated)


def _mark(mark: Calculated, words: Language) -> str:
    return words.say(
        "file.mark",
        system=mark.from_system,
        ms=sure_ms(mark),
        before=mark.before_count,
        after=mark.after_count,
        passing=mark.from_passing_id,
    )


def _columns(row_type: type[msgspec.Struct]) -> tuple[str, ...]:
    return row_type.__struct_fields__
