"""A bench takes with it what it began, however it is ended; a bridge was left running for an hour."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

_BENCH = """
import asyncio
from bench.bridge_stage import run_until_ended, spinning

async def measure():
    async with spinning(1):
        print("spinning", flush=True)
        await asyncio.sleep(60)

run_until_ended(measure())
"""


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_bench_began_ends_with_it(ended_by: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _BENCH], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as bench:
        assert bench.stdout is not None
        assert bench.stdout.readline() == b"spinning\n"
        (child,) = (int(word) for word in _children_of(bench.pid))
        ending = os.pidfd_open(child)
        try:
            bench.send_signal(ended_by)
            assert select.select([ending], [], [], 5.0)[0] == [ending]
        finally:
            os.close(ending)


def _children_of(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()
