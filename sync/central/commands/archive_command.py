"""`pitboard central … archive`: an event that is over as one sealed file, for whoever asks years later."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from pitboard.errors import ActRefused, Refusal
from pitboard.journal.fold import Fold
from pitboard.keeping.backup_command import copy_journal
from pitboard.keeping.export_files import Format, file_bytes
from pitboard.keeping.export_tables import What, table_of
from pitboard.keeping.journal_copy import fold_file
from pitboard.keeping.sealed_archive import JOURNAL, write_archive
from pitboard.program.program import counted
from pitboard.program.speech import how_many, say
from pitboard.trust.identity import Identity
from sync.central.config import CentralConfig

_FILES: tuple[tuple[What, Format], ...] = (
    ("results", "csv"),
    ("results", "json"),
    ("results", "pdf"),
    ("laps", "csv"),
    ("laps", "json"),
)
OPEN_LISTED_MAX_COUNT = 5


@click.command("archive")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Though some runs are not decided; or replace OUT where it exists.")
@click.pass_obj
def archive(config: CentralConfig, out: Path, yes: bool) -> None:
    """Close the event: write journal, results and laps to the file OUT (.zip), sealed by the event's key.

    `pitboard verify OUT` proves that nothing in it was changed. Contacts and keys are not in it. Central may
    run.
    """
    if config.journal is None:
        raise ActRefused(
            code="database",
            reason="This central keeps its journal in a database. Copy it to a file with 'migrate' first, and"
            " name that file in a central.toml.",
        )
    if out.exists() and not yes:
        raise Refusal(f"{out} exists; name another file, or say --yes to replace it")
    root = Identity.load_or_create(config.root_key_file)
    with tempfile.TemporaryDirectory(prefix="pitboard-archive-", dir=out.resolve().parent) as folder:
        copy = Path(folder) / JOURNAL
        count = copy_journal(config.journal, config.admin_socket, copy)
        fold = fold_file(copy)
        if not yes:
            _check_decided(fold)
        files: dict[str, Path | bytes] = {JOURNAL: copy}
        for what, file_format in _FILES:
            files[f"{what}.{file_format}"] = file_bytes(table_of(fold, what), file_format, "comma")
        write_archive(out, config.event.name, files, root)
    say("command.archived", records=how_many("command.count-records", count), path=out, key=root.key)
    say("command.archive-proof", path=out)


def _check_decided(fold: Fold) -> None:
    """Raise ActRefused while somebody may still wait for a result."""
    left = fold.race.undecided()
    if not left:
        return
    names = [fold.race.name_of(next(iter(run.competitor_ids), None)) or run.track for run in left]
    shown = ", ".join(names[:OPEN_LISTED_MAX_COUNT]) + (
        " and others" if len(names) > OPEN_LISTED_MAX_COUNT else ""
    )
    raise ActRefused(
        code="runs-open",
        reason=f"{counted(len(left), 'run')} not decided yet: {shown}. Decide them, or say --yes.",
    )
