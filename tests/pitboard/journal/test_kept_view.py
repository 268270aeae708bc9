"""A screen's last board, kept beside the journal, is shown again only where the journal still says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import JournalDamaged
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.kept_view import SINCE_MAX_COUNT, KeptView
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered, PersonErased
from tests.pitboard.journal.great_journal import write_journal
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols

VIEW = b'{"board":"as it was"}'


def kept_after(folder: Path, *later: str) -> bytes | None:
    """Keep a view, then let these bodies come, and return what the next start shows."""
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    named = unit.say(CompetitorRegistered(competitor_id="c", name="Ann"))
    kept = KeptView(folder / "j.db")

    async def story() -> bytes | None:
        async with Replica.open(folder / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept([*central.records, *unit.records])
            kept.save(VIEW, root_key=ROOT.key, mark=replica.mark)
            for one in later:
                if one == "erased":
                    central.say(PersonErased(competitor_id="c", records={named.stream: [named.seq]}))
                else:
                    unit.say(CompetitorRegistered(competitor_id=one, name="x"))
                await replica.accept([*central.records, *unit.records])
        async with Replica.open(folder / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            return await kept.load(replica.journal)

    return asyncio.run(story())


def test_the_view_comes_back_and_also_when_a_few_records_came_after_it(tmp_path: Path) -> None:
    assert kept_after(tmp_path, "d", "e") == VIEW


def test_a_view_from_before_an_erasure_is_not_shown(tmp_path: Path) -> None:
    assert kept_after(tmp_path, "d", "erased", "e") is None


def test_a_wrong_or_torn_file_is_ignored_wherever_it_is_cut_or_changed(tmp_path: Path) -> None:
    assert kept_after(tmp_path) == VIEW
    path = tmp_path / "j.db.view"
    whole = path.read_bytes()

    async def story() -> None:
        kept = KeptView(tmp_path / "j.db")
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            for cut in range(len(whole)):
                path.write_bytes(whole[:cut])
                assert await kept.load(replica.journal) is None
                path.write_bytes(whole[:cut] + bytes([whole[cut] ^ 1]) + whole[cut + 1 :])
                assert await kept.load(replica.journal) is None, cut
            path.write_bytes(whole)
            assert await kept.load(replica.journal) == VIEW
            path.unlink()
            assert await kept.load(replica.journal) is None

    asyncio.run(story())


def test_a_view_of_another_journal_is_ignored(tmp_path: Path) -> None:
    assert kept_after(tmp_path) == VIEW
    (tmp_path / "other").mkdir()
    assert kept_after(tmp_path / "other") == VIEW
    (tmp_path / "j.db.view").write_bytes((tmp_path / "other" / "j.db.view").read_bytes())

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            assert await KeptView(tmp_path / "j.db").load(replica.journal) is None

    asyncio.run(story())


def test_a_view_that_is_far_behind_is_not_looked_at(tmp_path: Path) -> None:
    unit = Teller(UNIT_A, "Track A")
    for number in range(SINCE_MAX_COUNT + 1):
        unit.say(CompetitorRegistered(competitor_id=f"c{number}", name="x"))

    async def story() -> None:
        kept = KeptView(tmp_path / "j.db")
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.journal.append(unit.records[:1])
            await replica.journal.append(unit.records[1 : SINCE_MAX_COUNT + 1])
            await replica._until_taken(SINCE_MAX_COUNT + 1)
            first = unit.records[0]
            kept.save(VIEW, root_key=ROOT.key, mark=type(replica.mark)(1, first.header_hash))
            assert await kept.load(replica.journal) == VIEW
            await replica.journal.append(unit.records[SINCE_MAX_COUNT + 1 :])
            assert await kept.load(replica.journal) is None

    asyncio.run(story())


def test_a_look_at_a_journals_end_does_not_go_through_the_whole_file(tmp_path: Path) -> None:
    """However long the race was, the last board comes at once; damage is found when all is opened."""
    path, page_bytes = tmp_path / "journal.db", 4_096
    write_journal(path, root_key=ROOT.key, unit_key=UNIT_A.key, starts=4, passings=60)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // page_bytes // 2 * page_bytes
    whole[middle : middle + page_bytes] = bytes(page_bytes)
    path.write_bytes(whole)

    async def last_arrival(*, is_for_a_look: bool) -> int:
        async with Journal.open(path, root_key=ROOT.key, is_for_a_look=is_for_a_look) as journal:
            return await journal.last_arrival()

    assert asyncio.run(last_arrival(is_for_a_look=True)) == 4 * 61 + 2
    with pytest.raises(JournalDamaged):
        asyncio.run(last_arrival(is_for_a_look=False))
