"""Exports read back as they were written, and no name ever becomes a formula."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from pitboard.clock import ScriptedClock
from pitboard.journal.replica import Replica
from pitboard.keeping.export_command import export
from pitboard.race.bodies.people_bodies import CompetitorJudged, CompetitorRegistered
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols, confirmed_run

BOM = b"\xef\xbb\xbf"
NAMES = [
    '=HYPERLINK("http://evil","x")',
    "+49 Ann",
    "-Ben",
    "@Carla",
    'Zoë "Z", <ß> & Co',
    "Ann\tTab",
    "1E5",
    "00123",
    "MAR1",
    "Last",
]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten competitors, the first the fastest; the last one is disqualified."""
    path = tmp_path_factory.mktemp("export") / "j.db"

    async def story() -> None:
        unit, central = Teller(UNIT_A, "Track A"), central_enrols(UNIT_A)
        seq = 1
        for number, name in enumerate(NAMES):
            unit.say(CompetitorRegistered(competitor_id=f"c{number}", name=name))
            laps_s = [1.0, 62.5 + number]  # the first one is too short
            start_s = 10 + 100 * number
            seq = confirmed_run(
                unit, f"r{number}", f"c{number}", start_s=start_s, laps_s=laps_s, first_seq=seq
            )
        central.say(CompetitorJudged(competitor_id="c9", disqualification="disqualified", reason="x"))
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept([*central.records, *unit.records])

    asyncio.run(story())
    return path


def exported(journal: Path, *options: str) -> bytes:
    outcome = CliRunner().invoke(export, ["--journal", str(journal), *options])
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout_bytes


def rows_of_xlsx(data: bytes) -> list[list[str]]:
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    archive = zipfile.ZipFile(io.BytesIO(data))
    strings = [
        "".join(text.text or "" for text in one.iter(f"{{{space['m']}}}t"))
        for one in ElementTree.fromstring(archive.read("xl/sharedStrings.xml")).findall("m:si", space)
    ]
    sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert sheet.findall(".//m:f", space) == []  # no formula
    rows = []
    for row in sheet.findall(".//m:row", space):
        cells = {}
        for cell in row.findall("m:c", space):
            value = cell.findtext("m:v", "", space)
            column = ord(cell.get("r", "?")[0]) - ord("A")
            cells[column] = strings[int(value)] if cell.get("t") == "s" else value
        rows.append([cells.get(column, "") for column in range(len(HEADINGS))])
    return rows


def rows_of_ods(data: bytes) -> list[list[str]]:
    table, text = (f"{{urn:oasis:names:tc:opendocument:xmlns:{one}:1.0}}" for one in ("table", "text"))
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.namelist()[0] == "mimetype"
    assert data[30:38] == b"mimetype"
    content = ElementTree.fromstring(archive.read("content.xml"))
    assert not any("formula" in name for cell in content.iter() for name in cell.attrib)
    return [
        [cell.findtext(f"{text}p", "") for cell in row.iter(f"{table}table-cell")]
        for row in content.iter(f"{table}table-row")
    ]


def rows_of_csv(data: bytes) -> list[list[str]]:
    return [[without_quoting(cell) for cell in row] for row in raw_rows_of_csv(data)]


def raw_rows_of_csv(data: bytes, delimiter: str = ",") -> list[list[str]]:
    assert data.startswith(BOM)
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def without_quoting(cell: str) -> str:
    """Return what a spreadsheet shows for ="text"."""
    is_quoted = cell.startswith('="') and cell.endswith('"')
    return cell[2:-1].replace('""', '"') if is_quoted else cell


def shown_time(value: str) -> str:
    """Return a spreadsheet's number of days as the format [m]:ss.000 shows it."""
    minutes, ms = divmod(round(float(value) * 86_400_000), 60_000)
    return f"{minutes}:{ms // 1_000:02d}.{ms % 1_000:03d}"


HEADINGS = ["rank", "name", "best", "gap", "laps", "runs", "disqualified", "competitor", "calculated"]


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "ods"])
def test_results_read_back_as_the_board_has_them(journal: Path, file_format: str) -> None:
    data = exported(journal, "--format", file_format)
    rows = {"csv": rows_of_csv, "xlsx": rows_of_xlsx, "ods": rows_of_ods}[file_format](data)
    assert rows[0] == HEADINGS
    names = [name.removeprefix("'") for _, name, *_ in rows[1:]]
    assert [name.replace("\t", " ") for name in names] == [name.replace("\t", " ") for name in NAMES]
    if file_format == "xlsx":
        for row in rows[1:]:
            row[2:4] = [cell and shown_time(cell) for cell in row[2:4]]
    no_gap = "0:00.000" if file_format == "xlsx" else "0.000"
    assert [rows[1][0], *rows[1][2:]] == ["1", "1:02.500", no_gap, "1", "1", "", "c0", ""]
    assert [rows[10][0], *rows[10][2:]] == ["", "1:11.500", "", "1", "1", "yes", "c9", ""]


