"""`pitboard export`: results or laps of any journal file, for spreadsheets and other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import click

from pitboard.drawing.time_text import format_gap_ns, format_lap_ns
from pitboard.errors import Refusal
from pitboard.journal.views.views import BoardView, encode_view, view_board
from pitboard.keeping.export_files import Format, Separator, file_bytes
from pitboard.keeping.export_tables import What, table_of
from pitboard.keeping.journal_copy import fold_file
from pitboard.program.speech import say, shell_code
from pitboard.race.bodies.calculated import SIGN, short_text
from pitboard.sentences.language import LANGUAGES, LanguageCode

_BINARY: tuple[Format, ...] = ("xlsx", "ods", "pdf")


@click.command()
@click.option(
    "--journal",
    "journal_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Journal file of a unit, a display or central; its program may run.",
)
@click.option("--format", "file_format", required=True, type=click.Choice(sorted(get_args(Format))))
@click.option("--what", default="results", show_default=True, type=click.Choice(get_args(What)))
@click.option(
    "--separator",
    default="comma",
    show_default=True,
    type=click.Choice(get_args(Separator)),
    help="Between the columns of a CSV file; with semicolon, times have a decimal comma.",
)
@click.option(
    "--language",
    "code",
    type=click.Choice(LANGUAGES),
    help="Of heads and words; else the shell's, and English for csv and json, which programs read.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else it is printed."
)
def export(
    journal_path: Path,
    file_format: Format,
    what: What,
    separator: Separator,
    code: LanguageCode | None,
    out: Path | None,
) -> None:
    """Write the results or every lap as a table, or certificates; times are cut to the event's resolution."""
    if out is None and file_format in _BINARY and sys.stdout.isatty():
        raise Refusal(f"{file_format} is not for a terminal; name a file with --out")
    if code is None or file_format == "json":
        code = shell_code() if file_format in _BINARY else "en"
    data = file_bytes(table_of(fold_file(journal_path), what, code), file_format, separator)
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}") from error
    say("command.exported", err=True, what=what, path=out)


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


def board_table(view: BoardView) -> str:
    """Return the board as lines of text."""
    lines = [view.event.name]
    if not view.entries:
        lines.append("No confirmed result yet.")
    for entry in view.entries:
        rank = "" if entry.rank is None else str(entry.rank)
        best = format_lap_ns(entry.best_ns, resolution_ns=view.event.resolution_ns)
        gap = format_gap_ns(entry.gap_ns, resolution_ns=view.event.resolution_ns) if entry.gap_ns else ""
        best = f"{SIGN}{best}" if entry.calculated else best
        made = f"  ({short_text(entry.calculated)})" if entry.calculated else ""
        lines.append(f"{rank:>4}  {best:>10}  {gap:>10}  {entry.name}{made}")
    return "\n".join(lines)
