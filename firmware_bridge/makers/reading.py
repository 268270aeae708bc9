"""What all passing makers have in common: what bytes came to, and what is counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from firmware_bridge.decoders.beamline import Heartbeat, Hello, Trip
from firmware_bridge.decoders.beamline_encoder import Acknowledgement
from firmware_bridge.makers.gate import Gate
from pitboard.unit_api.passing import Passing


@dataclass(slots=True, kw_only=True)
class LineCounters:
    """Since the bridge started. `gaps` counts passings, or lines where those are numbered, lost for good."""

    lines_good: int = 0
    lines_damaged: int = 0
    repeats: int = 0
    held_off: int = 0
    overruns: int = 0
    gaps: int = 0


@dataclass(slots=True, kw_only=True)
class Reading:
    """What some bytes came to.

    `answer` is for the device once all that was received is on the disk, `request` for now. `signs` are
    values to show, such as the strength of the last passing. The rest is what only our own line tells.
    """

    passings: list[Passing] = field(default_factory=list)
    has_lines: bool = False
    answer: bytes = b""
    request: bytes = b""
    signs: dict[str, int | str] = field(default_factory=dict)
    trips: list[Trip] = field(default_factory=list)
    heartbeats: list[Heartbeat] = field(default_factory=list)
    hello: Hello | None = None
    acknowledgement: Acknowledgement | None = None
    has_new_clock: bool = False


class PassingSource(Protocol):
    """Turns the bytes of one sensor into passings. Pure: fed the raw log it makes the same as on the day."""

    counters: LineCounters
    gate: Gate

    @property
    def may_be_quiet(self) -> bool:
        """Whether the device is busy with what must not be disturbed, so that its silence means nothing."""
        ...

    def open_port(self) -> None:
        """Begin a new stream of bytes; what is known of the device stays."""
        ...

    def greetings(self) -> tuple[bytes, ...]:
        """Return what to say when the port was opened or the device started, piece after piece."""
        ...

    def requests_due(self, now_mono_ns: int) -> bytes:
        """Return what to ask the device now, or nothing."""
        ...

    def feed(self, data: bytes, *, received_mono_ns: int, boot_id: str) -> Reading:
        """Return what these bytes complete. Raises nothing, whatever the bytes are."""
        ...
