"""Find the GPIO chip of the board by its label: numbers changed from the Pi 4 to the Pi 5, and back again."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from pitboard.errors import BeamLost

# Pi 5; Pi 4 and 400; Pi 3, Zero 2 and older.
PI_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
_GET_CHIP_INFO = 0x8044_B401  # GPIO_GET_CHIPINFO_IOCTL: name and label of 32 bytes, count of lines
_INFO_BYTES = 68


def read_label(chip: Path) -> str:
    """Return the label of a /dev/gpiochipN. Raises OSError."""
    fd = os.open(chip, os.O_RDONLY | os.O_CLOEXEC)
    try:
        info = bytearray(_INFO_BYTES)
        fcntl.ioctl(fd, _GET_CHIP_INFO, info)
    finally:
        os.close(fd)
    return info[32:64].split(b"\0")[0].decode("latin-1")


def find_chip(
    label: str = "", *, devices: Path = Path("/dev"), label_of: Callable[[Path], str] = read_label
) -> Path:
    """Return the chip with this label, by default a Raspberry Pi's. Raises BeamLost saying what is there."""
    wanted = (label,) if label else PI_LABELS
    seen: list[str] = []
    refused: list[str] = []
    for chip in sorted(devices.glob("gpiochip*"), key=lambda path: (len(path.name), path.name)):
        try:
            found = label_of(chip)
        except PermissionError:
            refused.append(str(chip))
            continue
        except OSError:
            continue
        if found in wanted:
            return chip
        seen.append(found)
    if refused:
        raise BeamLost(
            port="GPIO", reason=f"we may not open {', '.join(refused)}; is the user in the group 'gpio'?"
        )
    there = f"only {', '.join(seen)}" if seen else "none at all"
    raise BeamLost(
        port="GPIO", reason=f"no GPIO chip {' or '.join(wanted)} is here, {there}; is this a Raspberry Pi?"
    )
