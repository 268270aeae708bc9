"""What a replica must not take, though it looks like the next record or like a fork."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from pitboard.clock import ScriptedClock
from pitboard.journal.records.record import without_body
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols


def test_a_record_that_lost_its_body_is_not_taken_before_it_comes_whole(tmp_path: Path) -> None:
    unit = Teller(UNIT_A, "Track A")
    named = unit.say(CompetitorRegistered(competitor_id="c", name="Ann"))

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept([*central_enrols(UNIT_A).records, unit.records[0]])
            acceptance = await replica.accept([without_body(named)])
            assert (acceptance.taken, acceptance.past_gap) == (0, 1)
            assert replica.have()[named.stream] == 1
            assert (await replica.accept([named])).taken == 1
            assert replica.fold.race.name_of("c") == "Ann"

    asyncio.run(story())


def test_a_fork_that_nobody_signed_raises_no_alarm(tmp_path: Path) -> None:
    ours, theirs = (Teller(UNIT_A, "Track A", stream="f" * 32) for _ in range(2))
    ours.say(CompetitorRegistered(competitor_id="c", name="Ann"))
    other = theirs.say(CompetitorRegistered(competitor_id="d", name="Ben"))
    forged = msgspec.structs.replace(other, signature=bytes(64))

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept([*central_enrols(UNIT_A).records, *ours.records])
            acceptance = await replica.accept([forged])
            assert (acceptance.refused, acceptance.forked, replica.alarms) == (1, 0, {})
            acceptance = await replica.accept([other])
            assert (acceptance.forked, list(replica.alarms)) == (1, ["f" * 32])

    asyncio.run(story())
