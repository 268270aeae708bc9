"""`pitboard board`: print the board of any journal file.

It reads a copy, so the file is never changed and a running program that holds it is not disturbed."""

from __future__ import annotations

from pathlib import Path

import click

from pitboard.drawing.time_text import format_gap_ns, format_lap_ns
from pitboard.journal.views import BoardView, encode_view, view_board
from pitboard.keeping.journal_copy import fold_file


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
        lines.append(f"{rank:>4}  {best:>10}  {gap:>10}  {entry.name}")
    return "\n".join(lines)
