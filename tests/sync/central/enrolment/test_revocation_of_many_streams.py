"""A unit with more streams than fit into one record is revoked all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pitboard.clock import ScriptedClock
from pitboard.journal.disk.storage import read_all
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import UnitEnrolled
from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from sync.central.enrolment.unit_register import Cut, revocation
from tests.race_story import ROOT, UNIT_A, Teller

STREAMS = 600


def test_a_unit_with_six_hundred_streams_is_revoked_and_each_stream_keeps_its_limit(tmp_path: Path) -> None:
    tellers = [Teller(UNIT_A, "Track A") for _ in range(STREAMS)]
    for teller in tellers:
        teller.say(CompetitorRegistered(competitor_id="c1", name="Ann"))
        teller.say(CompetitorRegistered(competitor_id="c2", name="Ben"))

    def is_limited(fold: Fold) -> bool:
        return (
            all(fold.roster.counts(UNIT_A.key, teller.writer.stream, 2) for teller in tellers)
            and not any(fold.roster.counts(UNIT_A.key, teller.writer.stream, 3) for teller in tellers)
            and sorted(fold.race.competitors) == ["c1"]
        )

    async def story() -> list[Record]:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            replica = await replica.open_stream(ROOT, "Central")
            await replica.append(UnitEnrolled(key=UNIT_A.key, name="Track A"))
            await replica.accept([record for teller in tellers for record in teller.records[:2]])
            parts = await replica.append(*await revocation(replica, UNIT_A.key, Cut(), "lost"))
            assert len(parts) > 1  # each within the bound of a body, or writing would refuse it
            for at in range(2):
                await replica.accept([teller.records[at + 1] for teller in tellers])
            assert is_limited(replica.fold)
            return [record async for record in read_all(replica.journal)]

    records = asyncio.run(story())
    for order in (records, list(reversed(records))):
        fold = Fold(ROOT.key)
        for record in order:
            fold.add(record)
        assert is_limited(fold)
