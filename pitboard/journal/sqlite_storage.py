"""The journal file: every record of every stream, in one SQLite database.

One process and one connection hold it. Whatever has queued up is committed together, and `store` returns only
once the commit is on disk. An error at COMMIT means unknown: the file is opened again and the same records
are stored once more, which does nothing where they are already there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

import aiosqlite

from pitboard.errors import ConfigRefused, JournalLost
from pitboard.journal.record import Record, parse_record

log = logging.getLogger(__name__)

SCHEMA_VERSION = "1"
READ_COUNT = 2_000
STATEMENT_MAX_ROWS = 64
RETRY_S = 1.0
DRAIN_MAX_S = 5.0
QUEUE_MAX_COUNT = 20_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS records (
    arrival INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    body BLOB,
    UNIQUE (stream, seq)
) STRICT;
CREATE TABLE IF NOT EXISTS quarantine (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    body BLOB,
    reason TEXT NOT NULL,
    UNIQUE (stream, seq, header)
) STRICT;
"""
_INSERT = "INSERT OR IGNORE INTO records (stream, seq, header, signature, body) VALUES (?, ?, ?, ?, ?)"
_Row = tuple[str, int, bytes, bytes, bytes | None]
ArrivedRow = tuple[int, str, int, bytes, bytes, bytes | None]
"""(arrival, stream, seq, header, signature, body)"""
QuarantinedRow = tuple[str, int, bytes, bytes, bytes | None, str]
"""(stream, seq, header, signature, body, reason)"""


