"""`pitboard sync`: run the exchange between this unit and central."""

from __future__ import annotations

from pathlib import Path

import click

from pitboard.config import load_config
from pitboard.program import run_program
from sync.config import SyncConfig
from sync.relay import run_relay


@click.command()
@click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file with the keys 'central' and 'unit_socket'; see docs/sync.md.",
)
def sync(config_path: Path) -> None:
    """Carry records between this unit and central, live, with back-off while central is away."""
    config = load_config(SyncConfig, config_path)
    run_program(
        "sync", lambda stop: run_relay(central=config.central, unit_socket=config.unit_socket, stop=stop)
    )
