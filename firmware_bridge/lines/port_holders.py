"""Who else has a serial port open: a console, ModemManager, a monitor that somebody forgot.

Two readers of one port each get a part of the bytes, and neither is told. A lock keeps out only those who ask
for it, and the kernel's exclusive mode only those who come later and are not root: so we look."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

PROC = Path("/proc")
CONSOLES = Path("/sys/fs/cgroup/system.slice/system-serial\\x2dgetty.slice")
"""Where systemd lists the processes of each login console on a serial port; everybody may read it."""
STAT_MAX_BYTES = 1_024
NEW_LOOKS_COUNT = 3
"""A program may open the port a little after it began."""
ALL_EVERY_COUNT = 6
_TTY_FIELD = 4  # of /proc/PID/stat, counted behind the name


def other_holders(port: Path, *, proc: Path = PROC, consoles: Path = CONSOLES) -> list[str]:
    """Return who else has the port open, as `name (pid)`; nobody where the port is gone.

    The open files of another user's program cannot be seen, but its controlling terminal can, which is what a
    console on the port has. Where a sandbox hides it, systemd lists the console.
    """
    return _named(port, _holding(port, _programs(proc), proc), proc, consoles)


class HolderWatch:
    """Looks again and again, at little cost: at programs that began since, at those that had the port open,
    and now and then at all. One that runs for long may open a port too, but that is rare.
    """

    def __init__(self, port: Path, *, proc: Path = PROC, consoles: Path = CONSOLES) -> None:
        self._port = port
        self._proc = proc
        self._consoles = consoles
        self._looks: dict[int, int] = {}
        self._holding: list[int] = []
        self._count = 0

    def look(self) -> list[str]:
        """Return who else has the port open, as `other_holders` does."""
        before = NEW_LOOKS_COUNT if self._count == 0 else 0  # what ran before we came is not new
        self._looks = {pid: self._looks.get(pid, before) + 1 for pid in _programs(self._proc)}
        to_see = [
            pid
            for pid, looks in self._looks.items()
            if looks <= NEW_LOOKS_COUNT or self._count % ALL_EVERY_COUNT == 0 or pid in self._holding
        ]
        self._count += 1
        self._holding = _holding(self._port, to_see, self._proc)
        return _named(self._port, self._holding, self._proc, self._consoles)


def _named(port: Path, pids: Sequence[int], proc: Path, consoles: Path) -> list[str]:
    """Return those programs by name, and a console that only systemd's list shows."""
    named = [f"{_name(proc, pid)} ({pid})" for pid in pids]
    unit = f"serial-getty@{os.path.basename(os.path.realpath(port))}.service"
    try:
        listed = (consoles / unit / "cgroup.procs").read_text().split()
    except OSError:
        return named
    if listed and not {int(pid) for pid in listed} & set(pids):
        named.append(f"{unit} ({listed[0]})")
    return named


def _programs(proc: Path) -> list[int]:
    own = os.getpid()
    return sorted(pid for entry in os.listdir(proc) if entry.isdigit() and (pid := int(entry)) != own)


def _holding(port: Path, pids: Sequence[int], proc: Path) -> list[int]:
    try:
        node, device = os.path.realpath(port), os.stat(port).st_rdev
    except OSError:
        return []
    return [pid for pid in pids if _holds(proc, pid, node, device)]


def _holds(proc: Path, pid: int, node: str, device: int) -> bool:
    folder = f"{proc}/{pid}/fd"
    try:
        fds = os.listdir(folder)
    except OSError:
        fds = []  # another user's
    is_open = any(_is_node(f"{folder}/{fd}", node) for fd in fds) or _has_for_console(proc, pid, device)
    # Whoever has the other end of a pseudo-terminal is the device itself.
    return is_open and not any(_is_other_end(proc, pid, fd, device) for fd in fds)


def _is_node(path: str, node: str) -> bool:
    # Its name alone: a status of each open file of each program would cost twice as much.
    try:
        return os.readlink(path) == node
    except OSError:
        return False


def _is_other_end(proc: Path, pid: int, fd: str, device: int) -> bool:
    try:
        info = Path(f"{proc}/{pid}/fdinfo/{fd}").read_text()
    except OSError:
        return False
    return f"tty-index:\t{os.minor(device)}\n" in info


def _has_for_console(proc: Path, pid: int, device: int) -> bool:
    try:
        fd = os.open(f"{proc}/{pid}/stat", os.O_RDONLY)
        try:
            said = os.read(fd, STAT_MAX_BYTES)
        finally:
            os.close(fd)
        number = int(said.rpartition(b")")[2].split()[_TTY_FIELD])
    except (OSError, ValueError, IndexError):
        return False
    return os.makedev(number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00) == device


def _name(proc: Path, pid: int) -> str:
    try:
        return Path(f"{proc}/{pid}/comm").read_text().strip()
    except OSError:
        return "a program"
