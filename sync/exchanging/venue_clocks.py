"""Whether this machine's wall clock agrees with those of the venue, by what the others' answers say.

No lap is computed from a wall clock, but records carry its label. The clock in the middle is taken to be
right; between two, central's. A clock that nobody set (1970) is normal without internet and left out."""

from __future__ import annotations

from typing import Literal

import msgspec

from pitboard.clock import Clock
from pitboard.journal.records.record import CLOCK_SET_FROM_MS

DIFFERS_FROM_MS = 2 * 60_000
HEARD_MAX_NS = 60_000_000_000
HEARD_MAX_COUNT = 64
CENTRAL = ""
"""The name that central's clock is heard under; no unit is called so."""

Way = Literal["ahead", "behind", "differ"]


class ClockNote(msgspec.Struct, frozen=True, kw_only=True):
    """`way` is how this machine's clock stands to the others; "differ" where nobody can tell which is wrong.

    `who` names the other one then, and is empty else.
    """

    way: Way
    gap_ms: int
    who: str = ""

    @property
    def gap(self) -> str:
        return gap_text(self.gap_ms)


class VenueClocks:
    """Keeps how far each node's clock was from ours in its last answer; bounded, the oldest gives way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: dict[str, tuple[int, int]] = {}  # who -> (when by mono_ns, their clock minus ours in ms)

    def hear(self, who: str, utc_ms: int) -> None:
        """Take the wall clock of an answer that came just now from a node that proved itself."""
        self._heard.pop(who, None)
        if utc_ms < CLOCK_SET_FROM_MS:
            return
        self._heard[who] = (self._clock.mono_ns(), utc_ms - self._clock.utc_ms())
        if len(self._heard) > HEARD_MAX_COUNT:
            del self._heard[next(iter(self._heard))]

    def note(self) -> ClockNote | None:
        """Return what is to be said of this machine's clock; None while it agrees, or stands alone."""
        if self._clock.utc_ms() < CLOCK_SET_FROM_MS:
            return None
        oldest_mono_ns = self._clock.mono_ns() - HEARD_MAX_NS
        offsets = {who: offset_ms for who, (at, offset_ms) in self._heard.items() if at >= oldest_mono_ns}
        if not offsets:
            return None
        ordered = sorted([0, *offsets.values()])
        low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
        if high - low > DIFFERS_FROM_MS and CENTRAL not in offsets:
            who = max(offsets, key=lambda one: abs(offsets[one]))
            return ClockNote(way="differ", gap_ms=abs(offsets[who]), who=who)
        middle = min((low, high), key=lambda one: abs(one - offsets.get(CENTRAL, low)))
        if abs(middle) <= DIFFERS_FROM_MS:
            return None
        return ClockNote(way="behind" if middle > 0 else "ahead", gap_ms=abs(middle))


def gap_text(gap_ms: int) -> str:
    """Return a difference as a person says it: `5 min`, `24 h`."""
    minutes = abs(gap_ms) // 60_000
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
