"""`pitboard replay`: the passings of a raw log, as JSON lines."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from firmware_bridge.replay import replay
from firmware_bridge.spool.raw_log import read_raw_records


@click.command("replay")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
)
def replay_command(files: tuple[Path, ...]) -> None:
    """Print the passings of a bridge's raw log FILEs, oldest first, as on the day.

    Exit status 1 means that there was none.
    """
    count = 0
    for passing in replay(read_raw_records(files)):
        click.echo(msgspec.json.encode(passing).decode())
        count += 1
    if not count:
        click.echo("no passing in these files", err=True)
        sys.exit(1)
