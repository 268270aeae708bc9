"""A unit that starts again and again: each opening names little, and what happened still shows."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import BodyRefused
from pitboard.journal.records.kinds import StreamOpened, read_body
from pitboard.journal.records.record import BODY_MAX_BYTES, Record, parse_record
from pitboard.journal.replica import Replica
from pitboard.journal.streams.stream_watch import NAMED_STREAMS_MAX_COUNT, StreamWatch
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.verdict_bodies import LapJudged
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols

STARTS = 1_000


def started(path: Path, count: int, *, opened_each: int) -> dict[str, int]:
    """Start the unit so many times; the file is opened anew after `opened_each` of them."""

    async def run() -> dict[str, int]:
        have: dict[str, int] = {}
        clock = ScriptedClock()
        for _ in range(count // opened_each):
            async with Replica.open(path, root_key=ROOT.key, clock=clock) as replica:
                for _ in range(opened_each):
                    replica = await replica.open_stream(UNIT_A, "Track A")
                    clock.advance(ms=500)
                have = replica.have()
        return have

    return asyncio.run(run())


def many_openings(count: int) -> tuple[StreamWatch, list[Record]]:
    """Return a watch over so many starts, each of which knew all before it, and their records."""
    watch, records = StreamWatch(), []
    clock = ScriptedClock()
    for _ in range(count):
        teller = Teller(UNIT_A, "Track A", clock=clock, earlier=watch.uncovered(UNIT_A.key))
        teller.say(CompetitorRegistered(competitor_id="c", name="x"))
        see(watch, *teller.records)
        records += teller.records
    return watch, records


def see(watch: StreamWatch, *records: Record) -> None:
    for record in records:
        body = read_body(record.header.kind, record.body_bytes or b"")
        opened = body if isinstance(body, StreamOpened) else None
        watch.see(record.stream, record.seq, record.header.stamp, opened)


def opened_in(record: Record) -> StreamOpened:
    body = read_body(record.header.kind, record.body_bytes or b"")
    assert isinstance(body, StreamOpened)
    return body


def test_a_unit_starts_a_thousand_times_and_its_journal_still_opens(tmp_path: Path) -> None:
    """The 441st opening was larger than anybody reads, and no start succeeded any more."""
    path = tmp_path / "j.db"
    assert len(started(path, STARTS, opened_each=100)) == STARTS
    assert path.stat().st_size < 2_000_000

    async def last_opening() -> None:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            assert replica.notices() == []
            streams = list(replica.have())
            (record,) = await replica.journal.read_beyond(streams[STARTS - 1], 0, 1)
            assert opened_in(record).earlier == {streams[STARTS - 2]: 1}

    asyncio.run(last_opening())


def test_notices_cost_the_same_after_a_thousand_starts() -> None:
    """They took 7 ms after 430 starts, twice per second."""
    watch, _ = many_openings(STARTS)
    began_s = time.perf_counter()
    for _ in range(100):
        assert watch.notices({UNIT_A.key: "Track A"}) == []
    assert time.perf_counter() - began_s < 0.1


def test_records_lost_with_a_card_are_noticed_through_a_chain_of_openings() -> None:
    _, records = many_openings(10)
    lost = records[8:10]  # a whole start in the middle
    watch = StreamWatch()
    see(watch, *[record for record in records if record not in lost])
    assert [notice.kind for notice in watch.notices({UNIT_A.key: "Track A"})] == ["records-missing"]
    see(watch, *lost)
    assert watch.notices({UNIT_A.key: "Track A"}) == []


def test_openings_that_arrive_in_any_order_give_no_false_notice() -> None:
    _, records = many_openings(6)
    watch = StreamWatch()
    for start in range(10, -1, -2):
        see(watch, *records[start : start + 2])
        kinds = [notice.kind for notice in watch.notices({UNIT_A.key: "Track A"})]
        assert kinds == (["records-missing"] if start else [])


def test_a_card_image_put_back_is_not_taken_for_a_second_machine() -> None:
    """The test of two machines asked both ways round, so an old image looked like one after a second."""
    clock = ScriptedClock()
    first = Teller(UNIT_A, "Track A", clock=clock)
    for number in range(9):
        first.say(CompetitorRegistered(competitor_id=f"c{number}", name="x"))
    clock.advance(ms=60_000)
    second = Teller(UNIT_A, "Track A", clock=clock, earlier={first.writer.stream: 7})
    clock.advance(ms=60_000)
    second.say(CompetitorRegistered(competitor_id="c", name="x"))
    watch = StreamWatch()
    see(watch, *first.records, *second.records)
    (notice,) = watch.notices({UNIT_A.key: "Track A"})
    assert (notice.kind, notice.count) == ("came-back-older", 3)


def test_two_machines_under_one_key_are_told_through_chained_openings() -> None:
    watch, records = many_openings(5)
    clock = ScriptedClock()
    clock.advance(ms=60_000)
    copied = watch.uncovered(UNIT_A.key)
    original = Teller(UNIT_A, "Track A", clock=clock, earlier=copied)
    clone = Teller(UNIT_A, "Track A", clock=clock, earlier=copied)
    clock.advance(ms=60_000)
    original.say(CompetitorRegistered(competitor_id="c", name="x"))
    see(watch, *original.records, *clone.records)
    assert [notice.kind for notice in watch.notices({UNIT_A.key: "Track A"})] == ["two-machines"]
    replaced = Teller(UNIT_A, "Track A", clock=clock, earlier=watch.uncovered(UNIT_A.key))
    see(watch, *replaced.records)
    assert set(opened_in(replaced.records[0]).earlier) == {original.writer.stream, clone.writer.stream}
    assert watch.notices({UNIT_A.key: "Track A"}) == []
    assert len(records) == 10


def test_an_opening_names_no_more_than_a_record_holds_and_the_next_one_names_the_rest() -> None:
    """Streams that know nothing of each other: the unit began with an empty card each time."""
    watch, clock = StreamWatch(), ScriptedClock()
    count = NAMED_STREAMS_MAX_COUNT + 44
    for _ in range(count):
        see(watch, *Teller(UNIT_A, "\N{GRINNING FACE}" * 80, clock=clock).records)
    first = Teller(UNIT_A, "\N{GRINNING FACE}" * 80, clock=clock, earlier=watch.uncovered(UNIT_A.key))
    assert len(opened_in(first.records[0]).earlier) == NAMED_STREAMS_MAX_COUNT
    see(watch, *first.records)
    second = Teller(UNIT_A, "Track A", clock=clock, earlier=watch.uncovered(UNIT_A.key))
    see(watch, *second.records)
    assert len(opened_in(second.records[0]).earlier) == 44 + 1
    assert watch.notices({UNIT_A.key: "Track A"}) == []


def test_a_record_too_large_to_be_read_is_refused_when_it_is_written() -> None:
    unit = Teller(UNIT_A, "Track A")
    empty = len(unit.say(LapJudged(run_id="r", lap_id="l", verdict=None, reason="x")).body_bytes or b"") - 1
    largest = unit.say(LapJudged(run_id="r", lap_id="l", verdict=None, reason="x" * (BODY_MAX_BYTES - empty)))
    assert len(largest.body_bytes or b"") == BODY_MAX_BYTES
    parse_record(largest.header_bytes, largest.signature, largest.body_bytes)
    with pytest.raises(BodyRefused, match="16385 bytes do not fit"):
        unit.say(LapJudged(run_id="r", lap_id="l", verdict=None, reason="x" * (BODY_MAX_BYTES - empty + 1)))
    assert unit.say(CompetitorRegistered(competitor_id="c", name="x")).header.previous == (
        largest.header_hash.hex()
    )


def test_one_body_too_large_takes_the_whole_append_back(tmp_path: Path) -> None:
    """The bodies before it had taken their places in the stream, and nobody took what came after the gap."""

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            replica = await replica.open_stream(UNIT_A, "Track A")
            good = CompetitorRegistered(competitor_id="c", name="x")
            bad = LapJudged(run_id="r", lap_id="l", verdict=None, reason="x" * 17_000)
            with pytest.raises(BodyRefused):
                await replica.append(good, bad)
            (record,) = await replica.append(good)
            assert (record.seq, replica.have()) == (2, {record.stream: 2})

    asyncio.run(story())
