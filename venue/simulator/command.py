"""`pitboard simulate`: race days of a whole venue, in memory, each decided by its seed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import msgspec

from venue.simulator.days.plants import PLANTS
from venue.simulator.season import SeasonReport, run_season, run_seed


@click.command()
@click.option("--seeds", default=100, show_default=True, type=click.IntRange(1), help="How many days.")
@click.option("--from", "first", default=0, show_default=True, type=click.IntRange(0), help="The first seed.")
@click.option("--plant", type=click.Choice(list(PLANTS)), help="Plant this fault; it should be found.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--trace", type=click.Path(dir_okay=False, path_type=Path), help="Write the first day's trace.")
@click.option("--list-plants", is_flag=True, help="List the faults that can be planted.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; as many as there are cores by default.")
def simulate(
    seeds: int,
    first: int,
    plant: str | None,
    as_json: bool,
    trace: Path | None,
    list_plants: bool,
    jobs: int | None,
) -> None:
    """Simulate race days on the real core, with every fault a venue knows.

    Exits with 1 where a promise was broken. The same seed gives the same day, so a violation is looked
    into with `--from SEED --seeds 1 --trace FILE`; docs/simulator.md says how to read it.
    """
    if list_plants:
        for one in PLANTS.values():
            click.echo(f"{one.name:20} {one.sentence}")
        return
    if trace is not None:
        trace.write_bytes(run_seed(first, plant).trace)
    cores = len(os.sched_getaffinity(0))
    report = run_season(first, seeds, plant=plant, jobs=min(jobs or cores, seeds))
    click.echo(msgspec.json.encode(report).decode() if as_json else _sentences(report))
    sys.exit(1 if report.violations else 0)


def _sentences(report: SeasonReport) -> str:
    last = report.first + report.seeds - 1
    lines = [
        f"Seeds {report.first} to {last} in {report.seconds:.1f} s: {report.records} records, "
        f"{report.crashes} crashes, {report.restores} restores, {len(report.violations)} violations."
    ]
    lines += [f"seed {one.seed}: {one.invariant}: {one.detail}" for one in report.violations]
    return "\n".join(lines)
