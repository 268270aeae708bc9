"""What a stranger's call costs central: `python -m bench.stranger_calls`.

A real central with a race of 60 competitors; fifty connections of two addresses ask one thing for some
seconds, each as soon as it has its answer, as `make attack` does. Told is central's processor time for each
answer, and what the icon's bytes cost a bare aiohttp server, which is a call without us. Prints JSON."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import os
import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web

from bench.measure import report
from pitboard.clock import SystemClock
from sync.central.central_server import open_central
from tests.sync.central.central_stage import TrackStory, central_config

CONNECTIONS_COUNT = 50
SOURCES = ("127.0.0.2", "127.0.0.3")
COMPETITORS_COUNT = 60
KINDS: dict[str, Callable[[], str]] = {
    "icon": lambda: "/icon.svg",
    "page": lambda: "/",
    "board": lambda: "/api/v1/board",
    "search, each another": lambda: f"/api/v1/search?q={secrets.token_hex(2)}",
    "unknown path": lambda: "/wp-login.php",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each kind")
    parser.add_argument("--only", help="the first letters of a kind")
    given = parser.parse_args()
    told: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="pitboard-strangers-") as folder:
        for program in (_central, _bare):
            with _running(program, Path(folder)) as (port, pid):
                for kind, path in KINDS.items():
                    if kind.startswith(given.only or "") and (program is _central or kind == "icon"):
                        name = kind if program is _central else "the icon's bytes from bare aiohttp"
                        told[name] = asyncio.run(_measured(port, pid, path, given.seconds))
    report("stranger_calls", {"calls": told, "load": os.getloadavg()[0]})


async def _measured(port: int, pid: int, path: Callable[[], str], seconds: float) -> dict[str, object]:
    statuses: dict[int, int] = {}
    crowd = [
        asyncio.create_task(_ask_on(port, source, path, statuses))
        for source in itertools.islice(itertools.cycle(SOURCES), CONNECTIONS_COUNT)
    ]
    await asyncio.sleep(0.5)
    statuses.clear()
    before_ns, began_s = _processor_ns(pid), time.monotonic()
    await asyncio.sleep(seconds)
    spent_ns, took_s = _processor_ns(pid) - before_ns, time.monotonic() - began_s
    count = sum(statuses.values())
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    return {
        "us": round(spent_ns / 1_000 / max(1, count), 1),
        "answers_per_s": round(count / took_s),
        "processor_percent": round(spent_ns / 1e7 / took_s),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
    }


async def _ask_on(port: int, source: str, path: Callable[[], str], statuses: dict[int, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        while True:
            writer.write(f"GET {path()} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            status = int(head[9:12])
            statuses[status] = statuses.get(status, 0) + 1
    finally:
        writer.transport.abort()


def _processor_ns(pid: int) -> int:
    """Return what all threads of the process have had of a processor."""
    return sum(
        int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()
    )


@contextlib.contextmanager
def _running(program: Callable[[Connection, Path], None], folder: Path) -> Iterator[tuple[int, int]]:
    """Run the program in a process of its own; yield the port that it tells, and its id."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=program, args=(theirs, folder))
    process.start()
    try:
        assert process.pid is not None
        yield json.loads(ours.recv()), process.pid
    finally:
        process.terminate()
        process.join()


def _central(said: Connection, folder: Path) -> None:
    asyncio.run(_run_central(said, folder))


async def _run_central(said: Connection, folder: Path) -> None:
    story = TrackStory()
    for number in range(COMPETITORS_COUNT):
        story.drives(f"c{number}", f"Competitor {number}", 10.0 + number / 100)
    async with open_central(central_config(folder), SystemClock()) as central:
        await central.replica.accept(story.news())
        said.send(json.dumps(central.public_port))
        await asyncio.Event().wait()


def _bare(said: Connection, folder: Path) -> None:
    asyncio.run(_run_bare(said))


async def _run_bare(said: Connection) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 500, content_type="image/svg+xml")

    app = web.Application()
    app.router.add_get("/icon.svg", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    said.send(json.dumps(listener.getsockname()[1]))
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
