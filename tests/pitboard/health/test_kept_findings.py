"""A journal that SQLite calls whole is green; a damaged one, and a certificate of no use, are named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pitboard.health import kept_findings as kept
from pitboard.health.findings import Finding
from pitboard.health.kept_findings import kept_findings
from pitboard.sentences.language import LANGUAGES, language
from pitboard.trust.certificate import Certificate


def journal_at(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
        database.execute("INSERT INTO meta VALUES ('schema', '2')")
        database.execute("CREATE TABLE records (arrival INTEGER PRIMARY KEY, header BLOB)")
        database.executemany("INSERT INTO records VALUES (?, ?)", [(n, bytes(900)) for n in range(40)])
    database.close()


def found(data: Path) -> dict[str, Finding]:
    return {one.code: one for one in kept_findings(data)}


def test_whole_journals_and_certificates_are_green(tmp_path: Path) -> None:
    journal_at(tmp_path / "unit.db")
    Certificate.load_or_create(tmp_path / "unit.tls.pem")
    said = found(tmp_path)
    assert {code: one.colour for code, one in said.items()} == {
        "journal-unit": "green",
        "certificates": "green",
    }
    assert f"tables of version 2, 1 MiB, SQLite {sqlite3.sqlite_version}" in said["journal-unit"].sentence


def test_a_small_file_beside_a_journal_is_no_damaged_journal(tmp_path: Path) -> None:
    """Of every unit with a touchscreen the doctor called the contacts that wait a damaged journal."""
    with sqlite3.connect(tmp_path / "unit-contacts.db") as database:
        database.execute("CREATE TABLE contacts (sealed BLOB)")
    database.close()
    said = found(tmp_path)["journal-unit-contacts"]
    assert (said.colour, said.sentence) == ("green", f"{tmp_path}/unit-contacts.db is whole.")


def test_a_journal_with_a_damaged_page_is_red(tmp_path: Path) -> None:
    journal_at(tmp_path / "unit.db")
    content = bytearray((tmp_path / "unit.db").read_bytes())
    content[3 * 4_096 : 3 * 4_096 + 64] = b"\xff" * 64
    (tmp_path / "unit.db").write_bytes(content)
    assert found(tmp_path)["journal-unit-damaged"].colour == "red"
    (tmp_path / "unit.db").write_bytes(b"no journal at all")
    assert "not a journal" in found(tmp_path)["journal-unit-damaged"].sentence


def test_a_journal_too_large_to_be_copied_is_left_to_verify(tmp_path: Path) -> None:
    journal_at(tmp_path / "unit.db")
    with (tmp_path / "unit.db-wal").open("wb") as file:
        file.truncate(kept.LOOKED_AT_MAX_BYTES - (tmp_path / "unit.db").stat().st_size + 1)
    assert "pitboard verify" in found(tmp_path)["journal-unit"].sentence


def test_what_was_moved_aside_is_named(tmp_path: Path) -> None:
    journal_at(tmp_path / "unit.db")
    (tmp_path / "unit.db.damaged-1").touch()
    assert found(tmp_path)["journal-was-damaged"].fields == {"files": "unit.db.damaged-1"}


def test_a_certificate_of_no_use_is_red_at_central_and_yellow_where_another_is_made(tmp_path: Path) -> None:
    for name in ("central", "unit"):
        (tmp_path / f"{name}.tls.pem").write_text("nothing")
    colours = {code: one.colour for code, one in found(tmp_path).items()}
    assert colours == {"certificate-central": "red", "certificate-unit": "yellow"}
    assert (tmp_path / "unit.tls.pem").read_text() == "nothing", "the doctor changes nothing"


def test_what_is_kept_is_spoken_of_in_every_language(tmp_path: Path) -> None:
    journal_at(tmp_path / "a.db")
    (tmp_path / "b.db").write_bytes(b"x")
    (tmp_path / "b.db.damaged-1").touch()
    (tmp_path / "central.tls.pem").touch()
    (tmp_path / "unit.tls.pem").touch()
    said = list(kept_findings(tmp_path))
    assert len(said) == 5
    for code in LANGUAGES:
        for one in said:
            assert language(code).knows(one.says), one.code
            assert bool(one.advice) == language(code).knows(f"{one.says}-do"), one.code
            assert "{" not in "".join(one.spoken(language(code)))


def test_a_folder_that_may_not_be_read_is_another_checks_business(tmp_path: Path) -> None:
    assert found(tmp_path / "none") == {}
