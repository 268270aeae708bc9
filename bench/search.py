"""How long a search takes: `python -m bench.search [--competitors N …] [--queries N]` prints JSON.

Names are made of syllables, so that there are as many words as in a real crowd, and common ones as well. What
is asked is what somebody has typed so far: the beginning of a name, a part of a word, two words in the wrong
order, a number, a name with a typing error, a letter or two. `cpu` is what the processor spent: on a machine
that does other things too, the wall clock tells of them."""

from __future__ import annotations

import argparse
import gc
import os
import time
from itertools import islice
from pathlib import Path
from random import Random

from bench.measure import percentile, report
from pitboard.journal.views.competitor_search import COUNTED_MAX_COUNT
from pitboard.journal.views.name_index import NameIndex

TARGETS_MS = {100_000: 5.0, 1_000_000: 10.0}
SYLLABLES = [first + last for first in "bdfghklmnprstvwz" for last in ("a", "e", "il", "on", "ur")]
ENDS = ("", "a", "er", "mann", "sen", "ski", "ez", "i", "in", "berg")
FIRST_NAMES_COUNT = 400
LAST_NAMES_COUNT = 60_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--competitors", type=int, nargs="+", default=list(TARGETS_MS))
    parser.add_argument("--queries", type=int, default=4_000)
    given = parser.parse_args()
    report(
        "search",
        {
            "load": os.getloadavg()[0],
            "sizes": {count: measure(count, given.queries) for count in given.competitors},
        },
    )


def measure(count: int, queries: int) -> dict[str, object]:
    random = Random(1)
    before = resident_bytes()
    names = list(crowd(random, count))
    start = time.perf_counter()
    index = NameIndex()
    index.add_all(names)
    made_s = time.perf_counter() - start
    gc.collect()
    gc.freeze()
    taken_ms: dict[str, list[float]] = {}
    cpu_ms = []
    for _ in range(queries):
        kind, query = a_query(random, random.choice(names))
        start, cpu_start = time.perf_counter(), time.thread_time()
        list(islice(index.find(query), COUNTED_MAX_COUNT + 1))
        cpu_ms.append((time.thread_time() - cpu_start) * 1_000)
        taken_ms.setdefault(kind, []).append((time.perf_counter() - start) * 1_000)
    changed_ms = []
    for number in range(200):
        start = time.perf_counter()
        index.add(f"late {names[number]}")
        changed_ms.append((time.perf_counter() - start) * 1_000)
    everything = [one for some in taken_ms.values() for one in some]
    p99_ms = percentile(everything, 99)
    target = TARGETS_MS.get(count)
    return {
        "p50_ms": round(percentile(everything, 50), 3),
        "p99_ms": round(p99_ms, 3),
        "p99_cpu_ms": round(percentile(cpu_ms, 99), 3),
        "max_ms": round(max(everything), 3),
        "p99_ms_by_kind": {kind: round(percentile(some, 99), 3) for kind, some in sorted(taken_ms.items())},
        "one_more_name_p99_ms": round(percentile(changed_ms, 99), 3),
        "made_in_s": round(made_s, 2),
        "memory_mib": (resident_bytes() - before) // 2**20,
        "target_p99_ms": target,
        "is_met": None if target is None else p99_ms <= target,
    }


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def crowd(random: Random, count: int) -> list[str]:
    """Return names as folded for the index, some common and most rare, each with a number."""
    firsts = [made_up(random, 2) for _ in range(FIRST_NAMES_COUNT)]
    lasts = [made_up(random, random.choice((2, 2, 3))) for _ in range(min(LAST_NAMES_COUNT, count))]

    def some(words: list[str], power: int) -> str:
        """The first words are the common ones."""
        return words[int(len(words) * random.random() ** power)]

    return [f"{some(firsts, 3)} {some(lasts, 2)} {number}" for number in range(count)]


def made_up(random: Random, syllables: int) -> str:
    return "".join(random.choice(SYLLABLES) for _ in range(syllables)) + random.choice(ENDS)


def a_query(random: Random, name: str) -> tuple[str, str]:
    """Return of which kind it is, and what was typed to find this name."""
    first, last, number = name.split(" ")
    kind = random.choice(
        ("begun", "part", "swapped words", "number", "typing error", "two letters", "nobody")
    )
    match kind:
        case "begun":
            return kind, name[: random.randint(1, len(name))].strip()
        case "part":
            at = random.randrange(len(last) - 2)
            return kind, last[at : at + random.randint(2, 5)]
        case "swapped words":
            return kind, f"{last[: random.randint(1, len(last))]} {first[: random.randint(1, len(first))]}"
        case "number":
            return kind, number
        case "typing error":
            at = random.randrange(len(last))
            wrong = random.choice(("", "e", last[at] * 2))
            return kind, last[:at] + wrong + last[at + 1 :]
        case "two letters":
            return kind, "".join(
                random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(random.randint(1, 2))
            )
        case _:
            return kind, made_up(random, 4)


if __name__ == "__main__":
    main()
