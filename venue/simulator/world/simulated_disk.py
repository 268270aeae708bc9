"""A disk that forgets what was not synced, and a storage over it as a process of a node opens it.

Like the real journal it commits what has queued up in one go, tries again for as long as the disk refuses,
and takes an error at commit for "unknown": the commit may have happened all the same."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from random import Random

import msgspec

from pitboard.errors import JournalLost
from pitboard.journal.disk.disk_fault import FAULT_REASONS, DiskFault
from pitboard.journal.disk.storage import Arrived, Held
from pitboard.journal.records.record import Record
from venue.simulator.world.virtual_loop import VirtualLoop

QUEUE_MAX_COUNT = 40
RETRY_S = 1.0

Place = tuple[str, int]
Durable = Callable[[Sequence[Record]], None]
_Waiting = tuple[Sequence[Record], asyncio.Future[list[Held]]]


class SimulatedDisk:
    """What is on the disk: the records by place in order of arrival, the quarantine, and how it fares."""

    def __init__(self) -> None:
        self.records: dict[Place, Record] = {}
        self.order: list[tuple[int, Place]] = []  # (arrival, place), in which they arrived
        self.arrivals: dict[Place, int] = {}
        self.last_arrival = 0
        self.heads: dict[str, int] = {}
        self.fingerprint = 0  # the same for the same set of records
        self.quarantine: dict[tuple[str, int, bytes], str] = {}
        self.trouble: str | None = None
        self.slow_s = 0.0

    def copy(self) -> SimulatedDisk:
        """Return an image of the disk as it is now."""
        image = SimulatedDisk()
        image.records, image.heads = dict(self.records), dict(self.heads)
        image.order, image.arrivals = list(self.order), dict(self.arrivals)
        image.last_arrival = self.last_arrival
        image.fingerprint = self.fingerprint
        image.quarantine = dict(self.quarantine)
        return image

    def commit(self, records: Iterable[Record]) -> list[Record]:
        """Put the records where nothing is yet, and return those that were put."""
        fresh = []
        for record in records:
            place = (record.stream, record.seq)
            if place not in self.records:
                self.records[place] = record
                self.last_arrival += 1
                self.order.append((self.last_arrival, place))
                self.arrivals[place] = self.last_arrival
                self.heads[record.stream] = record.seq
                self.fingerprint ^= int.from_bytes(record.header_hash)
                fresh.append(record)
        return fresh

    def drop_beyond(self, stream: str, seq: int) -> None:
        """Forget what the stream holds after this place."""
        gone = [place for place in self.records if place[0] == stream and place[1] > seq]
        for place in gone:
            self.fingerprint ^= int.from_bytes(self.records.pop(place).header_hash)
            self.order.remove((self.arrivals.pop(place), place))
        if gone:
            self.heads[stream] = seq
            if not seq:
                del self.heads[stream]


class SimulatedStorage:
    """Implements `pitboard.journal.disk.storage.Storage` for one process; `kill` ends it as a crash would."""

    def __init__(
        self, disk: SimulatedDisk, loop: VirtualLoop, chance: Random, *, root_key: str, on_commit: Durable
    ) -> None:
        self.root_key = root_key
        self.disk = disk
        self._loop = loop
        self._chance = chance
        self._on_commit = on_commit
        self._queue: list[_Waiting] = []
        self._under_way: list[_Waiting] = []
        self._arrivals = disk.last_arrival  # what this process knows to be durable
        self._arrived = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._is_dead = False

    @property
    def trouble(self) -> str | None:
        return self.disk.trouble

    @trouble.setter
    def trouble(self, trouble: str | None) -> None:
        self.disk.trouble = trouble

    @property
    def fault(self) -> DiskFault | None:
        return None if self.disk.trouble is None else DiskFault.FAULTY

    @fault.setter
    def fault(self, fault: DiskFault | None) -> None:
        self.disk.trouble = None if fault is None else FAULT_REASONS[fault]

    async def append(self, records: Sequence[Record]) -> list[Held]:
        if not records:
            return []
        waiting_count = sum(len(waiting) for waiting, _ in [*self._under_way, *self._queue])
        if waiting_count and waiting_count + len(records) > QUEUE_MAX_COUNT:
            raise JournalLost(path="simulated", reason="too much is waiting to be written")
        done: asyncio.Future[list[Held]] = self._loop.create_future()
        self._queue.append((records, done))
        self._begin()
        return await done

    async def last_arrival(self) -> int:
        return self._arrivals

    async def tail(self, after: int = 0) -> AsyncGenerator[Sequence[Arrived], None]:
        while True:
            if after < self._arrivals:
                disk = self.disk
                first = bisect_right(disk.order, after, key=lambda one: one[0])
                batch = [
                    Arrived(arrival, disk.records[place])
                    for arrival, place in disk.order[first:]
                    if arrival <= self._arrivals
                ]
                after = self._arrivals
                if batch:
                    yield batch
            else:
                await self._arrived.wait()

    async def read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        self._check()
        records = self.disk.records
        found: list[Record] = []
        while len(found) < count and (record := records.get((stream, seq + 1))) is not None:
            found.append(record)
            seq += 1
        return found

    async def replace(self, stream: str, after: int, records: Sequence[Record]) -> list[Held]:
        self._check()
        self.disk.drop_beyond(stream, after)
        self._on_commit(self.disk.commit(records))
        self._arrivals = self.disk.last_arrival
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()
        return [self._holder(record) for record in records]

    async def erase_bodies(self, places: Iterable[Place]) -> None:
        self._check()
        for place in sorted(places):
            record = self.disk.records.get(place)
            if record is not None and record.body_bytes is not None:
                self.disk.records[place] = msgspec.structs.replace(record, body_bytes=None)

    async def quarantine(self, record: Record, reason: str) -> None:
        self._check()
        self.disk.quarantine.setdefault((record.stream, record.seq, record.header_bytes), reason)

    async def quarantined(self) -> list[tuple[str, int, str]]:
        return [(stream, seq, reason) for (stream, seq, _), reason in self.disk.quarantine.items()]

    def kill(self) -> None:
        """End here; a commit under way may or may not have reached the disk, and nobody was told."""
        self._is_dead = True
        if self._timer is not None:
            self._timer.cancel()
        if self._under_way and self.disk.trouble is None and self._chance.random() < 0.5:
            self._commit(self._under_way)
        for _, done in [*self._under_way, *self._queue]:
            done.cancel()

    def _begin(self) -> None:
        if self._timer is None and self._queue and not self._is_dead:
            self._under_way, self._queue = self._queue, []
            delay_s = self._chance.uniform(0.001, 0.012) + self.disk.slow_s
            self._timer = self._loop.call_later(delay_s, self._end)

    def _end(self) -> None:
        is_refused = self.disk.trouble is not None
        if not is_refused or self._chance.random() < 0.2:
            self._commit(self._under_way)
        if is_refused:
            self._timer = self._loop.call_later(RETRY_S, self._end)
            return
        self._timer = None
        finished, self._under_way = self._under_way, []
        self._arrivals = self.disk.last_arrival
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()
        for records, done in finished:
            if not done.done():
                done.set_result([self._holder(record) for record in records])
        self._begin()

    def _holder(self, record: Record) -> Held:
        place = (record.stream, record.seq)
        return Held(self.disk.arrivals[place], self.disk.records[place].header_hash)

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        self._on_commit(self.disk.commit(record for records, _ in batch for record in records))

    def _check(self) -> None:
        if self.disk.trouble is not None:
            raise JournalLost(path="simulated", reason=self.disk.trouble)
