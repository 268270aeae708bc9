"""Look into a journal file through a copy of it, so that no program that holds it is disturbed.

A database and its write-ahead log are copied as they stood together at one moment."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pitboard.errors import JournalLost, RecordRefused
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import parse_record
from pitboard.journal.streams.witness import fold_believed

COPY_MAX_TRIES = 5


@contextlib.contextmanager
def open_copy(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy of the journal; raises JournalLost where the file cannot be read or is no journal."""
    if not path.is_file():
        raise JournalLost(path=path, reason="there is no such file")
    with tempfile.TemporaryDirectory(prefix="pitboard-") as folder:
        try:
            with contextlib.closing(sqlite3.connect(_copy(path, Path(folder)))) as database:
                yield database
        except OSError as error:
            raise JournalLost(path=path, reason=error.strerror or str(error)) from error
        except (sqlite3.Error, RecordRefused) as error:
            raise JournalLost(path=path, reason=f"it is not a journal or is damaged ({error})") from error


def root_key_in(database: sqlite3.Connection, path: Path) -> str:
    """Return the root key of the journal's event."""
    root_keys = database.execute("SELECT value FROM meta WHERE key = 'root_key'").fetchall()
    if not root_keys:
        raise JournalLost(path=path, reason="it names no event")
    return str(root_keys[0][0])


def fold_file(path: Path) -> Fold:
    """Return the fold of a journal file; raises JournalLost where it cannot be read."""
    with open_copy(path) as database:
        rows = database.execute("SELECT header, signature, body FROM records ORDER BY arrival")
        return fold_believed((parse_record(*row) for row in rows), root_key_in(database, path))


_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_held(path: Path) -> bool:
    """Return whether a program has the journal open; it then holds the file alone."""
    shared_memory = path.with_name(path.name + "-shm")
    was_there = shared_memory.exists()
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("PRAGMA busy_timeout = 0")
            database.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorcode", None) in _HELD
    finally:
        if not was_there:  # reading made it; our programs hold their journal alone and need none
            shared_memory.unlink(missing_ok=True)
    return False


def _copy(path: Path, folder: Path) -> Path:
    wal = path.with_name(path.name + "-wal")
    copy = folder / "journal.db"
    for _ in range(COPY_MAX_TRIES):
        before = path.stat().st_mtime_ns
        shutil.copyfile(path, copy)
        if wal.exists():
            shutil.copyfile(wal, folder / "journal.db-wal")
        if path.stat().st_mtime_ns == before:  # else a checkpoint moved pages between the two copies
            return copy
    raise JournalLost(path=path, reason="it changes too quickly to be copied; stop the program that has it")
