"""Hold-off of one line across the track, over all its sensors, after stamping.

By stamp, not by arrival: a trip that was lost on the wire and came later is judged like the others."""

from __future__ import annotations

from bisect import bisect_left, insort

# Trips that come later than this many passings after their neighbours are let through.
REMEMBERED_MAX_COUNT = 512


class Gate:
    """Lets one passing through per `hold_off_ms`; what it holds back stays in the raw log."""

    def __init__(self, *, hold_off_ms: int) -> None:
        self._hold_off_ns = hold_off_ms * 1_000_000
        self._boot_id = ""
        self._passed_mono_ns: list[int] = []

    def lets_through(self, mono_ns: int, *, boot_id: str) -> bool:
        """Return whether this is a passing of its own, and remember it if so."""
        if boot_id != self._boot_id:
            self._boot_id, self._passed_mono_ns = boot_id, []
        at = bisect_left(self._passed_mono_ns, mono_ns)
        neighbours = self._passed_mono_ns[max(0, at - 1) : at + 1]
        if any(abs(mono_ns - neighbour) < self._hold_off_ns for neighbour in neighbours):
            return False
        insort(self._passed_mono_ns, mono_ns)
        if len(self._passed_mono_ns) > REMEMBERED_MAX_COUNT:
            del self._passed_mono_ns[0]
        return True
