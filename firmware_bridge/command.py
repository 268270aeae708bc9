"""`pitboard bridge`: the process that owns the sensors of one unit."""

from __future__ import annotations

from pathlib import Path

import click

from firmware_bridge.bridge import run_bridge
from firmware_bridge.config import BridgeConfig
from pitboard.clock import SystemClock
from pitboard.program.program import config_option, run_program


@click.command()
@config_option("TOML file: sensors, spool folder, trackside's socket; docs/bridge.md lists its keys.")
def bridge(config_path: Path) -> None:
    """Read the sensors and hand every passing to trackside."""
    config = BridgeConfig.load(config_path)
    run_program("bridge", lambda stop: run_bridge(config, stop, clock=SystemClock()))
