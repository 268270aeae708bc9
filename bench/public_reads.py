"""How fast the public board is read through the shipped nginx configuration, against a fixed file.

Both are served by one nginx in one run, to the same lean client over kept connections; the fixed file has the
size of what the board's answer has. `python -m bench.public_reads`."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import socket
import statistics
import tempfile
import time
from pathlib import Path

from bench.measure import report
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import UnitEnrolled
from pitboard.journal.records.record import Record
from sync.central.public.board_feed import BoardFeed
from sync.central.public.board_files import BOARD, BoardFiles
from sync.central.public.race_reader import RaceReader
from tests.nginx_server import running_nginx, shipped
from tests.race_story import ROOT, UNIT_A, Teller
from tests.sync.central.central_stage import TrackStory

ENTRIES_COUNT = 200
PIPELINED_COUNT = 64
ROUND_S = 0.1
ROUNDS = 41
_REFERENCE = """
server {{
    listen unix:{socket};
    access_log off;
    keepalive_requests 100000;
    sendfile off;
    location / {{ root {folder}; default_type application/json; }}
}}
"""


def a_race() -> Fold:
    """Return a board of many entries."""
    fold = Fold(ROOT.key)
    central = Teller(ROOT, "Central")
    central.say(UnitEnrolled(key=UNIT_A.key, name="Track A"))
    story = TrackStory()
    for number in range(ENTRIES_COUNT):
        story.drives(f"c{number}", f"Competitor {number}", 10.0 + number / 100)
    records: list[Record] = [*central.records, *story.news()]
    for record in records:
        fold.add(record)
    return fold


class Client:
    """One kept connection that asks the same thing again and again, many at a time."""

    def __init__(self, path: Path, request: str) -> None:
        self._path = path
        self._socket = self._connected()
        self._request = request.encode()
        self.answer = self._ask_once()

    def close(self) -> None:
        self._socket.close()

    def _connected(self) -> socket.socket:
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(str(self._path))
        return connected

    def _ask_once(self) -> bytes:
        self._socket.sendall(self._request)
        time.sleep(0.2)  # one answer, whole
        return self._socket.recv(1_000_000)

    def rates(self, worker: int) -> tuple[float, float]:
        """Return the answers a second over one round, and those a second of nginx's processor time.

        On a new connection: nginx ends them now and then.
        """
        self._socket.close()
        self._socket = self._connected()
        asked = self._request * PIPELINED_COUNT
        wanted = len(self.answer) * PIPELINED_COUNT
        count = 0
        busy_ns = processor_ns(worker)
        start = time.perf_counter()
        while (elapsed_s := time.perf_counter() - start) < ROUND_S:
            self._socket.sendall(asked)
            got = 0
            while got < wanted:
                part = self._socket.recv(1 << 20)
                assert part, "nginx closed the connection"
                got += len(part)
            assert got == wanted
            count += PIPELINED_COUNT
        return count / elapsed_s, count / (processor_ns(worker) - busy_ns) * 1e9


def worker_of(master: int) -> int:
    return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])


def processor_ns(process: int) -> int:
    """Return how long the process has run on a processor, in nanoseconds."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0])


def ask(path: str, **headers: str) -> str:
    lines = [f"GET {path} HTTP/1.1", "Host: venue", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join([*lines, "", ""])


def etag_of(answer: bytes) -> str:
    return next(
        line.partition(b": ")[2].decode() for line in answer.split(b"\r\n") if line.startswith(b"ETag: ")
    )


def compare(board: Client, fixed: Client, worker: int) -> dict[str, object]:
    """Measure both in turn, so that whatever else the machine does meets both."""
    pairs = [(board.rates(worker), fixed.rates(worker)) for _ in range(ROUNDS)]
    (ours, ours_busy), (theirs, theirs_busy) = (
        [statistics.median(pair[which][at] for pair in pairs) for at in (0, 1)] for which in (0, 1)
    )
    return {
        "board_per_s": round(ours),
        "fixed_file_per_s": round(theirs),
        "ratio": round(ours / theirs, 3),
        "ratio_by_processor_time": round(ours_busy / theirs_busy, 3),
        "board_answer_bytes": len(board.answer),
        "fixed_file_answer_bytes": len(fixed.answer),
    }


def measure(folder: Path) -> dict[str, object]:
    fold = a_race()
    files = BoardFiles(folder / "files", RaceReader(fold), BoardFeed(fold))
    files.open()
    asyncio.run(files.write())
    twin = (folder / "files" / f"{BOARD}.br").read_bytes()
    (folder / "fixed").write_bytes(twin)
    ours, theirs = folder / "board.sock", folder / "fixed.sock"
    servers = shipped(listen=f"unix:{ours}", files=folder / "files", public_port=9)
    servers += _REFERENCE.format(socket=theirs, folder=folder)
    with running_nginx(folder, servers, socket=ours) as master:
        worker = worker_of(master)
        board = Client(ours, ask("/api/v1/board?count=100", **{"Accept-Encoding": "gzip, br"}))
        fixed = Client(theirs, ask("/fixed", **{"Accept-Encoding": "gzip, br"}))
        assert board.answer.endswith(twin)
        assert fixed.answer.endswith(twin)
        whole = compare(board, fixed, worker)
        same = {"Accept-Encoding": "gzip, br"}
        board_304 = Client(
            ours, ask("/api/v1/board?count=100", **same, **{"If-None-Match": etag_of(board.answer)})
        )
        fixed_304 = Client(theirs, ask("/fixed", **same, **{"If-None-Match": etag_of(fixed.answer)}))
        assert board_304.answer.startswith(b"HTTP/1.1 304")
        assert fixed_304.answer.startswith(b"HTTP/1.1 304")
        unchanged = compare(board_304, fixed_304, worker)
        for client in (board, fixed, board_304, fixed_304):
            client.close()
    return {"200": whole, "304": unchanged, "entries": ENTRIES_COUNT, "body_bytes": len(twin)}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pitboard-reads-", dir="/dev/shm"))
    try:
        report("public_reads", measure(folder))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
