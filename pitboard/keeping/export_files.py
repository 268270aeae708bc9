"""A table as CSV, JSON, XLSX or ODS.

Names come from strangers: one that begins like a formula must stay a name in every spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Literal

import msgspec
import xlsxwriter

from pitboard.keeping.export_tables import Cell, Table
from pitboard.keeping.ods_file import ods_bytes

Format = Literal["csv", "json", "xlsx", "ods"]

# What OWASP lists for CSV, with the wide forms that spreadsheets take for the narrow ones.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SHEET_NAME_MAX_LENGTH = 31


def csv_bytes(table: Table) -> bytes:
    """Return the table as UTF-8 CSV; an apostrophe stands before a text that begins like a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.headings)
    writer.writerows([_defused(cell) for cell in cells] for cells in table.cells())
    return text.getvalue().encode()


def json_bytes(table: Table) -> bytes:
    """Return the table with its times as integers of nanoseconds."""
    return msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"


def xlsx_bytes(table: Table) -> bytes:
    """Return the table as a workbook in which every text is a plain string."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as workbook:
        sheet = workbook.add_worksheet(table.what[:_SHEET_NAME_MAX_LENGTH])
        bold = workbook.add_format({"bold": True})
        for column, heading in enumerate(table.headings):
            sheet.write_string(0, column, heading, bold)
        for row, cells in enumerate(table.cells(), start=1):
            for column, cell in enumerate(cells):
                if isinstance(cell, int):
                    sheet.write_number(row, column, cell)
                elif cell:
                    sheet.write_string(row, column, cell)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return file.getvalue()


WRITERS: dict[Format, Callable[[Table], bytes]] = {
    "csv": csv_bytes,
    "json": json_bytes,
    "xlsx": xlsx_bytes,
    "ods": ods_bytes,
}


def _defused(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_SIGNS) else cell
