"""Where a replica keeps its records: a log that is appended to, and read from its tail.

SQLite in real life, a scripted disk in the venue simulator. What each must do, one test says of all of them.
A log may have several writing processes: who appends is told who holds each place, and every reader sees one
order of arrival. (In PostgreSQL: one table with (stream, seq) unique, `INSERT … ON CONFLICT DO NOTHING`, an
advisory lock around it so that arrivals become visible in their order, and NOTIFY as the doorbell.)"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from typing import NamedTuple, Protocol

from pitboard.journal.disk.disk_fault import DiskFault
from pitboard.journal.records.record import Record


class Held(NamedTuple):
    """Who holds a place in the log: where it stands among the arrivals, and the hash of its header."""

    arrival: int
    header_hash: bytes


class Arrived(NamedTuple):
    """A durable record and its place among the arrivals, which grow from 1 and may have gaps."""

    arrival: int
    record: Record


class Storage(Protocol):
    """Durable, ordered by arrival and by stream.

    `trouble` says why nothing can be stored, None while all is well; `fault` names the disk's.
    """

    root_key: str

    @property
    def trouble(self) -> str | None: ...

    @property
    def fault(self) -> DiskFault | None: ...

    async def append(self, records: Sequence[Record]) -> list[Held]:
        """Return, once all is durable, who holds the place of each record: it, or one that was there before.

        While the disk refuses it keeps trying; what was handed over is stored even if the caller goes away.
        Raises JournalLost, with nothing handed over, when too much waits already.
        """
        ...

    async def last_arrival(self) -> int:
        """Return the arrival of the newest durable record, 0 while there is none."""
        ...

    def tail(self, after: int = 0) -> AsyncGenerator[Sequence[Arrived], None]:
        """Yield for ever what is durable beyond this arrival, in batches, each record once and in order."""
        ...

    async def read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        """Return at most `count` records of the stream after `seq`, in order."""
        ...

    async def replace(self, stream: str, after: int, records: Sequence[Record]) -> list[Held]:
        """Put these records, in one commit, in the place of all that the stream holds beyond `after`.

        They arrive now, after all others; what was there is gone. Returns who holds their places. Raises
        JournalLost, with nothing changed or all of it, where the disk refuses.
        """
        ...

    async def erase_bodies(self, places: Iterable[tuple[str, int]]) -> None:
        """Overwrite the bodies of these records (stream, seq) and leave their headers."""

    async def quarantine(self, record: Record, reason: str) -> None:
        """Keep a record that must not be believed, for people to look at."""

    async def quarantined(self) -> list[tuple[str, int, str]]:
        """Return (stream, seq, reason) of what is kept in quarantine."""
        ...


async def read_all(storage: Storage) -> AsyncIterator[Record]:
    """Yield every record that is durable now, in the order in which it arrived here."""
    last = await storage.last_arrival()
    if not last:
        return
    async with contextlib.aclosing(storage.tail()) as batches:
        async for batch in batches:
            for arrival, record in batch:
                if arrival <= last:
                    yield record
            if batch[-1].arrival >= last:
                return
