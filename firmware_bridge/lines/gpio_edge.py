"""An edge on a pin, and how it stands in the raw log: one line an edge, one line of levels each second.

A line carries all that is needed to make passings of it again, so a log may begin anywhere. While a beam
flickers its edges are summed up, one line a second: they are evidence of the flicker and of nothing else."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pitboard.errors import BeamLost, PortCode, PortTrouble

# Kernel stamps are taken in the interrupt. How long a busy Pi masks interrupts was not measured by us.
KERNEL_UNCERTAINTY_NS = 50_000

Active = Literal["high", "low"]
Pull = Literal["up", "down", "none"]
WantedEdge = Literal["both", "rising", "falling"]
Backend = Literal["gpiod", "gpiozero"]

_BOOT = r"([0-9a-f]{8})"
_NUMBER = r"(\d{1,19})"
_EDGE = re.compile(
    f"E,{_BOOT},{_NUMBER},{_NUMBER},([01]),{_NUMBER},{_NUMBER},{_NUMBER},(high|low),(both|one),{_NUMBER}"
)
_FLICKER = re.compile(
    f"F,{_BOOT},{_NUMBER},{_NUMBER},([01]),{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER},(goes-on|over)"
)
_LEVELS = re.compile(f"L,{_BOOT},([0-9A-F]{{1,8}}),{_NUMBER}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioSetting:
    """`pins` are GPIO numbers, channel 1 first; `active` is the level while the beam is interrupted.

    With `edge` "both" a passage begins with an interruption; with "rising" or "falling" the kernel reports
    that edge only, and any edge after `clear_ms` without one begins a passage.
    """

    pins: tuple[int, ...]
    active: Active = "high"
    pull: Pull = "up"
    edge: WantedEdge = "both"
    clear_ms: int = 20
    backend: Backend = "gpiod"
    chip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A change of one pin. `kernel_seq` counts the pin's edges in the kernel, 0 where nobody tells."""

    channel: int
    is_high: bool
    mono_ns: int
    kernel_seq: int = 0
    uncertainty_ns: int = KERNEL_UNCERTAINTY_NS


class EdgeSource(Protocol):
    """Open pins. Edges go to the callback given on opening, in the thread of the event loop."""

    def levels(self) -> Sequence[bool]:
        """Return each channel's pin, true for high. Raises OSError once the pins are gone."""
        ...


EdgeOpener = Callable[[GpioSetting, Callable[[Edge], None]], AbstractContextManager[EdgeSource]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEdge:
    """An edge as read back: the start it belongs to, its number there, and the setting it is judged by."""

    boot: str
    number: int
    edge: Edge
    is_interruption: bool
    is_both: bool
    clear_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedFlicker:
    """`edges_count` edges that are in no line of their own, the last of them `edge`, with its `number`."""

    boot: str
    number: int
    edge: Edge
    edges_count: int
    interruptions_count: int
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedLevels:
    """Bit n set: the beam of channel n was interrupted."""

    boot: str
    levels: int
    mono_ns: int


def encode_edge(edge: Edge, *, boot: str, number: int, setting: GpioSetting) -> bytes:
    judged_by = f"{setting.active},{'both' if setting.edge == 'both' else 'one'},{setting.clear_ms}"
    return (
        f"E,{boot},{number},{edge.channel},{edge.is_high:d},{edge.mono_ns},{edge.kernel_seq},"
        f"{edge.uncertainty_ns},{judged_by}\n"
    ).encode()


def encode_flicker(
    edge: Edge, *, boot: str, number: int, edges_count: int, interruptions_count: int, is_over: bool
) -> bytes:
    return (
        f"F,{boot},{number},{edge.channel},{edge.is_high:d},{edge.mono_ns},{edge.kernel_seq},"
        f"{edges_count},{interruptions_count},{'over' if is_over else 'goes-on'}\n"
    ).encode()


def is_interruption(edge: Edge, setting: GpioSetting) -> bool:
    """Return whether the edge interrupts the beam; where one kind only is told, each may."""
    return setting.edge != "both" or edge.is_high == (setting.active == "high")


def encode_levels(levels: Sequence[bool], *, boot: str, mono_ns: int, setting: GpioSetting) -> bytes:
    interrupted = sum(
        1 << channel for channel, is_high in enumerate(levels, 1) if is_high == (setting.active == "high")
    )
    return f"L,{boot},{interrupted:X},{mono_ns}\n".encode()


def parse_line(line: bytes) -> LoggedEdge | LoggedFlicker | LoggedLevels | None:
    """Return what the line says, None where it says nothing we know."""
    text = line.decode("latin-1")
    if match := _EDGE.fullmatch(text):
        number, channel, level, mono_ns, kernel_seq, uncertainty_ns = map(int, match.groups()[1:7])
        active, kind, clear_ms = match.groups()[7:]
        is_high = level == 1
        return LoggedEdge(
            boot=match[1],
            number=number,
            edge=Edge(
                channel=channel,
                is_high=is_high,
                mono_ns=mono_ns,
                kernel_seq=kernel_seq,
                uncertainty_ns=uncertainty_ns,
            ),
            is_interruption=kind == "one" or is_high == (active == "high"),
            is_both=kind == "both",
            clear_ns=int(clear_ms) * 1_000_000,
        )
    if match := _FLICKER.fullmatch(text):
        number, channel, level, mono_ns, kernel_seq, edges_count, interruptions_count = map(
            int, match.groups()[1:8]
        )
        return LoggedFlicker(
            boot=match[1],
            number=number,
            edge=Edge(channel=channel, is_high=level == 1, mono_ns=mono_ns, kernel_seq=kernel_seq),
            edges_count=edges_count,
            interruptions_count=interruptions_count,
            is_over=match[9] == "over",
        )
    if match := _LEVELS.fullmatch(text):
        return LoggedLevels(boot=match[1], levels=int(match[2], 16), mono_ns=int(match[3]))
    return None


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
        trouble = PortTrouble(PortCode.CHIP_NOT_PERMITTED, {"chips": ", ".join(refused)})
    elif seen:
        trouble = PortTrouble(PortCode.OTHER_CHIP, {"wanted": ", ".join(wanted), "seen": ", ".join(seen)})
    else:
        trouble = PortTrouble(PortCode.NO_CHIP, {"wanted": ", ".join(wanted)})
    raise BeamLost(port="GPIO", trouble=trouble)
