"""Central is killed while phones ask: who was told that the official sees the name is there, nobody by half.

The admin's part is a process of its own that kills itself; phones ask it through the public door's relay."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import aiosqlite
import pytest

from pitboard.clock import SystemClock
from pitboard.doors.http_api import bound_unix, serve_bound_unix
from pitboard.errors import CallRefused
from pitboard.journal.disk import sqlite_storage
from pitboard.journal.records.record import Record
from pitboard.keeping.journal_check import JournalCheck
from sync.central.ingest.admin_relay import relayed_app
from sync.central.joining.join_box import JoinRelay
from sync.central.joining.join_calls import JoinAnswer, JoinAsk
from tests.race_story import ROOT
from tests.sync.central.joining.test_joining import rules, venue

ASKS_COUNT = 12
DIES_AT_ASK = 7
STARTS_WITHIN_S = 30.0
_SOCKET = "ingest.sock"


def serve_and_die(folder: Path, moment: str) -> None:
    """Be central's admin part; kill itself while it writes the seventh ask, or before it answers it."""
    insert, asks = sqlite_storage._insert, 0

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    async def insert_and_die(
        database: aiosqlite.Connection, records: list[Record], last_arrival: int
    ) -> dict[tuple[str, int], int]:
        nonlocal asks
        asks += sum(record.header.kind == "queue-asked" for record in records)
        if asks >= DIES_AT_ASK and moment == "writing":
            await database.set_progress_handler(die, 10)  # in the middle of SQLite's own steps
        held = await insert(database, records, last_arrival)
        if asks >= DIES_AT_ASK:
            die()
        return held

    async def serve() -> None:
        async with venue(folder, rules()) as here:
            sqlite_storage._insert = insert_and_die  # type: ignore[assignment]
            with bound_unix(folder / _SOCKET) as listener:
                async with serve_bound_unix(relayed_app(here.box), listener):
                    sys.stdout.write(f"{here.code}\n")
                    sys.stdout.flush()
                    await here.desk.run()

    asyncio.run(serve())


def asks_of(code: str) -> list[JoinAsk]:
    return [
        JoinAsk(entry_id=f"{number:032x}", code=code, name=f"Racer Number {number}")
        for number in range(ASKS_COUNT)
    ]


async def answered_of(relay: JoinRelay, asks: list[JoinAsk]) -> set[str]:
    """Return the entries whose phones were told that the official sees the name; the others know that not."""

    async def told(ask: JoinAsk) -> bool:
        try:
            return await relay.ask(ask) == JoinAnswer(state="asked")
        except CallRefused as error:
            if error.code != "busy":
                raise
            return False  # the phone asks again with the same id

    outcomes = await asyncio.gather(*map(told, asks))
    return {ask.entry_id for ask, was_told in zip(asks, outcomes, strict=True) if was_told}


@pytest.mark.parametrize("moment", ["writing", "before the answer"])
def test_a_kill_in_the_middle_of_an_ask_loses_nobody_who_was_told_and_keeps_nobody_by_half(
    moment: str, tmp_path: Path
) -> None:
    child = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import sys, pathlib; from tests.sync.central.joining.test_joining_killed import serve_and_die;"
            "serve_and_die(pathlib.Path(sys.argv[1]), sys.argv[2])",
            *(str(tmp_path), moment),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        asks = asks_of(child.stdout.readline().strip())
        told = asyncio.run(answered_of(JoinRelay(tmp_path / _SOCKET, SystemClock()), asks))
        assert child.wait(STARTS_WITHIN_S) == -signal.SIGKILL
    assert len(told) == DIES_AT_ASK - 1

    async def back() -> None:
        async with venue(tmp_path, rules()) as here:
            there = {one.entry_id: one for one in here.fold.race.programme.asked()}
            assert set(there) >= told
            assert len(there) == DIES_AT_ASK - (moment == "writing")
            for ask in asks:
                assert ask.entry_id not in there or there[ask.entry_id].name == ask.name
            for ask in asks:  # each phone asks again, as it does by itself
                code = here.code
                assert (await here.ask(ask.name, code=code, entry_id=ask.entry_id)).state == "asked"
            assert sorted(one.name for one in here.fold.race.programme.asked()) == sorted(
                ask.name for ask in asks
            )

    asyncio.run(back())
    with sqlite3.connect(tmp_path / "central.db") as database:
        assert JournalCheck(database, ROOT.key).run(lambda: None).findings == []
    database.close()
