"""A thief with a unit's key: he cannot write anew what central saw, nor carry the clocks of others away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.countersigning import STEP_COUNT
from pitboard.journal.records.kinds import HeadsWitnessed, UnitEnrolled, UnitRevoked
from pitboard.journal.records.record import (
    AHEAD_MAX_MS,
    COUNTER_BITS,
    UTC_MAX_MS,
    HybridClock,
    Record,
    StreamWriter,
    stamp_utc_ms,
)
from pitboard.journal.replica import Replica
from pitboard.keeping.journal_copy import fold_file
from pitboard.race.bodies.body import ActWithdrawn
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from sync.central.enrolment.unit_register import Cut, revocation
from sync.central.ingest.head_witness import HeadWitness
from tests.race_story import ROOT, STRANGER, UNIT_A, Teller, central_enrols

STREAM = "a" * 32


def told(name: str, *, count: int = 3) -> Teller:
    """Return a stream of the unit whose competitors have this name: the unit's own, or the thief's."""
    teller = Teller(UNIT_A, "Track A", stream=STREAM)
    for number in range(count):
        teller.say(CompetitorRegistered(competitor_id=f"c{number}", name=name))
    return teller


def point(records: list[Record], seq: int) -> tuple[int, str]:
    return (seq, records[seq - 1].header_hash.hex())


def names_of(replica: Replica) -> set[str]:
    race = replica.fold.race
    return {race.name_of(competitor) for competitor in race.competitors}


async def names_after(folder: Path, *batches: list[Record]) -> set[str]:
    async with Replica.open(folder, root_key=ROOT.key, clock=ScriptedClock()) as replica:
        for batch in batches:
            await replica.accept(batch)
        return names_of(replica)


async def carry(source: Replica, target: Replica) -> None:
    """Bring the target what it lacks, as a link does."""
    await target.accept(await source.beyond(target.have()))


def witnessed(records: list[Record], seq: int) -> Teller:
    central = central_enrols(UNIT_A)
    central.say(HeadsWitnessed(heads={STREAM: point(records, seq)}))
    return central


def revoked(records: list[Record]) -> Teller:
    central = central_enrols(UNIT_A)
    seq, told_hash = point(records, len(records))
    central.say(UnitRevoked(key=UNIT_A.key, heads={STREAM: seq}, hashes={STREAM: told_hash}))
    return central


@pytest.mark.parametrize("says", [lambda true: witnessed(true, 3), revoked], ids=["witnessed", "revoked"])
@pytest.mark.parametrize("is_thief_first", [True, False])
def test_another_history_than_central_saw_counts_nothing_whenever_it_comes(
    tmp_path: Path, says: object, is_thief_first: bool
) -> None:
    true, false = told("Ann"), told("Thief")
    assert callable(says)
    central = says(true.records).records
    batches = [false.records, central] if is_thief_first else [central, false.records]
    assert asyncio.run(names_after(tmp_path / "a.db", *batches)) == set()
    assert asyncio.run(names_after(tmp_path / "b.db", true.records, central)) == {"Ann"}


@pytest.mark.parametrize("says", [lambda true: witnessed(true, 4), revoked], ids=["witnessed", "revoked"])
@pytest.mark.parametrize("false_count", [2, 3, 9], ids=["shorter", "as long", "longer"])
@pytest.mark.parametrize("is_central_first", [True, False])
def test_what_central_saw_takes_the_place_of_a_false_history_on_the_disk(
    tmp_path: Path, says: Callable[[list[Record]], Teller], *, false_count: int, is_central_first: bool
) -> None:
    true, false = told("Ann"), told("Thief", count=false_count)
    central = says(true.records).records

    async def story() -> None:
        path = tmp_path / "j.db"
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            for batch in [central, false.records] if is_central_first else [false.records, central]:
                await replica.accept(batch)
            # As on every link: the peer brings what is not in `have`, and comes again.
            for _ in range(2):
                await replica.accept(true.records[replica.have().get(STREAM, 0) :])
                await replica.accept(false.records[replica.have().get(STREAM, 0) :])
            assert names_of(replica) == {"Ann"}
            assert replica.have()[STREAM] == len(true.records)
            assert replica.false_streams == set()
            held = await replica.journal.read_beyond(STREAM, 0, 99)
            assert held == true.records
        assert await names_after(path) == {"Ann"}, "after a restart"

    asyncio.run(story())


def test_without_proof_nothing_replaces_what_is_here(tmp_path: Path) -> None:
    """Who comes second with another history, and cannot lead it to what central saw, is kept out."""
    true, false = told("Ann", count=5), told("Thief", count=9)
    central = witnessed(true.records, 6).records

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(central)
            await replica.accept(true.records[:3])  # as far as it has come here
            for _ in range(2):
                await replica.accept(false.records)
                assert names_of(replica) == {"Ann"}
            await replica.accept(true.records[replica.have().get(STREAM, 0) :])
            assert await replica.journal.read_beyond(STREAM, 0, 99) == true.records

    asyncio.run(story())


def test_central_names_places_so_near_each_other_that_a_batch_leads_from_one_to_the_next(
    tmp_path: Path,
) -> None:
    """The false history is long, and the true one comes in small batches, as a unit sends them."""
    true, false = told("Ann", count=70), told("Thief", count=70)

    async def story() -> None:
        path = tmp_path / "central.db"
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            central = await replica.open_stream(ROOT, "Central")
            await replica.accept(central_enrols(UNIT_A).records)
            await replica.accept(true.records)
            await HeadWitness(central).tell()
            of_central = [one for one in await replica.beyond({}) if one.stream != STREAM]
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(false.records)
            await replica.accept(of_central)
            calls = 0
            while replica.have().get(STREAM, 0) < len(true.records):
                known = replica.have().get(STREAM, 0)
                await replica.accept(true.records[known : known + STEP_COUNT])
                await replica.accept(false.records[known : known + STEP_COUNT])  # he tries as often
                calls += 1
            assert calls <= 10
            assert names_of(replica) == {"Ann"}

    asyncio.run(story())


def test_a_stranger_who_opens_a_stream_by_the_name_of_a_units_own_gives_way(tmp_path: Path) -> None:
    """Without any key: he reads the stream's id at one node, and is at another before the unit is."""
    squatter = Teller(STRANGER, "Squatter", stream=STREAM)
    for number in range(3):
        squatter.say(CompetitorRegistered(competitor_id=f"s{number}", name="Squatter"))
    true = told("Ann", count=6)

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            await replica.accept(squatter.records)
            for _ in range(2):
                await replica.accept(true.records[replica.have().get(STREAM, 0) :])
                await replica.accept(squatter.records)
            assert await replica.journal.read_beyond(STREAM, 0, 99) == true.records
            assert names_of(replica) == {"Ann"}
        assert await names_after(tmp_path / "j.db") == {"Ann"}

    asyncio.run(story())