class Journal:
    """Opened by `Journal.open`; `trouble` says why nothing can be stored, None while all is well.

    `on_durable` is called for each `store` in order, right after its commit, even if the caller has gone.
    """

    def __init__(self, path: Path, root_key: str) -> None:
        self.path = path
        self.root_key = root_key
        self.trouble: str | None = None
        self._database: aiosqlite.Connection | None = None
        self.on_durable: Callable[[Sequence[Record]], None] = _ignore
        self._queue: list[tuple[Sequence[Record], asyncio.Future[None]]] = []
        self._queued = asyncio.Event()
        self._transacting = (
            asyncio.Lock()
        )  # one connection has one transaction: each caller's ends before the next
        self._idle = asyncio.Event()
        self._idle.set()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path, *, root_key: str) -> AsyncIterator[Journal]:
        """Open or create the journal of the event whose root key is given.

        Raises ConfigRefused when the file belongs to another event, JournalLost when it cannot be used.
        """
        journal = cls(path, root_key)
        path.parent.mkdir(parents=True, exist_ok=True)
        await journal._connect()
        writer = asyncio.create_task(journal._write_queued(), name=f"journal {path.name}")
        try:
            await journal._check_event()
            yield journal
        finally:
            await journal._drain(writer)
            await journal._disconnect()

    async def store(self, records: Sequence[Record]) -> None:
        """Return once all records are durable; while the disk refuses, keep trying until it takes them."""
        if not records:
            return
        if len(self._queue) >= QUEUE_MAX_COUNT:
            raise JournalLost(path=self.path, reason="too much is waiting to be written")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((records, done))
        self._idle.clear()
        self._queued.set()
        await done

    async def read_all(self) -> AsyncIterator[Record]:
        """Yield every record in the order in which it arrived here."""
        arrival = 0
        while True:
            rows = await self._fetch(
                "SELECT arrival, header, signature, body FROM records WHERE arrival > ?"
                " ORDER BY arrival LIMIT ?",
                (arrival, READ_COUNT),
            )
            for _, header, signature, body in rows:
                yield parse_record(header, signature, body)
            if len(rows) < READ_COUNT:
                return
            arrival = rows[-1][0]

    async def read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        """Return at most `count` records of the stream after `seq`, in order."""
        rows = await self._fetch(
            "SELECT header, signature, body FROM records WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?",
            (stream, seq, count),
        )
        return [parse_record(header, signature, body) for header, signature, body in rows]

    async def erase_bodies(self, places: Iterable[tuple[str, int]]) -> None:
        """Overwrite the bodies of these records and leave their headers, so that the chain still verifies."""
        try:
            async with self._transacting:
                database = self._connected()
                await database.execute("BEGIN")
                await database.executemany(
                    "UPDATE records SET body = NULL WHERE stream = ? AND seq = ? AND body IS NOT NULL", places
                )
                await database.commit()
                # The write-ahead log still holds the pages as they were.
                await database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error, JournalLost):
                await self._connected().rollback()
            raise JournalLost(path=self.path, reason=_plain(error)) from error

    async def quarantine(self, record: Record, reason: str) -> None:
        """Keep a record that must not be believed, for people to look at."""
        try:
            async with self._transacting:
                database = self._connected()
                await database.execute(
                    "INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?, ?, ?, ?)", (*_row(record), reason)
                )
                await database.commit()
        except sqlite3.Error as error:
            raise JournalLost(path=self.path, reason=_plain(error)) from error

    async def quarantined(self) -> list[tuple[str, int, str]]:
        """Return (stream, seq, reason) of what is kept in quarantine."""
        rows = await self._fetch("SELECT stream, seq, reason FROM quarantine ORDER BY stream, seq", ())
        return [(str(stream), int(seq), str(reason)) for stream, seq, reason in rows]

    async def last_arrival(self) -> int:
        """Return the arrival number of the newest durable record, 0 while there is none."""
        rows = await self._fetch_committed("SELECT coalesce(max(arrival), 0) FROM records", ())
        return int(rows[0][0])

    async def rows_beyond(self, arrival: int, last: int, count: int) -> list[ArrivedRow]:
        """Return at most `count` durable rows after `arrival` and up to `last`, in order of arrival."""
        rows = await self._fetch_committed(
            "SELECT arrival, stream, seq, header, signature, body FROM records"
            " WHERE arrival > ? AND arrival <= ? ORDER BY arrival LIMIT ?",
            (arrival, last, count),
        )
        return [tuple(row) for row in rows]

    async def quarantined_rows(self) -> list[QuarantinedRow]:
        """Return the whole quarantine."""
        rows = await self._fetch_committed(
            "SELECT stream, seq, header, signature, body, reason FROM quarantine ORDER BY stream, seq", ()
        )
        return [tuple(row) for row in rows]

    async def _write_queued(self) -> None:
        while True:
            await self._queued.wait()
            self._queued.clear()
            while self._queue:
                batch, self._queue = self._queue, []
                await self._commit_until_done([_row(record) for records, _ in batch for record in records])
                for records, done in batch:
                    self.on_durable(records)
                    if not done.done():
                        done.set_result(None)
            self._idle.set()

    async def _commit_until_done(self, rows: list[_Row]) -> None:
        while True:
            try:
                async with self._transacting:
                    await _insert(self._connected(), rows)
            except (sqlite3.Error, JournalLost) as error:
                self.trouble = f"The journal cannot be written ({error}); free or replace the disk."
                log.error("journal not written: path=%s records=%d reason=%s", self.path, len(rows), error)
                await asyncio.sleep(RETRY_S)
                await self._reconnect()
            else:
                if self.trouble is not None:
                    log.warning("journal written again: path=%s", self.path)
                self.trouble = None
                return

    async def _reconnect(self) -> None:
        await self._disconnect()
        with contextlib.suppress(JournalLost):
            await self._connect()

    async def _connect(self) -> None:
        try:
            # Autocommit: a statement is its own transaction unless we begin one.
            self._database = await aiosqlite.connect(self.path, isolation_level=None)
            # FULL, not NORMAL: NORMAL may forget the last commits when the power is cut.
            for statement in (
                "PRAGMA locking_mode = EXCLUSIVE",
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA secure_delete = ON",
            ):
                await self._database.execute(statement)
            await self._database.executescript(SCHEMA)
            await self._database.commit()
        except (sqlite3.Error, OSError) as error:
            await self._disconnect()
            raise JournalLost(path=self.path, reason=_plain(error)) from error

    async def _disconnect(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with contextlib.suppress(sqlite3.Error):
                await database.close()

    def _connected(self) -> aiosqlite.Connection:
        if self._database is None:
            raise JournalLost(path=self.path, reason="it could not be opened again")
        return self._database

    async def _fetch(self, statement: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        try:
            return list(await self._connected().execute_fetchall(statement, values))
        except sqlite3.Error as error:
            raise JournalLost(path=self.path, reason=_plain(error)) from error

    async def _fetch_committed(self, statement: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        """Fetch between transactions: the connection itself also sees what it has not committed yet."""
        async with self._transacting:
            return await self._fetch(statement, values)

    async def _check_event(self) -> None:
        database = self._connected()
        for key, value in (("schema", SCHEMA_VERSION), ("root_key", self.root_key)):
            await database.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))
        await database.commit()
        meta = {row[0]: row[1] for row in await self._fetch("SELECT key, value FROM meta", ())}
        if meta["root_key"] != self.root_key:
            raise ConfigRefused(
                path=self.path,
                reason="this journal belongs to another event; give this event a journal file of its own",
            )
        if meta["schema"] != SCHEMA_VERSION:
            raise ConfigRefused(path=self.path, reason="this journal was written by another version")

    async def _drain(self, writer: asyncio.Task[None]) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._idle.wait()), DRAIN_MAX_S)
        writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer


async def _insert(database: aiosqlite.Connection, rows: list[_Row]) -> None:
    """Store the rows in one transaction; a few of them in one statement, which saves two thread hops."""
    if len(rows) <= STATEMENT_MAX_ROWS:
        values = [value for row in rows for value in row]
        await database.execute(_INSERT + ", (?, ?, ?, ?, ?)" * (len(rows) - 1), values)
        return
    await database.execute("BEGIN")
    await database.executemany(_INSERT, rows)
    await database.commit()


def _ignore(records: Sequence[Record]) -> None:
    """Stand in until somebody follows the journal."""


def _row(record: Record) -> _Row:
    return (record.stream, record.seq, record.header_bytes, record.signature, record.body_bytes)


def _plain(error: Exception) -> str:
    text = str(error)
    if "locked" in text:
        return "another process has it open; stop that one first"
    return text
