"""The bridge as a process of its own, a trackside that answers it, and programs that keep the host busy.

All of them end with the bench, however it ends."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

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
PR_SET_PDEATHSIG = 1  # prctl(2)
_SPIN = "while True: pass"
_LIBC = ctypes.CDLL(None)
Result = TypeVar("Result")


def run_until_ended(measuring: Coroutine[Any, Any, Result]) -> Result:
    """Run the measurement; SIGTERM, as by `timeout`, ends it with all that it began."""

    async def run() -> Result:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await measuring

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        raise SystemExit("ended by SIGTERM: there is no figure") from None


def ends_with_us() -> None:
    """Let this child be told to end when the bench ends, even where that was killed."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@asynccontextmanager
async def running(folder: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `pitboard ARGUMENTS` in the folder until left."""
    with (folder / f"{arguments[0]}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pitboard", *arguments, cwd=folder, stderr=log, preexec_fn=ends_with_us
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), timeout=STOP_MAX_S)
        except TimeoutError:
            process.kill()
            raise


@asynccontextmanager
async def spinning(count: int) -> AsyncIterator[None]:
    """Keep so many processor cores busy until left."""
    spinners = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _SPIN, preexec_fn=ends_with_us)
        for _ in range(count)
    ]
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