def test_a_unit_whose_live_stream_a_thief_writes_on_lives_on_in_another_and_loses_nothing(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        clock = ScriptedClock()
        async with (
            Replica.open(tmp_path / "unit.db", root_key=ROOT.key, clock=clock) as unit,
            Replica.open(tmp_path / "central.db", root_key=ROOT.key, clock=clock) as central,
        ):
            writing, root = await unit.open_stream(UNIT_A, "Track A"), await central.open_stream(ROOT, "C")
            await root.append(UnitEnrolled(key=UNIT_A.key, name="Track A"))
            await writing.append(CompetitorRegistered(competitor_id="a", name="Ann"))
            await carry(unit, central)
            stream, seq = writing.next_place
            thief = StreamWriter(UNIT_A, HybridClock(clock), stream=stream)
            thief._seq, thief._previous = seq - 1, writing._own.writer._previous
            stolen = [
                thief.write("competitor-registered", {"competitor_id": f"t{number}", "name": "Thief"})
                for number in range(3)
            ]
            # At the unit itself: refused, told to people, and the next act is saved.
            assert (await unit.accept(stolen)).forked == 1
            assert stream in unit.alarms
            said = await writing.append(CompetitorRegistered(competitor_id="b", name="Bob"))
            await writing.append(
                ActWithdrawn(stream=stream, seq=said[0].seq),
                CompetitorRegistered(competitor_id="c", name="Cas"),
            )
            assert (said[0].stream, said[0].seq) == (stream, seq)
            # At central he was first, and central countersigned it: what the unit wrote there counts no more.
            await central.accept(stolen)
            await carry(unit, central)
            await HeadWitness(root).tell()
            await carry(central, unit)
            await asyncio.wait_for(writing.settled(), 5)
            assert writing.next_place[0] != stream
            assert unit.alarms[stream].code == "key-elsewhere"
            await writing.append(CompetitorRegistered(competitor_id="d", name="Dan"))
            for _ in range(3):
                await carry(unit, central)
                await carry(central, unit)
            # Until he is revoked his word counts as the unit's does; nothing of the unit's is lost.
            assert names_of(unit) == names_of(central) == {"Ann", "Cas", "Dan", "Thief"}
            assert unit.false_streams == set()

    asyncio.run(story())


def test_after_a_restore_from_an_old_backup_a_cut_voids_nothing_that_central_saw(tmp_path: Path) -> None:
    """The cut lies beyond what any node still has: what leads to it is lost, what was seen before is not."""
    true = told("Ann", count=8)
    central = witnessed(true.records, 5)
    central.say(
        UnitRevoked(
            key=UNIT_A.key, heads={STREAM: 9}, hashes={STREAM: true.records[8].header_hash.hex()}, reason=""
        )
    )

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(true.records[:7])  # the backup's, one record past what central named
            await replica.accept(central.records)
            assert set(replica.fold.race.competitors) == {"c0", "c1", "c2", "c3"}
            await replica.accept(true.records[7:])  # somebody had it all the same
            assert len(replica.fold.race.competitors) == 8

    asyncio.run(story())


def test_a_copy_of_a_journal_that_met_the_thief_first_is_folded_without_him(tmp_path: Path) -> None:
    true, false = told("Ann"), told("Thief")
    for number, central in enumerate((witnessed(true.records, 3), revoked(true.records))):
        path = tmp_path / f"{number}.db"
        assert asyncio.run(names_after(path, false.records, central.records)) == set()
        race = fold_file(path).race
        assert {race.name_of(competitor) for competitor in race.competitors} == set()


def test_of_a_revoked_unit_a_short_new_beginning_counts_nothing_either(tmp_path: Path) -> None:
    true, false = told("Ann", count=5), told("Thief", count=1)
    central = revoked(true.records).records
    for number, batches in enumerate(permutations([false.records, central])):
        assert asyncio.run(names_after(tmp_path / f"{number}.db", *batches)) == set()


def test_a_revoked_units_own_history_counts_once_it_has_led_to_the_cut(tmp_path: Path) -> None:
    true = told("Ann", count=5)
    central, halves = revoked(true.records).records, (true.records[:3], true.records[3:])
    assert asyncio.run(names_after(tmp_path / "a.db", central, *halves)) == {"Ann"}
    assert asyncio.run(names_after(tmp_path / "b.db", halves[0], central, halves[1])) == {"Ann"}
    assert asyncio.run(names_after(tmp_path / "c.db", halves[0], central)) == set()


def test_central_countersigns_what_came_and_its_revocation_names_the_hashes(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            central, true = await replica.open_stream(ROOT, "Central"), told("Ann")
            await replica.accept(central_enrols(UNIT_A).records)
            await replica.accept(true.records)
            witness = HeadWitness(central)
            assert [await witness.tell(), await witness.tell()] == [1, 0]
            true.say(CompetitorRegistered(competitor_id="c9", name="Ann"))
            await replica.accept(true.records)
            assert await HeadWitness(central).tell() == 1, "after a restart it names what went on, no more"
            [body] = await revocation(replica, UNIT_A.key, Cut(), "stolen")
            assert isinstance(body, UnitRevoked)
            assert body.hashes == {STREAM: true.records[-1].header_hash.hex()}
            await central.append(body)
            records = await replica.beyond({})
            mine = [one for one in records if one.stream != STREAM]
            assert replica.false_streams == set()
        assert await names_after(tmp_path / "other.db", told("Thief", count=6).records, mine) == set()

    asyncio.run(story())


def test_a_stamp_far_ahead_of_a_set_clock_is_not_followed() -> None:
    clock = ScriptedClock()
    hybrid = HybridClock(clock)
    near = (clock.utc_ms() + AHEAD_MAX_MS - 1_000) << COUNTER_BITS
    hybrid.observe(near)
    assert hybrid.next_stamp() == near + 1
    hybrid.observe(4_102_444_799_000 << COUNTER_BITS)
    assert hybrid.next_stamp() == near + 2


def test_a_clock_that_was_never_set_follows_others_until_central_says_better() -> None:
    hybrid = HybridClock(ScriptedClock(now_utc_ms=1_000))
    far = (UTC_MAX_MS - 1_000) << COUNTER_BITS
    hybrid.observe(far)
    assert hybrid.next_stamp() > far, "it knows nothing better"
    now_ms = ScriptedClock().utc_ms()
    hybrid.observe_central(now_ms << COUNTER_BITS)
    assert stamp_utc_ms(hybrid.next_stamp()) == now_ms
    hybrid.observe(far)
    assert stamp_utc_ms(hybrid.next_stamp()) == now_ms
