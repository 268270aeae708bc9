"""What the contract cannot say: several processes over one database, and a database that goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import asyncpg
import pytest

from pitboard.clock import SystemClock
from pitboard.errors import ConfigRefused
from pitboard.journal.disk.storage import read_all
from pitboard.journal.records.kinds import UnitEnrolled
from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from sync.central.database import postgres_storage
from sync.central.database.postgres_storage import PostgresJournal
from sync.central.database.schema import SCHEMA_VERSION, prepare_database
from tests.postgres_server import PostgresServer
from tests.race_story import ROOT, STRANGER, UNIT_A, Teller, confirmed_run

MakeDatabase = Callable[[], str]


def opened(url: str) -> contextlib.AbstractAsyncContextManager[PostgresJournal]:
    return PostgresJournal.open(url, role="admin", root_key=ROOT.key)


def some_records(count: int, *, unit: str = "Track A") -> list[Record]:
    teller = Teller(UNIT_A, unit, stream="a" * 32)
    for number in range(count - 1):
        teller.say(CompetitorRegistered(competitor_id=f"c{number}", name="x"))
    return teller.records


def owner_url(postgres: PostgresServer, url: str) -> str:
    return url.replace("postgresql://", "postgresql://owner@")


def test_of_two_processes_that_write_one_stream_one_is_told_that_the_other_holds_the_place(
    database: MakeDatabase,
) -> None:
    url = database()
    ours, theirs = some_records(40), some_records(40, unit="Its clone")

    async def story() -> None:
        async with opened(url) as one, opened(url) as other:
            told = await asyncio.gather(
                *(one.append([record]) for record in ours), *(other.append([record]) for record in theirs)
            )
            holders = [held[0].header_hash for held in told]
            assert holders[:40] == holders[40:]
            stored = [record.header_hash async for record in read_all(one)]
            assert sorted(stored) == sorted(holders[:40])

    asyncio.run(story())


def test_two_processes_show_equal_boards(database: MakeDatabase) -> None:
    url = database()

    async def story() -> None:
        clock = SystemClock()
        async with (
            opened(url) as storage,
            Replica.over(storage, clock) as taking,
            PostgresJournal.open(url, role="public") as reading_storage,
            Replica.over(reading_storage, clock) as reading,
        ):
            assert reading.fold.root_key == ROOT.key
            teller = Teller(UNIT_A, "Track A", stream="a" * 32)
            teller.say(CompetitorRegistered(competitor_id="c1", name="Anna"))
            confirmed_run(teller, "run1", "c1", start_s=10.0, laps_s=[12.5], first_seq=1)
            writing = await taking.open_stream(ROOT, "Central")
            await writing.append(UnitEnrolled(key=UNIT_A.key, name="Track A"))
            await taking.accept(teller.records)
            async with asyncio.timeout(10):
                while reading.have() != taking.have():
                    await reading.wait_for_news(reading.version, 1.0)
            board = encode_view(view_board(taking.fold))
            assert b"Anna" in board
            assert encode_view(view_board(reading.fold)) == board

    asyncio.run(story())


async def next_of(storage: PostgresJournal, after: int) -> Record:
    async with contextlib.aclosing(storage.tail(after)) as batches:
        async for batch in batches:
            return batch[0].record
    raise AssertionError("the tail ended")


@pytest.mark.parametrize("is_bell_heard", [True, False], ids=["by the doorbell", "by looking each second"])
def test_a_reader_hears_what_another_process_wrote(
    database: MakeDatabase, monkeypatch: pytest.MonkeyPatch, is_bell_heard: bool
) -> None:
    url = database()
    records = some_records(1)
    if is_bell_heard:
        monkeypatch.setattr(postgres_storage, "LOOK_EVERY_S", 3_600.0)

    async def story() -> None:
        async with opened(url) as writing, opened(url) as reading:
            if not is_bell_heard:
                monkeypatch.setattr(postgres_storage, "CHANNEL", "another_bell")
            async with asyncio.TaskGroup() as tasks, asyncio.timeout(20):
                waiting = tasks.create_task(next_of(reading, 0))
                await asyncio.sleep(0.3)  # it listens by now
                await writing.append(records)
            assert waiting.result() == records[0]

    asyncio.run(story())


def test_connections_that_die_in_the_middle_lose_and_double_nothing(
    database: MakeDatabase, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database()
    records = some_records(120)
    monkeypatch.setattr(postgres_storage, "RETRY_S", 0.01)

    async def story() -> None:
        killer = await asyncpg.connect(owner_url(postgres, url))
        async with opened(url) as storage:

            async def kill() -> None:
                for _ in range(20):
                    await killer.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                    await asyncio.sleep(0.02)

            async with asyncio.TaskGroup() as tasks, asyncio.timeout(60):
                tasks.create_task(kill())
                for start in range(0, 120, 3):
                    part = records[start : start + 3]
                    held = await storage.append(part)
                    assert [one.header_hash for one in held] == [one.header_hash for one in part]
            assert [record async for record in read_all(storage)] == records
            assert storage.trouble is None
        await killer.close()

    asyncio.run(story())


def test_a_database_that_is_not_prepared_is_refused_with_what_to_type(postgres: PostgresServer) -> None:
    postgres.new_database("bare")

    async def story() -> None:
        async with opened(postgres.url("bare", None)):
            raise AssertionError("it was opened")

    asyncio.run(prepare_roles_elsewhere(postgres))
    with pytest.raises(ConfigRefused, match="prepare-database"):
        asyncio.run(story())


async def prepare_roles_elsewhere(postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(postgres.url("postgres"))
    await connection.execute(
        'DO $$ BEGIN CREATE ROLE "pitboard-admin" LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$'
    )
    await connection.close()


def test_a_database_of_another_event_is_refused(database: MakeDatabase) -> None:
    url = database()

    async def story() -> None:
        async with opened(url):
            pass
        async with PostgresJournal.open(url, role="admin", root_key=STRANGER.key):
            raise AssertionError("it was opened")

    with pytest.raises(ConfigRefused, match="another event"):
        asyncio.run(story())


def test_preparing_again_changes_nothing(database: MakeDatabase, postgres: PostgresServer) -> None:
    url = database()
    assert asyncio.run(prepare_database(owner_url(postgres, url))) == (SCHEMA_VERSION, SCHEMA_VERSION)
