"""What callers hand over to a storage, committed together: whatever has queued up goes into one commit.

It is bounded by records and bytes, and what was handed over is stored even if its caller goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pitboard.errors import JournalLost
from pitboard.journal.disk.storage import Held
from pitboard.journal.records.record import Record

QUEUE_MAX_COUNT = 20_000
QUEUE_MAX_BYTES = 16 * 1_024 * 1_024
"""What may wait for a storage that does not take it: records and bytes, however they were handed over."""
DRAIN_MAX_S = 5.0

Place = tuple[str, int]
Commit = Callable[[Sequence[Record]], Awaitable[Mapping[Place, Held]]]
"""Stores the records, however long it takes, and returns who holds each place."""


def place_of(record: Record) -> Place:
    """Return (stream, seq)."""
    return (record.stream, record.seq)


@dataclass(slots=True)
class _Waiting:
    """What one caller handed over."""

    records: Sequence[Record]
    size: int
    done: asyncio.Future[list[Held]]


class CommitQueue:
    """`run` commits until it is cancelled; then nobody waits any more, and nobody can append."""

    def __init__(self, commit: Commit, *, path: str) -> None:
        self._commit = commit
        self._path = path
        self._queue: list[_Waiting] = []
        self._waiting_count = 0
        self._waiting_bytes = 0
        self._queued = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._has_ended = False

    async def append(self, records: Sequence[Record]) -> list[Held]:
        """Return, once all is durable, who holds the place of each record.

        Raises JournalLost, with nothing handed over, when too much waits already.
        """
        if not records:
            return []
        if self._has_ended:
            raise self._lost("nobody writes it any more")
        size = sum(record.size for record in records)
        is_full = (
            self._waiting_count + len(records) > QUEUE_MAX_COUNT
            or self._waiting_bytes + size > QUEUE_MAX_BYTES
        )
        if self._waiting_count and is_full:
            raise self._lost("too much is waiting to be written")
        waiting = _Waiting(records, size, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._waiting_count += len(records)
        self._waiting_bytes += size
        self._idle.clear()
        self._queued.set()
        return await waiting.done

    async def run(self) -> None:
        """Commit for ever what is handed over."""
        taken: list[_Waiting] = []
        try:
            while True:
                await self._queued.wait()
                self._queued.clear()
                while self._queue:
                    taken, self._queue = self._queue, []
                    held = await self._commit([record for waiting in taken for record in waiting.records])
                    for waiting in taken:
                        self._waiting_count -= len(waiting.records)
                        self._waiting_bytes -= waiting.size
                        if not waiting.done.done():
                            waiting.done.set_result([held[place_of(record)] for record in waiting.records])
                    taken = []
                self._idle.set()
        finally:
            self._refuse([*taken, *self._queue])

    async def drain(self) -> None:
        """Return once nothing waits, or after a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_MAX_S):
                await self._idle.wait()

    def _refuse(self, left: Iterable[_Waiting]) -> None:
        """Tell those who wait that nobody writes any more, however that came."""
        self._has_ended = True
        self._queue = []
        self._idle.set()
        for waiting in left:
            if not waiting.done.done():
                waiting.done.set_exception(self._lost("nobody writes it any more"))
                waiting.done.exception()  # its caller may have gone

    def _lost(self, reason: str) -> JournalLost:
        return JournalLost(path=self._path, reason=reason)
