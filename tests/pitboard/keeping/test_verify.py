"""`pitboard verify` on whole and on damaged journals: each damage is found, named, and nothing else is."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from pitboard.clock import ScriptedClock
from pitboard.journal.replica import Replica
from pitboard.keeping.verify_restore import verify
from pitboard.race.bodies.people_bodies import CompetitorRegistered, PersonErased
from tests.race_story import ROOT, STRANGER, UNIT_A, Teller, central_enrols, confirmed_run

UNIT_STREAM = "a" * 32


def sound_journal(path: Path, *more: Teller) -> Path:
    """Write a small race of an enrolled unit, with one erased name, and what the others said."""

    async def story() -> None:
        unit = Teller(UNIT_A, "Track A", stream=UNIT_STREAM)
        unit.say(CompetitorRegistered(competitor_id="c1", name="Ann"))
        unit.say(CompetitorRegistered(competitor_id="c2", name="Ben"))
        confirmed_run(unit, "r1", "c1", start_s=10, laps_s=[5.0, 6.0], first_seq=1)
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            for teller in (central_enrols(UNIT_A), unit, *more):
                await replica.accept(teller.records)
            replica = await replica.open_stream(ROOT, "Central")
            await replica.append(PersonErased(competitor_id="c2", records={UNIT_STREAM: [3]}))

    asyncio.run(story())
    return path


def change(path: Path, statement: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        assert database.execute(statement, values).rowcount == 1


def flip(path: Path, column: str, seq: int, byte: int) -> None:
    """Flip one bit of a stored header, signature or body."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        where = "WHERE stream = ? AND seq = ?"
        (stored,) = database.execute(f"SELECT {column} FROM records {where}", (UNIT_STREAM, seq)).fetchone()
        changed = bytearray(stored)
        changed[byte] ^= 1
        database.execute(f"UPDATE records SET {column} = ? {where}", (bytes(changed), UNIT_STREAM, seq))


def header_of(path: Path) -> bytes:
    with contextlib.closing(sqlite3.connect(path)) as database:
        statement = "SELECT header FROM records WHERE stream = ? AND seq = 5"
        return bytes(database.execute(statement, (UNIT_STREAM,)).fetchone()[0])


def codes_of(path: Path) -> list[tuple[str, int | None]]:
    outcome = CliRunner().invoke(verify, [str(path), "--json"])
    checked: Any = msgspec.json.decode(outcome.stdout)
    assert outcome.exit_code == (0 if checked["sound"] else 1)
    codes = {finding["code"] for finding in checked["findings"]}
    assert checked["sound"] == (codes <= {"behind", "unknown-key", "quarantined"})
    return [(finding["code"], finding["seq"]) for finding in checked["findings"]]


def test_a_sound_journal_with_an_erased_name_is_sound(tmp_path: Path) -> None:
    path = sound_journal(tmp_path / "j.db")
    outcome = CliRunner().invoke(verify, [str(path)])
    assert (outcome.exit_code, outcome.stdout) == (0, "Sound: 14 records in 3 streams, 1 erased.\n")


