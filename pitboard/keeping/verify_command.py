"""`pitboard verify`: say whether a journal file is sound, and if not, what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from pitboard.keeping.journal_check import CheckedJournal, JournalCheck
from pitboard.keeping.journal_copy import open_copy, root_key_in
from pitboard.program.counted import counted
from pitboard.program.progress import progress

SAID_MAX_COUNT = 50


@click.command()
@click.argument("journal", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
def verify(journal: Path, as_json: bool) -> None:
    """Walk the chains and signatures of the file JOURNAL, which a running program may hold.

    Exits with status 0 where it is sound, with 1 where something is wrong.
    """
    checked = check_file(journal)
    click.echo(msgspec.json.encode(checked).decode() if as_json else checked_text(checked))
    if not checked.sound:
        sys.exit(1)


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
