"""A storage that hands records on at once and stores them a moment later, for a node that only reads.

A display paints what its unit has stored already, so no frame waits for its own card. What a power cut takes
comes again; nobody is ever told that such a node holds what is not durable."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence

from pitboard.errors import JournalDamaged, JournalLost
from pitboard.journal.disk.commit_queue import Place, place_of
from pitboard.journal.disk.disk_fault import DiskFault
from pitboard.journal.disk.storage import Arrived, Held, Storage
from pitboard.journal.records.record import Record, without_body
from pitboard.tasks import beside

STORE_AFTER_S = 0.05
"""So that a frame is painted first, and what comes close together shares a commit."""
WAITING_MAX_COUNT = 5_000
"""Records; beyond, who appends waits for the disk as anybody does."""
SETTLE_MAX_S = 5.0


class _Reader:
    """One who follows the tail, and what it has not read yet."""

    def __init__(self, unread: Iterable[Arrived]) -> None:
        self.unread = deque(unread)
        self.bell = asyncio.Event()


class StoredBehind:
    """Opened by `StoredBehind.over`; a `pitboard.journal.disk.storage.Storage` with one writer.

    That one, a replica, appends nothing to a place that is held: it knows all that the storage holds.
    """

    def __init__(self, storage: Storage, last_arrival: int) -> None:
        self.root_key = storage.root_key
        self._storage = storage
        self._last_arrival = last_arrival
        self._waiting: list[Record] = []
        self._on_their_way: list[Record] = []
        self._readers: list[_Reader] = []
        self._queued = asyncio.Event()
        self._stored = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def over(cls, storage: Storage) -> AsyncIterator[StoredBehind]:
        """Stand before the storage; at the end all is stored that the disk takes soon."""
        behind = cls(storage, await storage.last_arrival())
        async with beside(behind._store_for_ever(), name="store behind"):
            yield behind
            with contextlib.suppress(JournalLost):
                await behind._settled()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be stored, None while all is well."""
        return self._storage.trouble

    @property
    def fault(self) -> DiskFault | None:
        """The disk's."""
        return self._storage.fault

    async def append(self, records: Sequence[Record]) -> list[Held]:
        """Take the records, and return before they are durable."""
        while len(self._waiting) + len(self._on_their_way) >= WAITING_MAX_COUNT:
            await self._stored.wait()
        self._waiting += records
        self._queued.set()
        return self._tell(records)

    async def last_arrival(self) -> int:
        """Return the arrival of the newest record."""
        return self._last_arrival

    async def tail(self, after: int = 0) -> AsyncGenerator[Sequence[Arrived], None]:
        """Yield for ever what arrived beyond this, in batches, each record once and in order."""
        pending = [*self._on_their_way, *self._waiting]
        stored = self._last_arrival - len(pending)
        first = stored + 1
        reader = _Reader(one for one in self._numbered(pending, first) if one.arrival > after)
        self._readers.append(reader)
        try:
            if after < stored:
                async with contextlib.aclosing(self._storage.tail(after)) as batches:
                    async for batch in batches:
                        if known := [one for one in batch if one.arrival <= stored]:
                            yield known
                        if batch[-1].arrival >= stored:
                            break
            while True:
                if reader.unread:
                    unread = list(reader.unread)
                    reader.unread.clear()
                    yield unread
                else:
                    reader.bell.clear()
                    await reader.bell.wait()
        finally:
            self._readers.remove(reader)

    async def read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        """Return at most `count` records of the stream after `seq`, in order."""
        pending = [record for record in (*self._on_their_way, *self._waiting) if record.stream == stream]
        found = await self._storage.read_beyond(stream, seq, count)
        last = found[-1].seq if found else seq
        return [*found, *[record for record in pending if record.seq > last]][:count]

    async def replace(self, stream: str, after: int, records: Sequence[Record]) -> list[Held]:
        """Put these records, durably, in the place of all that the stream holds beyond `after`."""
        await self._settled()
        held = await self._storage.replace(stream, after, records)
        self._last_arrival = held[0].arrival - 1
        self._tell(records)
        return held

    async def erase_bodies(self, places: Iterable[Place]) -> None:
        """Overwrite the bodies of these records and leave their headers."""
        places = set(places)
        self._waiting = [without_body(one) if place_of(one) in places else one for one in self._waiting]
        for reader in self._readers:
            for at, (arrival, record) in enumerate(reader.unread):
                if place_of(record) in places:
                    reader.unread[at] = Arrived(arrival, without_body(record))
        await self._settled()
        await self._storage.erase_bodies(places)

    async def quarantine(self, record: Record, reason: str) -> None:
        """Keep a record that must not be believed, for people to look at."""
        await self._storage.quarantine(record, reason)

    async def quarantined(self) -> list[tuple[str, int, str]]:
        """Return (stream, seq, reason) of what is kept in quarantine."""
        return await self._storage.quarantined()

    def _tell(self, records: Sequence[Record]) -> list[Held]:
        """Let who follows the tail have these, and return where they stand."""
        arrived = self._numbered(records, self._last_arrival + 1)
        self._last_arrival += len(arrived)
        for reader in self._readers:
            reader.unread.extend(arrived)
            reader.bell.set()
        return [Held(one.arrival, one.record.header_hash) for one in arrived]

    def _numbered(self, records: Sequence[Record], first: int) -> list[Arrived]:
        return [Arrived(arrival, record) for arrival, record in enumerate(records, start=first)]

    async def _settled(self) -> None:
        """Return once the disk has all; raises JournalLost where it does not take it soon."""
        try:
            async with asyncio.timeout(SETTLE_MAX_S):
                while self._waiting or self._on_their_way:
                    await self._stored.wait()
        except TimeoutError as error:
            raise JournalLost(path="of this node", reason="the disk does not take it") from error

    async def _store_for_ever(self) -> None:
        while True:
            await self._queued.wait()
            await asyncio.sleep(STORE_AFTER_S)
            self._queued.clear()
            self._on_their_way, self._waiting = self._waiting, []
            first = self._last_arrival - len(self._on_their_way) + 1
            held = await self._storage.append(self._on_their_way)
            told = [(at, one.header_hash) for at, one in enumerate(self._on_their_way, start=first)]
            if held != told:
                raise JournalDamaged(path="of this node", reason="somebody else writes to it")
            self._on_their_way = []
            stored, self._stored = self._stored, asyncio.Event()
            stored.set()
