"""A table as a file: CSV and JSON for programs and spreadsheets, XLSX and ODS for spreadsheets.

A spreadsheet keeps what it is given: times are numbers that sort, and no text becomes a formula, a number or
a date."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec
import xlsxwriter

from pitboard.drawing.time_text import decimal_count_of, format_lap_ns
from pitboard.errors import ConfigRefused
from pitboard.keeping.export_tables import Cell, Duration, Table

Format = Literal["csv", "json", "xlsx", "ods", "pdf"]
Separator = Literal["comma", "semicolon"]

# What OWASP lists for CSV, with the wide forms that spreadsheets take for the narrow ones.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A spreadsheet makes a number, a date or a truth value of these when a CSV file is opened by a double click.
_TAKEN_FOR_A_VALUE = re.compile(r".*\d.*|true|false|wahr|falsch", re.IGNORECASE | re.DOTALL)
_SIGNS: dict[Separator, str] = {"comma": ",", "semicolon": ";"}
_SHEET_NAME_MAX_LENGTH = 31
_TIME_DECIMALS_MAX = 3  # a spreadsheet's time format shows no more
_SECONDS_PER_DAY = 86_400
_NS_PER_SECOND = 1_000_000_000


def csv_bytes(table: Table, separator: Separator = "comma") -> bytes:
    """Return the table as UTF-8 CSV with a byte-order mark.

    With semicolons, which a German spreadsheet expects, times have a decimal comma and always their minutes.
    """
    heading = io.StringIO(newline="")
    csv.writer(heading, delimiter=_SIGNS[separator]).writerow(table.headings)
    return heading.getvalue().encode("utf-8-sig") + csv_rows(table, separator)


def csv_rows(table: Table, separator: Separator = "comma") -> bytes:
    """Return the rows alone, for a table that is written piece by piece."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=_SIGNS[separator])
    writer.writerows([_csv_cell(cell, separator) for cell in cells] for cells in table.cells())
    return text.getvalue().encode()


def _csv_cell(cell: Cell, separator: Separator) -> str | int | None:
    if isinstance(cell, Duration):
        return _csv_time(format_lap_ns(cell.duration_ns, resolution_ns=cell.resolution_ns), separator)
    if not isinstance(cell, str):
        return cell
    if cell.startswith(_FORMULA_SIGNS):
        return f"'{cell}"
    if _TAKEN_FOR_A_VALUE.fullmatch(cell):
        quoted = cell.replace('"', '""')
        return f'="{quoted}"'
    return cell


def _csv_time(text: str, separator: Separator) -> str:
    if separator == "comma":
        return text
    whole, _, decimals = text.partition(".")
    with_minutes = whole if ":" in whole else f"0:{whole:0>2}"
    return f"{with_minutes},{decimals}" if decimals else with_minutes


def json_bytes(table: Table) -> bytes:
    """Return the table with its times as integers of nanoseconds."""
    return msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"


def xlsx_bytes(table: Table) -> bytes:
    """Return the table as a workbook in which every text is a plain string and every time a number."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as workbook:
        sheet = workbook.add_worksheet(table.title[:_SHEET_NAME_MAX_LENGTH])
        bold = workbook.add_format({"bold": True})
        as_time = workbook.add_format(
            {"num_format": _xlsx_time_format(decimal_count_of(table.resolution_ns))}
        )
        for column, heading in enumerate(table.headings):
            sheet.write_string(0, column, heading, bold)
        for row, cells in enumerate(table.cells(), start=1):
            for column, cell in enumerate(cells):
                if isinstance(cell, Duration):
                    sheet.write_number(row, column, _as_number(cell), as_time)
                elif isinstance(cell, int):
                    sheet.write_number(row, column, cell)
                elif cell:
                    sheet.write_string(row, column, cell)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return file.getvalue()


def _xlsx_time_format(decimal_count: int) -> str:
    if decimal_count > _TIME_DECIMALS_MAX:
        return "0." + "0" * decimal_count
    return "[m]:ss" + ("." + "0" * decimal_count if decimal_count else "")


def _as_number(duration: Duration) -> float:
    """Return days, in which spreadsheets count; seconds where a time format shows too few decimals."""
    seconds = duration.duration_ns / _NS_PER_SECOND
    if decimal_count_of(duration.resolution_ns) > _TIME_DECIMALS_MAX:
        return seconds
    return seconds / _SECONDS_PER_DAY


MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="{MEDIA_TYPE}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"""
_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:automatic-styles>
<number:time-style style:name="T" number:truncate-on-overflow="false">
<number:minutes/><number:text>:</number:text>
<number:seconds number:style="long" number:decimal-places="{decimals}"/></number:time-style>
<number:number-style style:name="S"><number:number number:min-integer-digits="1"
 number:decimal-places="{decimals}"/></number:number-style>
