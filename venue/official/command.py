"""`pitboard scripted-official`: taps a touchscreen in place of a person, for the demo and for tests."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

import click

from pitboard.clock import SystemClock
from pitboard.errors import PitboardError
from venue.official.control_client import ControlClient
from venue.official.scripted_official import ScriptedOfficial

log = logging.getLogger(__name__)

GRACE_S = 30


@click.command("scripted-official")
@click.option(
    "--control",
    "control_socket",
    required=True,
    type=click.Path(path_type=Path),
    help="The touchscreen's control_socket.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed takes the same decisions."
)
@click.option(
    "--log",
    "log_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where each decision that was seen to be saved is added, as a JSON line.",
)
@click.option("--until-signal", is_flag=True, help="Run race after race until SIGTERM; else end after one.")
@click.option(
    "--grace-s",
    type=click.IntRange(min=0),
    default=GRACE_S,
    show_default=True,
    help="How long ending the run under way may take after SIGTERM.",
)
def scripted_official(
    control_socket: Path, seed: int, log_path: Path, until_signal: bool, grace_s: int
) -> None:
    """Play the official: register or pick, start, judge laps, confirm or discard, by tapping the screen."""
    official = ScriptedOfficial(
        ControlClient(control_socket),
        seed=seed,
        log_path=log_path,
        clock=SystemClock(),
        runs_max=None if until_signal else 1,
    )
    try:
        asyncio.run(_play(official, grace_ms=grace_s * 1_000))
    except PitboardError:
        raise
    except Exception:
        log.exception("scripted official stopped by a bug")
        sys.exit(1)


async def _play(official: ScriptedOfficial, *, grace_ms: int) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: official.finish(grace_ms=grace_ms))
    await official.run()
