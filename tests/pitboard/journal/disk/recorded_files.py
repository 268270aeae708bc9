"""What a program really asked of the disk, in order: each write, sync, truncation, new name and name gone.

The program runs under strace, so its code, its SQLite and its threads are the real ones. A line that it
writes to the file `ACKS` marks the instant at which it had the right to tell somebody."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ACKS = "acks"
SYSTEM_CALLS = (
    "openat,write,pwrite64,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,renameat,renameat2,fallocate"
)
RUN_MAX_S = 120.0
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (\d+)(?:<(.*)>)?$")
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_QUOTED = re.compile(r'["<]((?:\\x[0-9a-f]{2})*)[">]')


@dataclass(frozen=True, slots=True)
class Written:
    """`offset` None means at the end."""

    path: str
    offset: int | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    path: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Opened to be written, and made where there was none."""

    path: str


@dataclass(frozen=True, slots=True)
class Unlinked:
    path: str


@dataclass(frozen=True, slots=True)
class Renamed:
    path: str
    to: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    text: str


DiskStep = Written | Truncated | Synced | Opened | Unlinked | Renamed | Acknowledged


def can_trace() -> bool:
    """Return whether strace is installed and may do its work here."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], check=False).returncode == 0


def record(module: str, *arguments: str, folder: Path, trace: Path) -> list[DiskStep]:
    """Run `python -m module arguments` and return what it did to the files in `folder`."""
    command = [
        *("strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "1048576", "-o", str(trace)),
        *("-e", f"trace={SYSTEM_CALLS}", "-e", "signal=none"),
        *(sys.executable, "-m", module, *arguments),
    ]
    subprocess.run(command, check=True, timeout=RUN_MAX_S)
    steps = []
    with trace.open(encoding="ascii") as lines:
        for call, values, result, opened in _finished_calls(lines):
            step = _step(call, values, result, opened)
            if step is not None and step.path.startswith(str(folder)):
                steps.append(_acknowledgement(step) or step)
    return steps


def _finished_calls(lines: Iterable[str]) -> Iterator[tuple[str, str, int, str | None]]:
    """Yield (call, arguments, result, path of a new descriptor), in the order in which calls returned."""
    begun: dict[str, str] = {}
    for raw in lines:
        line = raw.rstrip("\n")
        if line.endswith(_UNFINISHED):
            begun[line.split(" ", 1)[0]] = line.removesuffix(_UNFINISHED)
            continue
        if resumed := _RESUMED.match(line):
            line = begun.pop(resumed[1]) + resumed[2]
        if found := _CALL.match(line):
            yield found[2], found[3], int(found[4]), found[5]


def _step(
    call: str, values: str, result: int, opened: str | None
) -> Written | Truncated | Synced | Opened | Unlinked | Renamed | None:
    texts = [bytes.fromhex(text.replace("\\x", "")) for text in _QUOTED.findall(values)]
    if call == "openat":
        if "O_CREAT" not in values or opened is None:
            return None
        path = bytes.fromhex(opened.replace("\\x", "")).decode()
        return Truncated(path, 0) if "O_TRUNC" in values else Opened(path)
    path = texts[0].decode(errors="replace") if texts else ""
    match call:
        case "write":
            return Written(path, None, texts[1][:result])
        case "pwrite64":
            return Written(path, int(values.rsplit(", ", 1)[1]), texts[1][:result])
        case "fsync" | "fdatasync":
            return Synced(path)
        case "ftruncate":
            return Truncated(path, int(values.rsplit(", ", 1)[1]))
        case "unlink":
            return Unlinked(path)
        case "rename":
            return Renamed(path, texts[1].decode())
    raise AssertionError(f"not expected of a program of ours: {call}({values[:200]})")


def _acknowledgement(step: DiskStep) -> Acknowledged | None:
    if isinstance(step, Written) and step.path.endswith(f"/{ACKS}"):
        return Acknowledged(step.data.decode())
    return None
