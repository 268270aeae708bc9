"""Stamps that keep cause before effect even where wall clocks lie.

A stamp is one integer: UTC milliseconds times 65,536 plus a counter. It never goes back on one node and
always exceeds every stamp that node has seen, so a Pi that woke up in 1970 still writes after what it read.
Source of the method: Kulkarni and others, "Logical Physical Clocks", 2014."""

from __future__ import annotations

from pitboard.clock import Clock

COUNTER_BITS = 16


class HybridClock:
    """Issues stamps for one node."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_stamp = 0

    def next_stamp(self) -> int:
        """Return a stamp greater than all issued or observed before."""
        self._last_stamp = max(self._last_stamp + 1, self._clock.utc_ms() << COUNTER_BITS)
        return self._last_stamp

    def observe(self, stamp: int) -> None:
        """Take note of another node's stamp, so that what we write next comes after it."""
        self._last_stamp = max(self._last_stamp, stamp)


def stamp_utc_ms(stamp: int) -> int:
    """Return the wall-clock label inside a stamp."""
    return stamp >> COUNTER_BITS
