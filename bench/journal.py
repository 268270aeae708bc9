"""Durable append, backlog drain, recovery, fold and board refresh; each beside its reference in the same run.

python -m bench.journal [--records 100000] [--entries 100000] [--only opening]"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import median_of, percentile, report, stopwatch
from pitboard.clock import SystemClock
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import StreamOpened, UnitEnrolled
from pitboard.journal.records.record import HybridClock, Record, StreamWriter
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunArmed, RunFinished, RunPlace
from pitboard.race.bodies.verdict_bodies import RunDecided
from pitboard.trust.identity import Identity, signature_holds
from sync.exchanging.exchange import ReplicaPeer, SyncRequest

ROOT = Identity.from_seed(b"r" * 32)
UNIT = Identity.from_seed(b"u" * 32)
APPENDS = 1_000
CALLERS = 50
PASSINGS_OF_RUN = 11


def passing(seq: int, mono_ns: int) -> PassingRecorded:
    return PassingRecorded(
        sensor="beam-1",
        sensor_boot="0badcafe",
        seq=seq,
        track="1",
        boot_id="boot",
        mono_ns=mono_ns,
        uncertainty_ns=20_000,
        received_mono_ns=mono_ns + 1_000_000,
        channel=1,
        tick_us=mono_ns // 1_000,
        rate_ppb=12,
    )


def bare_appends_per_s(folder: Path, body: bytes) -> float:
    """One row a commit with nothing around it: the reference for a durable append."""
    path = folder / f"bare-{time.monotonic_ns()}.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE rows (arrival INTEGER PRIMARY KEY, body BLOB) STRICT")
    with stopwatch() as elapsed_s:
        for _ in range(APPENDS):
            database.execute("BEGIN")
            database.execute("INSERT INTO rows (body) VALUES (?)", (body,))
            database.execute("COMMIT")
    database.close()
    return APPENDS / elapsed_s[0]


async def stores_per_s(folder: Path, callers: int) -> float:
    """The journal alone: records that are signed already."""
    path = folder / f"journal-{time.monotonic_ns()}.db"
    writer = StreamWriter(ROOT, HybridClock(SystemClock()))
    each = max(APPENDS // callers, 100)
    records = [writer.write("passing", passing(seq + 1, seq)) for seq in range(callers * each)]
    async with Journal.open(path, root_key=ROOT.key) as journal:

        async def call(caller: int) -> None:
            for record in records[caller::callers]:
                await journal.append([record])

        with stopwatch() as elapsed_s:
            await asyncio.gather(*[call(caller) for caller in range(callers)])
        return callers * each / elapsed_s[0]


async def appends_per_s(folder: Path, callers: int) -> float:
    path = folder / f"replica-{time.monotonic_ns()}.db"
    async with Replica.open(path, root_key=ROOT.key, clock=SystemClock()) as replica:
        replica = await replica.open_stream(ROOT, "bench")
        each = max(APPENDS // callers, 100)

        async def call(caller: int) -> None:
            for number in range(each):
                await replica.append(passing(caller * each + number + 1, 1_000_000 * number))

        with stopwatch() as elapsed_s:
            await asyncio.gather(*[call(caller) for caller in range(callers)])
        return callers * each / elapsed_s[0]


def race_day(records: int) -> list[Record]:
    """Return a unit's race day: competitors, runs of ten laps, passings."""
    return list(race_day_by_run(records))


def race_day_by_run(records: int) -> Iterator[Record]:
    """Yield the same record by record, so that a million of them need not be held."""
    clock = HybridClock(SystemClock())
    central = StreamWriter(ROOT, clock)
    yield central.write("stream-opened", StreamOpened(key=ROOT.key, name="central", boot_id="b"))
    yield central.write("unit-enrolled", UnitEnrolled(key=UNIT.key, name="Track A"))
    yield from unit_day(UNIT, "Track A", records - 2, clock=clock)


