"""The journal in PostgreSQL, for several processes at once; a `pitboard.journal.disk.storage.Storage`.

All who append do so in turn, so that arrivals become visible in their order; a place has one holder by a
unique constraint, in turn or not. A notification is the doorbell, and once per second we look all the same.
An error at COMMIT means unknown: we connect again and store the same records once more, which does nothing
where they are already there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import asyncpg

from pitboard.errors import ConfigRefused, JournalLost
from pitboard.journal.disk.commit_queue import CommitQueue, Place, place_of
from pitboard.journal.disk.disk_fault import DiskFault
from pitboard.journal.disk.sqlite_storage import QuarantinedRow
from pitboard.journal.disk.storage import Arrived, Held
from pitboard.journal.records.record import Record, stored_record
from pitboard.tasks import beside
from sync.central.database.postgres_link import LOST, PostgresLink, connect, is_away, plain, shown
from sync.central.database.schema import ROLE_NAMES, SCHEMA_VERSION, Role

log = logging.getLogger(__name__)

Result = TypeVar("Result")

CHANNEL = "pitboard_records"
LOOK_EVERY_S = 1.0
"""A doorbell may be missed while its connection is away."""
RETRY_S = 1.0
RETRY_MAX_S = 15.0
"""A start waits for its database for ever: twice as long each time, up to this."""
READ_COUNT = 2_000

_TAKE_TURN = "SELECT take_turn()"
# Numbered in turn, and not by a sequence: a number that is seen has all lower ones beside it.
_INSERT = """
INSERT INTO records (arrival, stream, seq, header, signature, body)
SELECT greatest($6::bigint, (SELECT coalesce(max(arrival), 0) FROM records))
    + row_number() OVER (ORDER BY fresh.number),
    fresh.stream, fresh.seq, fresh.header, fresh.signature, fresh.body
FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[]) WITH ORDINALITY
    AS fresh (stream, seq, header, signature, body, number)
