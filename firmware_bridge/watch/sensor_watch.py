"""Tell three troubles apart: the port is gone, the sensor is silent, the beam is blocked.

Pure: whoever reads the port reports what happened; the state follows from that and the time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from firmware_bridge.makers.reading import Reading
from pitboard.unit_api.unit_calls import Passing

# Two heartbeats with the beam interrupted; they come a second apart, give or take the device's crystal.
BLOCKED_MIN_US = 950_000
# More than a line or two that noise damaged.
NONSENSE_MIN_BYTES = 300


class SensorState(StrEnum):
    OK = "ok"
    PORT_GONE = "port-gone"
    SILENT = "silent"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorHealth:
    """The state and one sentence for the person who must act on it."""

    state: SensorState
    detail: str


class SensorWatch:
    """Watches one sensor. Where `silent_max_ms` is None its silence tells nothing; only nonsense does."""

    def __init__(self, *, silent_max_ms: int | None) -> None:
        self._silent_max_ns = None if silent_max_ms is None else silent_max_ms * 1_000_000
        self._port_trouble: str | None = "the port has not been opened yet"
        self._heard_mono_ns: int | None = None
        self._noise_bytes = 0
        self._blocked_since_us: dict[int, int] = {}
        self._blocked_channels: list[int] = []

    @property
    def silent_at_mono_ns(self) -> int | None:
        """When the sensor counts as silent if nothing more is heard; None where that changes nothing."""
        if self._port_trouble is not None or self._heard_mono_ns is None or self._silent_max_ns is None:
            return None
        return self._heard_mono_ns + self._silent_max_ns

    def port_opened(self) -> None:
        self._port_trouble = None
        self._heard_mono_ns = None
        self._noise_bytes = 0
        self._forget_levels()

    def port_lost(self, reason: str) -> None:
        self._port_trouble = reason

    def heard_line(self, mono_ns: int) -> None:
        self._heard_mono_ns = mono_ns
        self._noise_bytes = 0

    def heard_noise(self, byte_count: int) -> None:
        """Bytes came that complete no line."""
        self._noise_bytes += byte_count

    def heard_trip(self, channel: int, tick_us: int) -> None:
        """A beam that trips was clear just before, however the heartbeats happened to find it."""
        if self._blocked_since_us.get(channel, tick_us) < tick_us:
            self._blocked_since_us[channel] = tick_us

    def heard_levels(self, levels: int, tick_us: int) -> None:
        """Take the beam levels of a heartbeat; ticks that go back mean that the device restarted."""
        if any(tick_us < since_us for since_us in self._blocked_since_us.values()):
            self._forget_levels()
        channels = [channel for channel in range(levels.bit_length()) if levels >> channel & 1]
        self._blocked_since_us = {
            channel: self._blocked_since_us.get(channel, tick_us) for channel in channels
        }
        self._blocked_channels = [
            channel
            for channel, since_us in self._blocked_since_us.items()
            if tick_us - since_us >= BLOCKED_MIN_US
        ]

    def health(self, now_mono_ns: int) -> SensorHealth:
        if self._port_trouble is not None:
            return SensorHealth(state=SensorState.PORT_GONE, detail=self._port_trouble)
        if self._silent_max_ns is None:
            return self._health_of_quiet_device()
        if self._heard_mono_ns is None:
            return SensorHealth(state=SensorState.SILENT, detail=self._silent_detail("no line heard yet"))
        silent_ns = now_mono_ns - self._heard_mono_ns
        if silent_ns >= self._silent_max_ns:
            sentence = f"no line for {silent_ns // 1_000_000_000} s"
            return SensorHealth(state=SensorState.SILENT, detail=self._silent_detail(sentence))
        if self._blocked_channels:
            named = ", ".join(str(channel) for channel in self._blocked_channels)
            return SensorHealth(
                state=SensorState.BLOCKED,
                detail=f"beam {named} is interrupted: something stands in it, or it points beside its mirror",
            )
        return SensorHealth(state=SensorState.OK, detail="")

    def _health_of_quiet_device(self) -> SensorHealth:
        if self._noise_bytes >= NONSENSE_MIN_BYTES:
            return SensorHealth(state=SensorState.SILENT, detail=self._silent_detail("no line"))
        return SensorHealth(state=SensorState.OK, detail="")

    def _silent_detail(self, sentence: str) -> str:
        if self._noise_bytes >= NONSENSE_MIN_BYTES:
            return f"{sentence}, only bytes that make no sense: wrong speed, or another kind of device"
        return sentence

    def _forget_levels(self) -> None:
        self._blocked_since_us = {}
        self._blocked_channels = []


MINUTE_NS = 60_000_000_000
PASSINGS_MAX_COUNT = 10_000
SIGN_MAX_LENGTH = 200
SIGN_MAX = 2**53 - 1


class SensorSigns:
    """Follows one sensor's readings."""

    def __init__(self) -> None:
        self.blocked: list[int] | None = None
        self.last_edge_mono_ns: int | None = None
        self.rate_ppb: int | None = None
        self.values: dict[str, int | str] = {}
        self._passed_mono_ns: deque[int] = deque(maxlen=PASSINGS_MAX_COUNT)

    def take(self, reading: Reading, received_mono_ns: int) -> None:
        if reading.trips:
            self.last_edge_mono_ns = received_mono_ns
        for passing in reading.passings:
            self._take_passing(passing)
        for beat in reading.heartbeats:
            self.blocked = [n for n in range(beat.levels.bit_length()) if beat.levels >> n & 1]
        if reading.hello is not None:
            self.values |= {"device": reading.hello.device, "firmware": reading.hello.firmware}
        for name, value in reading.signs.items():
            self.values[name] = min(value, SIGN_MAX) if isinstance(value, int) else value[:SIGN_MAX_LENGTH]

    def passings_per_min(self, now_mono_ns: int) -> int:
        """Return how many passings the last minute had."""
        while self._passed_mono_ns and self._passed_mono_ns[0] < now_mono_ns - MINUTE_NS:
            self._passed_mono_ns.popleft()
        return len(self._passed_mono_ns)

    def _take_passing(self, passing: Passing) -> None:
        self._passed_mono_ns.append(passing.received_mono_ns)
        self.last_edge_mono_ns = max(self.last_edge_mono_ns or 0, passing.mono_ns)
        self.rate_ppb = passing.rate_ppb if passing.tick_us is not None else None
