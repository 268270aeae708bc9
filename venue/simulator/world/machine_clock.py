"""The clocks of one simulated machine: monotonic since its boot, and a wall clock that anybody may step."""

from __future__ import annotations

from venue.simulator.world.virtual_loop import VirtualLoop

RACE_DAY_UTC_MS = 1_790_000_000_000
_MS_NS = 1_000_000


class MachineClock:
    """Implements `pitboard.clock.Clock`."""

    def __init__(self, loop: VirtualLoop, boot_id: str, *, utc_ms: int = RACE_DAY_UTC_MS) -> None:
        self._loop = loop
        self._booted_ns = 0
        self._utc_offset_ms = 0
        self.boot_id = boot_id
        self.boot(boot_id)
        self.step_to(utc_ms)

    def boot(self, boot_id: str) -> None:
        """Begin anew: the monotonic clock starts near nought."""
        self.boot_id = boot_id
        self._booted_ns = self._loop.now_ns - 5_000 * _MS_NS

    def step_to(self, utc_ms: int) -> None:
        """Set the wall clock, forward or back."""
        self._utc_offset_ms = utc_ms - self._loop.now_ns // _MS_NS

    def mono_ns(self) -> int:
        return self._loop.now_ns - self._booted_ns

    def utc_ms(self) -> int:
        return self._loop.now_ns // _MS_NS + self._utc_offset_ms
