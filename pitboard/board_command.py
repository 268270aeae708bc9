"""`pitboard board`: print the board of any journal file.

It reads a copy, so the file is never changed and a running program that holds it is not disturbed."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path

import click

from pitboard.board_view import BoardView, encode_view, view_board
from pitboard.drawing.time_text import format_gap_ns, format_lap_ns
from pitboard.errors import JournalLost, RecordRefused
from pitboard.fold import Fold
from pitboard.record import parse_record

COPY_MAX_TRIES = 5


@click.command()
@click.option(
    "--journal",
    "journal_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Journal file of a unit, a display or central.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def board(journal_path: Path, as_json: bool) -> None:
    """Print the board that a journal file gives."""
    view = view_board(fold_file(journal_path))
    click.echo(encode_view(view).decode() if as_json else board_table(view))


def fold_file(path: Path) -> Fold:
    """Return the fold of a journal file; raises JournalLost where it cannot be read."""
    if not path.is_file():
        raise JournalLost(path=path, reason="there is no such file")
    with tempfile.TemporaryDirectory(prefix="pitboard-") as folder:
        copy = _copy(path, Path(folder))
        try:
            with contextlib.closing(sqlite3.connect(copy)) as database:
                root_keys = database.execute("SELECT value FROM meta WHERE key = 'root_key'").fetchall()
                if not root_keys:
                    raise JournalLost(path=path, reason="it names no event")
                fold = Fold(root_keys[0][0])
                for row in database.execute("SELECT header, signature, body FROM records ORDER BY arrival"):
                    fold.add(parse_record(*row))
                return fold
        except (sqlite3.Error, RecordRefused) as error:
            raise JournalLost(path=path, reason=f"it is not a journal or is damaged ({error})") from error


def _copy(path: Path, folder: Path) -> Path:
    """Copy a database and its write-ahead log as they stood together at one moment."""
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


def board_table(view: BoardView) -> str:
    """Return the board as lines of text."""
    lines = [view.event.name]
    if not view.entries:
        lines.append("No confirmed result yet.")
    for entry in view.entries:
        rank = "" if entry.rank is None else str(entry.rank)
        best = format_lap_ns(entry.best_ns, resolution_ns=view.event.resolution_ns)
        gap = format_gap_ns(entry.gap_ns, resolution_ns=view.event.resolution_ns) if entry.gap_ns else ""
        lines.append(f"{rank:>4}  {best:>10}  {gap:>10}  {entry.name}")
    return "\n".join(lines)
