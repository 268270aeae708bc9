"""`pitboard simulate`: race days of a whole venue, in memory, each decided by its seed."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import click
import msgspec

from pitboard.clock import SystemClock
from venue.simulator.days.plants import PLANTS
from venue.simulator.days.race_day import DayReport, run_day
from venue.simulator.world.day_plan import DayLength, DaysWanted, plan_of


class FoundViolation(msgspec.Struct, frozen=True):
    """`day` is the day's length: a short and a long day of one seed are two."""

    seed: int
    day: DayLength
    invariant: str
    detail: str


class Content(msgspec.Struct, frozen=True):
    """Something that days had: on how many of them, and how often in all."""

    name: str
    days: int
    times: int


class SeasonReport(msgspec.Struct, frozen=True):
    """What `pitboard simulate --json` prints; `from` is the first seed, `seconds` the time it took."""

    seeds: int
    first: int = msgspec.field(name="from")
    days: DaysWanted
    seconds: float
    records: int
    crashes: int
    restores: int
    violations: list[FoundViolation]
    contents: list[Content] = []


def run_season(
    first: int,
    count: int,
    *,
    plant: str | None,
    jobs: int,
    days: DaysWanted = "mixed",
    tells_contents: bool = False,
) -> SeasonReport:
    """Run the days of `count` seeds from `first` on, in `jobs` processes."""
    clock = SystemClock()
    started_mono_ns = clock.mono_ns()
    records = crashes = restores = 0
    violations: list[FoundViolation] = []
    times: Counter[str] = Counter()
    days_with: Counter[str] = Counter()
    worker = _Worker(plant, days, tells_contents)
    for report in _reports(range(first, first + count), worker, jobs):
        records += report.records
        crashes += report.crashes
        restores += report.restores
        times += report.contents
        days_with.update(report.contents.keys())
        violations += [
            FoundViolation(report.seed, report.length, one.invariant, one.detail) for one in report.violations
        ]
    elapsed_ms = (clock.mono_ns() - started_mono_ns) // 1_000_000
    return SeasonReport(
        seeds=count,
        first=first,
        days=days,
        seconds=elapsed_ms / 1_000,
        records=records,
        crashes=crashes,
        restores=restores,
        violations=violations,
        contents=[Content(name, days_with[name], times[name]) for name in sorted(times) if tells_contents],
    )


def run_seed(
    seed: int, plant: str | None = None, *, days: DaysWanted = "mixed", tells_contents: bool = False
) -> DayReport:
    """Run one day, with a planted fault where one is named."""
    overrides = PLANTS[plant].overrides() if plant is not None else []
    return run_day(seed, overrides, plan=plan_of(seed, days), tells_contents=tells_contents)


def _reports(seeds: Sequence[int], worker: _Worker, jobs: int) -> Iterator[DayReport]:
    if jobs <= 1:
        yield from map(worker, seeds)
        return
    # Fresh processes, not forked ones: a fork would inherit threads and locks of whoever calls this.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(worker, seeds)  # one by one: to the end no core waits


class _Worker:
    """What a process does with each seed; the trace stays there, it would only be carried in vain."""

    def __init__(self, plant: str | None, days: DaysWanted, tells_contents: bool) -> None:
        self._plant = plant
        self._days = days
        self._tells_contents = tells_contents

    def __call__(self, seed: int) -> DayReport:
        report = run_seed(seed, self._plant, days=self._days, tells_contents=self._tells_contents)
        return report.without_trace()


@click.command()
@click.option("--seeds", default=100, show_default=True, type=click.IntRange(1), help="How many days.")
@click.option("--from", "first", default=0, show_default=True, type=click.IntRange(0), help="The first seed.")
@click.option(
    "--days",
    default="mixed",
    show_default=True,
    type=click.Choice(get_args(DaysWanted)),
    help="Long days with everything, short ones with a few things each, or both.",
)
@click.option("--plant", type=click.Choice(list(PLANTS)), help="Plant this fault; it should be found.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--contents", "tells_contents", is_flag=True, help="Count what the days had.")
@click.option("--trace", type=click.Path(dir_okay=False, path_type=Path), help="Write the first day's trace.")
@click.option("--list-plants", is_flag=True, help="List the faults that can be planted.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; as many as there are cores by default.")
def simulate(
    seeds: int,
    first: int,
    days: DaysWanted,
    plant: str | None,
    as_json: bool,
    tells_contents: bool,
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
        trace.write_bytes(run_seed(first, plant, days=days).trace)
    cores = len(os.sched_getaffinity(0))
    report = run_season(
        first,
        seeds,
        plant=plant,
        jobs=min(jobs or cores, seeds),
        days=days,
        tells_contents=tells_contents,
    )
    click.echo(msgspec.json.encode(report).decode() if as_json else _sentences(report))
    sys.exit(1 if report.violations else 0)


def _sentences(report: SeasonReport) -> str:
    last = report.first + report.seeds - 1
    lines = [
        f"Seeds {report.first} to {last} in {report.seconds:.1f} s: {report.records} records, "
        f"{report.crashes} crashes, {report.restores} restores, {len(report.violations)} violations."
    ]
    lines += [f"seed {one.seed}, a {one.day} day: {one.invariant}: {one.detail}" for one in report.violations]
    lines += [f"{one.days:6} days, {one.times:7} times: {one.name}" for one in report.contents]
    return "\n".join(lines)