def unit_day(
    unit: Identity, name: str, records: int, *, clock: HybridClock, prefix: str = ""
) -> Iterator[Record]:
    """Yield what a unit writes: a competitor, a run of ten laps and its confirmation, again and again.

    `prefix` tells the ids of one unit from another's.
    """
    writer = StreamWriter(unit, clock)
    yield writer.write("stream-opened", StreamOpened(key=unit.key, name=name, boot_id="b"))
    mono_ns, seq, number, written = 0, 0, 0, 1
    while written < records:
        number += 1
        competitor, run = f"{prefix}c{number}", f"{prefix}r{number}"
        yield writer.write(
            "competitor-registered", CompetitorRegistered(competitor_id=competitor, name="Ann")
        )
        armed = RunArmed(
            run_id=run,
            track="1",
            boot_id="boot",
            mono_ns=mono_ns,
            places=(RunPlace(competitor_id=competitor),),
        )
        yield writer.write("run-armed", armed)
        for _ in range(PASSINGS_OF_RUN):
            mono_ns += 5_000_000_000 + (seq * 7_919) % 1_000_000_000
            seq += 1
            yield writer.write("passing", passing(seq, mono_ns))
        mono_ns += 1_000_000
        finished = RunFinished(run_id=run, boot_id="boot", mono_ns=mono_ns, ended="stopped")
        yield writer.write("run-finished", finished)
        yield writer.write("run-decided", RunDecided(run_id=run, decision="confirmed"))
        mono_ns += 1_000_000
        written += 4 + PASSINGS_OF_RUN


async def drain_s(folder: Path, day: list[Record]) -> tuple[float, float]:
    """Return seconds to carry a backlog into an empty replica, and then to recover it from its file."""
    clock = SystemClock()
    source_path, target_path = folder / "source.db", folder / "target.db"
    async with Replica.open(source_path, root_key=ROOT.key, clock=clock) as source:
        for start in range(0, len(day), 5_000):
            await source.journal.append(day[start : start + 5_000])
        async with Replica.open(target_path, root_key=ROOT.key, clock=clock) as target:
            away, here = ReplicaPeer(source), ReplicaPeer(target)
            with stopwatch() as elapsed_s:
                have = target.have()
                while records := (await away.sync(SyncRequest(have=have))).records:
                    have = (await here.sync(SyncRequest(records=records))).have
            assert target.have() == source.have()
    with stopwatch() as recovery_s:
        async with Replica.open(target_path, root_key=ROOT.key, clock=clock) as recovered:
            assert len(recovered.fold.board) > 0
    return elapsed_s[0], recovery_s[0]


def verify_s(day: list[Record], central: str) -> float:
    """Return seconds to check every signature and nothing else: the reference for a drain."""
    with stopwatch() as elapsed_s:
        for record in day:
            key = ROOT.key if record.stream == central else UNIT.key
            assert signature_holds(key, record.header_bytes, record.signature)
    return elapsed_s[0]


def drain_round(folder: Path, day: list[Record], number: int) -> tuple[float, float, float]:
    """Return (signatures alone, drain, recovery) in seconds, the reference half before and half after."""
    inside = folder / f"round-{number}"
    inside.mkdir()
    half = len(day) // 2
    central = day[0].stream
    before_s = verify_s(day[:half], central)
    carried_s, recovery_s = asyncio.run(drain_s(inside, day))
    return before_s + verify_s(day[half:], central), carried_s, recovery_s


OPENING = """
import asyncio, json, sqlite3, sys, time
from pathlib import Path
import msgspec
from pitboard.clock import SystemClock
from pitboard.journal.replica import Replica

def resident_mib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:"))) / 1_024

async def open_it(path, root_key):
    before = resident_mib()
    began, cpu = time.perf_counter(), time.process_time()
    async with Replica.open(path, root_key=root_key, clock=SystemClock()) as replica:
        took = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}
        opened = resident_mib()
        began = time.process_time()
        entries = len(replica.fold.board)
        took |= {"program_mib": before, "opened_mib": opened, "board_cpu_s": time.process_time() - began}
        return took | {"entries": entries, "with_board_mib": resident_mib()}

def plain(path):
    database, decode, began = sqlite3.connect(path), msgspec.json.Decoder().decode, time.process_time()
    for header, body in database.execute("SELECT header, body FROM records ORDER BY arrival"):
        decode(header), decode(body)
    database.close()
    return time.process_time() - began

path = Path(sys.argv[1])
reference_s = plain(path)
print(json.dumps(asyncio.run(open_it(path, sys.argv[2])) | {"plain_loop_cpu_s": reference_s}))
"""
"""Run in a process of its own: what an opening takes in memory shows only there."""


def opening(folder: Path, day: list[Record]) -> dict[str, float]:
    """Return what it takes to open a journal of this day, beside reading and unpacking its rows alone."""
    path = folder / "opening.db"

    async def write() -> None:
        async with Journal.open(path, root_key=ROOT.key) as journal:
            for start in range(0, len(day), 5_000):
                await journal.append(day[start : start + 5_000])

    asyncio.run(write())
    command = [sys.executable, "-c", OPENING, str(path), ROOT.key]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: round(value, 2) for name, value in json.loads(said).items()}


