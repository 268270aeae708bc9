"""When nobody commits any more, nobody waits for a commit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from pitboard.errors import JournalLost
from pitboard.journal.disk.commit_queue import CommitQueue, Place
from pitboard.journal.disk.storage import Held
from pitboard.journal.records.record import Record
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from tests.race_story import UNIT_A, Teller


class WriterBug(Exception):
    """Stands for what nobody foresaw."""


def test_who_is_being_committed_and_who_still_waits_hear_that_the_writer_is_gone() -> None:
    async def story() -> None:
        begun = asyncio.Event()

        async def commit(records: Sequence[Record]) -> Mapping[Place, Held]:
            begun.set()
            await asyncio.sleep(0)  # a second caller comes meanwhile
            raise WriterBug

        queue = CommitQueue(commit, path="j.db")
        teller = Teller(UNIT_A, "Track A")
        records = [teller.say(CompetitorRegistered(competitor_id=name, name=name)) for name in "abc"]
        running = asyncio.create_task(queue.run())
        first = asyncio.create_task(queue.append(records[:1]))
        await begun.wait()
        second = asyncio.create_task(queue.append(records[1:2]))
        async with asyncio.timeout(5):
            outcomes = await asyncio.gather(first, second, running, return_exceptions=True)
            assert [type(one) for one in outcomes] == [JournalLost, JournalLost, WriterBug]
            with pytest.raises(JournalLost, match="nobody writes it any more"):
                await queue.append(records[2:])
            await queue.drain()

    asyncio.run(story())
