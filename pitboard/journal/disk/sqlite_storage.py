"""The journal file: every record of every stream, in one SQLite database.

One process and one connection hold it. Whatever has queued up is committed together, and `append` returns
only once the commit is on disk. An error at COMMIT means unknown: the file is opened again and the same
records are stored once more, which does nothing where they are already there."""

from __future__ import annotations

import asyncio
import contextlib
import glob
import hashlib
import logging
import os
import sqlite3
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path

import aiosqlite

from pitboard.errors import ConfigRefused, JournalDamaged, JournalLost, RecordRefused
from pitboard.journal.disk.commit_queue import CommitQueue, Place, place_of
from pitboard.journal.disk.disk_fault import FAULT_REASONS, DiskFault, fault_of
from pitboard.journal.disk.journal_schema import (
    SCHEMA,
    VERSION,
    Statement,
    is_sound,
    meta_of,
    steps_from,
    version_in,
)
from pitboard.journal.disk.storage import Arrived, Held
from pitboard.journal.records.record import Record, stored_record, without_body
from pitboard.tasks import beside

log = logging.getLogger(__name__)

IN_MEMORY = Path(":memory:")
_COPY = ".schema-"
"""Before the version in the name of the copy that is made of an older file."""
READ_COUNT = 500
STATEMENT_MAX_ROWS = 64
RETRY_S = 1.0
LATEST_MAX_COUNT = 2_048
CACHE_MAX_KIB = 2_000
"""Of the file's pages, kept in memory: what SQLite takes where nothing is said."""
"""How many of the newest records are kept for those who read the tail."""

_INSERT = "INSERT INTO records (stream, seq, header, signature, body) VALUES (?, ?, ?, ?, ?)"
_OR_NOT = " ON CONFLICT (stream, seq) DO NOTHING"
_Row = tuple[str, int, bytes, bytes, bytes | None]
ArrivedRow = tuple[int, str, int, bytes, bytes, bytes | None]
"""(arrival, stream, seq, header, signature, body)"""
QuarantinedRow = tuple[str, int, bytes, bytes, bytes | None, str]
"""(stream, seq, header, signature, body, reason)"""


