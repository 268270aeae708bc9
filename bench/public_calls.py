"""How long each public call holds the event loop on a large event: `python -m bench.public_calls`.

Every call that anybody may make is carried out many times on a fold of N competitors, each after a change, so
that nothing is answered from what is kept. `cpu` is what the processor spent, for the wall clock tells of
whatever else the machine does. Prints JSON."""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable
from random import Random

from bench.measure import percentile, report
from pitboard.journal.folding.fold import Fold
from sync.central.central_server import GC_THRESHOLDS
from sync.central.public.live_board import LiveBoards
from sync.central.public.race_reader import RaceReader
from tests.race_story import ROOT, UNIT_A, central_enrols
from tests.sync.central.central_stage import TrackStory

TARGET_MS = 5.0
ROUNDS = 60
Call = Callable[[], object]


def grown_fold(competitors: int) -> tuple[Fold, TrackStory]:
    """Return the fold of a race with so many competitors on its board, and the story to go on with."""
    gc.disable()  # as a replica that opens a great journal does
    fold, story = Fold(ROOT.key), TrackStory()
    for record in central_enrols(UNIT_A).records:
        fold.add(record)
    for number in range(competitors):
        story.drives(f"c{number}", f"Competitor {number}", 10.0 + number / 1_000)
        for record in story.news():
            fold.add(record)
        story.teller.records.clear()
        story._told = 0
    return fold, story


def calls_of(reader: RaceReader, boards: LiveBoards, anybody: Callable[[], int]) -> dict[str, Call]:
    """Return what a phone may ask for, of one competitor or another."""
    page = "<title>Pitboard</title><!--PREVIEW--><!--FIRST_ROWS--><!--EVENT_NAME-->"
    return {
        "live board": boards.newest,
        "board": reader.board,
        "board, 200 after somebody": lambda: reader.board(200, after=f"c{anybody()}"),
        "competitor": lambda: reader.competitor(f"c{anybody()}"),
        "search": lambda: reader.search(f"{anybody()}"),
        "page": lambda: reader.page(page),
        "shared page": lambda: reader.shared_page(page, f"c{anybody()}"),
        "names taken up": reader.warm,
    }


def timed(call: Call, change: Callable[[int], None]) -> dict[str, float]:
    """Return how long the call takes after each of several changes of the race."""
    wall_ms, cpu_ms = [], []
    for number in range(ROUNDS):
        change(number)
        begun, cpu = time.perf_counter(), time.thread_time()
        call()
        cpu_ms.append((time.thread_time() - cpu) * 1_000)
        wall_ms.append((time.perf_counter() - begun) * 1_000)
    return {
        "p50_ms": round(percentile(wall_ms, 50), 3),
        "max_ms": round(max(wall_ms), 3),
        "max_cpu_ms": round(max(cpu_ms), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--competitors", type=int, default=100_000)
    given = parser.parse_args()
    gc.set_threshold(*GC_THRESHOLDS)
    fold, story = grown_fold(given.competitors)
    start = time.perf_counter()
    reader, boards = RaceReader(fold), LiveBoards(fold)
    reader.warm()
    boards.newest()
    opened_s = time.perf_counter() - start
    gc.freeze()
    gc.enable()
    random = Random(1)

    def anybody() -> int:
        return random.randrange(given.competitors)

    def change(number: int) -> None:
        story.drives(f"c{anybody()}", f"Renamed {number}", 9.0 + number / 100)
        for record in story.news():
            fold.add(record)

    told = {name: timed(call, change) for name, call in calls_of(reader, boards, anybody).items()}
    worst = max(one["max_cpu_ms"] for one in told.values())
    report(
        "public_calls",
        {
            "competitors": given.competitors,
            "opened_in_s": round(opened_s, 1),
            "calls": told,
            "worst_cpu_ms": worst,
            "target_ms": TARGET_MS,
            "is_met": worst <= TARGET_MS,
            "load": os.getloadavg()[0],
        },
    )


if __name__ == "__main__":
    main()
