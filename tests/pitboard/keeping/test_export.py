"""Exports read back as they were written, and no name ever becomes a formula."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from pitboard.clock import ScriptedClock
from pitboard.journal.replica import Replica
from pitboard.keeping.export_command import export
from pitboard.race.bodies import CompetitorJudged, CompetitorRegistered
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols, confirmed_run

NAMES = [
    '=HYPERLINK("http://evil","x")',
    "+49 Ann",
    "-Ben",
    "@Carla",
    'Zoë "Z", <ß> & Co',
    "Ann\tTab",
    "Last",
]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven competitors, the first the fastest; the last one is disqualified."""
    path = tmp_path_factory.mktemp("export") / "j.db"

    async def story() -> None:
        unit, central = Teller(UNIT_A, "Track A"), central_enrols(UNIT_A)
        seq = 1
        for number, name in enumerate(NAMES):
            unit.say(CompetitorRegistered(competitor=f"c{number}", name=name))
            laps_s = [1.0, 62.5 + number]  # the first one is too short
            start_s = 10 + 100 * number
            seq = confirmed_run(
                unit, f"r{number}", f"c{number}", start_s=start_s, laps_s=laps_s, first_seq=seq
            )
        central.say(CompetitorJudged(competitor="c6", standing="disqualified", reason="x"))
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
        rows.append([cells.get(column, "") for column in range(8)])
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
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


HEADINGS = ["rank", "name", "best", "gap", "laps", "runs", "disqualified", "competitor"]


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "ods"])
def test_results_read_back_as_the_board_has_them(journal: Path, file_format: str) -> None:
    data = exported(journal, "--format", file_format)
    rows = {"csv": rows_of_csv, "xlsx": rows_of_xlsx, "ods": rows_of_ods}[file_format](data)
    assert rows[0] == HEADINGS
    names = [name.removeprefix("'") for _, name, *_ in rows[1:]]
    assert [name.replace("\t", " ") for name in names] == [name.replace("\t", " ") for name in NAMES]
    assert [rows[1][0], *rows[1][2:]] == ["1", "1:02.500", "0.000", "1", "1", "", "c0"]
    assert [rows[7][0], *rows[7][2:]] == ["", "1:08.500", "", "1", "1", "yes", "c6"]


def test_in_csv_an_apostrophe_stands_before_what_a_spreadsheet_would_run(journal: Path) -> None:
    names = [row[1] for row in rows_of_csv(exported(journal, "--format", "csv"))[1:]]
    assert [name[0] for name in names] == ["'", "'", "'", "'", "Z", "A", "L"]


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
    }


def test_laps_are_listed_with_those_that_do_not_count(journal: Path) -> None:
    rows = rows_of_csv(exported(journal, "--format", "csv", "--what", "laps"))
    assert rows[0][:8] == ["name", "run", "lap", "time", "counts", "verdict", "short", "corrected"]
    assert len(rows) == 1 + 2 * len(NAMES)
    assert rows[1][1:7] == ["1", "1", "1.000", "", "", "yes"]
    assert rows[2][1:] == ["1", "2", "1:02.500", "yes", "", "", "", "confirmed", "Track 0", "1", "c0"]


def test_a_file_is_written_where_one_is_named(journal: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.xlsx"
    assert exported(journal, "--format", "xlsx", "--out", str(out)) == b""
    assert rows_of_xlsx(out.read_bytes())[0] == HEADINGS
