"""A node that only reads has what it took at once, and its disk a moment later."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random

import pytest

from pitboard.errors import JournalDamaged, JournalLost
from pitboard.journal.disk.disk_fault import DiskFault
from pitboard.journal.disk.storage import Arrived, read_all
from pitboard.journal.disk.stored_behind import STORE_AFTER_S, WAITING_MAX_COUNT, StoredBehind
from pitboard.journal.records.record import Record
from tests.pitboard.journal.disk.test_storage_contract import other_end, some_records, taken_from_tail
from tests.race_story import ROOT, UNIT_A, Teller
from venue.simulator.world.simulated_disk import SimulatedDisk, SimulatedStorage
from venue.simulator.world.virtual_loop import VirtualLoop, run_virtual


class Card:
    """A disk, and the storages that are opened over it one after the other."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.disk = SimulatedDisk()
        self._loop = loop

    def storage(self) -> SimulatedStorage:
        return SimulatedStorage(
            self.disk, self._loop, Random(1), root_key=ROOT.key, on_commit=lambda records: None
        )

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[StoredBehind]:
        storage = self.storage()
        async with StoredBehind.over(storage) as behind:
            yield behind
        storage.kill()

    @property
    def count(self) -> int:
        return len(self.disk.records)


def told(story: Callable[[Card], Awaitable[None]]) -> None:
    async def with_card(loop: VirtualLoop) -> None:
        await story(Card(loop))

    run_virtual(with_card)


def test_what_is_taken_is_read_at_once_and_stored_a_moment_later() -> None:
    records = some_records(4)

    async def story(card: Card) -> None:
        async with card.opened() as behind:
            held = await behind.append(records)
            assert [one.arrival for one in held] == [1, 2, 3, 4]
            assert [one.record for one in await taken_from_tail(behind, 4)] == records
            assert await behind.read_beyond("a" * 32, 1, 2) == records[1:3]
            assert await behind.last_arrival() == 4
            assert card.count == 0
            await asyncio.sleep(2 * STORE_AFTER_S)
            assert card.count == 4
            assert await behind.read_beyond("a" * 32, 1, 2) == records[1:3]

    told(story)


def test_a_program_that_stops_leaves_all_on_its_disk() -> None:
    records = some_records(4)

    async def story(card: Card) -> None:
        async with card.opened() as behind:
            await behind.append(records)
        assert card.count == 4
        async with card.opened() as behind:
            assert [record async for record in read_all(behind)] == records

    told(story)


def test_readers_that_begin_at_any_moment_have_each_record_once_and_in_order() -> None:
    records = some_records(60)
    expected = [Arrived(at, record) for at, record in enumerate(records, start=1)]

    async def story(card: Card) -> None:
        async with card.opened() as behind:
            await behind.append(records[:10])
        async with card.opened() as behind, asyncio.TaskGroup() as tasks:
            readers = []
            for start in range(10, 60, 5):
                after = start // 2
                readers.append((after, tasks.create_task(taken_from_tail(behind, 60 - after, after=after))))
                await behind.append(records[start : start + 5])
                await asyncio.sleep(STORE_AFTER_S / 3)
        assert [reader.result() for _, reader in readers] == [expected[after:] for after, _ in readers]
        assert card.disk.order == [(at, (record.stream, record.seq)) for at, record in expected]

    told(story)


def test_an_erased_body_reaches_neither_reader_nor_disk() -> None:
    records = some_records(6)

    def has_bodies(some: list[Record]) -> list[bool]:
        return [one.body_bytes is not None for one in some]

    async def story(card: Card) -> None:
        async with card.opened() as behind:
            await behind.append(records[:3])
            await asyncio.sleep(STORE_AFTER_S + 0.0005)  # those are on their way to the disk now
            async with contextlib.aclosing(behind.tail(3)) as batches:
                first = asyncio.ensure_future(anext(batches))
                await asyncio.sleep(0)
                await behind.append(records[3:])
                await behind.erase_bodies([("a" * 32, 2), ("a" * 32, 5)])
                assert has_bodies([one.record for one in await first]) == [True, False, True]
            await asyncio.sleep(2 * STORE_AFTER_S)
            expected = [True, False, True, True, False, True]
            assert has_bodies(list(card.disk.records.values())) == expected
            assert has_bodies(await behind.read_beyond("a" * 32, 0, 9)) == expected

    told(story)


def test_another_history_arrives_after_all_that_was_taken() -> None:
    true = some_records(5)
    false = other_end(true[:2], 4)
    later = Teller(UNIT_A, "Track A", stream="c" * 32).records

    async def story(card: Card) -> None:
        async with card.opened() as behind:
            await behind.append([*true[:2], *false])
            assert [one.arrival for one in await behind.replace("a" * 32, 2, true[2:])] == [7, 8, 9]
            assert await behind.read_beyond("a" * 32, 0, 9) == true
            assert [one.arrival for one in await behind.append(later)] == [10]
            assert [one.arrival for one in await taken_from_tail(behind, 6)] == [1, 2, 7, 8, 9, 10]
        assert card.disk.heads == {"a" * 32: 5, "c" * 32: 1}

    told(story)


def test_a_disk_that_refuses_stops_no_reader_until_too_much_waits() -> None:
    records = some_records(WAITING_MAX_COUNT + 1)

    async def story(card: Card) -> None:
        async with card.opened() as behind:
            card.disk.trouble = "full"
            assert behind.fault is DiskFault.FAULTY
            await behind.append(records[: WAITING_MAX_COUNT - 1])
            await behind.append(records[WAITING_MAX_COUNT - 1 : WAITING_MAX_COUNT])
            assert len(await taken_from_tail(behind, WAITING_MAX_COUNT)) == WAITING_MAX_COUNT
            one_more = asyncio.ensure_future(behind.append(records[WAITING_MAX_COUNT:]))
            await asyncio.sleep(30)
            assert not one_more.done()
            with pytest.raises(JournalLost):
                await behind.erase_bodies([("a" * 32, 2)])
            card.disk.trouble = None
            await one_more
        assert card.count == WAITING_MAX_COUNT + 1

    told(story)


def test_who_finds_another_writer_on_its_disk_goes_no_further() -> None:
    ours, theirs = some_records(3), Teller(UNIT_A, "Track A", stream="b" * 32).records

    async def story(card: Card) -> None:
        async with card.opened() as behind:
            await card.storage().append(theirs)
            await behind.append(ours)
            await asyncio.sleep(1)

    with pytest.raises(JournalDamaged):
        told(story)
