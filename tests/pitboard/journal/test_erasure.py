"""Erasing a person: the name leaves every file of every replica, and nothing else changes."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.records.kinds import HOLDERS_OF_NAMES
from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.people_bodies import CompetitorRegistered, PersonErased
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller, central_enrols, confirmed_run

CANARY = "Zebulon Quackenbush"


@contextlib.asynccontextmanager
async def replica_at(folder: Path, name: str) -> AsyncIterator[Replica]:
    async with Replica.open(folder / f"{name}.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
        yield replica


async def carry(source: Replica, target: Replica) -> None:
    """Carry all that the target lacks, as a pump would, until nothing moves."""
    while True:
        before = target.have()
        await target.accept(await source.beyond(before))
        if target.have() == before:
            return


def files_with(text: str, folder: Path) -> list[str]:
    """Return the files of the folder that hold the text anywhere in their bytes."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    return [path.name for path in files if text.encode() in path.read_bytes()]


def named_race() -> tuple[Teller, list[Record]]:
    """Return a unit that registered the canary and drove for it, and all records so far."""
    unit = Teller(UNIT_A, "Track A")
    unit.say(CompetitorRegistered(competitor_id="c1", name=CANARY))
    confirmed_run(unit, "r1", "c1", start_s=10, laps_s=[5.0, 6.0], first_seq=1)
    return unit, [*central_enrols(UNIT_A, UNIT_B).records, *unit.records]


def erasure_of(replica: Replica) -> PersonErased:
    records: dict[str, list[int]] = {}
    for stream, seq in sorted(replica.fold.places_to_erase("c1")):
        records.setdefault(stream, []).append(seq)
    return PersonErased(competitor_id="c1", records=records, reason="asked for it")


def board(replica: Replica) -> bytes:
    return encode_view(view_board(replica.fold))


def test_the_name_leaves_every_replica_and_the_boards_stay_equal(tmp_path: Path) -> None:
    async def story() -> None:
        _, records = named_race()
        async with (
            replica_at(tmp_path, "central") as central,
            replica_at(tmp_path, "unit") as unit,
            replica_at(tmp_path, "display") as display,
        ):
            for replica in (central, unit, display):
                await replica.accept(records)
            assert len(files_with(CANARY, tmp_path)) == 3
            central = await central.open_stream(ROOT, "Central")
            await central.append(erasure_of(central))
            await carry(central, unit)
            await carry(unit, display)
            assert files_with(CANARY, tmp_path) == []
            assert board(central) == board(unit) == board(display)
            assert b"Erased" in board(display)
            async with replica_at(tmp_path, "newcomer") as newcomer:
                await carry(display, newcomer)  # the chain verifies without the body
                assert newcomer.have() == central.have()
                assert board(newcomer) == board(central)

    asyncio.run(story())


def test_a_name_that_arrives_after_its_erasure_is_not_kept(tmp_path: Path) -> None:
    async def story() -> None:
        _, records = named_race()
        async with replica_at(tmp_path, "central") as central, replica_at(tmp_path, "display") as display:
            await central.accept(records)
            central = await central.open_stream(ROOT, "Central")
            said = await central.append(erasure_of(central))
            everything = await central.beyond({})
            await display.accept([record for record in everything if record.stream == said[0].stream])
            await display.accept(records)  # from a unit that was off and still has the body
            assert display.have() == central.have()
            assert files_with(CANARY, tmp_path) == []
            assert board(display) == board(central)

    asyncio.run(story())


def test_an_erasure_that_comes_while_the_name_is_being_stored_still_meets_it(tmp_path: Path) -> None:
    async def story() -> None:
        _, records = named_race()
        async with replica_at(tmp_path, "central") as central, replica_at(tmp_path, "display") as display:
            await central.accept(records)
            display = await display.open_stream(ROOT, "Central")
            erasure = erasure_of(central)
            await asyncio.gather(display.append(erasure), display.accept(records))
            await asyncio.gather(display.accept(records), display.append(erasure))
        assert files_with(CANARY, tmp_path) == ["central.db"]

    asyncio.run(story())


def test_a_new_display_learns_of_the_erasure_however_long_the_emptied_stream_is(tmp_path: Path) -> None:
    async def story() -> None:
        unit, records = named_race()
        for number in range(700):  # more than a batch
            records.append(unit.say(CompetitorRegistered(competitor_id=f"x{number}", name="x")))
        async with replica_at(tmp_path, "central") as central, replica_at(tmp_path, "display") as display:
            await central.accept(records[:5])
            await central.accept(records[5:])
            central = await central.open_stream(ROOT, "Central")
            await central.append(erasure_of(central))
            await carry(central, display)
            assert display.have() == central.have()

    asyncio.run(story())


@pytest.mark.parametrize("kind", HOLDERS_OF_NAMES)
def test_a_clones_record_kept_in_quarantine_holds_no_name(tmp_path: Path, kind: type[Body]) -> None:
    ids = ("competitor_id", "official_id", "entry_id")
    named = kind(name=CANARY, **{one: "c1" for one in ids if one in kind.__struct_fields__})

    async def story() -> None:
        stream = "0" * 32
        original, clone = Teller(UNIT_A, "A", stream=stream), Teller(UNIT_A, "A", stream=stream)
        original.say(CompetitorRegistered(competitor_id="c2", name="Ann"))
        clone.say(named)
        async with replica_at(tmp_path, "display") as display:
            await display.accept([*central_enrols(UNIT_A).records, *original.records])
            assert (await display.accept(clone.records)).forked == 1
            assert len(await display.journal.quarantined()) == 1
        assert files_with(CANARY, tmp_path) == []

    asyncio.run(story())


def test_erasing_among_thousands_leaves_no_stale_copy_in_any_page(tmp_path: Path) -> None:
    async def story() -> None:
        chance = random.Random(4)
        async with replica_at(tmp_path, "central") as central:
            central = await central.open_stream(ROOT, "Central")
            names = [f"{CANARY} {number} {'y' * chance.randrange(40)}" for number in range(1_500)]
            for start in range(0, len(names), 50):
                batch = range(start, start + 50)
                await central.append(
                    *[
                        CompetitorRegistered(competitor_id=f"c{number}", name=names[number])
                        for number in batch
                    ]
                )
            places = [(next(iter(central.have())), number + 2) for number in range(len(names))]
            chance.shuffle(places)
            for start in range(0, len(places), 100):
                await central.journal.erase_bodies(places[start : start + 100])
                gone = [names[seq - 2] for _, seq in places[: start + 100]]
                assert not any(files_with(f'"{name}"', tmp_path) for name in gone[-100:])

    asyncio.run(story())


def test_names_can_be_erased_while_records_pour_in(tmp_path: Path) -> None:
    async def story() -> None:
        async with replica_at(tmp_path, "central") as central:
            central = await central.open_stream(ROOT, "Central")
            stream = next(iter(central.have()))

            async def register(number: int) -> None:
                for step in range(20):
                    await central.append(CompetitorRegistered(competitor_id=f"c{number}-{step}", name="x"))

            async def erase() -> None:
                for seq in range(2, 12):
                    await central.append(PersonErased(competitor_id="c0-0", records={stream: [seq]}))

            await asyncio.gather(*[register(number) for number in range(20)], erase())
            assert central.have() == {stream: 1 + 400 + 10}

    asyncio.run(story())