class Journal:
    """Opened by `Journal.open`; a `pitboard.journal.disk.storage.Storage`."""

    def __init__(self, path: Path, root_key: str) -> None:
        self.path = path
        self.root_key = root_key
        self.trouble: str | None = None
        self.fault: DiskFault | None = None
        self._lasting_trouble: str | None = None
        self._cache_max_kib = CACHE_MAX_KIB
        self._database: aiosqlite.Connection | None = None
        self._queue = CommitQueue(self._commit_until_done, path=str(path))
        self._transacting = (
            asyncio.Lock()
        )  # one connection has one transaction: each caller's ends before the next
        self._last_arrival = 0
        self._latest: deque[Arrived] = deque(maxlen=LATEST_MAX_COUNT)
        self._arrived = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        root_key: str,
        lasting_trouble: str | None = None,
        is_for_a_look: bool = False,
        cache_max_kib: int = CACHE_MAX_KIB,
    ) -> AsyncIterator[Journal]:
        """Open or create the journal of the event whose root key is given.

        Raises ConfigRefused when the file belongs to another event, JournalLost when it cannot be used.
        `lasting_trouble` stays even while all can be stored: what is held in memory, say. Who only takes a
        look at its end does not go through the whole file first.
        """
        journal = cls(path, root_key)
        journal._cache_max_kib = cache_max_kib
        journal.trouble = journal._lasting_trouble = lasting_trouble
        if path != IN_MEMORY:
            path.parent.mkdir(parents=True, exist_ok=True)
        await journal._connect()
        try:
            await journal._prepare(is_for_a_look=is_for_a_look)
            journal._last_arrival = await journal._newest_arrival()
            async with beside(journal._queue.run(), name=f"journal {path.name}"):
                try:
                    yield journal
                finally:
                    await journal._queue.drain()
        finally:
            await journal._disconnect()

    async def append(self, records: Sequence[Record]) -> list[Held]:
        """Return, once all is durable, who holds the place of each record.

        While the disk refuses it keeps trying, even if the caller goes away. Raises JournalLost, with nothing
        handed over, when too much waits already.
        """
        return await self._queue.append(records)

    async def tail(self, after: int = 0) -> AsyncGenerator[Sequence[Arrived], None]:
        """Yield for ever what is durable beyond this arrival; raises JournalLost where it cannot be read.

        Once the end was reached, a disk that cannot be read is waited for like one that cannot be written.
        """
        has_reached_end = False
        while True:
            if after >= self._last_arrival:
                has_reached_end = True
                await self._arrived.wait()
                continue
            batch = self._latest_beyond(after)
            if not batch:
                try:
                    batch = await self._read_arrived(after)
                except JournalLost as error:
                    if not has_reached_end:
                        raise
                    log.error("journal not read: %s", error)
                    await asyncio.sleep(RETRY_S)
                    continue
            yield batch
            after = batch[-1].arrival

    def _latest_beyond(self, after: int) -> list[Arrived]:
        latest = self._latest
        if not latest or latest[0].arrival > after + 1:
            return []
        return [latest[at] for at in range(after + 1 - latest[0].arrival, len(latest))]

    async def _read_arrived(self, after: int) -> list[Arrived]:
        rows = await self._fetch_committed(
            "SELECT arrival, header, signature, body FROM records WHERE arrival > ? ORDER BY arrival LIMIT ?",
            (after, READ_COUNT),
        )
        try:
            return [
                Arrived(arrival, stored_record(header, signature, body))
                for arrival, header, signature, body in rows
            ]
        except RecordRefused as error:
            raise JournalDamaged(path=self.path, reason=str(error)) from error

    def _stored(self, header: bytes, signature: bytes, body: bytes | None) -> Record:
        try:
            return stored_record(header, signature, body)
        except RecordRefused as error:
            raise JournalDamaged(path=self.path, reason=str(error)) from error

    async def read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        """Return at most `count` records of the stream after `seq`, in order."""
        rows = await self._fetch(
            "SELECT header, signature, body FROM records WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?",
            (stream, seq, count),
        )
        return [self._stored(*row) for row in rows]

    async def replace(self, stream: str, after: int, records: Sequence[Record]) -> list[Held]:
        """Put these records in the place of all that the stream holds beyond `after`."""
        try:
            async with self._transacting:
                database = self._connected()
                await database.execute("BEGIN")
                await database.execute("DELETE FROM records WHERE stream = ? AND seq > ?", (stream, after))
                first = self._last_arrival + 1
                # Numbered here: what was deleted may have been the last, and its number is not given again.
                await database.executemany(
                    "INSERT INTO records (arrival, stream, seq, header, signature, body)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    [(number, *_row(record)) for number, record in enumerate(records, start=first)],
                )
                await database.commit()
                self._latest.clear()
                held = [Held(number, one.header_hash) for number, one in enumerate(records, start=first)]
                self._note_arrived([], held[-1].arrival)
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error, JournalLost):
                await self._connected().rollback()
            raise self._lost(error) from error
        return held

    async def erase_bodies(self, places: Iterable[tuple[str, int]]) -> None:
        """Overwrite the bodies of these records and leave their headers, so that the chain still verifies."""
        places = set(places)
        for at, (arrival, record) in enumerate(self._latest):
            if place_of(record) in places:
                self._latest[at] = Arrived(arrival, without_body(record))
        try:
            async with self._transacting:
                database = self._connected()
                await database.execute("BEGIN")
                await database.executemany(
                    "UPDATE records SET body = NULL WHERE stream = ? AND seq = ? AND body IS NOT NULL", places
                )
                await database.commit()
                # The write-ahead log still holds the pages as they were, and so do copies of former versions.
                await database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                for copy in self.path.parent.glob(f"{glob.escape(self.path.name)}{_COPY}*"):
                    copy.unlink()
        except (sqlite3.Error, OSError) as error:
            with contextlib.suppress(sqlite3.Error, JournalLost):
                await self._connected().rollback()
            raise self._lost(error) from error

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
            raise self._lost(error) from error

    async def quarantined(self) -> list[tuple[str, int, str]]:
        """Return (stream, seq, reason) of what is kept in quarantine."""
        rows = await self._fetch("SELECT stream, seq, reason FROM quarantine ORDER BY stream, seq", ())
        return [(str(stream), int(seq), str(reason)) for stream, seq, reason in rows]

    async def last_arrival(self) -> int:
        """Return the arrival number of the newest durable record, 0 while there is none."""
        return self._last_arrival

    async def _newest_arrival(self) -> int:
        rows = await self._fetch("SELECT coalesce(max(arrival), 0) FROM records", ())
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

    async def _commit_until_done(self, records: Sequence[Record]) -> dict[Place, Held]:
        while True:
            try:
                async with self._transacting:
                    held = await self._commit(records)
            except (sqlite3.Error, JournalLost) as error:
                self.fault = fault_of(error, self.path.parent)
                self.trouble = f"The journal cannot be written: {FAULT_REASONS[self.fault]}."
                log.error("journal not written: path=%s records=%d reason=%s", self.path, len(records), error)
                await asyncio.sleep(RETRY_S)
                await self._reconnect()
            else:
                if self.trouble != self._lasting_trouble:
                    log.warning("journal written again: path=%s", self.path)
                self.trouble, self.fault = self._lasting_trouble, None
                return held

    async def _commit(self, records: Sequence[Record]) -> dict[Place, Held]:
        """Store the records in one transaction and return who holds each place."""
        database = self._connected()
        arrivals = await _insert(database, records, self._last_arrival)
        held: dict[Place, Held] = {}
        fresh: list[Arrived] = []
        for record in records:
            place = place_of(record)
            if place in arrivals:
                if place not in held:
                    fresh.append(Arrived(arrivals[place], record))
                    held[place] = Held(arrivals[place], record.header_hash)
            elif place not in held:
                held[place] = await self._holder(place)
        self._note_arrived(sorted(fresh), max((one.arrival for one in held.values()), default=0))
        return held

    async def _holder(self, place: Place) -> Held:
        """Return who was there before."""
        rows = await self._fetch("SELECT arrival, header FROM records WHERE stream = ? AND seq = ?", place)
        return Held(int(rows[0][0]), hashlib.sha256(rows[0][1]).digest())

    def _note_arrived(self, fresh: Sequence[Arrived], last: int) -> None:
        """Let the tail's readers have what was committed; what came unseen they read from the disk."""
        if fresh and fresh[0].arrival != self._last_arrival + 1:
            self._latest.clear()
        self._latest.extend(fresh)
        if last > self._last_arrival:
            if not fresh:
                self._latest.clear()
            self._last_arrival = last
            arrived, self._arrived = self._arrived, asyncio.Event()
            arrived.set()

    async def _reconnect(self) -> None:
        await self._disconnect()
        with contextlib.suppress(JournalLost):
            await self._connect()

    async def _connect(self) -> None:
        try:
            # Names are in it. SQLite gives its side files the same mode.
            if self.path != IN_MEMORY:
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            # Autocommit: a statement is its own transaction unless we begin one.
            self._database = await aiosqlite.connect(self.path, isolation_level=None)
            # FULL, not NORMAL: NORMAL may forget the last commits when the power is cut.
            for statement in (
                "PRAGMA locking_mode = EXCLUSIVE",
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA secure_delete = ON",
                f"PRAGMA cache_size = -{self._cache_max_kib}",
            ):
                await self._database.execute(statement)
        except (sqlite3.Error, OSError) as error:
            await self._disconnect()
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> JournalLost:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return JournalDamaged(path=self.path, reason=_plain(error))
        if code in _OF_THE_DISK or isinstance(error, OSError):
            return JournalLost(path=self.path, reason=FAULT_REASONS[fault_of(error, self.path.parent)])
        return JournalLost(path=self.path, reason=_plain(error))

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
            raise self._lost(error) from error

    async def _fetch_committed(self, statement: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        """Fetch between transactions: the connection itself also sees what it has not committed yet."""
        async with self._transacting:
            return await self._fetch(statement, values)

    async def _prepare(self, *, is_for_a_look: bool) -> None:
        """Make a new file, or check an old one and bring it to today's version.

        Raises ConfigRefused where it is of another event or a newer version, JournalDamaged where it is not
        what was written.
        """
        try:
            tables = {row[0] for row in await self._fetch("SELECT name FROM sqlite_master", ())}
            if not tables:
                await self._run(
                    [(one, ()) for one in SCHEMA.split(";") if one.strip()], meta_of(self.root_key)
                )
                return
            said = "ok"
            if not is_for_a_look:
                said = (await self._fetch("PRAGMA quick_check(1)", ()))[0][0]
            meta = {str(row[0]): str(row[1]) for row in await self._fetch("SELECT key, value FROM meta", ())}
            await self._fetch("SELECT 1 FROM records, quarantine LIMIT 1", ())
        except JournalDamaged:
            raise
        except JournalLost as error:
            raise JournalDamaged(path=self.path, reason=error.reason) from error  # a table is missing
        if said != "ok" or not is_sound(meta):
            raise JournalDamaged(path=self.path, reason="the file is damaged")
        if meta["root_key"] != self.root_key:
            raise ConfigRefused(
                path=self.path,
                reason="this journal belongs to another event; give this event a journal file of its own",
            )
        await self._migrate(meta)

    async def _migrate(self, meta: Mapping[str, str]) -> None:
        version = version_in(meta) or 0
        if version > VERSION:
            raise ConfigRefused(path=self.path, reason="this journal was written by a newer version")
        if version == VERSION:
            return
        copy = self.path.with_name(f"{self.path.name}{_COPY}{version}")
        try:
            copy.unlink(missing_ok=True)
            os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            await self._connected().execute("VACUUM INTO ?", (str(copy),))
        except (sqlite3.Error, OSError) as error:
            raise self._lost(error) from error
        await self._run(steps_from(version, meta), {})
        log.warning(
            "journal brought from schema %d to %d: path=%s copy=%s", version, VERSION, self.path, copy
        )

    async def _run(self, statements: Sequence[Statement], meta: Mapping[str, str]) -> None:
        """Carry out the statements and write the table meta, in one transaction."""
        statements = [*statements, *[("INSERT INTO meta VALUES (?, ?)", item) for item in meta.items()]]
        database = self._connected()
        try:
            await database.execute("BEGIN IMMEDIATE")
            for statement, values in statements:
                await database.execute(statement, values)
            await database.commit()
        except sqlite3.Error as error:
            raise self._lost(error) from error


async def _insert(
    database: aiosqlite.Connection, records: Sequence[Record], last_arrival: int
) -> dict[Place, int]:
    """Store what has no place yet, in one transaction; return the arrivals of what was stored.

    A few records go in one statement, which saves two thread hops. A statement that fails half way leaves
    nothing, and so does a transaction: the connection is opened anew after any error.
    """
    rows = [_row(record) for record in records]
    if len(rows) <= STATEMENT_MAX_ROWS:
        statement = _INSERT + ", (?, ?, ?, ?, ?)" * (len(rows) - 1) + _OR_NOT
        values = [value for row in rows for value in row]
        stored = await database.execute_fetchall(statement + " RETURNING stream, seq, arrival", values)
    else:
        await database.execute("BEGIN")
        await database.executemany(_INSERT + _OR_NOT, rows)
        stored = await database.execute_fetchall(
            "SELECT stream, seq, arrival FROM records WHERE arrival > ?", (last_arrival,)
        )
        await database.commit()
    return {(stream, seq): arrival for stream, seq, arrival in stored}


def _row(record: Record) -> _Row:
    return (record.stream, record.seq, record.header_bytes, record.signature, record.body_bytes)


_OF_THE_DISK = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
)
_HELD_BY_ANOTHER = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_PRIMARY_CODE = 0xFF


def _plain(error: Exception) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    return "another process has it open; stop that one first" if code in _HELD_BY_ANOTHER else str(error)
