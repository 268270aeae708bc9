"""`pitboard simulated-cars`: a sensor with cars, on a pseudo-terminal, in place of the hardware."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import click

from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.simulated.simulated_track import SimulatedTrack, TruthLog
from pitboard.clock import SystemClock
from pitboard.program.program import run_program

log = logging.getLogger(__name__)


def _lap_range(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, int]:
    first, _, last = value.partition(":")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last)):
        raise click.BadParameter(f"'{value}' is not two whole numbers such as 2000:4500", ctx, param)
    return int(first), int(last)


@click.command("simulated-cars")
@click.option(
    "--link",
    type=click.Path(path_type=Path),
    required=True,
    help="Name under which the simulated sensor's port appears, such as /tmp/beam-1.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed drives the same laps.")
@click.option(
    "--lap-ms",
    callback=_lap_range,
    metavar="MIN:MAX",
    default="2000:4500",
    show_default=True,
    help="Shortest and longest lap.",
)
@click.option(
    "--noise/--no-noise",
    default=True,
    show_default=True,
    help="Damaged lines, silences and restarts of the sensor.",
)
@click.option(
    "--log",
    "log_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what the cars truly did, as JSON lines.",
)
def simulated_cars(
    link: Path, seed: int, lap_ms: tuple[int, int], noise: bool, log_path: Path | None
) -> None:
    """Simulate a beam sensor and cars that cross it, on a serial port without hardware."""
    with PseudoTerminal.open(link) as terminal, TruthLog.open(log_path) as truth:
        log.info("simulated sensor: port=%s link=%s seed=%d", terminal.path, link, seed)

        async def drive(stop: asyncio.Event) -> None:
            track = SimulatedTrack(
                seed=seed,
                lap_min_ms=lap_ms[0],
                lap_max_ms=lap_ms[1],
                has_noise=noise,
                terminal=terminal,
                truth=truth,
                clock=SystemClock(),
            )
            await track.run(stop)

        run_program("simulated-cars", drive)