def fold_per_s(day: list[Record]) -> float:
    """Return how many records are folded in a second of the processor's, the board included."""
    fold, began_s = Fold(ROOT.key), time.process_time()
    for record in day:
        fold.add(record)
    assert len(fold.board) > 0
    return len(day) / (time.process_time() - began_s)


def refresh_ms(entries: int) -> dict[str, float]:
    """Return how long a board with so many entries takes to take in one more lap and show its first page."""
    clock = HybridClock(SystemClock())
    central, unit = StreamWriter(ROOT, clock), StreamWriter(UNIT, clock)
    fold = Fold(ROOT.key)
    fold.add(central.write("stream-opened", StreamOpened(key=ROOT.key, name="central", boot_id="b")))
    fold.add(central.write("unit-enrolled", UnitEnrolled(key=UNIT.key, name="Track A")))
    fold.add(unit.write("stream-opened", StreamOpened(key=UNIT.key, name="Track A", boot_id="b")))
    mono_ns, seq = 0, 0

    def arm(number: int) -> None:
        armed = RunArmed(
            run_id=f"r{number}",
            track="1",
            boot_id="boot",
            mono_ns=mono_ns,
            places=(RunPlace(competitor_id=f"c{number}"),),
        )
        fold.add(unit.write("run-armed", armed))

    for number in range(entries):
        arm(number)
        for lap_ns in (1_000, 4_000_000_000 + number * 7_919 % 10**9):
            mono_ns += lap_ns
            seq += 1
            fold.add(unit.write("passing", passing(seq, mono_ns)))
        mono_ns += 1
        fold.add(
            unit.write(
                "run-finished",
                RunFinished(run_id=f"r{number}", boot_id="boot", mono_ns=mono_ns, ended="stopped"),
            )
        )
        fold.add(unit.write("run-decided", RunDecided(run_id=f"r{number}", decision="confirmed")))
        mono_ns += 1
    assert len(fold.board) == entries
    arm(entries)
    elapsed_ms = []
    for _ in range(300):
        mono_ns += 4_500_000_000
        seq += 1
        record = unit.write("passing", passing(seq, mono_ns))
        with stopwatch() as elapsed_s:
            fold.add(record)
            encode_view(view_board(fold, count=100))
        elapsed_ms.append(elapsed_s[0] * 1_000)
    return {
        "p50": round(percentile(elapsed_ms, 50), 3),
        "p99": round(percentile(elapsed_ms, 99), 3),
        "max": round(max(elapsed_ms), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--only", choices=["opening"], help="measure this alone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        if arguments.only == "opening":
            day = race_day(arguments.records)
            figures = {"opening": opening(folder, day), "fold_records_per_s": round(fold_per_s(day))}
            report("journal", {"records": len(day), "load": round(os.getloadavg()[0], 1), **figures})
            return
        body = bytes(700)  # what a passing's header, signature and body take
        bare = median_of(5, lambda: bare_appends_per_s(folder, body))
        one, fifty, one_signed, fifty_signed = (
            median_of(5, lambda measure=measure, callers=callers: asyncio.run(measure(folder, callers)))  # type: ignore[misc]
            for measure in (stores_per_s, appends_per_s)
            for callers in (1, CALLERS)
        )
        day = race_day(arguments.records)
        rounds = [drain_round(Path(name), day, number) for number in range(3)]
        reference_s, carried_s, recovery_s = sorted(rounds, key=lambda r: r[0] / r[1])[1]
        report(
            "journal",
            {
                "append_per_s": {
                    "sqlite3_one_row_a_commit": round(bare),
                    "one_caller": round(one),
                    "fifty_callers": round(fifty),
                    "ratio_one_caller": round(one / bare, 2),
                    "ratio_fifty_callers": round(fifty / bare, 2),
                },
                "append_signed_and_folded_per_s": {
                    "one_caller": round(one_signed),
                    "fifty_callers": round(fifty_signed),
                    "ratio_one_caller": round(one_signed / bare, 2),
                    "ratio_fifty_callers": round(fifty_signed / bare, 2),
                },
                "drain": {
                    "records": len(day),
                    "seconds": round(carried_s, 2),
                    "signatures_alone_s": round(reference_s, 2),
                    "ratio": round(reference_s / carried_s, 2),
                },
                "recovery_s": round(recovery_s, 2),
                "opening": opening(folder, day),
                "load": round(os.getloadavg()[0], 1),
                "fold_records_per_s": round(fold_per_s(day)),
                "board_refresh_ms": {"entries": arguments.entries, **refresh_ms(arguments.entries)},
            },
        )


if __name__ == "__main__":
    main()
