"""What is delivered twice is one record, whatever retries, kills and slow disks come between."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitboard.clock import ScriptedClock
from pitboard.errors import JournalLost
from pitboard.journal.delivery import Deliverer, Ranges
from pitboard.journal.disk.commit_queue import QUEUE_MAX_BYTES, QUEUE_MAX_COUNT
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunTimedUp
from pitboard.race.bodies.verdict_bodies import LapJudged
from tests.race_story import ROOT, UNIT_A, central_enrols, passing
from venue.simulator.world.simulated_disk import SimulatedDisk, SimulatedStorage
from venue.simulator.world.virtual_loop import VirtualLoop, run_virtual

SAVE_MAX_S = 4.0


async def deliver_impatiently(deliverer: Deliverer, passings: list[PassingRecorded]) -> bool:
    """Return whether the answer came before the bridge's patience ended, as it does over HTTP."""
    try:
        async with asyncio.timeout(SAVE_MAX_S):
            await deliverer.append(*passings)
    except TimeoutError:
        return False
    return True


def storage_over(disk: SimulatedDisk, loop: VirtualLoop, seed: int = 1) -> SimulatedStorage:
    return SimulatedStorage(disk, loop, Random(seed), root_key=ROOT.key, on_commit=lambda records: None)


def passings_on(disk: SimulatedDisk) -> list[str]:
    return [record.header.kind for record in disk.records.values() if record.header.kind == "passing"]


@pytest.mark.parametrize("is_enrolled", [True, False])
def test_passings_delivered_ten_times_while_the_disk_stalls_are_recorded_once(is_enrolled: bool) -> None:
    """A hundred became a thousand: each retry found nothing durable yet, and the disk later took them all."""
    disk = SimulatedDisk()
    passings = [passing(seq, s=seq) for seq in range(1, 31)]

    async def story(loop: VirtualLoop) -> None:
        storage = storage_over(disk, loop)
        async with Replica.over(storage, ScriptedClock()) as replica:
            if is_enrolled:
                await replica.accept(central_enrols(UNIT_A).records)
            deliverer = Deliverer(await replica.open_stream(UNIT_A, "Track A"), unit_key=UNIT_A.key)
            disk.trouble = "the disk stalls"
            for _ in range(10):
                assert not await deliver_impatiently(deliverer, passings)
            disk.trouble = None
            assert await deliver_impatiently(deliverer, passings)
            assert deliverer.passings("beam-1", "dev") == [(1, 30)]
        assert len(passings_on(disk)) == 30

    run_virtual(story)


@pytest.mark.parametrize("seed", range(20))
def test_kills_and_stalls_in_any_mixture_leave_each_passing_once(seed: int) -> None:
    disk = SimulatedDisk()
    chance = Random(seed)
    passings = [passing(seq, s=seq) for seq in range(1, 13)]

    async def one_process(loop: VirtualLoop, *, is_last: bool) -> None:
        storage = storage_over(disk, loop, chance.randrange(1_000))
        disk.trouble = None if is_last or chance.random() < 0.3 else "the disk stalls"
        if disk.trouble is not None and not disk.records:
            disk.trouble = None
        async with contextlib.AsyncExitStack() as stack:
            replica = await stack.enter_async_context(Replica.over(storage, ScriptedClock()))
            trouble, disk.trouble = disk.trouble, None
            deliverer = Deliverer(await replica.open_stream(UNIT_A, "Track A"), unit_key=UNIT_A.key)
            disk.trouble = trouble
            for _ in range(4):
                some = chance.sample(passings, 5)
                if await deliver_impatiently(deliverer, some) and chance.random() < 0.5:
                    disk.trouble = None if is_last or chance.random() < 0.5 else "the disk stalls"
            if is_last:
                assert await deliver_impatiently(deliverer, passings)
            storage.kill()

    async def story(loop: VirtualLoop) -> None:
        for number in range(5):
            with contextlib.suppress(JournalLost):
                await one_process(loop, is_last=number == 4)

    run_virtual(story)
    assert len(passings_on(disk)) == 12


