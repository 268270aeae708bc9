"""Work in a process of its own, which ends with its answer: what it holds goes with it, and nobody waits
behind it."""

from __future__ import annotations

import asyncio
import contextlib
import sys


async def done_aside(module: str, question: bytes, *, within_s: float) -> tuple[int, bytes]:
    """Run the module with the question on standard input; return its exit status and what it wrote.

    One that takes longer is killed, and its status is not 0. However this ends, the process has ended too.
    """
    answer = b""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                answer, _ = await process.communicate(question)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended, and we have not heard of it yet
                process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, answer
