"""What does not count is kept within bounds, comes last, and costs those that count nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pitboard.clock import ScriptedClock
from pitboard.journal.records.kinds import UnitEnrolled, UnitRevoked
from pitboard.journal.replica import Replica
from pitboard.journal.streams import stream_watch as stranger_watch
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, Teller, central_enrols


def named(number: int, size: int = 1) -> CompetitorRegistered:
    return CompetitorRegistered(competitor_id=f"c{number}", name="x" * size)


def test_a_strangers_many_streams_are_turned_away_and_enrolled_units_go_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            central = central_enrols(UNIT_A)
            await replica.accept(central.records)
            for _ in range(stranger_watch.STREAMS_MAX_COUNT + 2):
                await replica.accept(Teller(STRANGER, "Track Z").records)
            assert len(replica.streams_by_key()[STRANGER.key]) == stranger_watch.STREAMS_MAX_COUNT
            assert replica.strangers.turned_away[STRANGER.key] == "unknown"
            unit = Teller(UNIT_A, "Track A")
            unit.say(named(1))
            assert (await replica.accept(unit.records)).taken == 2
            # Once it is enrolled, what was left with its writer is taken.
            central.say(UnitEnrolled(key=STRANGER.key, name="Track Z"))
            await replica.accept(central.records)
            assert (await replica.accept(Teller(STRANGER, "Track Z").records)).taken == 1
            assert (await replica.accept(Teller(UNIT_B, "Track B").records)).taken == 1

    asyncio.run(story())


def test_a_revoked_unit_cannot_fill_the_disk(tmp_path: Path) -> None:
    size = 16_000

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
            central.say(UnitRevoked(key=UNIT_A.key, heads={unit.writer.stream: 1}))
            await replica.accept(central.records)
            most = stranger_watch.BYTES_MAX // size
            for _ in range(most + 1):
                unit.records.append(unit.writer.write("large", {"text": "x" * size}))
            for start in range(0, len(unit.records), 100):
                await replica.accept(unit.records[start : start + 100])
            kept = replica.have()[unit.writer.stream]
            assert 0.95 * most < kept < most
            assert replica.strangers.turned_away[UNIT_A.key] == "revoked"
            assert replica.fold.race.competitors == {}

    asyncio.run(story())


def test_a_unit_that_starts_for_ever_is_bounded(tmp_path: Path) -> None:
    most = stranger_watch.UNIT_STREAMS_MAX_COUNT

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            starts = [Teller(UNIT_A, "Track A").records[0] for _ in range(most + 2)]
            for first in range(0, len(starts), 500):
                await replica.accept(starts[first : first + 500])
            assert len(replica.streams_by_key()[UNIT_A.key]) == most
            assert replica.strangers.turned_away[UNIT_A.key] == "restarts"

    asyncio.run(story())


def test_of_one_enrolled_unit_a_gibibyte_is_kept_and_the_others_go_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            central = central_enrols(UNIT_A, UNIT_B)
            await replica.accept(central.records)
            unit, other = Teller(UNIT_A, "Track A"), Teller(UNIT_B, "Track B")
            large = unit.writer.write("large", {"text": "x" * 16_000})
            await replica.accept([*unit.records, large])
            roster, kept_bytes = replica.fold.roster, sum(one.size for one in [*unit.records, large])
            for _ in range((1_024 * 1_024 * 1_024 - kept_bytes) // large.size):
                replica.strangers.see(large, UNIT_A.key, roster=roster)  # what a disk would hold by now
            last, beyond = unit.say(named(1)), unit.say(named(2))
            replica.strangers.see(large, UNIT_B.key, roster=roster)
            assert (await replica.accept([last])).taken == 1
            replica.strangers.see(large, UNIT_A.key, roster=roster)
            assert (await replica.accept([beyond])).refused == 1
            assert replica.strangers.turned_away[UNIT_A.key] == "endless"
            assert (await replica.accept([*other.records, other.say(named(3))])).taken == 2
            assert set(replica.fold.race.competitors) == {"c1", "c3"}

    asyncio.run(story())


def test_the_names_of_those_turned_away_are_bounded_too() -> None:
    watch = stranger_watch.StrangerWatch()
    for number in range(100):
        watch._turn_away(f"{number:064x}", "unknown")
    assert len(watch.turned_away) == stranger_watch.NAMED_MAX_COUNT


def test_a_batch_brings_central_first_then_a_portion_of_each_unit_then_strangers(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            stranger = Teller(STRANGER, "Track Z")
            units = [Teller(UNIT_A, "Track A"), Teller(UNIT_B, "Track B")]
            for teller in (stranger, *units):
                for number in range(299):
                    teller.say(named(number))
                await replica.accept(teller.records)
            await replica.accept(central_enrols(UNIT_A, UNIT_B).records)
            batch = await replica.beyond({}, max_count=204)
            streams = [record.stream for record in batch]
            assert streams[:4] == [replica_stream for replica_stream in streams[:1] for _ in range(4)]
            assert [streams.count(teller.writer.stream) for teller in units] == [100, 100]
            assert stranger.writer.stream not in streams
            have = {unit.writer.stream: 300 for unit in units}
            rest = await replica.beyond(have, max_count=20)
            assert {record.stream for record in rest[4:]} == {stranger.writer.stream}

    asyncio.run(story())
