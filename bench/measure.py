"""What every benchmark shares: medians of repeated runs, and one JSON object on standard output."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    """Yield a list that holds the elapsed seconds once the block has ended."""
    elapsed_s: list[float] = []
    start = time.perf_counter()
    yield elapsed_s
    elapsed_s.append(time.perf_counter() - start)


def median_of(runs: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(runs))


def percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def report(name: str, figures: dict[str, object]) -> None:
    print(json.dumps({"benchmark": name, **figures}, indent=2))
