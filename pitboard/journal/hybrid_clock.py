"""Stamps that keep cause before effect even where wall clocks lie.

A stamp is one integer: UTC milliseconds times 65,536 plus a counter. It never goes back on one node and
always exceeds every stamp that node has seen, so a Pi that woke up in 1970 still writes after what it read.
Source of the method: Kulkarni and others, "Logical Physical Clocks", 2014."""

from __future__ import annotations

from pitboard.clock import Clock

COUNTER_BITS = 16
UTC_MAX_MS = 4_102_444_800_000
"""The year 2100. A clock beyond it is wrong; stamps must stay far from the largest that a header may have."""


class HybridClock:
    """Issues stamps for one node."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_stamp = 0

    def next_stamp(self) -> int:
        """Return a stamp greater than all issued or observed before."""
        utc_ms = min(self._clock.utc_ms(), UTC_MAX_MS)
        self._last_stamp = max(self._last_stamp + 1, utc_ms << COUNTER_BITS)
        return self._last_stamp

    def observe(self, stamp: int) -> None:
        """Take note of another node's stamp, so that what we write next comes after it.

        One beyond the year 2100 is not followed: it would leave no room for stamps after it.
        """
        if stamp_utc_ms(stamp) <= UTC_MAX_MS:
            self._last_stamp = max(self._last_stamp, stamp)


def stamp_utc_ms(stamp: int) -> int:
    """Return the wall-clock label inside a stamp."""
    return stamp >> COUNTER_BITS