WHERE NOT EXISTS (SELECT FROM records AS old WHERE old.stream = fresh.stream AND old.seq = fresh.seq)
"""
_HOLDERS = """
SELECT stream, seq, arrival, sha256(header) FROM records
JOIN unnest($1::text[], $2::bigint[]) AS wanted (stream, seq) USING (stream, seq)
"""


class PostgresJournal:
    """Opened by `PostgresJournal.open`; it may do what its role may."""

    def __init__(self, url: str, role: Role, root_key: str) -> None:
        self.url = url
        self.role: Role = role
        self.root_key = root_key
        self.trouble: str | None = None
        self.fault: DiskFault | None = None  # the database's own disks are not ours to name
        self._writer = PostgresLink(url, user=ROLE_NAMES[role])
        self._reader = PostgresLink(url, user=ROLE_NAMES[role])
        self._queue = CommitQueue(self._commit_until_done, path=shown(url))
        self._last_arrival = 0
        self._arrived = asyncio.Event()
        self._bell = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        url: str,
        *,
        role: Role,
        root_key: str | None = None,
        say: Callable[[str], object] = str,
        waits: bool = True,
    ) -> AsyncIterator[PostgresJournal]:
        """Open the journal of the event whose root key is given; without one, of whatever event is there.

        Where the database is away, `say` is told so in a sentence and the database waited for, unless nobody
        `waits`. Raises ConfigRefused when it is not prepared or belongs to another event, JournalLost when it
        says no.
        """
        journal = cls(url, role, root_key or "")

        async def look() -> None:
            await journal._check_schema()
            await journal._check_event(root_key)
            journal._last_arrival = await journal._newest_arrival()

        try:
            await (_when_there(look, say) if waits else look())
            async with (
                beside(journal._queue.run(), name="write to the database"),
                beside(journal._watch(), name="listen to the database"),
            ):
                try:
                    yield journal
                finally:
                    await journal._queue.drain()
        finally:
            await journal._writer.close()
            await journal._reader.close()

    async def append(self, records: Sequence[Record]) -> list[Held]:
        """Return, once all is durable, who holds the place of each record.

        While the database refuses it keeps trying, even if the caller goes away. Raises JournalLost, with
        nothing handed over, when too much waits already.
        """
        return await self._queue.append(records)

    async def last_arrival(self) -> int:
        """Return the arrival of the newest durable record known here, 0 while there is none."""
        return self._last_arrival

    async def tail(self, after: int = 0) -> AsyncGenerator[Sequence[Arrived], None]:
        """Yield for ever what is durable beyond this arrival; a database that is away is waited for.

        Raises JournalLost where the database says no before the end was reached.
        """
        has_reached_end = False
        while True:
            if after >= self._last_arrival:
                has_reached_end = True
                await self._arrived.wait()
                continue
            try:
                batch = await self._read_arrived(after)
            except JournalLost as error:
                if not has_reached_end and not is_away(error):
                    raise
                log.error("journal not read: %s", error)
                await asyncio.sleep(RETRY_S)
                continue
            if not batch:  # a standby that lags behind what we saw of its primary
                await asyncio.sleep(RETRY_S)
                continue
            yield batch
            after = batch[-1].arrival

    async def read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        """Return at most `count` records of the stream after `seq`, in order."""
        rows = await self._fetch(
            "SELECT header, signature, body FROM records"
            " WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            stream,
            seq,
            count,
        )
        return [stored_record(*row) for row in rows]

    async def replace(self, stream: str, after: int, records: Sequence[Record]) -> list[Held]:
        """Put these records in the place of all that the stream holds beyond `after`.

        What was there goes to the quarantine, so that a process that somebody broke into destroys nothing.
        """
        async with self._writer.used() as connection, connection.transaction():
            await connection.execute(_TAKE_TURN)
            last = int(await connection.fetchval("SELECT coalesce(max(arrival), 0) FROM records"))
            await connection.execute("SELECT put_aside_beyond($1, $2)", stream, after)
            held = await _insert(connection, records, after=last)
        self._note_arrival(max(one.arrival for one in held.values()))
        return [held[place_of(record)] for record in records]

    async def erase_bodies(self, places: Iterable[tuple[str, int]]) -> None:
        """Empty the bodies of these records; where this role may not, the admin's process does it."""
        if self.role != "admin":
            return
        streams, seqs = _columns(places)
        async with self._writer.used() as connection:
            await connection.execute(
                "UPDATE records SET body = NULL FROM unnest($1::text[], $2::bigint[]) AS gone (stream, seq)"
                " WHERE records.stream = gone.stream AND records.seq = gone.seq AND body IS NOT NULL",
                streams,
                seqs,
            )

    async def quarantine(self, record: Record, reason: str) -> None:
        """Keep a record that must not be believed, for people to look at."""
        async with self._writer.used() as connection:
            await connection.execute(
                "INSERT INTO quarantine VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                record.stream,
                record.seq,
                record.header_bytes,
                record.signature,
                record.body_bytes,
                reason,
            )

    async def quarantined(self) -> list[tuple[str, int, str]]:
        """Return (stream, seq, reason) of what is kept in quarantine."""
        rows = await self._fetch("SELECT stream, seq, reason FROM quarantine ORDER BY stream, seq")
        return [(str(stream), int(seq), str(reason)) for stream, seq, reason in rows]

    async def quarantined_rows(self) -> list[QuarantinedRow]:
        """Return the whole quarantine."""
        rows = await self._fetch(
            "SELECT stream, seq, header, signature, body, reason FROM quarantine ORDER BY stream, seq"
        )
        return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]

    async def _commit_until_done(self, records: Sequence[Record]) -> Mapping[Place, Held]:
        while True:
            try:
                async with self._writer.used() as connection:
                    held = await _commit(connection, records)
            except JournalLost as error:
                self.trouble = f"The journal cannot be written ({error.reason}); look after the database."
                log.error("journal not written: records=%d %s", len(records), error)
                await asyncio.sleep(RETRY_S)
            else:
                if self.trouble is not None:
                    log.warning("journal written again: path=%s", shown(self.url))
                self.trouble = None
                self._note_arrival(max(one.arrival for one in held.values()))
                return held

    async def _read_arrived(self, after: int) -> list[Arrived]:
        rows = await self._fetch(
            "SELECT arrival, header, signature, body FROM records"
            " WHERE arrival > $1 ORDER BY arrival LIMIT $2",
            after,
            READ_COUNT,
        )
        return [Arrived(row[0], stored_record(*row[1:])) for row in rows]

    async def _newest_arrival(self) -> int:
        rows = await self._fetch("SELECT coalesce(max(arrival), 0) FROM records")
        return int(rows[0][0])

    async def _fetch(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        async with self._reader.used() as connection:
            return [tuple(row) for row in await connection.fetch(statement, *values)]

    def _note_arrival(self, arrival: int) -> None:
        if arrival > self._last_arrival:
            self._last_arrival = arrival
            arrived, self._arrived = self._arrived, asyncio.Event()
            arrived.set()

    async def _watch(self) -> None:
        """Look when the doorbell rings, and once per second, for ever."""
        while True:
            try:
                connection = await connect(self.url, user=ROLE_NAMES[self.role])
                try:
                    await connection.add_listener(CHANNEL, self._ring)
                    while True:
                        self._bell.clear()
                        newest = await connection.fetchval("SELECT coalesce(max(arrival), 0) FROM records")
                        self._note_arrival(int(newest))
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(LOOK_EVERY_S):
                                await self._bell.wait()
                finally:
                    connection.terminate()
            except LOST as error:
                log.warning("database not heard: path=%s reason=%s", shown(self.url), plain(error))
                await asyncio.sleep(RETRY_S)

    def _ring(self, *_: object) -> None:
        self._bell.set()

    async def _check_schema(self) -> None:
        try:
            rows = await self._fetch("SELECT coalesce(max(version), 0) FROM versions")
        except JournalLost as error:
            if not isinstance(error.__cause__, asyncpg.UndefinedTableError):
                raise
            rows = [(0,)]
        version = int(rows[0][0])
        if version < SCHEMA_VERSION:
            reason = "this database is not prepared; type: pitboard central … prepare-database OWNER_URL"
        elif version > SCHEMA_VERSION:
            reason = "this database was prepared by a newer Pitboard; upgrade this one"
        else:
            return
        raise ConfigRefused(path=shown(self.url), reason=reason)

    async def _check_event(self, root_key: str | None) -> None:
        if root_key is not None and self.role == "admin":
            async with self._writer.used() as connection:
                await connection.execute(
                    "INSERT INTO meta VALUES ('root_key', $1) ON CONFLICT DO NOTHING", root_key
                )
        rows = await self._fetch("SELECT value FROM meta WHERE key = 'root_key'")
        if not rows:
            raise ConfigRefused(
                path=shown(self.url), reason="no event is in this database yet; start the admin's door first"
            )
        if root_key is not None and rows[0][0] != root_key:
            raise ConfigRefused(
                path=shown(self.url), reason="this journal belongs to another event; give this one its own"
            )
        self.root_key = str(rows[0][0])


async def _when_there(ask: Callable[[], Awaitable[Result]], say: Callable[[str], object]) -> Result:
    """Return what the database answers; ask again, twice as late each time, while it is away."""
    wait_s = RETRY_S
    while True:
        try:
            return await ask()
        except JournalLost as error:
            if not is_away(error):
                raise
            log.warning("start waits: path=%s wait_s=%g reason=%s", error.path, wait_s, error.reason)
            say(f"The database is away ({error.reason}); this start waits for it. Look after the database.")
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, RETRY_MAX_S)


async def _commit(connection: Any, records: Sequence[Record]) -> dict[Place, Held]:
    """Store what has no place yet, in one transaction; return who holds each place."""
    async with connection.transaction():
        await connection.execute(_TAKE_TURN)
        return await _insert(connection, records)


async def _insert(connection: Any, records: Sequence[Record], *, after: int = 0) -> dict[Place, Held]:
    """Do so within a transaction whose turn it is, as arrivals beyond `after` and all that are there."""
    first: dict[Place, Record] = {}
    for record in records:
        first.setdefault(place_of(record), record)
    streams, seqs = _columns(first)
    fresh = list(first.values())
    await connection.execute(
        _INSERT,
        streams,
        seqs,
        [record.header_bytes for record in fresh],
        [record.signature for record in fresh],
        [record.body_bytes for record in fresh],
        after,
    )
    rows = await connection.fetch(_HOLDERS, streams, seqs)
    await connection.execute(f"NOTIFY {CHANNEL}")
    return {(stream, seq): Held(arrival, header_hash) for stream, seq, arrival, header_hash in rows}


def _columns(places: Iterable[Place]) -> tuple[list[str], list[int]]:
    places = list(places)
    return [stream for stream, _ in places], [seq for _, seq in places]
