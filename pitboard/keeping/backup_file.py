"""Write a journal file from what a node handed out, or from a stopped node's own file.

The file appears under its name only once it is whole and on disk; a backup is a journal like any other."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pitboard.errors import JournalLost, PeerLost
from pitboard.journal.sqlite_storage import SCHEMA, SCHEMA_VERSION
from pitboard.keeping.backup_stream import BackupEnd, BackupRows, BackupStart, Part, Row
from pitboard.keeping.journal_copy import open_copy, root_key_in

_RECORD = "INSERT INTO records (stream, seq, header, signature, body) VALUES (?, ?, ?, ?, ?)"
_QUARANTINED = "INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?, ?, ?, ?)"
ROWS_COUNT = 2_000

OnStart = Callable[[int], None]
OnRows = Callable[[int], None]


def write_backup(path: Path, parts: Iterable[Part], *, on_start: OnStart, on_rows: OnRows) -> int:
    """Write the parts as a journal file and return how many records it holds.

    Raises PeerLost where they are not a whole backup, JournalLost where the file cannot be written; `path` is
    then untouched.
    """
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # names are in it
        with contextlib.closing(sqlite3.connect(partial)) as database:
            # Until it is renamed nobody counts on it; it is synced once, as a whole.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.executescript(SCHEMA)
            count = _write_parts(database, parts, on_start, on_rows)
            database.commit()
        _sync(partial)
        partial.rename(path)
        _sync(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise JournalLost(path=path, reason=f"the backup cannot be written ({error})") from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def parts_of_file(path: Path) -> Iterator[Part]:
    """Yield a stopped node's journal, read from a copy so that the file is not touched."""
    with open_copy(path) as database:
        count = database.execute("SELECT count(*) FROM records").fetchone()[0]
        yield BackupStart(schema=SCHEMA_VERSION, root_key=root_key_in(database, path), arrivals=count)
        rows = database.execute("SELECT stream, seq, header, signature, body FROM records ORDER BY arrival")
        while page := rows.fetchmany(ROWS_COUNT):
            yield BackupRows(rows=page)
        yield BackupEnd(count=count, quarantine=database.execute("SELECT * FROM quarantine").fetchall())


def _write_parts(
    database: sqlite3.Connection, parts: Iterable[Part], on_start: OnStart, on_rows: OnRows
) -> int:
    count = 0
    is_whole = False
    for part in parts:
        match part:
            case BackupStart():
                database.execute("INSERT INTO meta VALUES ('schema', ?)", (part.schema,))
                database.execute("INSERT INTO meta VALUES ('root_key', ?)", (part.root_key,))
                on_start(part.arrivals)
            case BackupRows(rows=rows):
                _insert(database, rows)
                count += len(rows)
                on_rows(len(rows))
            case BackupEnd():
                database.executemany(_QUARANTINED, part.quarantine)
                is_whole = part.count == count
    if not is_whole:
        raise PeerLost(peer="the node", reason="the backup broke off; try again")
    return count


def _insert(database: sqlite3.Connection, rows: list[Row]) -> None:
    database.executemany(_RECORD, rows)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
