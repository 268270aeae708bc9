"""What happens to units that come back wrong, and what the people see.

Each story is a day at a venue with real journals; the links are the real exchange without a network."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from pitboard.clock import ScriptedClock
from pitboard.journal.records.kinds import UnitEnrolled
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.journal.streams.stream_watch import Notice
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import ReplicaPeer, SyncRequest
from tests.race_story import ROOT, UNIT_A, UNIT_B, central_enrols

DAY_MS = 24 * 3_600_000


class Venue:
    """Opens replicas in one folder under one clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ScriptedClock()

    @contextlib.asynccontextmanager
    async def node(self, file: str, *, writes_as: Identity | None = None) -> AsyncIterator[Replica]:
        path = self.folder / file
        async with Replica.open(path, root_key=ROOT.key, clock=self.clock) as replica:
            if writes_as is not None:
                replica = await replica.open_stream(writes_as, "Track A")
            yield replica

    def copy(self, file: str, to: str) -> None:
        """What an SD card image or last night's backup is."""
        shutil.copyfile(self.folder / file, self.folder / to)

    async def name(self, replica: Replica, *competitors: str) -> None:
        assert isinstance(replica, WritingReplica)
        for competitor in competitors:
            self.clock.advance(ms=10)
            await replica.append(CompetitorRegistered(competitor_id=competitor, name=f"Name {competitor}"))


async def exchange(*replicas: Replica) -> None:
    """Let every node tell every other all it has."""
    for _ in range(2):
        for source in replicas:
            for target in replicas:
                have = target.have()
                while records := (await ReplicaPeer(source).sync(SyncRequest(have=have))).records:
                    have = (await ReplicaPeer(target).sync(SyncRequest(records=records))).have


def boards_equal(*replicas: Replica) -> bool:
    return len({encode_view(view_board(replica.fold)) for replica in replicas}) == 1


def names(replica: Replica) -> set[str]:
    return set(replica.fold.race.competitors)


def tell(folder: Path, story: Callable[[Venue], Awaitable[None]]) -> None:
    async def run() -> None:
        venue = Venue(folder)
        async with venue.node("central.db") as central:
            await central.accept(central_enrols(UNIT_A, UNIT_B).records)
        await story(venue)

    asyncio.run(run())


def test_a_unit_from_an_old_card_image_gets_its_records_back_and_says_so(tmp_path: Path) -> None:
    async def story(venue: Venue) -> None:
        async with venue.node("central.db") as central:
            async with venue.node("a.db", writes_as=UNIT_A) as unit:
                await venue.name(unit, "c1")
                await exchange(unit, central)
            venue.copy("a.db", "image.db")
            async with venue.node("a.db", writes_as=UNIT_A) as unit:
                await venue.name(unit, "c2", "c3")
                await exchange(unit, central)
            async with venue.node("image.db", writes_as=UNIT_A) as unit:
                assert names(unit) == {"c1"}
                await exchange(unit, central)
                assert names(unit) == {"c1", "c2", "c3"}
                assert boards_equal(unit, central)

    tell(tmp_path, story)


def test_an_image_taken_while_the_unit_ran_is_noticed_with_the_count(tmp_path: Path) -> None:
    async def story(venue: Venue) -> None:
        async with venue.node("central.db") as central:
            async with venue.node("a.db", writes_as=UNIT_A) as unit:
                await exchange(unit, central)
                await venue.name(unit, "c1")
                async with venue.node("early.db") as copied:
                    await exchange(unit, copied)
                await venue.name(unit, "c2", "c3")
                await exchange(unit, central)
            async with venue.node("early.db", writes_as=UNIT_A) as unit:
                await exchange(unit, central)
                assert names(unit) == {"c1", "c2", "c3"}
                assert central.notices() == [Notice(kind="came-back-older", unit="Track 0", count=2)]

    tell(tmp_path, story)


