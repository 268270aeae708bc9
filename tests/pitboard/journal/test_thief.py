"""A thief with a unit's key: he cannot write anew what central saw, nor carry the clocks of others away."""

from __future__ import annotations

import asyncio
from itertools import permutations
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.kinds import HeadsWitnessed, UnitRevoked
from pitboard.journal.record import (
    AHEAD_MAX_MS,
    COUNTER_BITS,
    UTC_MAX_MS,
    HybridClock,
    Record,
    stamp_utc_ms,
)
from pitboard.journal.replica import Replica
from pitboard.keeping.journal_copy import fold_file
from pitboard.race.bodies import CompetitorRegistered
from sync.central.enrolment.unit_register import Cut, revocation
from sync.central.ingest.head_witness import HeadWitness
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols

STREAM = "a" * 32


def told(name: str, *, count: int = 3) -> Teller:
    """Return a stream of the unit whose competitors have this name: the unit's own, or the thief's."""
    teller = Teller(UNIT_A, "Track A", stream=STREAM)
    for number in range(count):
        teller.say(CompetitorRegistered(competitor_id=f"c{number}", name=name))
    return teller


def point(records: list[Record], seq: int) -> tuple[int, str]:
    return (seq, records[seq - 1].header_hash.hex())


async def names_after(folder: Path, *batches: list[Record]) -> set[str]:
    async with Replica.open(folder, root_key=ROOT.key, clock=ScriptedClock()) as replica:
        for batch in batches:
            await replica.accept(batch)
        race = replica.fold.race
        return {race.name_of(competitor) for competitor in race.competitors}


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
