"""A journal moves from a file to a database and back, and is the same wherever it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pitboard.errors import JournalLost, MigrationRefused
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.disk.storage import Storage, read_all
from pitboard.journal.records.record import Record
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.identity import Identity
from sync.central.command import central
from sync.central.contacts.contact_store import ContactRead
from sync.central.database.migration import Moved, migrate, opened
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller
from tests.sync.central.contact_story import envelope

MakeDatabase = Callable[[], str]


def some_records(
    count: int, *, stream: str = "a" * 32, identity: Identity = UNIT_A, unit: str = "Track A"
) -> list[Record]:
    teller = Teller(identity, unit, stream=stream)
    for number in range(count - 1):
        teller.say(CompetitorRegistered(competitor_id=f"c{number}", name="x"))
    return teller.records


READ = ContactRead(utc_ms=5, reader="root", act="read", reason="prizes", competitors=["c1"])


async def fill(place: str) -> None:
    async with opened(place, root_key=ROOT.key) as (journal, contacts):
        ours, others = some_records(30), some_records(20, stream="b" * 32, identity=UNIT_B)
        await journal.append([*ours[:10], *others, *ours[10:]])
        await journal.erase_bodies([("a" * 32, 3)])
        await journal.quarantine(some_records(2, unit="Its clone")[1], "fork")
        await contacts.keep([envelope("z@e.org", "c1", event_key=ROOT.key)], received_utc_ms=7)
        await contacts.note(READ)


async def everything(place: str) -> object:
    async with opened(place, root_key=ROOT.key) as (journal, contacts):
        records = [record async for record in read_all(journal)]
        rows = await journal.quarantined_rows()
        return records, rows, await contacts.arrivals(), await contacts.reads()


def test_there_and_back_everything_is_the_same_also_when_it_is_typed_twice(
    tmp_path: Path, database: MakeDatabase
) -> None:
    file, url, back = str(tmp_path / "a.db"), database(), f"sqlite:///{tmp_path}/b.db"

    async def story() -> None:
        await fill(file)
        moved = await migrate(file, url, root_key=ROOT.key)
        assert moved == Moved(records=50, fresh=50, streams=2, erased=1, quarantined=1, contacts=1)
        assert (await migrate(file, url, root_key=ROOT.key)).fresh == 0
        assert (await migrate(url, back, root_key=ROOT.key)).fresh == 50
        assert (await migrate(url, back, root_key=ROOT.key)).fresh == 0
        assert await everything(file) == await everything(url) == await everything(back)

    asyncio.run(story())


def test_what_was_erased_since_the_first_copy_is_erased_by_the_next(
    tmp_path: Path, database: MakeDatabase
) -> None:
    file, url = str(tmp_path / "a.db"), database()

    async def story() -> None:
        await fill(file)
        await migrate(file, url, root_key=ROOT.key)
        async with opened(file, root_key=ROOT.key) as (journal, _):
            await journal.erase_bodies([("b" * 32, 2)])
        assert (await migrate(file, url, root_key=ROOT.key)).erased == 2
        assert await everything(file) == await everything(url)

    asyncio.run(story())


def test_a_target_with_another_history_is_refused(tmp_path: Path, database: MakeDatabase) -> None:
    file, url = str(tmp_path / "a.db"), database()

    async def story() -> None:
        await fill(file)
        async with opened(url, root_key=ROOT.key) as (journal, _):
            await journal.append(some_records(5, unit="Its clone"))
        await migrate(file, url, root_key=ROOT.key)

    with pytest.raises(MigrationRefused, match="another one at the target"):
        asyncio.run(story())


def test_a_target_that_swallows_a_record_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync.central.database import migration

    async def all_but_one(storage: Storage) -> AsyncIterator[Record]:
        count = 0
        async for record in read_all(storage):
            count += 1
            if "there" not in str(getattr(storage, "path", "")) or count != 50:
                yield record

    monkeypatch.setattr(migration, "read_all", all_but_one)

    async def story() -> None:
        await fill(str(tmp_path / "here.db"))
        await migrate(str(tmp_path / "here.db"), str(tmp_path / "there.db"), root_key=ROOT.key)

    with pytest.raises(Exception, match="is not what the source has"):
        asyncio.run(story())


def test_the_command_says_what_it_moved(tmp_path: Path, database: MakeDatabase) -> None:
    config = tmp_path / "central.toml"
    config.write_text('root_key_file = "root.key"\njournal = "central.db"\n[event]\nname = "Cup"\n')
    root = Identity.load_or_create(tmp_path / "root.key")

    async def fill_file() -> None:
        async with Journal.open(tmp_path / "central.db", root_key=root.key) as journal:
            await journal.append(some_records(3))

    asyncio.run(fill_file())
    url = database()
    arguments = ["--config", str(config), "migrate", f"sqlite:///{tmp_path}/central.db", url]
    answer = CliRunner().invoke(central, arguments)
    assert answer.exit_code == 0, answer.output
    assert "3 records in 1 stream (3 new at the target, 0 erased)" in answer.output
    assert "heads and hashes are the same" in answer.output
    answer = CliRunner().invoke(central, [*arguments[:3], str(tmp_path / "nowhere.db"), url])
    assert isinstance(answer.exception, MigrationRefused)
    assert not (tmp_path / "nowhere.db").exists()


def test_a_database_that_is_not_there_is_said_and_not_waited_for(tmp_path: Path) -> None:
    """Whoever typed a wrong name at the terminal waited for ever."""

    async def story() -> None:
        async with asyncio.timeout(10):
            await migrate(
                f"postgresql:///event?host={tmp_path}", f"sqlite:///{tmp_path}/c.db", root_key=ROOT.key
            )

    with pytest.raises(JournalLost, match="No such file"):
        asyncio.run(story())
    assert not (tmp_path / "c.db").exists()
