"""An erasure often stands after what it emptied, in the same stream: who comes later must still get both."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.records.record import Record, without_body
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorChanged, CompetitorRegistered, PersonErased
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller, central_enrols


def corrected_and_erased() -> list[Record]:
    """Return the records of an event whose admin corrected a name long before erasing the person."""
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    named = unit.say(CompetitorRegistered(competitor_id="c", name="Anne"))
    changed = central.say(CompetitorChanged(competitor_id="c", name="Ann"))
    for number in range(20):
        central.say(CompetitorRegistered(competitor_id=f"d{number}", name="x" * 200))
    central.say(
        PersonErased(competitor_id="c", records={changed.stream: [changed.seq], named.stream: [named.seq]})
    )
    return [*central.records, *unit.records]


@pytest.mark.parametrize(("max_count", "max_bytes"), [(500, 256 * 1_024), (2, 256 * 1_024), (500, 1)])
def test_a_node_that_comes_after_an_erasure_gets_everything(
    tmp_path: Path, max_count: int, max_bytes: int
) -> None:
    async def story() -> None:
        clock = ScriptedClock()
        async with (
            Replica.open(tmp_path / "old.db", root_key=ROOT.key, clock=clock) as old,
            Replica.open(tmp_path / "new.db", root_key=ROOT.key, clock=clock) as new,
        ):
            await old.accept(corrected_and_erased())
            for _ in range(60):
                batch = await old.beyond(new.have(), max_count=max_count, max_bytes=max_bytes)
                assert len(batch) <= max_count
                await new.accept(batch)
            assert new.have() == old.have()
            bodies = [record.body_bytes for record in await new.beyond({}, max_count=500)]
            assert bodies.count(None) == 2

    asyncio.run(story())


def test_only_central_says_before_its_turn_that_a_body_is_gone(tmp_path: Path) -> None:
    records = corrected_and_erased()
    changed = next(one for one in records if one.header.kind == "competitor-changed")
    liar = Teller(UNIT_B, "Liar")
    liar.say(CompetitorRegistered(competitor_id="z", name="Z"))
    lie = liar.say(PersonErased(competitor_id="c", records={changed.stream: [changed.seq]}))

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            before = [one for one in records if one.stream == changed.stream and one.seq < changed.seq]
            acceptance = await replica.accept([*before, lie, without_body(changed)])
            assert (acceptance.taken, acceptance.past_gap) == (len(before), 2)

    asyncio.run(story())
