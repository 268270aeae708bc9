"""What a sensor shows at a glance: beam levels, the last edge, passings a minute, signal strength."""

from __future__ import annotations

from collections import deque

from firmware_bridge.makers.reading import Reading
from pitboard.unit_api.passing import Passing

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
