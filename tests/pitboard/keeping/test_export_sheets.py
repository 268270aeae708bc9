"""Results on paper: pages for every line, whatever the names, and the same file for the same results."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import msgspec
import pytest

from pitboard.keeping.export_files import file_bytes
from pitboard.keeping.export_sheets import _COLUMNS, _Sheet, lines_bytes
from pitboard.keeping.export_tables import LapRow, ResultRow, Table, What
from pitboard.sentences.language import LANGUAGES, LanguageCode

NAMES = ("René Dubois", "محمد العربي", "日本語の名前", "🏁 Team", "W" * 80, "a\u0301\u0301b", "=1+1", "")


def result(rank: int | None, name: str) -> ResultRow:
    return ResultRow(
        rank=rank, name=name, best_ns=12_345_000_000, gap_ns=None, laps=3, runs=1, disqualified=rank is None,
        competitor="c", calculated="",
    )  # fmt: skip


def results(what: What, *rows: ResultRow) -> Table:
    return Table(event="Summer Cup", resolution_ns=1_000_000, what=what, rows=list(rows))


def pages(content: bytes) -> int:
    assert content.startswith(b"%PDF-")
    return len(re.findall(rb"/Type /Page\b", content))


def test_each_with_a_place_has_a_certificate_whatever_the_name() -> None:
    table = results("certificates", *(result(number, name) for number, name in enumerate(NAMES, start=1)))
    assert pages(file_bytes(table, "pdf", "comma")) == len(NAMES)


def test_who_has_no_place_has_no_certificate_and_a_file_has_a_page() -> None:
    assert pages(file_bytes(results("certificates", result(1, "A"), result(None, "B")), "pdf", "comma")) == 1
    assert pages(file_bytes(results("certificates"), "pdf", "comma")) == 1


@pytest.mark.parametrize(("count", "sheets"), [(0, 1), (34, 1), (80, 3)])
def test_a_sheet_goes_on_on_the_next_one(count: int, sheets: int) -> None:
    table = results("results", *(result(number, f"Driver {number}") for number in range(1, count + 1)))
    assert pages(file_bytes(table, "pdf", "comma")) == sheets


def test_the_same_results_are_the_same_file() -> None:
    table = results("results", result(1, "Anna"))
    assert file_bytes(table, "pdf", "comma") == file_bytes(table, "pdf", "comma")


def test_laps_are_printed_with_what_was_judged() -> None:
    lap = LapRow(
        name="Anna", run=1, lap=1, lap_ns=10**9, counts=False, verdict="void", short=True, corrected=False,
        phase="confirmed", unit="A", track="1", competitor="c", calculated="",
    )  # fmt: skip
    table = Table(event="Summer Cup", resolution_ns=1_000_000, what="laps", rows=[lap] * 40)
    assert pages(file_bytes(table, "pdf", "comma")) == 2


def test_a_file_for_a_person_is_in_a_language_and_one_for_a_program_is_not() -> None:
    lap = LapRow(
        name="Anna", run=1, lap=2, lap_ns=10**9, counts=False, verdict="void", short=True, corrected=False,
        phase="confirmed", unit="A", track="1", competitor="c", calculated="",
    )  # fmt: skip
    english = Table(event="Cup", resolution_ns=1_000_000, what="laps", rows=[lap])
    german = msgspec.structs.replace(english, language="de")
    heads, row = file_bytes(german, "csv", "semicolon").decode("utf-8-sig").splitlines()
    assert heads == (
        "Name;Lauf;Runde;Zeit;zählt;Urteil;zu kurz;korrigiert;Stand;Einheit;Strecke;Kennung;berechnet"
    )
    assert row.split(";")[:9] == ["Anna", "1", "2", "0:01,000", "", "ungültig", "ja", "", "bestätigt"]
    heads, row = file_bytes(english, "csv", "comma").decode("utf-8-sig").splitlines()
    assert heads == "name,run,lap,time,counts,verdict,short,corrected,phase,unit,track,competitor,calculated"
    assert row.split(",")[:9] == ["Anna", "1", "2", "1.000", "", "void", "yes", "", "confirmed"]
    assert b"language" not in file_bytes(english, "json", "comma")


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("what", ["results", "laps"])
def test_no_head_of_a_sheet_is_cut(what: What, code: LanguageCode) -> None:
    with _Sheet("P", Table(event="Cup", resolution_ns=1, what=what, rows=[], language=code)) as sheet:
        sheet.use_font(9, is_bold=True)
        for name, width_mm in _COLUMNS[what].items():
            assert sheet.get_string_width(sheet.heads[name]) <= width_mm - 2, sheet.heads[name]


def test_a_sheet_that_is_made_leaves_no_font_file_open() -> None:
    gc.disable()  # which would close them sooner or later
    try:
        for what in ("results", "certificates"):
            file_bytes(results(what, result(1, "A")), "pdf", "comma")
        file_bytes(results("laps"), "pdf", "comma")
        lines_bytes(["Rehearsal", "well"])
        held = [str(one.resolve()) for one in Path("/proc/self/fd").iterdir()]
    finally:
        gc.enable()
    assert not [path for path in held if path.endswith((".ttf", ".otf", ".ttc"))]
