"""`pitboard sync`: run the exchange between this unit and central."""

from __future__ import annotations

from pathlib import Path

import click

from pitboard.program.program import run_program
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
    config = SyncConfig.load(config_path)
    assert config.central is not None, "load knows it or refuses"
    central, pin, unit_socket = config.central, config.central_fingerprint, config.unit_socket
    run_program("sync", lambda stop: run_relay(central=central, pin=pin, unit_socket=unit_socket, stop=stop))
