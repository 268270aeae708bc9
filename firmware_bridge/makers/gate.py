"""Hold-off of one line across the track, over all its sensors, after stamping.

By stamp, not by arrival: a trip that was lost on the wire and came later is judged like the others. Where the
sensor reads transponders, each car is held off for itself: two cars side by side are two passings."""

from __future__ import annotations

from bisect import bisect_left, insort

# Trips that come later than this many passings after their neighbours are let through.
REMEMBERED_MAX_COUNT = 512
TRANSPONDERS_MAX_COUNT = 1_024


class Gate:
    """Lets one passing through per `hold_off_ms`; what it holds back stays in the raw log."""

    def __init__(self, *, hold_off_ms: int) -> None:
        self.hold_off_ns = hold_off_ms * 1_000_000
        self._boot_id = ""
        self._passed_mono_ns: dict[int | str | None, list[int]] = {}

    def lets_through(self, mono_ns: int, *, boot_id: str, transponder: int | str | None = None) -> bool:
        """Return whether this is a passing of its own, and remember it if so."""
        if boot_id != self._boot_id:
            self._boot_id, self._passed_mono_ns = boot_id, {}
        passed = self._passed_of(transponder)
        at = bisect_left(passed, mono_ns)
        neighbours = passed[max(0, at - 1) : at + 1]
        if any(abs(mono_ns - neighbour) < self.hold_off_ns for neighbour in neighbours):
            return False
        insort(passed, mono_ns)
        if len(passed) > REMEMBERED_MAX_COUNT:
            del passed[0]
        return True

    def _passed_of(self, transponder: int | str | None) -> list[int]:
        if transponder not in self._passed_mono_ns and len(self._passed_mono_ns) >= TRANSPONDERS_MAX_COUNT:
            del self._passed_mono_ns[next(iter(self._passed_mono_ns))]
        return self._passed_mono_ns.setdefault(transponder, [])
