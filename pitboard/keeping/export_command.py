"""`pitboard export`: results or laps of any journal file, for spreadsheets and other programs."""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args
from xml.sax.saxutils import escape, quoteattr

import click
import msgspec
import xlsxwriter

from pitboard.drawing.time_text import format_gap_ns, format_lap_ns
from pitboard.errors import Refusal
from pitboard.journal.views import BoardView, encode_view, view_board
from pitboard.keeping.export_tables import Cell, Table, What, table_of
from pitboard.keeping.journal_copy import fold_file

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"

_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="{MEDIA_TYPE}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"""
_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:spreadsheet><table:table table:name={name}>
{rows}
</table:table></office:spreadsheet></office:body></office:document-content>
"""
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def ods_bytes(table: Table) -> bytes:
    """Return the table as a spreadsheet file."""
    rows = "\n".join(_row(cells) for cells in [list[Cell](table.headings), *table.cells()])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        # First and not compressed, so that the kind of file can be told from its first bytes.
        archive.writestr(_entry("mimetype"), MEDIA_TYPE, zipfile.ZIP_STORED)
        archive.writestr(_entry("META-INF/manifest.xml"), _MANIFEST)
        archive.writestr(_entry("content.xml"), _CONTENT.format(name=quoteattr(table.what), rows=rows))
    return file.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _row(cells: list[Cell]) -> str:
    return f"<table:table-row>{''.join(map(_cell, cells))}</table:table-row>"


def _cell(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<table:table-cell/>"
    if isinstance(cell, int):
        value = f'office:value-type="float" office:value="{cell}"'
        return f"<table:table-cell {value}><text:p>{cell}</text:p></table:table-cell>"
    text = escape(_NOT_XML.sub("", cell))
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


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


_BINARY: tuple[Format, ...] = ("xlsx", "ods")


@click.command()
@click.option(
    "--journal",
    "journal_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Journal file of a unit, a display or central; its program may run.",
)
@click.option("--format", "file_format", required=True, type=click.Choice(sorted(WRITERS)))
@click.option("--what", default="results", show_default=True, type=click.Choice(get_args(What)))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else it is printed."
)
def export(journal_path: Path, file_format: Format, what: What, out: Path | None) -> None:
    """Write the results, or every lap, as a table; times are cut to the event's resolution."""
    if out is None and file_format in _BINARY and sys.stdout.isatty():
        raise Refusal(f"{file_format} is not for a terminal; name a file with --out")
    data = WRITERS[file_format](table_of(fold_file(journal_path), what))
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"{what} written to {out}", err=True)


@click.command()
@click.option(
    "--journal",
    "journal_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Journal file of a unit, a display or central.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def board(journal_path: Path, as_json: bool) -> None:
    """Print the board that a journal file gives."""
    view = view_board(fold_file(journal_path))
    click.echo(encode_view(view).decode() if as_json else board_table(view))


def board_table(view: BoardView) -> str:
    """Return the board as lines of text."""
    lines = [view.event.name]
    if not view.entries:
        lines.append("No confirmed result yet.")
    for entry in view.entries:
        rank = "" if entry.rank is None else str(entry.rank)
        best = format_lap_ns(entry.best_ns, resolution_ns=view.event.resolution_ns)
        gap = format_gap_ns(entry.gap_ns, resolution_ns=view.event.resolution_ns) if entry.gap_ns else ""
        lines.append(f"{rank:>4}  {best:>10}  {gap:>10}  {entry.name}")
    return "\n".join(lines)
