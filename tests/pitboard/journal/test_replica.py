"""A replica on a real file: what is durable, what is refused, what a fork does."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import aiosqlite
import msgspec
import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import ConfigRefused, JournalLost, RecordRefused
from pitboard.journal.disk import sqlite_storage
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.records.record import WireRecord, from_wire, to_wire, write_record
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller, central_enrols


def with_replica(path: Path, story: Callable[[Replica], Awaitable[None]]) -> None:
    async def run() -> None:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await story(replica)

    asyncio.run(run())


def named(number: int) -> CompetitorRegistered:
    return CompetitorRegistered(competitor_id=f"c{number}", name=f"Name {number}")


def test_what_was_appended_is_there_after_a_restart_under_a_new_stream(tmp_path: Path) -> None:
    async def first(replica: Replica) -> None:
        replica = await replica.open_stream(UNIT_A, "Track A")
        await replica.append(named(1), named(2))

    async def second(replica: Replica) -> None:
        before = replica.have()
        assert list(before.values()) == [3]
        replica = await replica.open_stream(UNIT_A, "Track A")
        opened = (await replica.beyond(before))[0]
        assert opened.header.kind == "stream-opened"
        assert msgspec.json.decode(opened.body_bytes or b"")["earlier"] == before

    with_replica(tmp_path / "j.db", first)
    with_replica(tmp_path / "j.db", second)


def test_records_are_taken_only_in_order_and_a_repetition_is_harmless(tmp_path: Path) -> None:
    unit = Teller(UNIT_A, "Track A")
    for number in range(4):
        unit.say(named(number))

    async def story(replica: Replica) -> None:
        acceptance = await replica.accept([unit.records[0], unit.records[2], unit.records[1]])
        assert (acceptance.taken, acceptance.past_gap) == (2, 1)
        acceptance = await replica.accept(unit.records)
        assert (acceptance.taken, acceptance.repeated) == (3, 2)
        assert replica.have() == {unit.writer.stream: 5}

    with_replica(tmp_path / "j.db", story)


def test_a_forked_stream_is_alarmed_kept_aside_and_stops_nobody_else(tmp_path: Path) -> None:
    stream = "0" * 32
    original, clone = Teller(UNIT_A, "Track A", stream=stream), Teller(UNIT_A, "Track A", stream=stream)
    other = Teller(UNIT_B, "Track B")
    original.say(named(1))
    clone.say(named(2))
    clone.say(named(3))

    async def story(replica: Replica) -> None:
        await replica.accept([*central_enrols(UNIT_A).records, *original.records])
        acceptance = await replica.accept([*clone.records, *other.records])
        assert (acceptance.forked, acceptance.taken) == (2, 1)
        assert list(replica.alarms) == [stream]
        assert [row[:2] for row in await replica.journal.quarantined()] == [(stream, 2), (stream, 3)]
        assert replica.have()[stream] == 2

    with_replica(tmp_path / "j.db", story)


def test_one_bad_record_is_refused_and_blocks_no_other_stream(tmp_path: Path) -> None:
    good, victim = Teller(UNIT_A, "Track A"), Teller(UNIT_B, "Track B")
    forged = write_record(
        UNIT_A, stream=victim.writer.stream, seq=2, previous="0" * 64, stamp=1, kind="x", body={}
    )

    async def story(replica: Replica) -> None:
        await replica.accept(victim.records)
        acceptance = await replica.accept([forged, *good.records])
        assert (acceptance.refused, acceptance.taken) == (1, 1)

    with_replica(tmp_path / "j.db", story)


@pytest.mark.parametrize(
    "damage",
    [
        lambda wire: msgspec.structs.replace(wire, b=wire.b.replace("Name", "Fame")),
        lambda wire: msgspec.structs.replace(wire, s="00" * 64),
        lambda wire: msgspec.structs.replace(wire, s="no hex"),
        lambda wire: msgspec.structs.replace(wire, h=wire.h.replace('"seq":2', '"seq":3')),
        lambda wire: msgspec.structs.replace(wire, h="[" * 900),
        lambda wire: msgspec.structs.replace(wire, h="\ud800"),
        lambda wire: msgspec.structs.replace(wire, b="x" * 20_000),
    ],
)
def test_a_damaged_record_is_refused(damage: Callable[[WireRecord], WireRecord], tmp_path: Path) -> None:
    unit = Teller(UNIT_A, "Track A")
    wire = damage(to_wire(unit.say(named(1))))

    async def story(replica: Replica) -> None:
        await replica.accept(unit.records[:1])
        try:
            records = [from_wire(wire)]
        except RecordRefused:
            return
        acceptance = await replica.accept(records)
        assert acceptance.taken == 0

    with_replica(tmp_path / "j.db", story)


def test_a_kind_from_the_future_is_kept_and_passed_on(tmp_path: Path) -> None:
    unit = Teller(UNIT_A, "Track A")
    unit.records.append(unit.writer.write("weather-noted", {"rain": True}))

    async def story(replica: Replica) -> None:
        await replica.accept(unit.records)
        assert [record.header.kind for record in await replica.beyond({})][-1] == "weather-noted"

    with_replica(tmp_path / "j.db", story)


def test_news_wakes_a_waiter_even_when_it_is_of_an_unknown_kind(tmp_path: Path) -> None:
    unit = Teller(UNIT_A, "Track A")
    unit.records.append(unit.writer.write("weather-noted", {"rain": True}))

    async def story(replica: Replica) -> None:
        waiting = asyncio.create_task(replica.wait_for_news(replica.version, timeout_s=60))
        await asyncio.sleep(0)
        await replica.accept(unit.records)
        assert await waiting

    with_replica(tmp_path / "j.db", story)


def test_a_waiter_that_is_cancelled_as_news_comes_ends_all_the_same(tmp_path: Path) -> None:
    async def story(replica: Replica) -> None:
        replica = await replica.open_stream(UNIT_A, "Track A")

        async def follow() -> None:
            while True:
                await replica.wait_for_news(replica.version, timeout_s=60)

        following = asyncio.create_task(follow())
        await asyncio.sleep(0)
        await replica.append(named(1))
        following.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([following])
        assert following.cancelled()

    with_replica(tmp_path / "j.db", story)


def test_batches_keep_their_bounds_and_streams_their_order(tmp_path: Path) -> None:
    async def story(replica: Replica) -> None:
        replica = await replica.open_stream(UNIT_A, "Track A")
        await replica.append(*[named(number) for number in range(1_200)])
        have: dict[str, int] = {}
        seqs: list[int] = []
        while batch := await replica.beyond(have):
            assert len(batch) <= 500
            seqs += [record.seq for record in batch]
            have = {batch[-1].stream: batch[-1].seq}
        assert seqs == list(range(1, 1_202))
        first = await replica.beyond({}, max_bytes=1)
        assert len(first) == 1

    with_replica(tmp_path / "j.db", story)


def test_a_caller_that_goes_away_before_the_commit_leaves_no_hole(tmp_path: Path) -> None:
    async def story(replica: Replica) -> None:
        replica = await replica.open_stream(ROOT, "Central")
        gone = asyncio.create_task(replica.append(named(1)))
        await asyncio.sleep(0)
        gone.cancel()
        await replica.append(named(2))
        assert sorted(replica.fold.race.competitors) == ["c1", "c2"]
        assert list(replica.have().values()) == [3]

    with_replica(tmp_path / "j.db", story)


def test_appends_of_many_callers_are_all_kept_in_order(tmp_path: Path) -> None:
    async def story(replica: Replica) -> None:
        replica = await replica.open_stream(ROOT, "Central")
        await asyncio.gather(*[replica.append(named(number)) for number in range(50)])
        assert len(replica.fold.race.competitors) == 50

    async def again(replica: Replica) -> None:
        assert len(replica.fold.race.competitors) == 50

    with_replica(tmp_path / "j.db", story)
    with_replica(tmp_path / "j.db", again)


def test_a_journal_of_another_event_is_refused_and_left_alone(tmp_path: Path) -> None:
    async def nothing(replica: Replica) -> None:
        pass

    with_replica(tmp_path / "j.db", nothing)

    async def other_event() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=UNIT_A.key, clock=ScriptedClock()):
            pass

    with pytest.raises(ConfigRefused, match="another event"):
        asyncio.run(other_event())


def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.write_bytes(b"holiday pictures" * 100)

    async def nothing(replica: Replica) -> None:
        pass

    with pytest.raises(JournalLost, match="not a database"):
        with_replica(path, nothing)
    assert path.read_bytes() == b"holiday pictures" * 100


def test_a_second_process_cannot_open_the_same_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiosqlite, "connect", partial(aiosqlite.connect, timeout=0.05))  # else 5 s

    async def story(replica: Replica) -> None:
        replica = await replica.open_stream(UNIT_A, "Track A")
        with pytest.raises(JournalLost, match="another process"):
            async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()):
                pass

    with_replica(tmp_path / "j.db", story)


def test_while_the_disk_refuses_nothing_is_acknowledged_and_then_all_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_storage, "RETRY_S", 0.05)

    async def story(replica: Replica) -> None:
        replica = await replica.open_stream(UNIT_A, "Track A")
        assert isinstance(replica.journal, Journal)
        database = replica.journal._connected()
        await database.execute("PRAGMA max_page_count = 1")
        waiting = asyncio.create_task(replica.append(*[named(number) for number in range(200)]))
        while replica.journal.trouble is None:
            await asyncio.sleep(0.01)
        assert not waiting.done()
        assert "The journal cannot be written: the disk " in (replica.journal.trouble or "")
        assert list(replica.have().values()) == [1]
        await asyncio.wait_for(waiting, 10)  # a new connection has no such bound
        assert list(replica.have().values()) == [201]
        assert replica.journal.trouble is None

    with_replica(tmp_path / "j.db", story)
    with sqlite3.connect(tmp_path / "j.db") as database:
        assert database.execute("SELECT count(*) FROM records").fetchone() == (201,)
    database.close()


def test_a_stream_that_does_not_say_who_writes_it_is_refused(tmp_path: Path) -> None:
    record = write_record(UNIT_A, stream="1" * 32, seq=1, previous="0" * 64, stamp=1, kind="passing", body={})

    async def story(replica: Replica) -> None:
        assert (await replica.accept([record])).refused == 1

    with_replica(tmp_path / "j.db", story)


def test_cause_comes_before_effect_on_a_unit_that_woke_in_1970(tmp_path: Path) -> None:
    central = central_enrols(UNIT_A)

    async def story(replica: Replica) -> None:
        await replica.accept(central.records)
        replica = await replica.open_stream(UNIT_A, "Track A")
        own = (await replica.beyond(central_have))[0]
        assert own.header.stamp > central.records[-1].header.stamp

    central_have = {central.writer.stream: len(central.records)}

    async def run() -> None:
        clock = ScriptedClock(now_utc_ms=0)
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=clock) as replica:
            await story(replica)

    asyncio.run(run())


def modes_in(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_a_journal_made_by_hand_is_its_owners_alone(tmp_path: Path) -> None:
    async def story(replica: Replica) -> None:
        await replica.accept(central_enrols(UNIT_A).records)
        assert modes_in(tmp_path) == {0o600}

    former = os.umask(0)
    try:
        with_replica(tmp_path / "j.db", story)
    finally:
        os.umask(former)


def test_an_opening_tells_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A great journal on a slow card takes minutes, and systemd ends a start that says nothing for 90 s."""

    async def written(replica: Replica) -> None:
        replica = await replica.open_stream(UNIT_A, "Track A")
        await replica.append(*map(named, range(4)))

    with_replica(tmp_path / "j.db", written)
    monkeypatch.setattr(sqlite_storage, "READ_COUNT", 2)
    told: list[tuple[int, int]] = []

    async def opened() -> None:
        path, clock = tmp_path / "j.db", ScriptedClock()
        async with Replica.open(
            path, root_key=ROOT.key, clock=clock, on_opening=lambda done, count: told.append((done, count))
        ):
            assert told == [(0, 0), (2, 5), (4, 5), (5, 5)]

    asyncio.run(opened())
