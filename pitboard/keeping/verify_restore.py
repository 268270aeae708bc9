"""`pitboard restore`: put a backup in the place of a stopped node's journal.

Nothing is deleted: the journal that was there is moved aside. What the backup lacks comes back from the other
nodes; and since each start opens a new stream, no number is used twice."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
import zipfile
from pathlib import Path

import click
import msgspec

from pitboard.errors import JournalLost, Refusal
from pitboard.keeping.backup_command import parts_of_file, write_backup
from pitboard.keeping.journal_check import CheckedJournal, JournalCheck
from pitboard.keeping.journal_copy import is_held, open_copy, root_key_in
from pitboard.keeping.sealed_archive import JOURNAL, SealedList, open_archive
from pitboard.program.program import counted, progress
from pitboard.program.speech import how_many, say

SAID_MAX_COUNT = 50


@click.command()
@click.argument("journal", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
def verify(journal: Path, as_json: bool) -> None:
    """Walk the chains and signatures of the file JOURNAL, which a running program may hold, or of an event's
    sealed archive, whose every file is checked.

    Exits with status 0 where it is sound, with 1 where something is wrong.
    """
    wrong: list[str] = []
    if zipfile.is_zipfile(journal):
        checked, listed, wrong = check_archive(journal)
        seal = f"Sealed by {listed.event}, key {listed.root_key}: {counted(len(listed.files), 'file')}."
        sentences = [*wrong, checked_text(checked), "The seal does not hold." if wrong else seal]
        answer: object = {"wrong": wrong, "sealed": listed, "journal": checked}
    else:
        checked = check_file(journal)
        sentences, answer = [checked_text(checked)], checked
    click.echo(msgspec.json.encode(answer).decode() if as_json else "\n".join(sentences))
    if wrong or not checked.sound:
        sys.exit(1)


def check_archive(path: Path) -> tuple[CheckedJournal, SealedList, list[str]]:
    """Return what is wrong with an archive's journal, what is sealed, and what is not as it was sealed."""
    with tempfile.TemporaryDirectory(prefix="pitboard-verify-") as folder:
        journal = Path(folder) / JOURNAL
        listed, wrong = open_archive(path, journal)
        if not journal.exists():
            raise JournalLost(path=path, reason="holds no journal")
        checked = check_file(journal)
    if checked.root_key != listed.root_key:
        wrong.append("The journal is of another event than the seal.")
    return checked, listed, wrong


def check_file(path: Path) -> CheckedJournal:
    """Return what is wrong with a journal file; raises JournalLost where it is none."""
    with open_copy(path) as database, progress("Checking") as bar:
        root_key = root_key_in(database, path)
        bar.begin(database.execute("SELECT coalesce(max(arrival), 0) FROM records").fetchone()[0])
        return JournalCheck(database, root_key).run(bar.advance)


def checked_text(checked: CheckedJournal) -> str:
    """Return the outcome as lines of text."""
    records, streams = counted(checked.records, "record"), counted(checked.streams, "stream")
    whole = f"{records} in {streams}, {checked.erased} erased"
    lines = [finding.sentence for finding in checked.findings[:SAID_MAX_COUNT]]
    more = len(checked.findings) - len(lines)
    if more:
        lines.append(f"… and {more} more; --json tells all.")
    return "\n".join([*lines, f"{'Sound' if checked.sound else 'Not sound'}: {whole}."])


@click.command()
@click.argument("backup", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("journal", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--yes", is_flag=True, help="Restore though the journal there has records that the backup lacks."
)
def restore(backup: Path, journal: Path, yes: bool) -> None:
    """Put the file BACKUP in the place of JOURNAL, whose program is stopped."""
    checked = check_file(backup)
    if any(finding.is_damage for finding in checked.findings):
        raise Refusal(f"{backup} is damaged and was not restored:\n{checked_text(checked)}")
    aside = _aside(backup, journal, checked, yes=yes) if journal.exists() else None
    fresh = journal.with_name(journal.name + ".restoring")
    journal.parent.mkdir(parents=True, exist_ok=True)
    with progress("Restoring") as bar:
        count = write_backup(fresh, parts_of_file(backup), on_start=bar.begin, on_rows=bar.advance)
    _own_like(journal, fresh)
    if aside is not None:
        _move_aside(journal, aside)
    fresh.rename(journal)
    say("command.restored", records=how_many("command.count-records", count), path=journal)
    if aside is not None:
        say("command.aside", path=aside)


def _aside(backup: Path, journal: Path, checked: CheckedJournal, *, yes: bool) -> Path:
    """Return the path to move the journal to that is in the way; raises Refusal where it must stay."""
    if is_held(journal):
        raise JournalLost(path=journal, reason="a program has it open; stop that program, then restore")
    lacking = _lacking(backup, journal, checked)
    if lacking is None and not yes:
        raise Refusal(f"{journal} cannot be read, so what the backup lacks is unknown; say --yes to restore")
    if lacking and not yes:
        raise Refusal(
            f"{journal} has {counted(lacking, 'record')} that {backup} lacks; other nodes may have them too."
            " Say --yes to restore; the journal is kept beside it"
        )
    number = 1
    while (aside := journal.with_name(f"{journal.name}.replaced-{number}")).exists():
        number += 1
    return aside


def _lacking(backup: Path, journal: Path, checked: CheckedJournal) -> int | None:
    """Return how many records the journal has and the backup lacks, None where it cannot be read."""
    try:
        with open_copy(journal) as database:
            root_key = root_key_in(database, journal)
            places = _places(database)
    except JournalLost:
        return None
    if root_key != checked.root_key:
        raise Refusal(f"{backup} is of another event than {journal}; restore it to a file of its own")
    with open_copy(backup) as database:
        return len(places - _places(database))


def _places(database: sqlite3.Connection) -> set[tuple[str, int, bytes]]:
    return set(database.execute("SELECT stream, seq, header FROM records"))


def _own_like(journal: Path, fresh: Path) -> None:
    """Give the new file to whom the old one or the folder belongs, so that the program may open it."""
    model = journal if journal.exists() else journal.parent
    status = model.stat()
    with contextlib.suppress(PermissionError):
        os.chown(fresh, status.st_uid, status.st_gid)
    if journal.exists():
        shutil.copymode(journal, fresh)


def _move_aside(journal: Path, aside: Path) -> None:
    """Rename the journal with its write-ahead log.

    The log is emptied first: left behind by a power cut between the renames, it would be taken for the new
    journal's.
    """
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(journal)) as database,
    ):
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        beside = journal.with_name(journal.name + suffix)
        if beside.exists():  # the file is too damaged for SQLite to have taken it in
            beside.rename(aside.with_name(aside.name + suffix))
    journal.rename(aside)
