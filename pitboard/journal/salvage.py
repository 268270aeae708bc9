"""Open a replica even where its file is damaged: save what can be read, and let the others bring the rest.

The damaged file is moved aside, never changed. Whatever is read out of it is checked like a stranger's. What
is lost here central, other units and displays may still have; it comes back by the exchange."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from pitboard.clock import Clock
from pitboard.errors import JournalDamaged, JournalLost, RecordRefused
from pitboard.journal.records.record import Record, parse_record
from pitboard.journal.replica import BATCH_MAX_COUNT, OnOpening, Replica, unwatched

log = logging.getLogger(__name__)

CHUNK_COUNT = 100
ASIDE_MAX_COUNT = 3
"""Damaged files kept for people to look at; a card that damages each one would soon be full of them."""
_SUFFIXES = ("", "-wal", "-shm")


@contextlib.asynccontextmanager
async def open_or_salvage(
    path: Path,
    *,
    root_key: str,
    clock: Clock,
    is_stored_behind: bool = False,
    on_opening: OnOpening = unwatched,
) -> AsyncIterator[Replica]:
    """Open the replica at `path` as `Replica.open` does; a damaged file's is new, with what could be read.

    Raises JournalLost where the file cannot be used for another reason, or not be moved.
    """

    def opened() -> contextlib.AbstractAsyncContextManager[Replica]:
        return Replica.open(
            path, root_key=root_key, clock=clock, is_stored_behind=is_stored_behind, on_opening=on_opening
        )

    async with contextlib.AsyncExitStack() as stack:
        try:
            replica = await stack.enter_async_context(opened())
        except JournalDamaged as error:
            log.error("the journal is damaged: %s", error)
            aside = move_aside(path)
            replica = await stack.enter_async_context(opened())
            saved_count = await take_readable(replica, aside, on_opening)
            log.error(
                "%d records of the damaged journal could be read and are kept. Others come back from central,"
                " other units and the sensors' raw logs. The damaged file is %s.",
                saved_count,
                aside,
            )
        yield replica


async def take_readable(replica: Replica, path: Path, on_opening: OnOpening = unwatched) -> int:
    """Take what can be read of the journal file at `path`, and return how many records there are then."""
    batch: list[Record] = []
    for record in readable_records(path):
        batch.append(record)
        if len(batch) == BATCH_MAX_COUNT:
            await replica.accept(batch)
            on_opening(replica.mark.arrival, 0)
            batch = []
    await replica.accept(batch)
    return sum(replica.have().values())


def readable_records(path: Path) -> Iterator[Record]:
    """Yield what can be read of a damaged journal, in the order of arrival, past every hole."""
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as database:
        try:
            last = int(database.execute("SELECT max(arrival) FROM records").fetchone()[0] or 0)
        except (sqlite3.Error, TypeError, ValueError):
            return
        for first in range(1, last + 1, CHUNK_COUNT):
            yield from _read_chunk(database, first)


def _read_chunk(database: sqlite3.Connection, first: int) -> Iterator[Record]:
    try:
        rows = _rows(database, first, first + CHUNK_COUNT - 1)
    except sqlite3.Error:
        rows = []
        for arrival in range(first, first + CHUNK_COUNT):
            with contextlib.suppress(sqlite3.Error):
                rows += _rows(database, arrival, arrival)
    for row in rows:
        with contextlib.suppress(RecordRefused, TypeError):
            yield parse_record(*row)


def _rows(database: sqlite3.Connection, first: int, last: int) -> list[tuple[bytes, bytes, bytes | None]]:
    return database.execute(
        "SELECT header, signature, body FROM records WHERE arrival BETWEEN ? AND ? ORDER BY arrival",
        (first, last),
    ).fetchall()


def move_aside(path: Path) -> Path:
    """Give a database file a name of its own and return it; of many, only the newest stay.

    Raises JournalLost where it cannot be moved.
    """
    number = 1 + max((number for number, _ in _moved_before(path)), default=0)
    aside = path.with_name(f"{path.name}.damaged-{number}")
    try:
        for suffix in _SUFFIXES:
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))
        for _, old in sorted(_moved_before(path))[:-ASIDE_MAX_COUNT]:
            for suffix in _SUFFIXES:
                old.with_name(old.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise JournalLost(path=path, reason=f"it is damaged and cannot be moved: {error.strerror}") from error
    return aside


def _moved_before(path: Path) -> list[tuple[int, Path]]:
    found = []
    for one in path.parent.glob(f"{path.name}.damaged-*"):
        number = one.name.rpartition("-")[2]
        if number.isdigit():
            found.append((int(number), one))
    return found
