"""`pitboard display`: run a venue display."""

from __future__ import annotations

from pathlib import Path

import click

from display.config import DisplayConfig
from display.first_frame import run_display
from pitboard.program.program import run_program


@click.command()
@click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, readable=False),
    help="TOML file of this display; docs/display.md lists its keys.",
)
def display(config_path: Path) -> None:
    """Show the leaderboard full screen; keeps its last board through any loss of network or power."""
    config = DisplayConfig.load(config_path)
    run_program("display", lambda stop: run_display(config, stop))
