"""The bridge as a process of its own, a trackside that answers it, and programs that keep the host busy."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

CONFIG = """
spool_folder = "spool"
[api]
socket = "trackside.sock"
[[sensor]]
name = "beam-1"
port = "beam-1"
[[gate]]
name = "beam-1"
hold_off_ms = 50
"""
STOP_MAX_S = 10
_SPIN = "while True: pass"


@asynccontextmanager
async def running(folder: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `pitboard ARGUMENTS` in the folder until left."""
    with (folder / f"{arguments[0]}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pitboard", *arguments, cwd=folder, stderr=log
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), timeout=STOP_MAX_S)


@asynccontextmanager
async def spinning(count: int) -> AsyncIterator[None]:
    """Keep so many processor cores busy until left."""
    spinners = [await asyncio.create_subprocess_exec(sys.executable, "-c", _SPIN) for _ in range(count)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            await spinner.wait()


def cpu_ms(pid: int) -> float:
    """Return the processor time that the process and its living threads have used."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1_000_000
