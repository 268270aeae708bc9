"""`pitboard central mirror`: serve the public pages of an event from a broker."""

from __future__ import annotations

from pathlib import Path

import click

from pitboard.clock import SystemClock
from pitboard.program.program import config_option, run_program
from sync.mirror.config import MirrorConfig
from sync.mirror.mirror_server import serve_mirror


@click.command()
@config_option("mirror.toml; docs/broker.md explains every key.")
def mirror(config_path: Path) -> None:
    """Serve an event's phone page, shows and API far away from central, from what a broker carries.

    Only what is signed under the event's key is shown. While central is not heard the pages say so.
    """
    config = MirrorConfig.load(config_path)
    run_program("mirror", lambda stop: serve_mirror(config, SystemClock(), stop))
