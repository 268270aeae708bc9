"""A replica whose disk refuses, or is slower than its callers are patient; found by the venue simulator."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import JournalLost
from pitboard.journal.disk.latest_records import LatestRecords
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered, PersonErased
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, Teller, central_enrols
from venue.simulator.world.simulated_disk import QUEUE_MAX_COUNT, SimulatedDisk, SimulatedStorage
from venue.simulator.world.virtual_loop import VirtualLoop, run_virtual


def named(number: int) -> CompetitorRegistered:
    return CompetitorRegistered(competitor_id=f"c{number}", name=f"Name {number}")


def storage_over(disk: SimulatedDisk, loop: VirtualLoop) -> SimulatedStorage:
    return SimulatedStorage(disk, loop, Random(1), root_key=ROOT.key, on_commit=lambda records: None)


def test_records_refused_for_a_full_queue_leave_no_gap_in_the_writers_stream() -> None:
    """Everything acknowledged after the refusal stood behind a gap, was never folded and never sent."""
    disk = SimulatedDisk()

    async def story(loop: VirtualLoop) -> None:
        async with Replica.over(storage_over(disk, loop), ScriptedClock()) as replica:
            replica = await replica.open_stream(UNIT_A, "Track A")
            waiting = [
                asyncio.create_task(replica.append(named(number))) for number in range(QUEUE_MAX_COUNT)
            ]
            await asyncio.sleep(0)
            with pytest.raises(JournalLost):
                await replica.append(named(99))
            await asyncio.gather(*waiting)
            await replica.append(named(100))
            assert sum(replica.have().values()) == len(disk.records) == QUEUE_MAX_COUNT + 2

    run_virtual(story)


def test_a_fork_does_not_pass_records_that_a_caller_left_on_their_way_to_the_disk() -> None:
    """The second branch was judged by what was durable, and its later records stored behind the first."""
    disk = SimulatedDisk()
    short, long = Teller(STRANGER, "Box", stream="f" * 32), Teller(STRANGER, "Box", stream="f" * 32)
    short.say(named(1))
    long.say(named(2))
    long.say(named(3))

    async def story(loop: VirtualLoop) -> None:
        async with Replica.over(storage_over(disk, loop), ScriptedClock()) as replica:
            gone = asyncio.create_task(replica.accept(short.records))
            await asyncio.sleep(0)
            gone.cancel()
            acceptance = await replica.accept(long.records)
            assert (acceptance.taken, acceptance.refused) == (0, 2)
            assert [record.header_hash for record in disk.records.values()] == [
                record.header_hash for record in short.records
            ]

    run_virtual(story)


def test_a_fork_that_cannot_be_quarantined_blocks_no_good_record() -> None:
    disk = SimulatedDisk()
    short, long = Teller(UNIT_A, "A", stream="f" * 32), Teller(UNIT_A, "A", stream="f" * 32)
    short.say(named(1))
    long.say(named(2))
    good = Teller(UNIT_B, "Track B")

    async def story(loop: VirtualLoop) -> None:
        async with Replica.over(storage_over(disk, loop), ScriptedClock()) as replica:
            await replica.accept([*central_enrols(UNIT_A).records, *short.records])
            disk.trouble = "input/output error"
            accepting = asyncio.create_task(replica.accept([*long.records, *good.records]))
            await asyncio.sleep(5)
            disk.trouble = None
            assert (await accepting).taken == 1
            assert short.writer.stream in replica.alarms

    run_virtual(story)


def test_a_replica_starts_and_shows_while_the_disk_refuses_to_erase_and_erases_later() -> None:
    """A display whose disk was full when it started showed nothing at all."""
    disk = SimulatedDisk()
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    registered = unit.say(named(1))
    erased = central.say(PersonErased(competitor_id="c1", records={unit.writer.stream: [registered.seq]}))

    async def story(loop: VirtualLoop) -> None:
        disk.commit([*central.records, *unit.records])
        disk.trouble = "the disk is full"
        async with Replica.over(storage_over(disk, loop), ScriptedClock()) as replica:
            assert replica.fold.race.name_of("c1") == "Erased"
            assert [
                record.body_bytes
                for record in await replica.beyond({**replica.have(), unit.writer.stream: 1})
            ] == [None]
            disk.trouble = None
            await replica.accept([])
            assert disk.records[(registered.stream, registered.seq)].body_bytes is None

    assert erased.header.kind == "person-erased"
    run_virtual(story)


def test_a_body_that_the_disk_refuses_to_erase_is_handed_to_nobody_from_the_disk_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = SimulatedDisk()
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    registered = unit.say(named(1))
    central.say(PersonErased(competitor_id="c1", records={unit.writer.stream: [registered.seq]}))

    async def refuse(storage: SimulatedStorage, places: object) -> None:
        raise JournalLost(path="simulated", reason="the disk can only be read")

    async def story(loop: VirtualLoop) -> None:
        disk.commit([*central.records, *unit.records])
        monkeypatch.setattr(SimulatedStorage, "erase_bodies", refuse)
        async with Replica.over(storage_over(disk, loop), ScriptedClock()) as replica:
            replica._handing_out._latest = (
                LatestRecords()
            )  # as of a great journal: it is not among the newest
            handed = await replica.beyond({**replica.have(), unit.writer.stream: 1})
            assert [record.body_bytes for record in handed] == [None]
            assert disk.records[(registered.stream, registered.seq)].body_bytes is not None

    run_virtual(story)
