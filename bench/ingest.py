"""How many signed records a second central takes in, from one unit and from ten, into SQLite and PostgreSQL.

`python -m bench.ingest [--records 20000]`: the real program, asked over TLS by the units' own client (the
pump and its proof at the door), which hands in a day in batches until all is acknowledged. Reference: plain
INSERTs of the same bytes into the same database, 500 to a commit, each commit on the disk; and what the
check of a signature alone takes. `--once` carries into one database from so many units and says nothing of
the reference, for a profiler."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import asyncpg

from bench.journal import ROOT, unit_day
from bench.measure import report
from pitboard.clock import SystemClock
from pitboard.doors.door_proof import DoorPass, prove_at_door
from pitboard.journal.records.record import HybridClock, Record, to_wire
from pitboard.journal.replica import BATCH_MAX_BYTES, BATCH_MAX_COUNT
from pitboard.trust.certificate import Certificate
from pitboard.trust.identity import Identity, signature_holds
from sync.central.database.schema import prepare_database
from sync.exchanging.exchange import Have, Peer, SyncRequest, SyncResponse
from sync.exchanging.pump import Pump
from sync.exchanging.requests_peer import RequestsPeer
from tests.postgres_server import PostgresServer, running_postgres

Database = Literal["sqlite", "postgresql"]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SERVES = re.compile(r"ingest=(https://[^ ]+)")
TOML = """
root_key_file = "{folder}/root.key"
{database}
[event]
name = "A great day"
[public]
port = 0
[ingest]
port = 0
mdns = false
certificate = "{folder}/central.tls.pem"
"""


@dataclass
class Shelf:
    """A unit's records, handed out in batches as a unit's own program does."""

    name: str
    records: list[Record]

    async def sync(self, request: SyncRequest) -> SyncResponse:
        have = (request.have or {}).get(self.records[0].stream, 0)
        batch: list[Record] = []
        room = BATCH_MAX_BYTES
        for record in self.records[have : have + BATCH_MAX_COUNT]:
            room -= len(record.header_bytes) + len(record.body_bytes or b"")
            if batch and room < 0:
                break
            batch.append(record)
        if not batch:
            await asyncio.sleep(request.wait_ms / 1_000)
        heads = {self.records[0].stream: len(self.records)}
        return SyncResponse(have=heads, records=[to_wire(record) for record in batch])


@dataclass
class Counted:
    """Central, asked through the units' client; knows when it has all of one stream."""

    peer: Peer
    stream: str
    wanted: int
    batches: list[int] = field(default_factory=list)
    is_all_there: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> str:
        return self.peer.name

    async def sync(self, request: SyncRequest) -> SyncResponse:
        answer = await self.peer.sync(request)
        if request.records:
            self.batches.append(len(request.records))
        self._look(answer.have)
        return answer

    def _look(self, have: Have) -> None:
        if have.get(self.stream, 0) >= self.wanted:
            self.is_all_there.set()


def days_of(units: Sequence[Identity], records: int) -> list[list[Record]]:
    clock = HybridClock(SystemClock())
    each = records // len(units)
    return [
        list(unit_day(unit, f"Track {number}", each, clock=clock, prefix=f"{number}-"))
        for number, unit in enumerate(units)
    ]


async def carry(address: str, pin: str, units: Sequence[Identity], days: list[list[Record]]) -> list[int]:
    """Return the sizes of the batches once all is acknowledged."""
    targets = [
        Counted(peer_of(unit, address, pin), day[0].stream, len(day))
        for unit, day in zip(units, days, strict=True)
    ]
    async with asyncio.TaskGroup() as tasks:
        pumps = [
            tasks.create_task(Pump(Shelf(f"unit {number}", day), target).run())
            for number, (day, target) in enumerate(zip(days, targets, strict=True))
        ]
        for target in targets:
            await target.is_all_there.wait()
        for pump in pumps:
            pump.cancel()
    return [size for target in targets for size in target.batches]


def peer_of(unit: Identity, address: str, pin: str) -> RequestsPeer:
    """Return the client by which the unit's sync program asks central."""

    def prove(challenge: str, fingerprint: str) -> str:
        return prove_at_door(unit, challenge, fingerprint)

    return RequestsPeer(address, name="central", pin=pin, auth=DoorPass(prove))


@contextlib.contextmanager
def central(folder: Path, database: str, units: Sequence[Identity]) -> Iterator[tuple[int, str, str]]:
    """Run it; yield its process, the address of its ingest door and the certificate's fingerprint."""
    (folder / "root.key").write_text("72" * 32 + "\n")
    (folder / "root.key").chmod(0o600)
    config = folder / "central.toml"
    named = "".join(
        f'[[unit]]\nname = "Track {number}"\nkey = "{unit.key}"\n' for number, unit in enumerate(units)
    )
    config.write_text(TOML.format(folder=folder, database=database) + named)
    command = [sys.executable, "-m", "pitboard", "central", "--config", str(config)]
    program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield (
            program.pid,
            _address(program),
            Certificate.load_or_create(folder / "central.tls.pem").fingerprint,
        )
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(60)


def _address(program: subprocess.Popen[str]) -> str:
    assert program.stderr is not None
    for line in program.stderr:
        if found := SERVES.search(line):
            return found[1].replace("0.0.0.0", "127.0.0.1")
        print(line, end="", file=sys.stderr)
    raise SystemExit("central did not start; see its words above")


