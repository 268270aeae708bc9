"""What all passing makers have in common: what bytes came to, and what is counted."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from firmware_bridge.decoders.beamline import Acknowledgement, BeamPassing, Heartbeat, Hello
from firmware_bridge.makers.device_clock import ClockStep
from pitboard.race.bodies.passing_bodies import START
from pitboard.unit_api.program_calls import Passing

# What comes later than this many passings after its neighbours is let through.
REMEMBERED_MAX_COUNT = 512
TRANSPONDERS_MAX_COUNT = 1_024


class HoldOff:
    """Lets one passing through per `hold_off_ms`; what it holds back stays in the raw log.

    At a gate with lanes each channel is one, whose cars cross as near to each other's as they like."""

    def __init__(self, *, hold_off_ms: int, has_lanes: bool = False) -> None:
        self.span_ns = hold_off_ms * 1_000_000
        self.has_lanes = has_lanes
        self._boot_id = ""
        self._passed_mono_ns: dict[int | str | None, list[int]] = {}

    def lets_through(
        self,
        mono_ns: int,
        *,
        boot_id: str,
        transponder: int | str | None = None,
        channel: int | None = None,
    ) -> bool:
        """Return whether this is a passing of its own, and remember it if so."""
        if self.has_lanes and channel is not None:
            transponder = channel
        if boot_id != self._boot_id:
            self._boot_id, self._passed_mono_ns = boot_id, {}
        passed = self._passed_of(transponder)
        at = bisect_left(passed, mono_ns)
        neighbours = passed[max(0, at - 1) : at + 1]
        if any(abs(mono_ns - neighbour) < self.span_ns for neighbour in neighbours):
            return False
        insort(passed, mono_ns)
        if len(passed) > REMEMBERED_MAX_COUNT:
            del passed[0]
        return True

    def _passed_of(self, transponder: int | str | None) -> list[int]:
        if transponder not in self._passed_mono_ns and len(self._passed_mono_ns) >= TRANSPONDERS_MAX_COUNT:
            del self._passed_mono_ns[next(iter(self._passed_mono_ns))]
        return self._passed_mono_ns.setdefault(transponder, [])


def lane_at(gate: str, passing: Passing, *, has_lanes: bool) -> int | None:
    """Return the passing's lane: 0 at a start gate without lanes, whose one switch lets all of them go."""
    return 0 if gate == START and passing.lane is None and not has_lanes else passing.lane


@dataclass(slots=True, kw_only=True)
class LineCounters:
    """Since the bridge started. `gaps` counts passings, or lines where those are numbered, lost for good.

    `uncounted` are interruptions of a beam that flickered: a car may be among them.
    """

    lines_good: int = 0
    lines_damaged: int = 0
    repeats: int = 0
    held_off: int = 0
    overruns: int = 0
    gaps: int = 0
    uncounted: int = 0


@dataclass(slots=True, kw_only=True)
class Reading:
    """What some bytes came to.

    `answer` is for the device once all that was received is on the disk, `request` for now. `signs` are
    values to show, such as the strength of the last passing; `cousin` is the protocol that these lines are of
    where it is another than the one configured, `complaint` what the device says is wrong with it and
    `stuck_input` which of its inputs it names as held, "" where that is over. `is_stale`: nothing came
    but a line again that should have moved on; `hears_noise`: whether the loop hears anything, as every loop
    does. The rest is what only our own line tells.
    """

    passings: list[Passing] = field(default_factory=list)
    has_lines: bool = False
    answer: bytes = b""
    request: bytes = b""
    signs: dict[str, int | str] = field(default_factory=dict)
    cousin: str = ""
    complaint: str | None = None
    stuck_input: str | None = None
    is_stale: bool = False
    hears_noise: bool | None = None
    beam_passings: list[BeamPassing] = field(default_factory=list)
    heartbeats: list[Heartbeat] = field(default_factory=list)
    hello: Hello | None = None
    acknowledgement: Acknowledgement | None = None
    has_new_clock: bool = False
    clock_steps: list[ClockStep] = field(default_factory=list)


def with_sleep(passings: list[Passing], slept_ns: int) -> list[Passing]:
    """Return the passings with how long the host had slept until then."""
    if not slept_ns:
        return passings
    return [msgspec.structs.replace(passing, slept_ns=slept_ns) for passing in passings]


class PassingSource(Protocol):
    """Turns the bytes of one sensor into passings. Pure: fed the raw log it makes the same as on the day."""

    counters: LineCounters
    hold_off: HoldOff

    @property
    def flickering(self) -> tuple[int, ...]:
        """The channels whose beam flickers, so that no passing is made there."""
        ...

    @property
    def may_be_quiet(self) -> bool:
        """Whether the device is busy with what must not be disturbed, so that its silence means nothing."""
        ...

    def open_port(self) -> None:
        """Begin a new stream of bytes; what is known of the device stays."""
        ...

    def host_slept(self, slept_ns: int) -> None:
        """Take note of how long the host has slept since it booted, before the bytes that came after."""
        ...

    def named_starts(self) -> str:
        """Return how the device's starts are named now, for a file of the raw log that begins here.

        Nothing where each line tells of itself which start it is of.
        """
        ...

    def go_on(self, named_starts: str) -> None:
        """Take the starts as they were named in an earlier file."""
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
