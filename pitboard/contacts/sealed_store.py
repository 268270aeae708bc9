"""A small SQLite file beside the journal, for what must not be in it.

One process and one connection hold it, and every write is on disk before it returns. What is deleted is
overwritten, in the file and in its write-ahead log. After an error the file is opened again for the next
call; whether the failed write is there is unknown, so each caller's write can be repeated."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import aiosqlite

from pitboard.errors import JournalLost
from pitboard.journal.replica import Replica
from pitboard.journal.salvage import move_aside

log = logging.getLogger(__name__)

Statement = tuple[str, Sequence[object]]


class SideDatabase:
    """Opened by `SideDatabase.open`; each call raises JournalLost when the file cannot be used."""

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._database: aiosqlite.Connection | None = None
        self._using = asyncio.Lock()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path, *, schema: str) -> AsyncIterator[SideDatabase]:
        """Open or create the file, mode 0600, with these tables.

        A damaged one is moved aside and a new one begun: it must not keep a unit from timing.
        """
        side = cls(path, schema)
        try:
            await side._connect()
        except JournalLost as error:
            if not _is_damage(error.__cause__):
                raise
            aside = move_aside(path)
            log.error("contacts are lost with a damaged file: %s; it is kept as %s", error.reason, aside)
            await side._connect()
        try:
            yield side
        finally:
            await side._disconnect()

    async def write(self, statements: Iterable[Statement]) -> None:
        """Carry out all statements in one commit; return once it is durable."""
        async with self._used() as database:
            for sql, values in statements:
                await database.execute(sql, values)
            await database.commit()

    async def delete(self, statements: Iterable[Statement]) -> None:
        """Carry out deletions and leave nothing of them in the write-ahead log either."""
        await self.write(statements)
        async with self._used() as database:
            await database.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")

    async def fetch(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        async with self._used() as database:
            return list(await database.execute_fetchall(sql, values))

    @contextlib.asynccontextmanager
    async def _used(self) -> AsyncIterator[aiosqlite.Connection]:
        async with self._using:
            if self._database is None:
                await self._connect()
            assert self._database is not None
            try:
                yield self._database
            except sqlite3.Error as error:
                log.error("side database failed: path=%s reason=%s", self._path, error)
                await self._disconnect()
                raise JournalLost(path=self._path, reason=str(error)) from error
            except asyncio.CancelledError:
                await self._disconnect()  # the rest of a transaction must not join the next one
                raise

    async def _connect(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = await aiosqlite.connect(self._path)
            for statement in (
                "PRAGMA locking_mode = EXCLUSIVE",
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA secure_delete = ON",
            ):
                await self._database.execute(statement)
            await self._database.executescript(self._schema)
            await self._database.commit()
        except (sqlite3.Error, OSError) as error:
            await self._disconnect()
            raise JournalLost(path=self._path, reason=str(error)) from error

    async def _disconnect(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with contextlib.suppress(sqlite3.Error):
                await database.close()


def _is_damage(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def beside(journal: Path, what: str) -> Path:
    """Return the path of a side database: its name begins like the journal's, for two may share a folder."""
    return journal.with_name(f"{journal.stem}-{what}.db")


log = logging.getLogger(__name__)

NEWS_WAIT_S = 3_600.0
RETRY_S = 5.0


class ContactHolder(Protocol):
    """A store of sealed contacts."""

    async def forget_competitors(self, competitors: Collection[str]) -> None: ...


async def follow_erasures(replica: Replica, holder: ContactHolder) -> None:
    """Delete the contacts of everybody the journal erases, for ever; at the start, of all erased so far."""
    done: set[str] = set()
    while True:
        version = replica.version
        fresh = replica.fold.race.erased - done
        try:
            if fresh:
                await holder.forget_competitors(fresh)
                done |= fresh
        except JournalLost as error:
            log.error("contacts of erased people not deleted yet: reason=%s", error.reason)
            await asyncio.sleep(RETRY_S)
        else:
            await replica.wait_for_news(version, NEWS_WAIT_S)
