"""Open the journal at a path and say as JSON what that took: in a process of its own, for its memory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from pitboard.clock import SystemClock
from pitboard.journal.disk.journal_schema import SCHEMA, meta_of
from pitboard.journal.records.kinds import KIND_OF, StreamOpened, UnitEnrolled
from pitboard.journal.records.record import NO_PREVIOUS, Header
from pitboard.journal.replica import Replica
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import PassingRecorded

Row = tuple[str, int, bytes, bytes, bytes]


def rows_of(stream: str, bodies: Iterator[Body], *, stamp: int) -> Iterator[Row]:
    """Yield the rows of a stream; its signatures are noughts, for what our own journal has was checked."""
    previous = NO_PREVIOUS
    for seq, body in enumerate(bodies, start=1):
        body_bytes = msgspec.json.encode(body)
        header = Header(
            stream=stream,
            seq=seq,
            previous=previous,
            stamp=stamp + seq,
            kind=KIND_OF[type(body)],
            body=hashlib.sha256(body_bytes).hexdigest(),
        )
        header_bytes = msgspec.json.encode(header)
        previous = hashlib.sha256(header_bytes).hexdigest()
        yield stream, seq, header_bytes, bytes(64), body_bytes


def said_at_a_start(unit_key: str, start: int, passings: int) -> Iterator[Body]:
    """Yield what a unit says at one of its starts: it opens a stream, and cars pass."""
    yield StreamOpened(key=unit_key, name="A", boot_id=f"b{start}")
    for number in range(1, passings + 1):
        mono_ns = number * 5_000_000_000
        yield PassingRecorded(
            sensor="beam-1",
            sensor_boot=f"s{start}",
            seq=number,
            track="1",
            boot_id=f"b{start}",
            mono_ns=mono_ns,
            uncertainty_ns=20_000 + number,
            received_mono_ns=mono_ns + 1_000_000,
            tick_us=mono_ns // 1_000,
            rate_ppb=number,
        )


def write_journal(path: Path, *, root_key: str, unit_key: str, starts: int, passings: int) -> None:
    """Write the journal of a unit that started so often, with so many passings each time."""
    database = sqlite3.connect(path)
    database.executescript(SCHEMA)
    database.executemany("INSERT INTO meta VALUES (?, ?)", meta_of(root_key).items())
    insert = "INSERT INTO records (stream, seq, header, signature, body) VALUES (?, ?, ?, ?, ?)"
    enrolment = (
        StreamOpened(key=root_key, name="central", boot_id="b"),
        UnitEnrolled(key=unit_key, name="A"),
    )
    database.executemany(insert, rows_of("0" * 32, iter(enrolment), stamp=1))
    for start in range(starts):
        bodies = said_at_a_start(unit_key, start, passings)
        database.executemany(insert, rows_of(f"{start + 1:032x}", bodies, stamp=start * 1_000))
    database.commit()
    database.close()


def resident_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


async def opened(path: Path, root_key: str, unit_key: str) -> dict[str, int]:
    before_kib = resident_kib()
    async with Replica.open(path, root_key=root_key, clock=SystemClock()) as replica:
        fold = replica.fold
        return {
            "before_kib": before_kib,
            "after_kib": resident_kib(),
            "records": sum(replica.have().values()),
            "passings": sum(1 for _ in fold.passings_of(unit_key)),
            "last": len(fold.race.passing_seqs(unit_key, "beam-1", "s999")),
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(opened(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))))
