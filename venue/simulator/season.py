"""Many days, one for each seed, over several processes; what they found, added up."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence

import msgspec

from pitboard.clock import SystemClock
from venue.simulator.days.plants import PLANTS
from venue.simulator.days.race_day import DayReport, run_day

CHUNK_COUNT = 8


class FoundViolation(msgspec.Struct, frozen=True):
    seed: int
    invariant: str
    detail: str


class SeasonReport(msgspec.Struct, frozen=True):
    """What `pitboard simulate --json` prints; `from` is the first seed, `seconds` the time it took."""

    seeds: int
    first: int = msgspec.field(name="from")
    seconds: float
    records: int
    crashes: int
    restores: int
    violations: list[FoundViolation]


def run_season(first: int, count: int, *, plant: str | None, jobs: int) -> SeasonReport:
    """Run the days of `count` seeds from `first` on, in `jobs` processes."""
    clock = SystemClock()
    started_mono_ns = clock.mono_ns()
    records = crashes = restores = 0
    violations: list[FoundViolation] = []
    for report in _reports(range(first, first + count), plant, jobs):
        records += report.records
        crashes += report.crashes
        restores += report.restores
        violations += [FoundViolation(report.seed, one.invariant, one.detail) for one in report.violations]
    elapsed_ms = (clock.mono_ns() - started_mono_ns) // 1_000_000
    return SeasonReport(
        seeds=count,
        first=first,
        seconds=elapsed_ms / 1_000,
        records=records,
        crashes=crashes,
        restores=restores,
        violations=violations,
    )


def run_seed(seed: int, plant: str | None = None) -> DayReport:
    """Run one day, with a planted fault where one is named."""
    return run_day(seed, PLANTS[plant].overrides() if plant is not None else [])


def _reports(seeds: Sequence[int], plant: str | None, jobs: int) -> Iterator[DayReport]:
    if jobs <= 1:
        for seed in seeds:
            yield run_seed(seed, plant)
        return
    # Fresh processes, not forked ones: a fork would inherit threads and locks of whoever calls this.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_Worker(plant), seeds, chunksize=CHUNK_COUNT)


class _Worker:
    """What a process does with each seed; the trace stays there, it would only be carried in vain."""

    def __init__(self, plant: str | None) -> None:
        self._plant = plant

    def __call__(self, seed: int) -> DayReport:
        return run_seed(seed, self._plant).without_trace()
