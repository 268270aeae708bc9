"""Where a replica keeps its records: SQLite in real life, a scripted disk in the venue simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Protocol

from pitboard.journal.record import Record


class Storage(Protocol):
    """Durable, ordered by stream; `pitboard.journal.sqlite_storage.Journal` is the real one.

    `on_durable` is called for each `store` in order, right after its commit, even if the caller has gone.
    """

    root_key: str
    trouble: str | None
    on_durable: Callable[[Sequence[Record]], None]

    async def store(self, records: Sequence[Record]) -> None:
        """Return once all records are durable; one already here is left as it is."""

    def read_all(self) -> AsyncIterator[Record]:
        """Yield every record in the order in which it arrived here."""
        ...

    async def read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        """Return at most `count` records of the stream after `seq`, in order."""
        ...

    async def erase_bodies(self, places: Iterable[tuple[str, int]]) -> None:
        """Overwrite the bodies of these records (stream, seq) and leave their headers."""

    async def quarantine(self, record: Record, reason: str) -> None:
        """Keep a record that must not be believed, for people to look at."""

    async def quarantined(self) -> list[tuple[str, int, str]]:
        """Return (stream, seq, reason) of what is kept in quarantine."""
        ...
