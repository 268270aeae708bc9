"""Each role of the database tries what it must not do, contacts first; PostgreSQL refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
import pytest

from sync.central.database.postgres_link import connect
from sync.central.database.postgres_storage import PostgresJournal
from sync.central.database.schema import ROLE_NAMES, Role
from tests.race_story import ROOT, UNIT_A, Teller

MakeDatabase = Callable[[], str]

CONTACT = (
    "INSERT INTO contacts (contact, competitor, unit, received_utc_ms, envelope)"
    " VALUES ('c', 'c1', 'u', 1, 'x')"
)
RECORD = "INSERT INTO records VALUES (9, 'b', 1, 'h', 's', 'b')"
ESCAPES = [
    "SET ROLE owner",
    'ALTER ROLE "pitboard-public" SUPERUSER',
    "CREATE TABLE mine (x int)",
    "CREATE TABLE public.mine (x int)",
    "DROP TABLE records",
    "TRUNCATE records",
    "DELETE FROM records",
    "UPDATE records SET header = 'x'",
    "UPDATE records SET arrival = arrival + 1",
    "UPDATE meta SET value = 'x'",
    "UPDATE versions SET version = 99",
    "DELETE FROM quarantine",
    "UPDATE contacts SET envelope = 'x'",
    "DELETE FROM reads",
    "UPDATE reads SET reader = 'x'",
    "ALTER TABLE records DISABLE TRIGGER only_empty_bodies",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
    "DO $$ BEGIN LOCK TABLE turn IN ACCESS SHARE MODE; END $$",
    "DO $$ BEGIN LOCK TABLE records IN EXCLUSIVE MODE; END $$",
    "DROP TABLE turn",
]
MAY_NOT: dict[Role, Sequence[str]] = {
    "public": [
        "SELECT count(*) FROM contacts",
        "SELECT envelope FROM contacts",
        "SELECT * FROM reads",
        'SET ROLE "pitboard-admin"',
        'SET ROLE "pitboard-ingest"',
        "SELECT take_turn()",
        "SELECT put_aside_beyond('a', 0)",
        CONTACT,
        "DELETE FROM contacts",
        "SELECT * FROM quarantine",
        "INSERT INTO quarantine VALUES ('b', 1, 'h', 's', 'b', 'r')",
        RECORD,
        "UPDATE records SET body = NULL",
        "INSERT INTO meta VALUES ('k', 'v')",
        *ESCAPES,
    ],
    "ingest": [
        "SELECT envelope FROM contacts",
        "SELECT * FROM contacts",
        "SELECT competitor FROM contacts",
        "SELECT * FROM reads",
        'SET ROLE "pitboard-admin"',
        "DELETE FROM contacts",
        "INSERT INTO reads (utc_ms, reader, act, reason, competitors) VALUES (1, 'a', 'b', 'c', 'd')",
        CONTACT + " RETURNING envelope",
        "UPDATE records SET body = NULL",
        "INSERT INTO meta VALUES ('k', 'v')",
        *ESCAPES,
    ],
    "admin": ["UPDATE records SET body = 'another'", *ESCAPES],
}
MAY: dict[Role, Sequence[str]] = {
    "public": ["SELECT * FROM records", "SELECT * FROM meta", "LISTEN pitboard_records"],
    "ingest": [
        RECORD,
        CONTACT + " ON CONFLICT DO NOTHING",
        "SELECT count(*) FROM contacts WHERE unit = 'u'",
        "INSERT INTO quarantine VALUES ('b', 1, 'h', 's', 'b', 'r')",
    ],
    "admin": [
        "SELECT envelope FROM contacts",
        "DELETE FROM contacts WHERE competitor = 'c1'",
        "INSERT INTO reads (utc_ms, reader, act, reason, competitors) VALUES (1, 'a', 'b', 'c', 'd')",
        "UPDATE records SET body = NULL WHERE seq = 1",
    ],
}


async def fill(url: str) -> None:
    """Have a record in every table that someone must not touch."""
    async with PostgresJournal.open(url, role="admin", root_key=ROOT.key) as journal:
        record = Teller(UNIT_A, "Track A").records[0]
        await journal.append([record])
        await journal.quarantine(record, "fork")


async def is_refused(connection: Any, statement: str) -> bool:
    try:
        await connection.execute(statement)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.RaiseError):
        return True
    return False


@pytest.mark.parametrize("role", ["public", "ingest", "admin"])
def test_a_role_may_do_what_its_door_needs_and_nothing_else(database: MakeDatabase, role: Role) -> None:
    url = database()

    async def story() -> None:
        await fill(url)
        connection = await connect(url, user=ROLE_NAMES[role])
        try:
            for statement in MAY[role]:
                await connection.execute(statement)
            for statement in MAY_NOT[role]:
                assert await is_refused(connection, statement), f"{role} may: {statement}"
        finally:
            await connection.close()

    asyncio.run(story())


def test_who_may_only_read_cannot_hold_up_those_who_write(database: MakeDatabase) -> None:
    """Advisory locks are anybody's: whoever took ours stopped all that was to be kept."""
    url = database()

    async def story() -> None:
        async with PostgresJournal.open(url, role="admin", root_key=ROOT.key) as journal:
            reader = await connect(url, user=ROLE_NAMES["public"])
            try:
                for number in range(7_482_200, 7_482_210):
                    await reader.execute(f"SELECT pg_advisory_lock({number})")
                await reader.execute("BEGIN; LOCK TABLE records IN ACCESS SHARE MODE; SELECT * FROM records")
                async with asyncio.timeout(10):
                    await journal.append(Teller(UNIT_A, "Track A").records)
            finally:
                reader.terminate()

    asyncio.run(story())
