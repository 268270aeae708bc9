"""Whose stamps this node's own must exceed: those of writers on the roster, and its own of earlier starts.

A stranger's stamps wait until the stranger is enrolled; else a box on the venue's network could push
everybody's labels years ahead."""

from __future__ import annotations

from pitboard.journal.hybrid_clock import HybridClock
from pitboard.journal.roster import Roster


class StampWatch:
    """Passes stamps on to the hybrid clock as soon as the roster knows their writers."""

    def __init__(self, hybrid_clock: HybridClock) -> None:
        self._hybrid_clock = hybrid_clock
        self._waiting: dict[str, int] = {}  # key -> greatest stamp

    def see(self, key: str, stamp: int, roster: Roster) -> None:
        """Take note of a stamp of the writer with this key."""
        if roster.knows(key):
            self._hybrid_clock.observe(stamp)
        else:
            self._waiting[key] = max(stamp, self._waiting.get(key, 0))

    def heed(self, key: str) -> None:
        """Let the clock follow this writer from here on, whatever the roster says."""
        if key in self._waiting:
            self._hybrid_clock.observe(self._waiting.pop(key))

    def look_again(self, roster: Roster) -> None:
        """Heed those whom the roster has come to know."""
        for key in [key for key in self._waiting if roster.knows(key)]:
            self.heed(key)