@pytest.mark.parametrize(
    ("damage", "codes"),
    [
        (lambda path: flip(path, "body", 5, 20), [("body-mismatch", 5)]),
        (lambda path: flip(path, "signature", 5, 0), [("bad-signature", 5)]),
        (lambda path: flip(path, "header", 5, 0), [("bad-header", 5)]),
        (
            lambda path: flip(path, "header", 5, header_of(path).index(b'"kind":"') + 8),
            [("bad-signature", 5), ("broken-chain", 6)],
        ),
        (
            lambda path: change(path, "DELETE FROM records WHERE stream = ? AND seq = 6", UNIT_STREAM),
            [("gap", 7)],
        ),
        (
            lambda path: change(
                path, "UPDATE records SET body = NULL WHERE stream = ? AND seq = 2", UNIT_STREAM
            ),
            [("body-missing", 2)],
        ),
        (
            lambda path: change(
                path, "UPDATE records SET seq = 99 WHERE stream = ? AND seq = 9", UNIT_STREAM
            ),
            [("gap", 99), ("wrong-place", 99)],
        ),
    ],
    ids=["body", "signature", "header unreadable", "header", "row gone", "body gone", "row moved"],
)
def test_each_damage_is_found_and_named(
    tmp_path: Path, damage: Callable[[Path], None], codes: list[tuple[str, int]]
) -> None:
    path = sound_journal(tmp_path / "j.db")
    damage(path)
    assert codes_of(path) == codes
    outcome = CliRunner().invoke(verify, [str(path)])
    assert outcome.exit_code == 1
    assert outcome.stdout.endswith("Not sound: " + outcome.stdout.rpartition("Not sound: ")[2])
    assert "stream aaaaaaaa" in outcome.stdout.lower()


def test_every_bit_of_a_record_is_under_guard(tmp_path: Path) -> None:
    path = sound_journal(tmp_path / "j.db")
    with contextlib.closing(sqlite3.connect(path)) as database:
        sizes = database.execute(
            "SELECT length(header), length(signature), length(body) FROM records"
            " WHERE stream = ? AND seq = 5",
            (UNIT_STREAM,),
        ).fetchone()
    for column, size in zip(("header", "signature", "body"), sizes, strict=True):
        for byte in range(0, size, 41):
            flip(path, column, 5, byte)
            assert codes_of(path), (column, byte)
            flip(path, column, 5, byte)
    assert codes_of(path) == []


def test_a_stream_that_nobody_enrolled_and_a_clone_are_said_though_nothing_is_damaged(tmp_path: Path) -> None:
    clone = Teller(UNIT_A, "Track A", stream=UNIT_STREAM)
    clone.clock.advance(ms=5)
    clone.say(CompetitorRegistered(competitor_id="c9", name="Clone"))
    path = sound_journal(tmp_path / "j.db", Teller(STRANGER, "Mallory"), clone)
    outcome = CliRunner().invoke(verify, [str(path), "--json"])
    assert [code for code, _ in codes_of(path)] == ["unknown-key", "quarantined"]
    assert "'Mallory'" in outcome.stdout


def test_an_earlier_stream_that_lost_its_end_is_said(tmp_path: Path) -> None:
    path = sound_journal(tmp_path / "j.db")

    async def next_start() -> None:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            replica = await replica.open_stream(UNIT_A, "Track A")

    asyncio.run(next_start())
    assert codes_of(path) == []
    change(path, "DELETE FROM records WHERE stream = ? AND seq = 9", UNIT_STREAM)
    assert codes_of(path) == [("behind", 8)]


def test_a_file_that_is_damaged_itself_is_said(tmp_path: Path) -> None:
    path = sound_journal(tmp_path / "j.db")
    data = bytearray(path.read_bytes())
    with contextlib.closing(sqlite3.connect(path)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'records'").fetchone()
    data[(page - 1) * 4096 : (page - 1) * 4096 + 200] = b"\xff" * 200
    path.write_bytes(data)
    outcome = CliRunner().invoke(verify, [str(path)])
    assert outcome.exit_code == 1
    assert "damaged" in (outcome.stdout or str(outcome.exception))


def test_a_running_nodes_journal_is_verified_without_touching_it(tmp_path: Path) -> None:
    path = tmp_path / "j.db"

    async def story() -> None:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            replica = await replica.open_stream(ROOT, "Central")
            before = path.stat().st_mtime_ns
            outcome = await asyncio.to_thread(CliRunner().invoke, verify, [str(path)])
            assert outcome.stdout == "Sound: 1 record in 1 stream, 0 erased.\n"
            assert path.stat().st_mtime_ns == before
            await replica.append(CompetitorRegistered(competitor_id="c", name="x"))

    asyncio.run(story())