<style:style style:name="time" style:family="table-cell" style:data-style-name="{data_style}"/>
</office:automatic-styles>
<office:body><office:spreadsheet><table:table table:name={name}>
{rows}
</table:table></office:spreadsheet></office:body></office:document-content>
"""
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def ods_bytes(table: Table) -> bytes:
    """Return the table as a spreadsheet file in which every text is a plain string and every time a time."""
    rows = "\n".join(_ods_row(cells) for cells in [list[Cell](table.headings), *table.cells()])
    decimals = decimal_count_of(table.resolution_ns)
    content = _CONTENT.format(
        name=quoteattr(table.title),
        rows=rows,
        decimals=decimals,
        data_style="T" if decimals <= _TIME_DECIMALS_MAX else "S",
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        # First and not compressed, so that the kind of file can be told from its first bytes.
        archive.writestr(_zip_entry("mimetype"), MEDIA_TYPE, zipfile.ZIP_STORED)
        archive.writestr(_zip_entry("META-INF/manifest.xml"), _MANIFEST)
        archive.writestr(_zip_entry("content.xml"), content)
    return file.getvalue()


def _zip_entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _ods_row(cells: list[Cell]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, cells))}</table:table-row>"


def _ods_cell(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<table:table-cell/>"
    if isinstance(cell, Duration):
        return _ods_duration(cell)
    if isinstance(cell, int):
        value = f'office:value-type="float" office:value="{cell}"'
        return f"<table:table-cell {value}><text:p>{cell}</text:p></table:table-cell>"
    text = escape(_NOT_XML.sub("", cell))
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def _ods_duration(duration: Duration) -> str:
    text = format_lap_ns(duration.duration_ns, resolution_ns=duration.resolution_ns)
    seconds, rest_ns = divmod(duration.duration_ns, _NS_PER_SECOND)
    if decimal_count_of(duration.resolution_ns) > _TIME_DECIMALS_MAX:
        value = f'office:value-type="float" office:value="{seconds}.{rest_ns:09d}"'
    else:
        minutes, seconds = divmod(seconds, 60)
        value = f'office:value-type="time" office:time-value="PT{minutes}M{seconds}.{rest_ns:09d}S"'
    return f'<table:table-cell table:style-name="time" {value}><text:p>{text}</text:p></table:table-cell>'


def file_bytes(table: Table, file_format: Format, separator: Separator) -> bytes:
    """Return the table as a file of the format; the separator is CSV's."""
    if file_format == "csv":
        return csv_bytes(table, separator)
    if file_format == "pdf":
        return pdf_bytes(table)
    return _WRITERS[file_format](table)


def pdf_bytes(table: Table) -> bytes:
    """Return sheets to pin up, or certificates; raises ConfigRefused where this machine cannot make them."""
    try:
        from pitboard.keeping.export_sheets import certificate_bytes, sheet_bytes
    except ModuleNotFoundError as error:
        raise ConfigRefused(
            path="pitboard", reason="PDF needs the package fpdf2; install Pitboard with its extra 'central'"
        ) from error
    return certificate_bytes(table) if table.what == "certificates" else sheet_bytes(table)


_WRITERS: dict[Format, Callable[[Table], bytes]] = {
    "json": json_bytes,
    "xlsx": xlsx_bytes,
    "ods": ods_bytes,
}