def test_an_act_said_again_while_it_waits_is_one_record_and_later_another() -> None:
    disk = SimulatedDisk()

    async def story(loop: VirtualLoop) -> None:
        async with Replica.over(storage_over(disk, loop), ScriptedClock()) as replica:
            deliverer = Deliverer(await replica.open_stream(UNIT_A, "Track A"), unit_key=UNIT_A.key)

            async def register(competitor: str) -> str:
                body = CompetitorRegistered(competitor_id=competitor, name="Ann")
                durable = await deliverer.append_unless_waiting("register Ann", body)
                assert isinstance(durable, CompetitorRegistered)
                return durable.competitor_id

            disk.slow_s = 30.0
            assert set(await asyncio.gather(register("a"), register("b"), register("c"))) == {"a"}
            assert await register("d") == "d"
        kinds = [record.header.kind for record in disk.records.values()]
        assert kinds == ["stream-opened", "competitor-registered", "competitor-registered"]

    run_virtual(story)


def test_a_verdict_changed_and_changed_back_while_it_waits_ends_as_said_last() -> None:
    disk = SimulatedDisk()

    async def story(loop: VirtualLoop) -> None:
        async with Replica.over(storage_over(disk, loop), ScriptedClock()) as replica:
            deliverer = Deliverer(await replica.open_stream(UNIT_A, "Track A"), unit_key=UNIT_A.key)
            disk.slow_s = 30.0
            verdicts = [
                LapJudged(run_id="r", lap_id="l", verdict=one) for one in ("valid", "void", "void", "valid")
            ]
            await asyncio.gather(
                *[deliverer.append_unless_said_last("judge l", verdict) for verdict in verdicts]
            )
        bodies = [record.body_bytes or b"" for record in disk.records.values()][1:]
        assert [b"valid" in body for body in bodies] == [True, False, True]

    run_virtual(story)


def test_what_the_clock_tells_is_told_once_over_restarts() -> None:
    disk = SimulatedDisk()

    async def story(loop: VirtualLoop) -> None:
        for start in range(3):
            async with Replica.over(storage_over(disk, loop), ScriptedClock()) as replica:
                deliverer = Deliverer(await replica.open_stream(UNIT_A, "Track A"), unit_key=UNIT_A.key)
                assert await deliverer.append(RunTimedUp(run_id="r")) == (start == 0)
                assert await deliverer.append(RunTimedUp(run_id=f"r{start}"), RunTimedUp(run_id="r")) == 1

    run_virtual(story)


def full_queue(folder: Path, *bodies: Body, each: int) -> int:
    """Return how many records a journal took in while its disk refused, before it said no."""

    async def story() -> int:
        count = 0
        async with contextlib.AsyncExitStack() as stack:
            journal = await stack.enter_async_context(Journal.open(folder / "j.db", root_key=ROOT.key))
            replica = await stack.enter_async_context(Replica.over(journal, ScriptedClock()))
            writing = await replica.open_stream(UNIT_A, "Track A")
            await journal._connected().execute("PRAGMA max_page_count = 1")
            async with asyncio.TaskGroup() as tasks:
                while True:
                    waiting = tasks.create_task(_append(writing, list(bodies) * each))
                    await asyncio.sleep(0)
                    if waiting.done() and not waiting.result():
                        return count
                    count += len(bodies) * each

    return asyncio.run(story())


async def _append(writing: WritingReplica, bodies: list[Body]) -> bool:
    try:
        await writing.append(*bodies)
    except JournalLost:
        return False
    return True


def test_what_waits_for_the_disk_is_bounded_in_records_and_not_in_calls(tmp_path: Path) -> None:
    """Twenty thousand calls of any size could wait: with 200 passings each, four million records."""
    small = CompetitorRegistered(competitor_id="c", name="x")
    count = full_queue(tmp_path, small, each=500)
    assert (
        QUEUE_MAX_COUNT <= count <= QUEUE_MAX_COUNT + 2 * 500
    )  # what the disk refused meanwhile has left it


def test_what_waits_for_the_disk_is_bounded_in_bytes(tmp_path: Path) -> None:
    large = LapJudged(run_id="r" * 80, lap_id="l" * 250, verdict="valid", reason="x" * 400)
    count = full_queue(tmp_path, large, each=500)
    assert QUEUE_MAX_BYTES / 1_500 < count < QUEUE_MAX_BYTES / 1_000 < QUEUE_MAX_COUNT


@given(st.lists(st.integers(min_value=1, max_value=30)))
def test_ranges_hold_exactly_what_was_added(numbers: list[int]) -> None:
    ranges = Ranges()
    for number in numbers:
        ranges.add(number)
    assert [number for number in range(32) if number in ranges] == sorted(set(numbers))
    pairs = ranges.pairs()
    assert all(first <= last for first, last in pairs)
    assert all(left[1] + 1 < right[0] for left, right in pairwise(pairs))
