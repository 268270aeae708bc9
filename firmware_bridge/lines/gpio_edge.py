"""An edge on a pin, and how it stands in the raw log: one line an edge, one line of levels each second.

A line carries all that is needed to make passings of it again, so a log may begin anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

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


def encode_levels(levels: Sequence[bool], *, boot: str, mono_ns: int, setting: GpioSetting) -> bytes:
    interrupted = sum(
        1 << channel for channel, is_high in enumerate(levels, 1) if is_high == (setting.active == "high")
    )
    return f"L,{boot},{interrupted:X},{mono_ns}\n".encode()


def parse_line(line: bytes) -> LoggedEdge | LoggedLevels | None:
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
    if match := _LEVELS.fullmatch(text):
        return LoggedLevels(boot=match[1], levels=int(match[2], 16), mono_ns=int(match[3]))
    return None
