"""`pitboard trackside`: run a trackside unit."""

from __future__ import annotations

from pathlib import Path

import click

from pitboard.program.program import config_option, run_program
from trackside.config import TracksideConfig
from trackside.unit import run_unit


@click.command()
@config_option("TOML file of this unit; docs/trackside.md lists its keys.")
def trackside(config_path: Path) -> None:
    """Run a trackside unit: runs and laps, the journal, the LAN API and the mDNS advert."""
    config = TracksideConfig.load(config_path)
    run_program("trackside", lambda stop: run_unit(config, stop))
