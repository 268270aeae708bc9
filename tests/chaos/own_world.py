"""A world of our own for the run: its processes, networks and mounts end with it, whatever ends it.

The program starts itself anew in fresh mount, network and PID namespaces. What it makes there is out of reach
of this machine's networks, and the kernel removes all of it when the run's first process is gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

INSIDE = "PITBOARD_CHAOS_INSIDE"


def is_inside() -> bool:
    """Return whether this process already lives in a world of its own."""
    return os.environ.get(INSIDE) == "yes"


def enter() -> NoReturn:
    """Run this same command in a world of its own, in this process's place."""
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = [
        *("unshare", *as_root, "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"),
        *(sys.executable, "-m", "tests.chaos", *sys.argv[1:]),
    ]
    os.execvpe(command[0], command, {**os.environ, INSIDE: "yes"})


def furnish() -> None:
    """Hide this machine's /run, so that names of network namespaces are ours alone."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "chaos-run", "/run"], check=True)
    Path("/run/netns").mkdir()


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Put an empty disk of this size at `folder`; what lies on it stays there when the disk is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "chaos-disk", folder], check=True)
    kept = folder.with_name(f"{folder.name}-kept")
    try:
        yield
    finally:
        shutil.copytree(folder, kept)
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()
        kept.rename(folder)
