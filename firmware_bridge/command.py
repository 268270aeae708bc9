"""`pitboard bridge`: the process that owns the sensors of one unit."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

import click

from firmware_bridge.bridge import run_bridge
from firmware_bridge.config import BridgeConfig
from pitboard.clock import SystemClock
from pitboard.errors import PitboardError

log = logging.getLogger(__name__)


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="TOML file with the sensors, the spool folder and trackside's socket; see docs/bridge.md.",
)
def bridge(config_path: Path) -> None:
    """Read the sensors and hand every passing to trackside."""
    config = BridgeConfig.load(config_path)
    try:
        asyncio.run(_run_until_stopped(config))
    except PitboardError:
        raise
    except Exception:
        log.exception("the bridge stops on an error that nobody foresaw")
        sys.exit(1)


async def _run_until_stopped(config: BridgeConfig) -> None:
    running = asyncio.current_task()
    assert running is not None
    for stop in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stop, running.cancel)
    try:
        await run_bridge(config, clock=SystemClock())
    except asyncio.CancelledError:
        log.info("the bridge stopped")
