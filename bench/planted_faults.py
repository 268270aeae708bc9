"""How soon the venue simulator finds each planted fault: `python -m bench.planted_faults [--days long]`

For each plant it prints one line of JSON: on how many days it looked, on how many of them the fault showed,
and the processor's time for each day that showed it. The sum at the end compares kinds of days with each
other; a plant that was not found counts as if the next day had shown it."""

from __future__ import annotations

import argparse
import time
from typing import get_args

import msgspec

from bench.measure import report
from venue.simulator.command import run_seed
from venue.simulator.days.plants import PLANTS
from venue.simulator.world.day_plan import DaysWanted

FIRST_SEED = 50_000
"""Short days were shaped by days from here, too, which favours them; `--from` looks elsewhere."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", choices=get_args(DaysWanted), default="mixed")
    parser.add_argument("--finds", type=int, default=8, help="go on to the next plant after so many")
    parser.add_argument("--seeds", type=int, default=300, help="or after so many days")
    parser.add_argument("--from", dest="first", type=int, default=FIRST_SEED)
    parser.add_argument("--plants", nargs="+", choices=list(PLANTS), default=list(PLANTS))
    given = parser.parse_args()
    found = [look_for(plant, given.days, given.first, given.seeds, given.finds) for plant in given.plants]
    missed = [one["plant"] for one in found if not one["found"]]
    seconds = round(sum(float(str(one["cpu_s_per_find"])) for one in found), 2)
    report(f"planted faults, {given.days} days", {"not_found": missed, "cpu_s_for_one_of_each": seconds})


def look_for(plant: str, days: DaysWanted, first: int, seeds: int, finds: int) -> dict[str, object]:
    """Return how soon the fault shows, and print it."""
    began_ns = time.process_time_ns()
    looked, found, first_find = 0, 0, None
    while looked < seeds and found < finds:
        has_found = bool(run_seed(first + looked, plant, days=days).violations)
        looked += 1
        found += has_found
        if has_found and first_find is None:
            first_find = looked
    cpu_s = (time.process_time_ns() - began_ns) / 1e9
    figures = {
        "plant": plant,
        "days": looked,
        "found": found,
        "first": first_find,
        "cpu_s_per_find": round(cpu_s / max(found, 1), 3),
    }
    print(msgspec.json.encode(figures).decode(), flush=True)
    return figures


if __name__ == "__main__":
    main()
