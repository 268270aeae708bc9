"""Lane timers: watched and kept, but no passings; without heats a lane's time is no lap of a run.

Their silence would say nothing, so the start gate is asked each second. The Champ prints its result only
after `rg`, and any other command takes that back: so during a race it is left alone."""

from __future__ import annotations

from firmware_bridge.decoders.decimal_time import format_seconds
from firmware_bridge.decoders.decoder import Event
from firmware_bridge.decoders.lane_timers import ChampDecoder, FastTrackDecoder, HeatResult
from firmware_bridge.makers.device_maker import DeviceMaker, Receipt
from firmware_bridge.makers.gate import Gate
from firmware_bridge.makers.reading import Reading

ASK_EVERY_NS = 1_000_000_000
RACE_MAX_NS = 60_000_000_000
LINE_MAX_BYTES = 64


class LaneTimerMaker(DeviceMaker):
    """Any bytes without damage show that the device lives: most of what it says is echoes."""

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        if isinstance(event, HeatResult):
            reading.signs["last"] = describe(event)

    def _is_alive(self, data: bytes) -> bool:
        return bool(data.strip(b"\0")) and self._decoder.counters.frames_damaged == self._damaged


class FastTrackMaker(LaneTimerMaker):
    """FastTrack K and Q."""

    def __init__(self, *, sensor: str, gate: Gate, accept_unchecked: bool = False) -> None:
        super().__init__(sensor=sensor, gate=gate, decoder=FastTrackDecoder())
        self._due_mono_ns = 0

    def greetings(self) -> tuple[bytes, ...]:
        return (b"RV", b"N1", b"N2")

    def requests_due(self, now_mono_ns: int) -> bytes:
        if now_mono_ns < self._due_mono_ns:
            return b""
        self._due_mono_ns = now_mono_ns + ASK_EVERY_NS
        return b"RG"


class ChampMaker(LaneTimerMaker):
    """SmartLine, "The Champ"."""

    def __init__(self, *, sensor: str, gate: Gate, accept_unchecked: bool = False) -> None:
        super().__init__(sensor=sensor, gate=gate, decoder=ChampDecoder())
        self._due_mono_ns = 0
        self._racing_until_mono_ns: int | None = None
        self._line = b""

    @property
    def may_be_quiet(self) -> bool:
        return self._racing_until_mono_ns is not None

    def greetings(self) -> tuple[bytes, ...]:
        return (b"\r", b"v\r", b"ol0\r", b"op3\r")

    def requests_due(self, now_mono_ns: int) -> bytes:
        if self._racing_until_mono_ns is not None and now_mono_ns < self._racing_until_mono_ns:
            return b""
        self._racing_until_mono_ns = None
        if now_mono_ns < self._due_mono_ns:
            return b""
        self._due_mono_ns = now_mono_ns + ASK_EVERY_NS
        return b"rs\r"

    def open_port(self) -> None:
        super().open_port()
        self._racing_until_mono_ns = None
        self._line = b""

    def feed(self, data: bytes, *, received_mono_ns: int, boot_id: str) -> Reading:
        reading = super().feed(data, received_mono_ns=received_mono_ns, boot_id=boot_id)
        *lines, rest = (self._line + data).replace(b"\r", b"\n").split(b"\n")
        self._line = rest[-LINE_MAX_BYTES:]
        if "last" in reading.signs:
            self._racing_until_mono_ns = None
        elif b"1" in lines and self._racing_until_mono_ns is None:
            self._racing_until_mono_ns = received_mono_ns + RACE_MAX_NS
            reading.request = b"rg\r"
        return reading


def describe(result: HeatResult) -> str:
    """Return the heat as one line for a person."""
    parts = []
    for lane in result.lanes:
        if lane.time_us is None:
            parts.append(f"lane {lane.lane} no car")
        else:
            place = f" ({lane.place}.)" if lane.place is not None else ""
            parts.append(f"lane {lane.lane} {format_seconds(lane.time_us, decimals=4)} s{place}")
    return ", ".join(parts)
