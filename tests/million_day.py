"""A day of a million records through doors over one PostgreSQL, with a kill and a failover in its middle.

`python -m tests.million_day [--records 1000000] [--minutes 30]`: processes (admin, two ingest, two public)
over a primary and a synchronous standby. Units hand in what they have and try again until it is acknowledged;
a phone asks both public doors in turn. In the middle one ingest and one public process are killed and started
anew; then the primary dies and the standby is promoted. At the end nothing acknowledged may be missing, both
boards must be equal and what plain arithmetic says, and no phone may have shown an older board. Prints JSON;
exit status 1 where one of that is not so. `make million-day` runs it; no part of `make test`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import asyncpg
import msgspec

from pitboard.journal.records.record import Record, to_wire
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.verdict_bodies import RunDecided
from pitboard.trust.identity import Identity
from sync.central.database.schema import prepare_database
from sync.exchanging.exchange import SyncRequest, SyncResponse
from tests.postgres_server import PostgresServer, running_postgres
from tests.race_story import Teller, armed, finished, passing

UNITS_COUNT = 4
COMPETITORS_COUNT = 20_000
BATCH_COUNT = 400
LAPS_COUNT = 5
ASK_EVERY_S = 1.0
TRY_AGAIN_S = 0.5
TOML = """
root_key_file = "{folder}/root.key"
database = "{url}"
folder = "{folder}"
[event]
name = "A million"
[public]
port = {port}
[ingest]
port = {port}
tls = false
mdns = false
fingerprint = "{fingerprint}"
[admin]
socket = "{folder}/admin.sock"
"""


@dataclass
class Unit:
    """Writes its day as it is asked for, and knows the best lap of each competitor by plain arithmetic."""

    number: int
    random: random.Random
    best_ms: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.teller = Teller(Identity.from_seed(bytes([self.number + 1]) * 32), f"Track {self.number}")
        self.acknowledged = 0
        self._at_ms, self._seq, self._runs = 10_000, 1, 0

    def batch(self) -> list[Record]:
        while len(self.teller.records) < BATCH_COUNT:
            self._one_run()
        batch, self.teller.records = self.teller.records, []
        return batch

    def _one_run(self) -> None:
        competitor = f"u{self.number}-{self.random.randrange(COMPETITORS_COUNT // UNITS_COUNT)}"
        if competitor not in self.best_ms:
            self.teller.say(CompetitorRegistered(competitor_id=competitor, name=f"Driver {competitor}"))
        laps_ms = [self.random.randrange(8_000, 30_000) for _ in range(LAPS_COUNT)]
        self._runs += 1
        run = f"u{self.number}-{self._runs}"
        self.teller.say(armed(run, competitor, s=self._at_ms / 1_000, run_ms=600_000))
        for lap_ms in (1_000, *laps_ms):  # the first passing begins the first lap
            self._at_ms += lap_ms
            self.teller.say(passing(self._seq, s=self._at_ms / 1_000))
            self._seq += 1
        self.teller.say(finished(run, s=self._at_ms / 1_000 + 0.5))
        self.teller.say(RunDecided(run_id=run, decision="confirmed"))
        self._at_ms += 5_000
        self.best_ms[competitor] = min(self.best_ms.get(competitor, 10**9), *laps_ms)


class ActedTooEarly(Exception):
    """A process ended before it served."""


class Doors:
    """The processes, by name; each may be killed and started anew."""

    def __init__(self, folder: Path, url: str, keys: list[tuple[str, str]]) -> None:
        self.folder = folder
        self._url = url
        self._keys = keys
        self.ports = {name: free_port() for name in ("ingest-a", "ingest-b", "public-a", "public-b")}
        self.running: dict[str, asyncio.subprocess.Process] = {}
        self.ended = 0  # by themselves
        self._log_from: dict[str, int] = {}  # what an earlier start of this name logged ends here

    async def start(self, name: str) -> float:
        """Start the process; return after how many seconds it serves."""
        door = name.partition("-")[0]
        config = self.folder / f"{name}.toml"
        text = TOML.format(
            folder=self.folder, url=self._url, port=self.ports.get(name, 0), fingerprint="0" * 64
        )
        config.write_text(
            text + "".join(f'[[unit]]\nname = "{who}"\nkey = "{key}"\n' for who, key in self._keys)
        )
        log = (self.folder / f"{name}.log").open("ab")
        self._log_from[name] = log.tell()
        began = time.monotonic()
        self.running[name] = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pitboard", "central", "--config", str(config), "--door", door),
            stderr=log,
        )
        log.close()
        while not self._serves(name):
            if process.returncode is not None:
                raise ActedTooEarly(f"{name} ended: {(self.folder / f'{name}.log').read_text()[-2_000:]}")
            await asyncio.sleep(0.1)
        return time.monotonic() - began

    def _serves(self, name: str) -> bool:
        if name == "admin":
            return (self.folder / "admin.sock").exists()
        return b"central serves" in (self.folder / f"{name}.log").read_bytes()[self._log_from[name] :]

    async def keep(self) -> None:
        """Start anew, as systemd would, what ends by itself; none should."""
        while True:
            for name, process in list(self.running.items()):
                if process.returncode is not None and self.running.get(name) is process:
                    self.ended += 1
                    with contextlib.suppress(ActedTooEarly):
                        await self.start(name)
            await asyncio.sleep(1.0)

    async def kill(self, name: str) -> None:
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()

    def memory_mib(self) -> dict[str, int]:
        pages = {
            name: int(Path(f"/proc/{one.pid}/statm").read_text().split()[1])
            for name, one in self.running.items()
        }
        return {name: count * os.sysconf("SC_PAGE_SIZE") // 2**20 for name, count in pages.items()}

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"


@dataclass
class Phone:
    """Shows boards as the page does: none that is older than the one it has; `count` only grows."""

    tag: str = ""
    at: int = 0
    count: int = 0
    shown: int = 0
    left_out: int = 0
    went_back: int = 0

    def take(self, board: dict[str, Any]) -> None:
        if self.tag and board["tag"] != self.tag and board["at"] < self.at:
            self.left_out += 1
            return
        self.went_back += board["count"] < self.count
        self.shown += board["tag"] != self.tag
        self.tag, self.at, self.count = board["tag"], max(self.at, board["at"]), board["count"]

    async def follow(self, doors: Doors, session: aiohttp.ClientSession) -> None:
        while True:
            for name in ("public-a", "public-b"):
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{doors.url(name)}/api/v1/live/page") as answer:
                        if answer.status == 200:
                            self.take(await answer.json())
            await asyncio.sleep(ASK_EVERY_S)


async def hand_in(unit: Unit, doors: Doors, session: aiohttp.ClientSession, until_count: int) -> None:
    """Hand in batch after batch, each until it is acknowledged, at whichever door answers."""
    names = ["ingest-a", "ingest-b"] if unit.number % 2 else ["ingest-b", "ingest-a"]
    while unit.acknowledged < until_count:
        batch = unit.batch()
        wanted = {"have": None, "records": [to_wire(record) for record in batch]}
        body = msgspec.json.encode(msgspec.convert(wanted, SyncRequest))
        while unit.acknowledged < batch[-1].seq:
            try:
                async with session.post(f"{doors.url(names[0])}/v1/sync", data=body) as answer:
                    if answer.status != 200:
                        raise aiohttp.ClientError(answer.status)
                    told = msgspec.json.decode(await answer.read(), type=SyncResponse)
                unit.acknowledged = told.have.get(batch[-1].stream, 0)
            except (aiohttp.ClientError, TimeoutError, OSError):
                names.reverse()
                await asyncio.sleep(TRY_AGAIN_S)


async def day(
    folder: Path, records: int, seed: int, primary: PostgresServer, standby: PostgresServer
) -> dict[str, Any]:
    hosts = quote(f"{primary.folder},{standby.folder}", safe="")
    url = f"postgresql:///event?host={hosts}&target_session_attrs=read-write"
    await commits_wait_for_the_standby(primary)
    units = [Unit(number, random.Random(seed + number)) for number in range(UNITS_COUNT)]
    doors = Doors(folder, url, [(unit.teller.name, unit.teller.identity.key) for unit in units])
    phone = Phone()
    told: dict[str, Any] = {"records": records, "load": os.getloadavg()[0]}
    try:
        for name in ("admin", "ingest-a", "ingest-b", "public-a", "public-b"):
            await doors.start(name)
        began = time.monotonic()
        limits = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=limits) as session, asyncio.TaskGroup() as tasks:
            following = tasks.create_task(phone.follow(doors, session))
            keeping = tasks.create_task(doors.keep())
            handing = [
                tasks.create_task(hand_in(one, doors, session, records // UNITS_COUNT)) for one in units
            ]
            await handed_in(units, records * 2 // 5)
            for name in ("ingest-a", "public-a"):
                await doors.kill(name)
                told[f"{name}_back_s"] = round(await doors.start(name), 1)
            await handed_in(units, records * 3 // 5)
            await asyncio.to_thread(primary.stop, "immediate")
            await asyncio.to_thread(standby.promote)
            await asyncio.gather(*handing)
            told["records_per_s"] = round(
                sum(unit.acknowledged for unit in units) / (time.monotonic() - began)
            )
            told |= await end_of_day(units, doors, session, standby)
            following.cancel()
            keeping.cancel()
        told["ended_by_themselves"] = doors.ended
        told["memory_mib"] = doors.memory_mib()
        await doors.kill("public-b")
        told["public_start_s"] = round(await doors.start("public-b"), 1)
    finally:
        for name in list(doors.running):
            await doors.kill(name)
    told["phone"] = {"shown": phone.shown, "left_out": phone.left_out, "went_back": phone.went_back}
    return told


async def handed_in(units: list[Unit], count: int) -> None:
    while sum(unit.acknowledged for unit in units) < count:
        await asyncio.sleep(0.2)


async def end_of_day(
    units: list[Unit], doors: Doors, session: aiohttp.ClientSession, standby: PostgresServer
) -> dict[str, Any]:
    """Compare what was acknowledged, both boards, and plain arithmetic."""
    connection = await asyncpg.connect(standby.url("event"))
    rows = await connection.fetch("SELECT stream, count(*), max(seq) FROM pitboard.records GROUP BY stream")
    await connection.close()
    heads = {stream: (count, head) for stream, count, head in rows}
    lost = sum(heads.get(unit.teller.writer.stream, (0, 0)) < (unit.acknowledged,) * 2 for unit in units)
    best = sorted(ms for unit in units for ms in unit.best_ms.values())
    boards: dict[str, Any] = {}
    async with asyncio.timeout(600):
        while True:
            for name in ("public-a", "public-b"):
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{doors.url(name)}/api/v1/board?count=200") as answer:
                        boards[name] = await answer.json()
            a, b = (boards.get(name, {}) for name in ("public-a", "public-b"))
            if a == b and a.get("total") == len(best):
                break
            await asyncio.sleep(1)
    shown = [entry["best_ns"] // 1_000_000 for entry in boards["public-a"]["entries"]]
    return {
        "stored": sum(count for count, _ in heads.values()),
        "acknowledged": sum(unit.acknowledged for unit in units),
        "streams_that_lost": lost,
        "entries": len(best),
        "is_arithmetic": shown == best[: len(shown)],
        "boards_equal": boards["public-a"] == boards["public-b"],
    }


async def commits_wait_for_the_standby(primary: PostgresServer) -> None:
    connection = await asyncpg.connect(primary.url("event"))
    await connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await connection.execute("SELECT pg_reload_conf()")
    while await connection.fetchval("SELECT sync_state FROM pg_stat_replication") != "sync":
        await asyncio.sleep(0.05)
    await connection.close()


def free_port() -> int:
    """Return one below those that the kernel gives to who connects: such a one may connect to itself."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return int(probe.getsockname()[1])


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pitboard-million-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


async def run(
    records: int, minutes: float, seed: int, primary: PostgresServer, standby: PostgresServer
) -> dict[str, Any]:
    with a_folder() as folder:
        async with asyncio.timeout(minutes * 60):
            return await day(folder, records, seed, primary, standby)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    options = ("-c", "max_wal_senders=4", "-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB")
    with running_postgres(*options) as primary:
        primary.new_database("event")
        asyncio.run(prepare_database(primary.url("event")))
        with running_postgres(*options, standby_of=primary) as standby:
            told = asyncio.run(run(given.records, given.minutes, given.seed, primary, standby))
    is_sound = (
        told["streams_that_lost"] == 0
        and told["boards_equal"]
        and told["is_arithmetic"]
        and told["phone"]["went_back"] == 0
    )
    sys.stdout.write(json.dumps(told | {"is_sound": is_sound}, indent=2) + "\n")
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
