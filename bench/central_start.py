"""How long central takes to start with a great journal, and what it holds then.

`python -m bench.central_start`: a journal of a race day is written first (`--journal FILE` keeps it, or takes
the one that is there). Then the real program is started on it: seconds until its first board is answered, by
the wall clock and of the processor, and its memory. Reference: reading and unpacking the rows alone."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.journal import ROOT, race_day_by_run
from bench.measure import report
from pitboard.journal.disk.sqlite_storage import Journal

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SERVES = re.compile(r"public=(http://[^ ]+)")
TOML = """
root_key_file = "{folder}/root.key"
journal = "{journal}"
[event]
name = "A great day"
[public]
port = 0
[ingest]
port = 0
mdns = false
"""


async def write_journal(path: Path, records: int) -> None:
    day = race_day_by_run(records)
    async with Journal.open(path, root_key=ROOT.key) as journal:
        while portion := list(itertools.islice(day, 5_000)):
            await journal.append(portion)


def plain_loop_s(path: Path) -> float:
    """Return the processor's seconds to read and unpack the rows and nothing else."""
    decode, began_s = msgspec.json.Decoder().decode, time.process_time()
    with contextlib.closing(sqlite3.connect(path)) as database:
        for header, body in database.execute("SELECT header, body FROM records ORDER BY arrival"):
            decode(header), decode(body)
    return time.process_time() - began_s


@contextlib.contextmanager
def started(folder: Path, journal: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start central, and yield it with the address of its public door once it serves."""
    (folder / "root.key").write_text("72" * 32 + "\n")
    (folder / "root.key").chmod(0o600)
    config = folder / "central.toml"
    config.write_text(TOML.format(folder=folder, journal=journal))
    command = [sys.executable, "-m", "pitboard", "central", "--config", str(config)]
    program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield program, _address(program)
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(60)


def _address(program: subprocess.Popen[str]) -> str:
    assert program.stderr is not None
    for line in program.stderr:
        if found := SERVES.search(line):
            return found[1]
        print(line, end="", file=sys.stderr)
    raise SystemExit("central did not start; see its words above")


def start_once(folder: Path, journal: Path) -> dict[str, float]:
    began_s = time.perf_counter()
    with started(folder, journal) as (program, address):
        serves_s = time.perf_counter() - began_s
        with urllib.request.urlopen(f"{address}/api/v1/board", timeout=60) as answer:
            assert json.load(answer)["entries"]
        first_board_s = time.perf_counter() - began_s
        fields = Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()
        rollup = Path(f"/proc/{program.pid}/smaps_rollup").read_text()
        status = Path(f"/proc/{program.pid}/status").read_text()
    return {
        "serves_s": round(serves_s, 2),
        "first_board_s": round(first_board_s, 2),
        "cpu_s": (int(fields[11]) + int(fields[12])) / TICKS_PER_S,
        "memory_mib": round(_kib("Pss", rollup) / 1_024),
        "memory_peak_mib": round(_kib("VmHWM", status) / 1_024),
    }


def _kib(name: str, text: str) -> int:
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name}:")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--journal", type=Path, help="keep the journal here, or take the one that is here")
    parser.add_argument("--starts", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        journal = folder / "day.db" if given.journal is None else given.journal.resolve()
        if not journal.exists():
            asyncio.run(write_journal(journal, given.records))
        figures = {
            "records": given.records,
            "journal_mib": journal.stat().st_size >> 20,
            "load": round(os.getloadavg()[0], 1),
            "plain_loop_cpu_s": round(plain_loop_s(journal), 2),
            "starts": [start_once(folder, journal) for _ in range(given.starts)],
        }
        report("central_start", figures)


if __name__ == "__main__":
    main()