def test_a_cloned_card_in_two_machines_loses_nothing_and_turns_the_light_red(tmp_path: Path) -> None:
    async def story(venue: Venue) -> None:
        async with venue.node("central.db") as central:
            async with venue.node("a.db", writes_as=UNIT_A) as unit:
                await exchange(unit, central)
            venue.copy("a.db", "clone.db")
            async with (
                venue.node("a.db", writes_as=UNIT_A) as original,
                venue.node("clone.db", writes_as=UNIT_A) as clone,
            ):
                await venue.name(original, "c1")
                await venue.name(clone, "c2")
                venue.clock.advance(ms=60_000)
                await venue.name(original, "c3")
                await exchange(original, clone, central)
                assert names(central) == {"c1", "c2", "c3"}
                assert boards_equal(original, clone, central)
                assert [notice.kind for notice in central.notices()] == ["two-machines"]

    tell(tmp_path, story)


def test_a_new_card_with_the_old_name_is_another_unit_until_it_is_enrolled(tmp_path: Path) -> None:
    async def story(venue: Venue) -> None:
        fresh = Identity.from_seed(b"n" * 32)
        async with (
            venue.node("central.db") as central,
            venue.node("new.db", writes_as=fresh) as unit,
        ):
            await venue.name(unit, "c9")
            await exchange(unit, central)
            assert names(central) == set()
            assert sum(unit.have().values()) == sum(central.have().values())

    tell(tmp_path, story)


def test_two_units_under_one_name_are_told_apart_by_key_and_reported(tmp_path: Path) -> None:
    async def story(venue: Venue) -> None:
        async with venue.node("central.db", writes_as=ROOT) as central:
            assert isinstance(central, WritingReplica)
            await central.append(UnitEnrolled(key=UNIT_B.key, name="Track 0"))
            assert central.notices() == [Notice(kind="one-name-twice", unit="Track 0")]

    tell(tmp_path, story)


def test_central_restored_from_last_nights_backup_is_filled_up_by_the_units(tmp_path: Path) -> None:
    async def story(venue: Venue) -> None:
        async with venue.node("a.db", writes_as=UNIT_A) as unit:
            async with venue.node("central.db") as central:
                await venue.name(unit, "c1")
                await exchange(unit, central)
            venue.copy("central.db", "backup.db")
            async with venue.node("central.db") as central:
                await venue.name(unit, "c2")
                await exchange(unit, central)
            async with venue.node("backup.db") as restored:
                assert names(restored) == {"c1"}
                await exchange(unit, restored)
                assert names(restored) == {"c1", "c2"}
                assert boards_equal(unit, restored)

    tell(tmp_path, story)


def test_a_unit_that_was_off_for_three_days_brings_its_records_and_takes_the_others(tmp_path: Path) -> None:
    async def story(venue: Venue) -> None:
        async with (
            venue.node("central.db") as central,
            venue.node("a.db", writes_as=UNIT_A) as away,
            venue.node("b.db", writes_as=UNIT_B) as other,
        ):
            await exchange(away, other, central)
            await venue.name(away, "c1")
            for day in range(3):
                venue.clock.advance(ms=DAY_MS)
                await venue.name(other, f"d{day}")
                await exchange(other, central)
            await exchange(away, central)
            assert names(away) == names(central) == {"c1", "d0", "d1", "d2"}

    tell(tmp_path, story)


def test_a_new_display_in_the_middle_of_a_long_day_catches_up_in_bounded_batches(tmp_path: Path) -> None:
    async def story(venue: Venue) -> None:
        async with (
            venue.node("central.db") as central,
            venue.node("a.db", writes_as=UNIT_A) as unit,
            venue.node("display.db") as display,
        ):
            await exchange(unit, central)
            assert isinstance(unit, WritingReplica)
            for start in range(0, 6_000, 500):
                await unit.append(
                    *[CompetitorRegistered(competitor_id=f"c{start + n}", name="x") for n in range(500)]
                )
            have = display.have()
            batches = 0
            while records := (await ReplicaPeer(unit).sync(SyncRequest(have=have))).records:
                assert len(records) <= 500
                assert sum(len(record.h) + len(record.b or "") for record in records) <= 256 * 1_024
                batches += 1
                have = (await ReplicaPeer(display).sync(SyncRequest(records=records))).have
            assert len(names(display)) == 6_000
            assert batches > 10

    tell(tmp_path, story)
