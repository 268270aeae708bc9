"""`pitboard display`: run a venue display."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from display.config import DisplayConfig
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
    leave_out_sound()
    from display.first_frame import run_display

    run_program("display", lambda stop: run_display(config, stop))


def leave_out_sound() -> None:
    """Let pygame be loaded without its decoders of music: they take 3 MiB, and nothing here plays any."""
    if "pygame" not in sys.modules:
        for name in ("mixer", "mixer_music"):
            sys.modules.setdefault(f"pygame.{name}", None)  # type: ignore[arg-type]
