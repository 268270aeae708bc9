"""gpiozero's mock pins with exact ticks: the mock of gpiozero itself stamps when it is called."""

from __future__ import annotations

from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.pins.pi import PiPin


class TickingPin(MockPin):  # type: ignore[misc]
    """Ticks are seconds as lgpio's pins give them."""

    ticks = 0.0

    def drive(self, is_high: bool, *, mono_ns: int) -> None:
        self.ticks = mono_ns / 1_000_000_000
        if is_high:
            self.drive_high()
        else:
            self.drive_low()

    def _call_when_changed(self) -> None:
        PiPin._call_when_changed(self, self.ticks, self._state)


def ticking_factory() -> Any:
    return MockFactory(pin_class=TickingPin)
