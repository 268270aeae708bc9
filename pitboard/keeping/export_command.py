"""`pitboard export`: results or laps of any journal file, for spreadsheets and other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import click

from pitboard.errors import Refusal
from pitboard.keeping.export_files import WRITERS, Format
from pitboard.keeping.export_tables import What, table_of
from pitboard.keeping.journal_copy import fold_file

_BINARY: tuple[Format, ...] = ("xlsx", "ods")


@click.command()
@click.option(
    "--journal",
    "journal_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Journal file of a unit, a display or central; its program may run.",
)
@click.option("--format", "file_format", required=True, type=click.Choice(sorted(WRITERS)))
@click.option("--what", default="results", show_default=True, type=click.Choice(get_args(What)))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else it is printed."
)
def export(journal_path: Path, file_format: Format, what: What, out: Path | None) -> None:
    """Write the results, or every lap, as a table; times are cut to the event's resolution."""
    if out is None and file_format in _BINARY and sys.stdout.isatty():
        raise Refusal(f"{file_format} is not for a terminal; name a file with --out")
    data = WRITERS[file_format](table_of(fold_file(journal_path), what))
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"{what} written to {out}", err=True)
