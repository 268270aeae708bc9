"""Says for two minutes that a device's clock was set, or that nothing can tell: laps need a look."""

from __future__ import annotations

from collections.abc import Sequence

from firmware_bridge.makers.device_clock import ClockStep
from pitboard.unit_api.unit_status import SensorNote

SHOWN_NS = 120_000_000_000


class ClockWatch:
    """Keeps the last step of one sensor's clock. A doubt that a line in time has ended is said no more."""

    def __init__(self) -> None:
        self._step: ClockStep | None = None

    def take(self, steps: Sequence[ClockStep]) -> None:
        for step in steps:
            self._step = step if step.step_ns else None

    def notes(self, now_mono_ns: int) -> list[SensorNote]:
        step = self._step
        if step is None or now_mono_ns - step.received_mono_ns > SHOWN_NS:
            return []
        seconds = f"{abs(step.step_ns) / 1_000_000_000:.3f}"
        way = "forward" if step.step_ns > 0 else "back"
        code = "clock-set" if step.is_sure else "clock-doubt"
        return [SensorNote(code=code, fields={"seconds": seconds, "way": way})]
