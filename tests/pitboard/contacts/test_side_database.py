"""The side database keeps what it was given, and nothing of what it was told to forget."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from pitboard.contacts.sealed_store import SideDatabase, beside
from pitboard.errors import JournalLost

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT"
PUT = "INSERT INTO things VALUES (?, ?)"


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_what_was_written_is_there_after_a_restart_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "side.db"

    async def story() -> None:
        async with SideDatabase.open(path, schema=SCHEMA) as side:
            await side.write([(PUT, ("a", b"1"))])
        async with SideDatabase.open(path, schema=SCHEMA) as side:
            assert await side.fetch("SELECT * FROM things") == [("a", b"1")]
            assert modes(tmp_path) == {0o600}

    asyncio.run(story())


def test_what_was_deleted_is_in_no_file_even_before_the_end(tmp_path: Path) -> None:
    async def story() -> None:
        async with SideDatabase.open(tmp_path / "side.db", schema=SCHEMA) as side:
            await side.write([(PUT, ("a", b"canary" * 9))])
            assert b"canary" in everything(tmp_path)
            await side.delete([("DELETE FROM things", ())])
            assert b"canary" not in everything(tmp_path)

    asyncio.run(story())


def test_after_an_error_nothing_half_done_stays_and_the_next_call_works(tmp_path: Path) -> None:
    async def story() -> None:
        async with SideDatabase.open(tmp_path / "side.db", schema=SCHEMA) as side:
            with pytest.raises(JournalLost):
                await side.write([(PUT, ("a", b"1")), (PUT, ("b", None))])
            assert await side.fetch("SELECT * FROM things") == []
            await side.write([(PUT, ("c", b"3"))])
            assert await side.fetch("SELECT name FROM things") == [("c",)]

    asyncio.run(story())


def test_two_programs_whose_journals_share_a_folder_have_two_side_databases() -> None:
    assert beside(Path("data/unit.db"), "contacts") == Path("data/unit-contacts.db")


@pytest.mark.parametrize(
    "content", [bytes(4_096), b"no database at all, but long enough to be taken for one" * 9]
)
def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "side.db"
    path.write_bytes(content)

    async def story() -> None:
        async with SideDatabase.open(path, schema=SCHEMA) as side:
            await side.write([(PUT, ("a", b"1"))])
            assert await side.fetch("SELECT name FROM things") == [("a",)]

    asyncio.run(story())
    assert path.with_name("side.db.damaged-1").read_bytes() == content
