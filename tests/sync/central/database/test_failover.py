"""The primary dies in the middle of a race and its standby is promoted: nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import quote

import asyncpg
import pytest

from pitboard.journal.disk.storage import read_all
from pitboard.journal.records.record import Record
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from sync.central.database import postgres_storage
from sync.central.database.postgres_storage import PostgresJournal
from sync.central.database.schema import prepare_database
from tests.postgres_server import PostgresServer, running_postgres
from tests.race_story import ROOT, UNIT_A, Teller

COUNT = 150
DIES_AFTER = 60


async def commits_wait_for_the_standby(primary: PostgresServer) -> None:
    connection = await asyncpg.connect(primary.url("event"))
    await connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await connection.execute("SELECT pg_reload_conf()")
    async with asyncio.timeout(30):
        while await connection.fetchval("SELECT sync_state FROM pg_stat_replication") != "sync":
            await asyncio.sleep(0.05)
    await connection.close()


def some_records() -> list[Record]:
    teller = Teller(UNIT_A, "Track A", stream="a" * 32)
    for number in range(COUNT - 1):
        teller.say(CompetitorRegistered(competitor_id=f"c{number}", name="x"))
    return teller.records


async def follow(journal: PostgresJournal, seen: list[int]) -> None:
    """Note each record that a public process is shown, until all are there."""
    async with contextlib.aclosing(journal.tail()) as batches:
        async for batch in batches:
            seen += [one.record.seq for one in batch]
            if len(seen) == COUNT:
                return


def test_a_promoted_standby_has_all_that_was_acknowledged_and_readers_never_go_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres_storage, "RETRY_S", 0.05)
    options = ("-c", "max_wal_senders=4", "-c", "shared_buffers=16MB")
    with running_postgres(*options) as primary:
        primary.new_database("event")
        asyncio.run(prepare_database(primary.url("event")))
        with running_postgres(*options, standby_of=primary) as standby:
            hosts = quote(f"{primary.folder},{standby.folder}", safe="")
            url = f"postgresql:///event?host={hosts}&target_session_attrs=read-write"

            async def story() -> None:
                await commits_wait_for_the_standby(primary)
                records = some_records()
                seen: list[int] = []
                async with (
                    PostgresJournal.open(url, role="admin", root_key=ROOT.key) as writing,
                    PostgresJournal.open(url, role="public") as reading,
                    asyncio.timeout(90),
                    asyncio.TaskGroup() as tasks,
                ):
                    tasks.create_task(follow(reading, seen))
                    for at, record in enumerate(records):
                        if at == DIES_AFTER:
                            dying = tasks.create_task(asyncio.to_thread(primary.stop, "immediate"))
                            dying.add_done_callback(
                                lambda _: tasks.create_task(asyncio.to_thread(standby.promote))
                            )
                        [held] = await writing.append([record])
                        assert held.header_hash == record.header_hash
                assert seen == list(range(1, COUNT + 1))
                promoted = standby.url("event", None)
                async with PostgresJournal.open(promoted, role="public") as journal:
                    assert [record async for record in read_all(journal)] == records

            asyncio.run(story())
