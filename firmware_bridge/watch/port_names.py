"""By which names a serial port may be called, and whether such a name is its own.

A name under by-id is made of maker, model and serial number: two adapters without serial numbers have the
same one, and which of them gets it may change at each boot. One under by-path says where it is plugged in."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DEV = Path("/dev")
SYS_TTY = Path("/sys/class/tty")
_NAMES = ("ttyACM*", "ttyUSB*", "ttyAMA*", "ttyS*")
_LINKS = ("serial0", "serial1")
_ROOT_MAX_STEPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PortNames:
    """`is_unique`: no other adapter here may take its by-id name."""

    port: Path
    by_path: str = ""
    is_unique: bool = True
    has_serial_number: bool = True


def serial_ports(
    given: Iterable[Path] = (), *, dev: Path | None = None, sys_tty: Path = SYS_TTY
) -> list[PortNames]:
    """Return the given ports and all of this machine, each device once, by its most lasting name.

    By-id where that is its own, else by-path; a port of the board by its plain name.
    """
    dev = dev or DEV
    ids = _usb_ids(dev, sys_tty)
    counted = Counter(ids.values())
    by_path = _links(dev / "serial" / "by-path")
    by_id = _links(dev / "serial" / "by-id")
    plain = [path for name in _NAMES for path in sorted(dev.glob(name)) if _is_there(path, sys_tty)]
    plain += [dev / name for name in _LINKS if (dev / name).exists()]
    named: dict[str, PortNames] = {}
    for path in [*given, *by_id.values(), *plain]:
        device = os.path.realpath(path)
        usb_id = ids.get(device)
        if usb_id is not None and counted[usb_id] > 1 and path in by_id.values():
            path = by_path.get(device, path)
        names = PortNames(
            port=path,
            by_path=str(by_path.get(device, "")),
            is_unique=usb_id is None or counted[usb_id] == 1,
            has_serial_number=usb_id is None or usb_id[2] != "",
        )
        named.setdefault(device, names)
    return list(named.values())


def _links(folder: Path) -> dict[str, Path]:
    """Return the links of a folder by the device that they name."""
    return {os.path.realpath(path): path for path in sorted(folder.glob("*"), reverse=True)}


def _is_there(path: Path, sys_tty: Path) -> bool:
    """Return whether hardware is behind the name: a PC has thirty-two ttyS and perhaps one port."""
    if not path.name.startswith("ttyS"):
        return True
    try:
        return (sys_tty / path.name / "type").read_text().strip() != "0"
    except OSError:
        return False


def _usb_ids(dev: Path, sys_tty: Path) -> dict[str, tuple[str, str, str, str]]:
    """Return maker, model, serial number and interface of each USB port, by its device."""
    ids = {}
    for tty in sys_tty.glob("tty*"):
        try:
            folder = Path(os.path.realpath(tty / "device", strict=True))
        except OSError:
            continue
        interface = ""
        for _ in range(_ROOT_MAX_STEPS):
            interface = interface or _read(folder / "bInterfaceNumber")
            if maker := _read(folder / "idVendor"):
                model, serial_number = _read(folder / "idProduct"), _read(folder / "serial")
                ids[os.path.realpath(dev / tty.name)] = (maker, model, serial_number, interface)
                break
            folder = folder.parent
    return ids


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
