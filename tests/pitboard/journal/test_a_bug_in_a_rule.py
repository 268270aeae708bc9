"""A bug in what follows the journal ends the program, so that systemd starts it again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import JournalLost, StreamTaken
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.records.record import HybridClock, Record, StreamWriter
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.tasks import beside
from tests.race_story import ROOT, UNIT_A

NAMED = CompetitorRegistered(competitor_id="c", name="x")


class RuleBug(Exception):
    """Stands for what nobody foresaw."""


def stumble(record: Record) -> None:
    if record.header.kind == "competitor-registered":
        raise RuleBug


def test_every_waiter_gets_an_error_and_the_context_ends_with_the_bug(tmp_path: Path) -> None:
    """The journal's writer died, every later store waited for ever, and all lights stayed green."""
    outcomes: list[str] = []

    async def follow(replica: Replica) -> None:
        try:
            await replica.wait_for_news(replica.version, timeout_s=60)
        except JournalLost as error:
            outcomes.append(str(error))

    async def story() -> None:
        async with (
            Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica,
            asyncio.TaskGroup() as tasks,
        ):
            writing = await replica.open_stream(UNIT_A, "Track A")
            replica.add_follower(stumble)
            tasks.create_task(follow(replica))
            await asyncio.sleep(0)
            try:
                await writing.append(NAMED)
            finally:
                with pytest.raises(JournalLost, match="has failed"):
                    await writing.append(NAMED)
                outcomes.append("refused")
            await asyncio.sleep(60)

    with pytest.raises(RuleBug):
        asyncio.run(asyncio.wait_for(story(), 10))
    assert "refused" in outcomes


def test_a_journal_whose_writer_died_refuses_and_ends_its_block(tmp_path: Path) -> None:
    async def broken(journal: Journal, records: object) -> None:
        raise RuleBug

    async def story() -> None:
        async with Journal.open(tmp_path / "j.db", root_key=ROOT.key) as journal:
            journal._commit = broken.__get__(journal)  # type: ignore[method-assign]
            record = StreamWriter(UNIT_A, HybridClock(ScriptedClock())).write("note", {})
            waiting = [asyncio.ensure_future(journal.append([record])) for _ in range(3)]
            try:
                await asyncio.sleep(60)
            finally:
                results = await asyncio.gather(*waiting, return_exceptions=True)
                assert [type(result) for result in results] == [JournalLost] * 3
                with pytest.raises(JournalLost, match="nobody writes it"):
                    await journal.append([record])

    with pytest.raises(RuleBug):
        asyncio.run(asyncio.wait_for(story(), 10))


def test_a_program_with_a_bug_in_a_rule_ends_with_the_status_of_a_bug(tmp_path: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from pitboard.clock import SystemClock
from pitboard.journal.replica import Replica
from pitboard.program.program import run_program
from tests.pitboard.journal.test_a_bug_in_a_rule import NAMED, ROOT, UNIT_A, stumble

async def unit(stop):
    path = Path({str(tmp_path / "j.db")!r})
    async with Replica.open(path, root_key=ROOT.key, clock=SystemClock()) as replica:
        writing = await replica.open_stream(UNIT_A, "Track A")
        replica.add_follower(stumble)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(writing.append(NAMED))
            await stop.wait()

run_program("unit", unit)
"""
    ended = subprocess.run([sys.executable, "-c", program], timeout=20, capture_output=True, text=True)
    assert ended.returncode == 70
    assert "RuleBug" in ended.stderr


def test_who_finds_his_stream_written_by_another_process_stops_writing(tmp_path: Path) -> None:
    """The second one's record was left out, and its caller was told that it was saved."""

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            writing = await replica.open_stream(UNIT_A, "Track A")
            stream, seq = writing.next_place
            other = StreamWriter(UNIT_A, HybridClock(ScriptedClock()), stream=stream)
            other._seq, other._previous = seq - 1, writing._own.writer._previous
            await replica.journal.append(
                [other.write("competitor-registered", {"competitor_id": "d", "name": "y"})]
            )
            with pytest.raises(StreamTaken, match="another program wrote record 2"):
                await writing.append(NAMED)

    asyncio.run(story())


def test_work_beside_a_block_ends_with_it_and_its_failure_ends_the_block() -> None:
    ended: list[str] = []

    async def work(failure: Exception | None) -> None:
        try:
            if failure is not None:
                raise failure
            await asyncio.sleep(60)
        finally:
            ended.append("work")

    async def block(failure: Exception | None, own: Exception | None) -> None:
        async with beside(work(failure), name="work"):
            await asyncio.sleep(0.01)
            if own is not None:
                raise own
            ended.append("block")

    asyncio.run(block(None, None))
    assert ended == ["block", "work"]
    with pytest.raises(RuleBug):
        asyncio.run(block(RuleBug(), None))
    with pytest.raises(StreamTaken):
        asyncio.run(block(None, StreamTaken(stream="a" * 32, seq=1)))
    assert ended == ["block", "work", "work", "work"]
