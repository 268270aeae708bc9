"""`python -m tests.attack`: a venue of real programs under every attack at once; docs/attack.md explains it.

Prints a table; exit status 0 means that everybody of the event was served, 1 that somebody was not, 2 that
the run could not be made."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.attack.siege import Siege, Verdict

INSIDE = "PITBOARD_ATTACK_INSIDE"
NEEDED = ("unshare", "ip", "mount")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they attack; at least 10")
    arguments = parser.parse_args()
    if arguments.seconds < 10:
        parser.error("--seconds: fewer than 10 show nothing")
    for tool in NEEDED:
        if shutil.which(tool) is None:
            parser.error(f"the command '{tool}' is missing; try: make system-packages")
    if os.environ.get(INSIDE) != "yes":
        enter_own_network()
    for command in (
        ("ip", "link", "set", "lo", "up", "multicast", "on"),
        ("ip", "route", "add", "224.0.0.0/4", "dev", "lo"),
    ):
        subprocess.run(command, check=True)
    with tempfile.TemporaryDirectory(prefix="pitboard-attack-", ignore_cleanup_errors=True) as folder:
        try:
            with in_memory(Path(folder) / "tries") as tries:
                verdicts = asyncio.run(Siege(Path(folder), tries).run(arguments.seconds))
        except (OSError, TimeoutError, subprocess.CalledProcessError) as error:
            print(f"the run could not be made: {error!r}", file=sys.stderr)  # noqa: T201
            sys.exit(2)
    print(table(verdicts))  # noqa: T201 - the table is this program's answer
    sys.exit(0 if all(verdict.is_kept for verdict in verdicts) else 1)


def enter_own_network() -> None:
    """Run this same command in network and process namespaces of its own, in this process's place."""
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = [
        *("unshare", *as_root, "--net", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc"),
        *(sys.executable, "-m", "tests.attack", *sys.argv[1:]),
    ]
    os.execvpe(command[0], command, {**os.environ, INSIDE: "yes"})


@contextlib.contextmanager
def in_memory(folder: Path) -> Iterator[Path]:
    """Yield a folder that no disk holds: strangers write there, and their disk is not the venue's.

    Forty files a second, each cut short and written anew, hold up every fsync on the same disk.
    """
    folder.mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "tries", str(folder)), check=True)
    try:
        yield folder
    finally:
        subprocess.run(("umount", "--lazy", str(folder)), check=True)


def table(verdicts: list[Verdict]) -> str:
    rows = [("what", "measured", "allowed", "")]
    rows += [(one.what, one.measured, one.allowed, "" if one.is_kept else "NOT KEPT") for one in verdicts]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    main()