def cpu_s(pids: Sequence[int]) -> float:
    """Return the processor's seconds of these processes."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # of its children that ended, too
    return ticks / TICKS_PER_S


def family_of(pid: int) -> list[int]:
    """Return the process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def measure(folder: Path, database: str, count: int, records: int, server: list[int]) -> dict[str, object]:
    """Carry a day of `count` units; `server` is the database's own process, if it has one."""
    units = [Identity.from_seed(bytes([number + 1]) * 32) for number in range(count)]
    days = days_of(units, records)
    with central(folder, database, units) as (pid, address, pin):
        servers = [one for process in server for one in family_of(process)]
        before, database_before = cpu_s([pid]), cpu_s(servers)
        own_before, began_s = time.process_time(), time.perf_counter()
        batches = asyncio.run(carry(address, pin, units, days))
        took_s = time.perf_counter() - began_s
        carried = sum(map(len, days))
        micro = 1e6 / carried
        return {
            "records": carried,
            "records_per_s": round(carried / took_s),
            "records_in_a_batch": round(carried / len(batches)),
            "bytes_a_record": round(
                sum(len(one.header_bytes) + len(one.body_bytes or b"") for day in days for one in day)
                / carried
            ),
            "central_cpu_us_a_record": round((cpu_s([pid]) - before) * micro),
            "database_cpu_us_a_record": round((cpu_s(servers) - database_before) * micro),
            "units_cpu_us_a_record": round((time.process_time() - own_before) * micro),
        }


def rows_of(records: int) -> list[tuple[str, int, bytes, bytes, bytes]]:
    [day] = days_of([ROOT], records)
    return [(one.stream, one.seq, one.header_bytes, one.signature, one.body_bytes or b"") for one in day]


def check_us(records: int) -> float:
    """Return what it takes of the processor to check one record's signature, and nothing else."""
    [day] = days_of([ROOT], records)
    began_s = time.process_time()
    for one in day:
        assert signature_holds(ROOT.key, one.header_bytes, one.signature)
    return (time.process_time() - began_s) * 1e6 / len(day)


def plain_sqlite_per_s(folder: Path, records: int) -> float:
    """Plain INSERTs, a batch a commit, each on the disk."""
    database = sqlite3.connect(folder / "plain.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(
        "CREATE TABLE rows (stream TEXT, seq INTEGER, header BLOB, signature BLOB, body BLOB,"
        " PRIMARY KEY (stream, seq)) STRICT, WITHOUT ROWID"
    )
    rows = rows_of(records)
    began_s = time.perf_counter()
    for start in range(0, len(rows), BATCH_MAX_COUNT):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", rows[start : start + BATCH_MAX_COUNT])
        database.execute("COMMIT")
    took_s = time.perf_counter() - began_s
    database.close()
    return len(rows) / took_s


async def plain_postgresql_per_s(url: str, records: int) -> float:
    """The same over the server's socket."""
    rows = rows_of(records)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "CREATE TABLE rows (stream text, seq bigint, header bytea, signature bytea, body bytea,"
            " PRIMARY KEY (stream, seq))"
        )
        began_s = time.perf_counter()
        for start in range(0, len(rows), BATCH_MAX_COUNT):
            async with connection.transaction():
                await connection.executemany(
                    "INSERT INTO rows VALUES ($1, $2, $3, $4, $5)", rows[start : start + BATCH_MAX_COUNT]
                )
        took_s = time.perf_counter() - began_s
    finally:
        await connection.close()
    return len(rows) / took_s


def in_sqlite(folder: Path, count: int, records: int) -> dict[str, object]:
    return measure(folder, f'journal = "{folder}/central.db"', count, records, [])


def in_postgresql(folder: Path, server: PostgresServer, count: int, records: int) -> dict[str, object]:
    name = f"event{count}"
    server.new_database(name)
    asyncio.run(prepare_database(server.url(name)))
    postmaster = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    url = server.url(name, user=None)
    return measure(folder, f'database = "{url}"\nfolder = "{folder}"', count, records, [postmaster])


def figures_of(database: Database, counts: Sequence[int], records: int, *, bare: bool) -> dict[str, object]:
    """Return what is measured in one kind of database, with the ratios to the plain INSERTs."""
    figures: dict[str, object] = {}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_postgres()) if database == "postgresql" else None
        plain = 0.0
        if not bare:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="."))).resolve()
            if server is None:
                plain = plain_sqlite_per_s(folder, records)
            else:
                server.new_database("plain")
                plain = asyncio.run(plain_postgresql_per_s(server.url("plain"), records))
            figures["plain_inserts_per_s"] = round(plain)
        for count in counts:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="."))).resolve()
            told = (
                in_sqlite(folder, count, records)
                if server is None
                else in_postgresql(folder, server, count, records)
            )
            if plain:
                told["ratio"] = round(int(str(told["records_per_s"])) / plain, 3)
            figures[f"{count}_units"] = told
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--once", nargs=2, metavar=("DATABASE", "UNITS"))
    given = parser.parse_args()
    figures: dict[str, object] = {"load": round(os.getloadavg()[0], 1)}
    if given.once is not None:
        kind: Database = "postgresql" if given.once[0] == "postgresql" else "sqlite"
        figures[kind] = figures_of(kind, [int(given.once[1])], given.records, bare=True)
    else:
        figures["signature_check_us"] = round(check_us(min(given.records, 5_000)))
        figures["sqlite"] = figures_of("sqlite", [1, 10], given.records, bare=False)
        figures["postgresql"] = figures_of("postgresql", [1, 10], given.records, bare=False)
    report("ingest", figures)


if __name__ == "__main__":
    main()