def test_in_csv_an_apostrophe_stands_before_what_a_spreadsheet_would_run(journal: Path) -> None:
    names = [row[1] for row in rows_of_csv(exported(journal, "--format", "csv"))[1:]]
    assert [name[0] for name in names] == ["'", "'", "'", "'", "Z", "A", "1", "0", "M", "L"]


def test_json_has_integers_of_nanoseconds(journal: Path) -> None:
    table = json.loads(exported(journal, "--format", "json"))
    assert (table["event"], table["resolution_ns"], table["what"]) == ("Test race", 1_000_000, "results")
    assert table["rows"][1] == {
        "rank": 2,
        "name": "+49 Ann",
        "best_ns": 63_500_000_000,
        "gap_ns": 1_000_000_000,
        "laps": 1,
        "runs": 1,
        "disqualified": False,
        "competitor": "c1",
        "calculated": "",
    }


def test_laps_are_listed_with_those_that_do_not_count(journal: Path) -> None:
    rows = rows_of_csv(exported(journal, "--format", "csv", "--what", "laps"))
    assert rows[0][:8] == ["name", "run", "lap", "time", "counts", "verdict", "short", "corrected"]
    assert len(rows) == 1 + 2 * len(NAMES)
    assert rows[1][1:7] == ["1", "1", "1.000", "", "", "yes"]
    assert rows[2][1:] == ["1", "2", "1:02.500", "yes", "", "", "", "confirmed", "Track 0", "1", "c0", ""]


def test_a_file_is_written_where_one_is_named(journal: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.xlsx"
    assert exported(journal, "--format", "xlsx", "--out", str(out)) == b""
    assert rows_of_xlsx(out.read_bytes())[0] == HEADINGS


def test_with_semicolons_a_time_has_its_minutes_and_a_decimal_comma(journal: Path) -> None:
    data = exported(journal, "--format", "csv", "--what", "laps", "--separator", "semicolon")
    times = [row[3] for row in raw_rows_of_csv(data, ";")[1:]]
    assert times[:4] == ["0:01,000", "1:02,500", "0:01,000", "1:03,500"]


LIBREOFFICE = shutil.which("soffice")
_UTF_8, _COMMA, _SEMICOLON, _QUOTE, _ENGLISH, _GERMAN = 76, 44, 59, 34, 1033, 1031


@pytest.mark.skipif(LIBREOFFICE is None and "CI" not in os.environ, reason="no LibreOffice here")
@pytest.mark.parametrize(
    ("file_format", "options", "reading"),
    [
        ("csv", [], f"CSV:{_COMMA},{_QUOTE},{_UTF_8},1,,{_ENGLISH}"),
        ("csv", ["--separator", "semicolon"], f"CSV:{_SEMICOLON},{_QUOTE},{_UTF_8},1,,{_GERMAN}"),
        ("xlsx", [], None),
        ("ods", [], None),
    ],
)
def test_libreoffice_shows_names_and_times_as_they_were(
    journal: Path, tmp_path: Path, file_format: str, options: list[str], reading: str | None
) -> None:
    """English and German by the language that a CSV file is read under; the others carry their formats."""
    assert LIBREOFFICE is not None, "apt install libreoffice-calc"
    out = tmp_path / f"results.{file_format}"
    exported(journal, "--format", file_format, *options, "--out", str(out))
    command = [LIBREOFFICE, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile"]
    command += [f"--infilter={reading}"] if reading else []
    command += ["--convert-to", "html", "--outdir", str(tmp_path / "shown"), str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    page = (tmp_path / "shown" / "results.html").read_text(encoding="utf-8")
    rows = [re.findall(r"<td([^>]*)>(.*?)</td>", row) for row in page.split("<tr>")[2:]]
    names = [plain(row[1][1]).removeprefix("'") for row in rows]
    assert [" ".join(name.split()) for name in names] == [" ".join(name.split()) for name in NAMES]
    assert [shown_time(number_of(row[2][0])) for row in rows[:3]] == ["1:02.500", "1:03.500", "1:04.500"]
    if file_format != "csv":
        assert [plain(row[2][1]) for row in rows[:3]] == ["1:02.500", "1:03.500", "1:04.500"]


def number_of(attributes: str) -> str:
    return attributes.partition('sdval="')[2].partition('"')[0]


def plain(cell: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", cell))
