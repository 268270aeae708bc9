"""Stamps of strangers and of broken clocks: nobody may push a node's own stamps out of reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from pitboard.clock import ScriptedClock
from pitboard.journal.records.kinds import StreamOpened
from pitboard.journal.records.record import (
    NO_PREVIOUS,
    STAMP_MAX,
    UTC_MAX_MS,
    HybridClock,
    Record,
    stamp_utc_ms,
    write_record,
)
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.identity import Identity
from tests.race_story import ROOT, STRANGER, UNIT_A, Teller, central_enrols

LAST_STAMP = STAMP_MAX - 1


def opened(identity: Identity, *, stamp: int) -> Record:
    body = StreamOpened(key=identity.key, name="Box", boot_id="b")
    return write_record(
        identity, stream="f" * 32, seq=1, previous=NO_PREVIOUS, stamp=stamp, kind="stream-opened", body=body
    )


def stamps_of_unit(path: Path, before: Callable[[Replica], Awaitable[object]]) -> list[int]:
    async def run() -> list[int]:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            await before(replica)
            replica = await replica.open_stream(UNIT_A, "Track A")
            records = await replica.append(CompetitorRegistered(competitor_id="c1", name="Ann"))
            return [record.header.stamp for record in records]

    return asyncio.run(run())


def test_a_stranger_with_the_last_possible_stamp_leaves_our_stamps_valid(tmp_path: Path) -> None:
    [stamp] = stamps_of_unit(
        tmp_path / "j.db", lambda replica: replica.accept([opened(STRANGER, stamp=LAST_STAMP)])
    )
    assert stamp < STAMP_MAX
    assert stamp_utc_ms(stamp) < ScriptedClock().now_utc_ms + 1_000


def test_an_enrolled_unit_with_the_last_possible_stamp_is_not_followed_either(tmp_path: Path) -> None:
    [stamp] = stamps_of_unit(
        tmp_path / "j.db", lambda replica: replica.accept([opened(UNIT_A, stamp=LAST_STAMP)])
    )
    assert stamp_utc_ms(stamp) < ScriptedClock().now_utc_ms + 1_000


def test_a_strangers_stamp_is_followed_once_the_stranger_is_enrolled(tmp_path: Path) -> None:
    ahead = ScriptedClock(now_utc_ms=ScriptedClock().now_utc_ms + 300_000)
    box = Teller(STRANGER, "Box", clock=ahead)

    async def with_enrolment(replica: Replica) -> None:
        await replica.accept(box.records)
        await replica.accept(central_enrols(STRANGER).records)

    [unknown] = stamps_of_unit(tmp_path / "a.db", lambda replica: replica.accept(box.records))
    [enrolled] = stamps_of_unit(tmp_path / "b.db", with_enrolment)
    assert unknown < box.records[0].header.stamp < enrolled


def test_a_clock_beyond_2100_writes_valid_growing_stamps() -> None:
    clock = HybridClock(ScriptedClock(now_utc_ms=2**60))
    stamps = [clock.next_stamp(), clock.next_stamp()]
    assert stamps[0] < stamps[1] < STAMP_MAX
    assert stamp_utc_ms(stamps[1]) == UTC_MAX_MS
    again = HybridClock(ScriptedClock(now_utc_ms=0))
    again.observe(stamps[1])
    assert again.next_stamp() > stamps[1]
