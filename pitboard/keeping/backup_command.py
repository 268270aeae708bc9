"""`pitboard backup`: a copy of a node's journal, made by the program that holds it, while it runs.

A stopped node's file is copied directly. Keys are not in a journal and not in its backup."""

from __future__ import annotations

import contextlib
import http.client
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from pitboard.doors.losses import loss_code_of
from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, decode_refused
from pitboard.doors.session import UNIX_PREFIX, Session, open_session
from pitboard.errors import JournalLost, LossCode, NotRunning, PeerLost, Refusal
from pitboard.journal.disk.journal_schema import SCHEMA, VERSION, meta_of
from pitboard.keeping.backup_stream import BackupEnd, BackupRows, BackupStart, Part, Row, read_parts
from pitboard.keeping.journal_copy import is_held, open_copy, root_key_in
from pitboard.program.config import NodeFiles
from pitboard.program.program import progress
from pitboard.program.speech import how_many, say

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
        yield BackupStart(schema=str(VERSION), root_key=root_key_in(database, path), arrivals=count)
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
                # A backup of an older node has today's tables all the same: the rows never changed.
                database.executemany("INSERT INTO meta VALUES (?, ?)", meta_of(part.root_key).items())
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


CHUNK_BYTES = 64 * 1_024
SILENCE_MAX_S = 30.0


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False, readable=False),
    help="Config file of the node (trackside.toml, central.toml); the node may run.",
)
@click.option(
    "--journal",
    "journal_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Journal file of a node that does not run.",
)
@click.option("--yes", is_flag=True, help="Replace OUT where it exists.")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
def backup(config_path: Path | None, journal_path: Path | None, yes: bool, out: Path) -> None:
    """Copy a node's journal to the file OUT, all records of one moment; the node goes on meanwhile."""
    if (config_path is None) == (journal_path is None):
        raise click.UsageError("Name the node by --config, or its file by --journal; one of the two.")
    if out.exists() and not yes:
        raise Refusal(f"{out} exists; name another file, or say --yes to replace it")
    files = (
        NodeFiles.load(config_path) if config_path else NodeFiles(journal=_given(journal_path), socket=None)
    )
    if out.resolve() == files.journal.resolve():
        raise Refusal(f"{out} is the journal itself; name another file")
    count = copy_journal(files.journal, files.socket, out)
    say("command.backed-up", records=how_many("command.count-records", count), path=out)


def copy_journal(journal: Path, socket: Path | None, out: Path) -> int:
    """Copy the journal as the program behind the socket hands it out, or the file where none runs; return how
    many records it holds."""
    count = _from_program(socket, out) if socket is not None else None
    return _from_file(journal, out) if count is None else count


def _from_program(socket: Path, out: Path) -> int | None:
    """Return how many records the running program handed out, None where it does not run."""
    session = open_session(f"{UNIX_PREFIX}{socket}", is_stream=True)
    try:
        with session.asking():
            return _write(out, _received(session))
    except NotRunning:
        return None
    finally:
        session.close()


def _received(session: Session) -> Iterator[Part]:
    try:
        response = session.ask(
            "GET", "/v1/backup", headers={}, connect_s=SILENCE_MAX_S, within_s=SILENCE_MAX_S
        )
    except (http.client.HTTPException, OSError) as error:
        if (code := loss_code_of(error)) == LossCode.NOT_PERMITTED:
            raise PeerLost(peer="the node", code=code) from error
        raise NotRunning(peer="the node", reason="it does not run") from error
    if response.status != 200:
        raise PeerLost(peer="the node", code=LossCode.STATUS, reason=_detail(response))
    try:
        yield from read_parts(iter(lambda: response.read(CHUNK_BYTES), b""))
    except (http.client.HTTPException, OSError) as error:
        raise PeerLost(peer="the node", reason="the backup broke off; try again") from error


def _from_file(journal: Path, out: Path) -> int:
    if not journal.is_file():
        raise JournalLost(path=journal, reason="there is no such file")
    if is_held(journal):
        raise JournalLost(
            path=journal,
            reason="a program has it open; stop it, or, of a unit or central, name the config by --config",
        )
    return _write(out, parts_of_file(journal))


def _write(out: Path, parts: Iterator[Part]) -> int:
    with progress("Copying") as bar:
        return write_backup(out, parts, on_start=bar.begin, on_rows=bar.advance)


def _given(path: Path | None) -> Path:
    assert path is not None  # one of the two was named
    return path


def _detail(response: http.client.HTTPResponse) -> str:
    said = decode_refused(response.read(SMALL_ANSWER_MAX_BYTES))
    if said is None or not said.detail:
        return f"it answered with status {response.status}"
    return said.detail
