"""What every storage does, whatever it is made of; a fake stands for the disk and never for the promise."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.disk.storage import Arrived, Storage, read_all
from pitboard.journal.records.record import HybridClock, Record, StreamWriter
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from sync.central.database.postgres_storage import PostgresJournal
from tests.race_story import ROOT, UNIT_A, Teller
from venue.simulator.world.simulated_disk import SimulatedDisk, SimulatedStorage
from venue.simulator.world.virtual_loop import VirtualLoop, run_virtual

Open = Callable[[], contextlib.AbstractAsyncContextManager[Storage]]
"""Opens the same storage again each time, as a process that starts does."""
Story = Callable[[Open], Awaitable[None]]
Tell = Callable[[Story], None]


def tell_sqlite(folder: Path, _: pytest.FixtureRequest) -> Tell:
    def opened() -> contextlib.AbstractAsyncContextManager[Storage]:
        return Journal.open(folder / "j.db", root_key=ROOT.key)

    async def told(story: Story) -> None:
        await story(opened)

    return lambda story: asyncio.run(told(story))


def tell_postgres(_: Path, request: pytest.FixtureRequest) -> Tell:
    url = request.getfixturevalue("database")()

    def opened() -> contextlib.AbstractAsyncContextManager[Storage]:
        return PostgresJournal.open(url, role="admin", root_key=ROOT.key)

    async def told(story: Story) -> None:
        await story(opened)

    return lambda story: asyncio.run(told(story))


def tell_simulated(folder: Path, _: pytest.FixtureRequest) -> Tell:
    disk = SimulatedDisk()

    def tell(story: Story) -> None:
        async def told(loop: VirtualLoop) -> None:
            @contextlib.asynccontextmanager
            async def opened() -> AsyncIterator[Storage]:
                storage = SimulatedStorage(
                    disk, loop, Random(1), root_key=ROOT.key, on_commit=lambda records: None
                )
                yield storage
                storage.kill()

            await story(opened)

        run_virtual(told)

    return tell


@pytest.fixture(
    params=[tell_sqlite, tell_simulated, tell_postgres], ids=["sqlite", "simulated", "postgresql"]
)
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Tell:
    made: Tell = request.param(tmp_path, request)
    return made


def some_records(count: int, *, unit: str = "Track A") -> list[Record]:
    teller = Teller(UNIT_A, unit, stream="a" * 32)
    for number in range(count - 1):
        teller.say(CompetitorRegistered(competitor_id=f"c{number}", name="x"))
    return teller.records


async def taken_from_tail(storage: Storage, count: int, *, after: int = 0) -> list[Arrived]:
    """Return the next so many records of the tail, waiting for them."""
    taken: list[Arrived] = []
    async with contextlib.aclosing(storage.tail(after)) as batches:
        async for batch in batches:
            taken += batch
            if len(taken) >= count:
                break
    return taken


def test_who_appends_is_told_who_holds_each_place(tell: Tell) -> None:
    ours, theirs = some_records(3), some_records(3, unit="Its clone")

    async def story(opened: Open) -> None:
        async with opened() as storage:
            held = await storage.append(ours[:2])
            assert [one.header_hash for one in held] == [record.header_hash for record in ours[:2]]
            assert [one.arrival for one in held] == [1, 2]
        async with opened() as storage:  # another process that believes it writes the same stream
            held = await storage.append(theirs)
            assert [one.header_hash for one in held] == [
                ours[0].header_hash,
                ours[1].header_hash,
                theirs[2].header_hash,
            ]
            assert [record.header_hash for record in await storage.read_beyond("a" * 32, 1, 9)] == [
                ours[1].header_hash,
                theirs[2].header_hash,
            ]

    tell(story)


def test_what_is_appended_twice_arrives_once(tell: Tell) -> None:
    records = some_records(4)

    async def story(opened: Open) -> None:
        async with opened() as storage:
            first = await storage.append(records[:3])
            again = await storage.append(records)
            assert again[:3] == first
            assert [one.arrival for one in again] == [1, 2, 3, 4]
            assert [record async for record in read_all(storage)] == records

    tell(story)


def test_two_that_claim_one_place_in_one_commit_are_told_the_same_holder(tell: Tell) -> None:
    ours, theirs = some_records(2), some_records(2, unit="Its clone")

    async def story(opened: Open) -> None:
        async with opened() as storage:
            both = await asyncio.gather(storage.append(ours[:1]), storage.append(theirs[:1]))
            assert [held[0].header_hash for held in both] == [ours[0].header_hash] * 2

    tell(story)


def test_any_number_of_readers_follow_the_tail_from_where_they_are(tell: Tell) -> None:
    records = some_records(60)

    async def story(opened: Open) -> None:
        async with opened() as storage:
            await storage.append(records[:20])
            async with asyncio.TaskGroup() as tasks:
                readers = [
                    tasks.create_task(taken_from_tail(storage, 60 - after, after=after))
                    for after in (0, 7, 20, 40)
                ]
                await asyncio.sleep(0)
                for start in range(20, 60, 8):
                    await storage.append(records[start : start + 8])
            for after, reader in zip((0, 7, 20, 40), readers, strict=True):
                assert reader.result() == [
                    Arrived(at, record) for at, record in enumerate(records, start=1) if at > after
                ]
            assert await storage.last_arrival() == 60

    tell(story)


def test_a_reader_that_starts_late_reads_what_an_earlier_process_wrote(tell: Tell) -> None:
    records = some_records(3_000)

    async def story(opened: Open) -> None:
        for start in range(0, 3_000, 30):
            async with opened() as storage:
                await storage.append(records[start : start + 30])
        async with opened() as storage:
            assert await storage.last_arrival() == 3_000
            assert [one.record for one in await taken_from_tail(storage, 3_000)] == records

    tell(story)


def test_a_caller_that_goes_away_leaves_its_records_on_their_way(tell: Tell) -> None:
    records = some_records(3)

    async def story(opened: Open) -> None:
        async with opened() as storage:
            async with asyncio.TaskGroup() as tasks:
                gone = tasks.create_task(storage.append(records[:2]))
                await asyncio.sleep(0)
                gone.cancel()
            await storage.append(records[2:])
            assert [record async for record in read_all(storage)] == records

    tell(story)


def test_an_erased_body_is_gone_for_every_reader_and_the_header_stays(tell: Tell) -> None:
    records = some_records(3)

    async def story(opened: Open) -> None:
        async with opened() as storage:
            await storage.append(records)
            await storage.erase_bodies([("a" * 32, 2)])
            for read in ([one async for one in read_all(storage)], await storage.read_beyond("a" * 32, 0, 9)):
                assert [one.body_bytes is None for one in read] == [False, True, False]
                assert [one.header_bytes for one in read] == [one.header_bytes for one in records]
        async with opened() as storage:
            assert [one.body_bytes is None async for one in read_all(storage)] == [False, True, False]

    tell(story)


def test_what_is_quarantined_is_listed_once_and_never_among_the_records(tell: Tell) -> None:
    ours, theirs = some_records(2), some_records(2, unit="Its clone")

    async def story(opened: Open) -> None:
        async with opened() as storage:
            await storage.append(ours)
            for _ in range(2):
                await storage.quarantine(theirs[1], "fork")
        async with opened() as storage:
            assert await storage.quarantined() == [("a" * 32, 2, "fork")]
            assert [record async for record in read_all(storage)] == ours

    tell(story)


def other_end(records: list[Record], count: int) -> list[Record]:
    """Return so many records that follow the last of these, as the same writer never wrote them."""
    writer = StreamWriter(UNIT_A, HybridClock(ScriptedClock()), stream=records[-1].stream)
    writer._seq, writer._previous = records[-1].seq, records[-1].header_hash.hex()
    return [writer.write("competitor-registered", {"competitor_id": "t", "name": "T"}) for _ in range(count)]


def test_another_history_takes_the_place_of_a_streams_end_and_arrives_anew(tell: Tell) -> None:
    true = some_records(5)
    false = other_end(true[:2], 4)
    other = Teller(UNIT_A, "Track A", stream="b" * 32).records

    async def story(opened: Open) -> None:
        async with opened() as storage:
            await storage.append([*true[:2], *other, *false])
            async with contextlib.aclosing(storage.tail()) as batches:
                seen = list(await anext(batches))
                held = await storage.replace("a" * 32, 2, true[2:])
                assert [one.header_hash for one in held] == [one.header_hash for one in true[2:]]
                while len(seen) < 10:  # who follows hears of it in its turn
                    seen += await anext(batches)
            assert [one.record for one in seen] == [*true[:2], *other, *false, *true[2:]]
            assert [one.arrival for one in seen] == list(range(1, 11))
            assert await storage.read_beyond("a" * 32, 0, 9) == true
        async with opened() as storage:
            assert [one async for one in read_all(storage)] == [*true[:2], *other, *true[2:]]
            await storage.append(Teller(UNIT_A, "Track A", stream="c" * 32).records)
            assert [one.arrival for one in await taken_from_tail(storage, 7)] == [1, 2, 3, 8, 9, 10, 11]

    tell(story)
