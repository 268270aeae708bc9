"""What the kernel tells of this machine, read from /proc and /sys; what cannot be read is None.

Sources: the kernel's documentation of thermal zones, hwmon, the mmc block device and statvfs(3)."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import ifaddr

_LOOPBACK = ("127.", "::1")
_LINK_LOCAL = ("169.254.", "fe80")
_TIME_CLIENTS = ("run/systemd/timesync", "run/chrony", "run/ntpsec")
"""Folders that are there while the program that asks time servers runs."""
_IN_MEMORY = ("tmpfs", "ramfs")
_OVERLAY_IN_MEMORY = ("overlayroot=tmpfs", "boot=overlay")
"""Words in the kernel's command line by which Raspberry Pi OS, new and old, lays an overlay over its root."""
_MOUNTS_MAX_BYTES = 1_024 * 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """One look at the machine. `wear_percent` is of an eMMC or SD card that tells it."""

    temperature_mc: int | None = None  # thousandths of a degree Celsius
    has_under_voltage: bool | None = None
    disk_free_bytes: int | None = None
    disk_total_bytes: int | None = None
    is_read_only: bool | None = None
    wear_percent: int | None = None
    memory_available_kib: int | None = None
    memory_total_kib: int | None = None
    filesystem: str | None = None  # that the records lie on, by the kernel's name for its kind
    mount_options: tuple[str, ...] = ()
    is_in_memory: bool = False  # the records are gone with the power
    is_clock_synchronised: bool = False
    has_time_client: bool = False  # somebody looks for a time server, and would set the clock
    has_rtc: bool = False
    utc_ms: int = 0
    addresses: tuple[str, ...] = ()


def read_machine_facts(data_folder: Path, *, utc_ms: int, root: Path = Path("/")) -> MachineFacts:
    """Look at the machine now; `data_folder` is where its records lie, `root` is another for tests."""
    free, total, is_read_only = _disk(data_folder)
    memory = _memory(root / "proc" / "meminfo")
    mounts = _mounts(root / "proc" / "self" / "mounts")
    mount = _mount_of(data_folder, mounts)
    return MachineFacts(
        temperature_mc=_number(root / "sys/class/thermal/thermal_zone0/temp"),
        has_under_voltage=_under_voltage(root / "sys/class/hwmon"),
        disk_free_bytes=free,
        disk_total_bytes=total,
        is_read_only=is_read_only,
        wear_percent=_wear(root / "sys/block"),
        memory_available_kib=memory.get("MemAvailable"),
        memory_total_kib=memory.get("MemTotal"),
        filesystem=None if mount is None else mount.kind,
        mount_options=() if mount is None else mount.options,
        is_in_memory=_is_in_memory(mount, mounts, _text(root / "proc" / "cmdline") or ""),
        is_clock_synchronised=(root / "run/systemd/timesync/synchronized").exists(),
        has_time_client=any((root / folder).is_dir() for folder in _TIME_CLIENTS),
        has_rtc=(root / "sys/class/rtc/rtc0").exists(),
        utc_ms=utc_ms,
        addresses=_addresses(),
    )


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text is not None and text.lstrip("-").isdecimal() else None


def _disk(folder: Path) -> tuple[int | None, int | None, bool | None]:
    try:
        found = os.statvfs(folder)
    except OSError:
        return None, None, None
    size = found.f_frsize
    return found.f_bavail * size, found.f_blocks * size, bool(found.f_flag & os.ST_RDONLY)


class _Mount(NamedTuple):
    place: str
    kind: str
    options: tuple[str, ...]


def _mounts(path: Path) -> list[_Mount]:
    """Return what is mounted, as proc(5) tells it: four fields a line, odd signs as octal numbers."""
    found = []
    for line in (_text(path) or "")[:_MOUNTS_MAX_BYTES].splitlines():
        fields = line.split()
        if len(fields) >= 4:
            place = re.sub(r"\\([0-7]{3})", lambda digits: chr(int(digits[1], 8)), fields[1])
            found.append(_Mount(place, fields[2], tuple(fields[3].split(","))))
    return found


def _mount_of(folder: Path, mounts: Sequence[_Mount]) -> _Mount | None:
    """Return the mount that the folder lies on: the deepest, and of several there the last."""
    real = folder.resolve()
    over = [mount for mount in mounts if real.is_relative_to(mount.place)]
    return max(enumerate(over), key=lambda one: (len(one[1].place), one[0]))[1] if over else None


def _is_in_memory(mount: _Mount | None, mounts: Sequence[_Mount], kernel_was_told: str) -> bool:
    """Return whether what is written there is in memory: on a tmpfs, or in an overlay's upper layer on one,
    which is how Raspberry Pi OS makes a system read-only; its upper layer may be hidden from us."""
    if mount is None or mount.kind != "overlay":
        return mount is not None and mount.kind in _IN_MEMORY
    if any(word in kernel_was_told.split() for word in _OVERLAY_IN_MEMORY):
        return True
    uppers = [option.partition("=")[2] for option in mount.options if option.startswith("upperdir=")]
    below = [_mount_of(Path(upper), [one for one in mounts if one is not mount]) for upper in uppers]
    return any(one is not None and one.kind in _IN_MEMORY for one in below)


def _under_voltage(hwmon: Path) -> bool | None:
    """Return whether a Raspberry Pi's supply was too low since boot; None on another machine."""
    for chip in sorted(hwmon.glob("hwmon*")):
        if _text(chip / "name") == "rpi_volt":
            alarm = _number(chip / "in0_lcrit_alarm")
            return None if alarm is None else alarm != 0
    return None


def _wear(blocks: Path) -> int | None:
    """Return the card's used life in steps of ten percent, as JEDEC's eMMC 5.0 tells it."""
    for life in sorted(blocks.glob("mmcblk*/device/life_time")):
        text = _text(life)
        if text is None:
            continue
        steps = [int(part, 16) for part in text.split() if part.startswith("0x")]
        if steps and max(steps) > 0:
            return min(100, max(steps) * 10)
    return None


def _memory(path: Path) -> dict[str, int]:
    found = {}
    for line in (_text(path) or "").splitlines():
        name, _, rest = line.partition(":")
        amount = rest.split()
        if amount and amount[0].isdecimal():
            found[name] = int(amount[0])
    return found


def _addresses() -> tuple[str, ...]:
    """Return this machine's addresses that others can reach, link-local ones last."""
    found = []
    for adapter in ifaddr.get_adapters():
        for one in adapter.ips:
            address = one.ip if isinstance(one.ip, str) else one.ip[0]
            if not address.startswith(_LOOPBACK):
                found.append(address)
    return tuple(sorted(set(found), key=lambda address: (address.startswith(_LINK_LOCAL), address)))
