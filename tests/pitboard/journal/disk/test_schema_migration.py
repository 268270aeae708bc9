"""A journal file of an earlier version becomes one of today, and a copy of it is put aside first."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import ConfigRefused
from pitboard.journal.disk.journal_schema import VERSION, is_sound, meta_of
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered, PersonErased
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols

FIRST_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE records (
    arrival INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    body BLOB,
    UNIQUE (stream, seq)
) STRICT;
CREATE TABLE quarantine (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    body BLOB,
    reason TEXT NOT NULL,
    UNIQUE (stream, seq, header)
) STRICT;
"""
"""As version 1 wrote it; never changed here."""


def file_of_version_1(path: Path) -> Teller:
    unit = Teller(UNIT_A, "Track A")
    unit.say(CompetitorRegistered(competitor_id="c", name="Ann"))
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(FIRST_SCHEMA)
        database.executemany("INSERT INTO meta VALUES (?, ?)", [("schema", "1"), ("root_key", ROOT.key)])
        database.executemany(
            "INSERT INTO records (stream, seq, header, signature, body) VALUES (?, ?, ?, ?, ?)",
            [
                (one.stream, one.seq, one.header_bytes, one.signature, one.body_bytes)
                for one in [*central_enrols(UNIT_A).records, *unit.records]
            ],
        )
    database.close()
    return unit


def meta_in(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as database:
        meta = dict(database.execute("SELECT key, value FROM meta").fetchall())
    database.close()
    return meta


def opened(path: Path) -> dict[str, int]:
    async def story() -> dict[str, int]:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            assert replica.fold.race.name_of("c") == "Ann"
            return replica.have()

    return asyncio.run(story())


def test_a_file_of_version_1_is_migrated_once_and_its_copy_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    unit = file_of_version_1(path)
    have = opened(path)
    assert have[unit.writer.stream] == 2
    assert meta_in(path) == meta_of(ROOT.key)
    copy = tmp_path / "j.db.schema-1"
    assert meta_in(copy) == {"schema": "1", "root_key": ROOT.key}
    before = copy.read_bytes()
    assert opened(path) == have
    assert copy.read_bytes() == before
    assert copy.stat().st_mode & 0o777 == 0o600, "names are in it"


def test_an_erasure_leaves_no_name_in_the_copy_of_a_file_of_version_1(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    unit = file_of_version_1(path)
    opened(path)
    central = central_enrols()
    erased = central.say(PersonErased(competitor_id="c", records={unit.writer.stream: [2]}))

    async def erase() -> None:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept([*central.records[:-1], erased])
            assert replica.fold.race.name_of("c") != "Ann"

    asyncio.run(erase())
    assert not [one.name for one in tmp_path.iterdir() if b'"Ann"' in one.read_bytes()]


def test_a_migration_cut_off_half_way_is_done_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    file_of_version_1(path)
    (tmp_path / "j.db.schema-1").write_bytes(b"half a copy")
    opened(path)
    assert meta_in(path)["schema"] == str(VERSION)
    assert meta_in(tmp_path / "j.db.schema-1")["schema"] == "1"


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    file_of_version_1(path)
    opened(path)
    with sqlite3.connect(path) as database:
        for key, value in {**meta_of(ROOT.key), "schema": "99"}.items():
            database.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
        check = hashlib.sha256(f"99 {ROOT.key}".encode()).hexdigest()
        database.execute("UPDATE meta SET value = ? WHERE key = 'check'", (check,))
    database.close()
    with pytest.raises(ConfigRefused, match="newer version"):
        opened(path)
    assert meta_in(path)["schema"] == "99"


def test_what_the_table_says_of_itself_is_checked() -> None:
    meta = meta_of(ROOT.key)
    assert is_sound(meta)
    assert not is_sound({**meta, "root_key": UNIT_A.key})
    assert not is_sound({**meta, "schema": ""})
    assert not is_sound({key: value for key, value in meta.items() if key != "check"})
    assert is_sound({"schema": "1", "root_key": ROOT.key})
