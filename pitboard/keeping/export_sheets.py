"""Results on paper: a sheet to pin up, and a certificate for each who has a place, as PDF.

Fonts are this machine's, as on screens: each text is drawn in the first one that has its characters."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Self

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.fonts import TTFFont

from pitboard.drawing.font_files import Weight, find_font_files, read_coverage
from pitboard.drawing.time_text import format_lap_ns
from pitboard.errors import ConfigRefused
from pitboard.keeping.export_tables import Cell, Duration, ResultRow, Table
from pitboard.race.bodies.calculated import SIGN

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells each step of each font
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)  # the same results are the same file
_MARGIN_MM = 15
_ROW_MM = 7
_COLUMNS = {
    "results": {"rank": 12, "name": 76, "best": 28, "gap": 28, "laps": 16, "runs": 14},
    "laps": {"name": 64, "run": 12, "lap": 14, "time": 28, "counts": 16, "verdict": 18, "track": 28},
}
_RIGHT = ("rank", "best", "gap", "laps", "runs", "run", "lap", "time")


def sheet_bytes(table: Table) -> bytes:
    """Return the table as sheets of A4 with heading and page number."""
    columns = _COLUMNS["laps" if table.what == "laps" else "results"]
    places = [table.columns.index(name) for name in columns]
    with _Sheet("P", table) as sheet:
        sheet.add_page()
        for row in table.cells():
            cells = [row[place] for place in places]
            if sheet.get_y() + _ROW_MM > sheet.page_break_trigger:
                sheet.add_page()
            for name, width, cell in zip(columns, columns.values(), cells, strict=True):
                align = Align.R if name in _RIGHT else Align.L
                sheet.write_cell(width, _text(cell), align=align)
            sheet.ln(_ROW_MM)
        return bytes(sheet.output())


def lines_bytes(lines: Sequence[str]) -> bytes:
    """Return lines of text on A4, the first of them as heading; what is too wide goes on below."""
    with _Paper("P", lines[0], "".join(lines)) as paper:
        paper.set_auto_page_break(auto=True, margin=_MARGIN_MM)
        paper.add_page()
        for number, line in enumerate(lines):
            paper.use_font(11 if number else 16, is_bold=not number)
            paper.multi_cell(0, _ROW_MM, line or " ", align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        return bytes(paper.output())


def _text_of(table: Table) -> str:
    return "".join(str(cell) for row in table.cells() for cell in row)


def certificate_bytes(table: Table) -> bytes:
    """Return one page for each who has a place, the best first."""
    with _Paper("L", table.event, _text_of(table)) as paper:
        for row in table.rows:
            if isinstance(row, ResultRow) and row.rank is not None:
                paper.add_page()
                _draw_certificate(paper, table, row)
        if not paper.pages_count:
            paper.add_page()  # a file without a page does not open
        return bytes(paper.output())


def _draw_certificate(paper: _Paper, table: Table, row: ResultRow) -> None:
    middle, width = paper.w / 2, paper.w - 4 * _MARGIN_MM
    paper.set_draw_color(255, 196, 0)
    paper.set_line_width(2.5)
    paper.rect(_MARGIN_MM, _MARGIN_MM, paper.w - 2 * _MARGIN_MM, paper.h - 2 * _MARGIN_MM)
    time = "" if row.best_ns is None else format_lap_ns(row.best_ns, resolution_ns=table.resolution_ns)
    made = table.say("file.calculated-by", what=row.calculated) if row.calculated else ""
    for y_mm, size_pt, is_bold, text in (
        (38, 26, True, table.event),
        (88, 44, True, row.name),
        (122, 60, True, f"{row.rank}."),
        (154, 30, False, f"{SIGN}{time}" if made else time),
        (172, 9, False, made),
    ):
        paper.write_line(text, middle, y_mm, width, size_pt, is_bold=is_bold)


class _Paper(FPDF):
    """A4 with fonts for every character of a text."""

    def __init__(self, orientation: str, title: str, text: str) -> None:
        super().__init__(orientation=orientation, format="A4")
        self.set_creation_date(_NO_DATE)
        self.set_title(title)
        self.set_margin(_MARGIN_MM)
        self.set_auto_page_break(auto=False, margin=_MARGIN_MM)
        self._take_fonts(set(title) | set(text) | set(f"0123456789:.,+–{SIGN}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files of the fonts; they are read until the last line is written."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    def _take_fonts(self, characters: set[str]) -> None:
        missing = {one for one in characters if one.isprintable() and not one.isspace()}
        names: list[str] = []
        for path in _fonts(Weight.REGULAR):
            coverage = read_coverage(path)
            had = (
                set()
                if coverage is None or coverage.is_bitmap
                else {one for one in missing if coverage.has(one)}
            )
            if not had:
                continue
            name = f"font{len(names)}"
            self.add_font(name, fname=path)
            names.append(name)
            missing -= had
            if not missing:
                break
        if not names:
            raise ConfigRefused(path="/usr/share/fonts", reason="no font is there; install fonts-noto-core")
        bold = _fonts(Weight.BOLD)[0]
        self.add_font(names[0], style="B", fname=bold)
        self.set_fallback_fonts(names[1:], exact_match=False)
        self._main = names[0]
        self.set_text_shaping(True)

    def use_font(self, size_pt: float, *, is_bold: bool = False) -> None:
        self.set_font(self._main, style="B" if is_bold else "", size=size_pt)

    def write_line(
        self, text: str, middle_mm: float, y_mm: float, width_mm: float, size_pt: float, *, is_bold: bool
    ) -> None:
        """Write centred, smaller where it would be too wide, and at last in two lines."""
        self.use_font(size_pt, is_bold=is_bold)
        if (wide := self.get_string_width(text)) > width_mm:
            self.use_font(max(size_pt * width_mm / wide, size_pt / 2), is_bold=is_bold)
        self.set_xy(middle_mm - width_mm / 2, y_mm)
        self.multi_cell(width_mm, 10, text, align=Align.C)


class _Sheet(_Paper):
    """A table's pages: each has the event, what it lists, the columns' names and its number."""

    def __init__(self, orientation: str, table: Table) -> None:
        self._table = table
        self.heads = dict(zip(table.columns, table.headings, strict=True))
        super().__init__(orientation, table.event, _text_of(table) + "".join(table.headings))
        self.alias_nb_pages()

    def header(self) -> None:
        self.use_font(16, is_bold=True)
        self.cell(0, 10, self._table.event)
        self.ln(11)
        self.use_font(9, is_bold=True)
        columns = _COLUMNS["laps" if self._table.what == "laps" else "results"]
        for name, width in columns.items():
            self.write_cell(width, self.heads[name], align=Align.R if name in _RIGHT else Align.L)
        self.ln(_ROW_MM)
        self.use_font(10)

    def footer(self) -> None:
        self.set_y(-_MARGIN_MM)
        self.use_font(8)
        self.cell(0, 6, f"{self.page_no()} / {{nb}}", align=Align.R)

    def write_cell(self, width_mm: float, text: str, *, align: Align) -> None:
        """Write one cell; a text that is too wide for it is cut."""
        while text and self.get_string_width(text) > width_mm - 2:
            text = text[:-2] + "…" if len(text) > 2 else ""
        self.cell(width_mm, _ROW_MM, text, align=align, border="B")


@cache
def _fonts(weight: Weight) -> list[Path]:
    return [path for path in find_font_files(weight) if path.suffix.lower() != ".ttc"]


def _text(cell: Cell) -> str:
    if isinstance(cell, Duration):
        return format_lap_ns(cell.duration_ns, resolution_ns=cell.resolution_ns)
    return "" if cell is None else str(cell)
