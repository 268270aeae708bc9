"""A door that starts while its database is away waits for it, and says so."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from pitboard.errors import JournalLost
from pitboard.journal.records.record import Record
from pitboard.program.service import read_last_words
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from sync.central.database import postgres_storage
from sync.central.database.postgres_storage import PostgresJournal
from tests.postgres_server import PostgresServer
from tests.race_story import ROOT, UNIT_A, Teller
from tests.sync.central.database.test_door_processes import TOML

SOCKET = ".s.PGSQL.5432"
AWAY = "this start waits for it"


class Way:
    """The way to the server, which can be taken away and given back."""

    def __init__(self, postgres: PostgresServer, url: str, folder: Path) -> None:
        self._real = postgres.folder / SOCKET
        self._link = folder / SOCKET
        self.url = url.replace(quote(str(postgres.folder), safe=""), quote(str(folder), safe=""))

    def give(self) -> None:
        self._link.symlink_to(self._real)

    def take(self) -> None:
        self._link.unlink()


@pytest.fixture
def way(postgres: PostgresServer, database: Callable[[], str], tmp_path: Path) -> Way:
    return Way(postgres, database(), tmp_path)


def test_the_start_waits_twice_as_long_each_time_and_says_why(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_storage, "RETRY_S", 0.01)
    monkeypatch.setattr(postgres_storage, "RETRY_MAX_S", 0.03)
    said: list[str] = []

    async def story() -> None:
        waits: list[float] = []
        sleep = asyncio.sleep

        async def noting(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 4:
                way.give()
            await sleep(0)

        monkeypatch.setattr(asyncio, "sleep", noting)
        async with PostgresJournal.open(way.url, role="admin", root_key=ROOT.key, say=said.append) as journal:
            assert journal.root_key == ROOT.key
        assert waits[:4] == [0.01, 0.02, 0.03, 0.03]

    asyncio.run(story())
    assert len(said) == 4
    assert all(AWAY in one for one in said)


def test_a_database_that_says_no_is_not_waited_for(way: Way) -> None:
    way.give()

    async def story() -> None:
        async with PostgresJournal.open(way.url.replace("/event", "/no_such_event"), role="public"):
            raise AssertionError("it was opened")

    with pytest.raises(JournalLost, match="does not exist"):
        asyncio.run(story())


def test_the_past_is_read_on_where_the_database_was_lost_in_the_middle(
    way: Way, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that folds a long day while the primary dies would begin anew, and anew."""
    monkeypatch.setattr(postgres_storage, "RETRY_S", 0.01)
    monkeypatch.setattr(postgres_storage, "READ_COUNT", 2)
    teller = Teller(UNIT_A, "Track A", stream="a" * 32)
    for number in range(5):
        teller.say(CompetitorRegistered(competitor_id=f"c{number}", name="x"))
    records = teller.records
    way.give()

    async def story() -> None:
        owner = await asyncpg.connect(way.url.replace("postgresql://", "postgresql://owner@"))
        async with PostgresJournal.open(way.url, role="admin", root_key=ROOT.key) as journal:
            await journal.append(records)
            seen: list[Record] = []
            batches = journal.tail()
            async with asyncio.timeout(20):
                async for batch in batches:
                    seen += [one.record for one in batch]
                    if len(seen) == len(records):
                        break
                    if len(seen) == 2:
                        way.take()
                        await owner.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                        )
                        asyncio.get_running_loop().call_later(0.05, way.give)
            await batches.aclose()
            assert seen == records
        await owner.close()

    asyncio.run(story())


def test_a_door_says_why_it_waits_and_ends_well_when_it_is_stopped_then(way: Way, tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text(TOML.format(url=way.url))
    process = subprocess.Popen(
        [sys.executable, "-m", "pitboard", "central", "--config", "central.toml", "--door", "public"],
        cwd=tmp_path,
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + 30
        while (said := read_last_words(tmp_path, "central-public")) is None and time.monotonic() < until:
            time.sleep(0.02)
        assert said is not None
        assert AWAY in said.sentence
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
        assert process.returncode == 0, told
        assert "Traceback" not in told
    finally:
        process.kill()
        process.communicate()
