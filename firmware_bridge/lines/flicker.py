"""Tell a beam that flickers from one that cars cross: more interruptions than any cars could make.

Stray light, a loose cable or a mirror that shakes. While it lasts a car cannot be told from the rest, so
nothing there is a passing; each interruption is counted as uncounted. Pure, one beam each."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MS = 1_000_000
# A switch that bounces, or a wheel's spokes, is one interruption.
SPACING_NS = 15 * MS
# At most so many interruptions in so long, and the beam is steady again: cars may cross it now and then.
STEADY_MAX_COUNT = 4
STEADY_WITHIN_NS = 2_000 * MS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """`count` interruptions, each at least `spacing_ns` and at most `pause_ns` after the one before."""

    count: int
    within_ns: int
    spacing_ns: int
    pause_ns: int


_RULES = (
    # 5 Hz and more without a pause: light. One car with wheels and wings makes fewer.
    _Rule(count=10, within_ns=2_000 * MS, spacing_ns=SPACING_NS, pause_ns=250 * MS),
    # In bursts: a cable that moves.
    _Rule(count=20, within_ns=2_000 * MS, spacing_ns=SPACING_NS, pause_ns=2_000 * MS),
    # Slow, but faster than cars come by for long.
    _Rule(count=30, within_ns=10_000 * MS, spacing_ns=100 * MS, pause_ns=10_000 * MS),
)


class FlickerWatch:
    """Follows one beam; times are of one clock and never go back."""

    def __init__(self) -> None:
        self.is_flickering = False
        self._seen = [deque[int](maxlen=rule.count) for rule in _RULES]
        self._latest: deque[int] = deque(maxlen=STEADY_MAX_COUNT + 1)

    def interrupted(self, at_ns: int) -> bool:
        """Take an interruption; return whether the beam flickers, so that no passing may be made of it."""
        self.settle(at_ns)
        if not self._latest or at_ns - self._latest[-1] >= SPACING_NS:
            self._latest.append(at_ns)
        for rule, seen in zip(_RULES, self._seen, strict=True):
            if seen and at_ns - seen[-1] > rule.pause_ns:
                seen.clear()
            if not seen or at_ns - seen[-1] >= rule.spacing_ns:
                seen.append(at_ns)
            if len(seen) == rule.count and at_ns - seen[0] <= rule.within_ns:
                self.is_flickering = True
        return self.is_flickering

    def settle(self, now_ns: int) -> bool:
        """Return whether it flickers still, by this time; once it is steady, all is forgotten."""
        if self.is_flickering and not self._is_restless(now_ns):
            self.is_flickering = False
            self._latest.clear()
            for seen in self._seen:
                seen.clear()
        return self.is_flickering

    def _is_restless(self, now_ns: int) -> bool:
        return len(self._latest) > STEADY_MAX_COUNT and now_ns - self._latest[0] <= STEADY_WITHIN_NS


class FlickerWatches:
    """One watch for each channel."""

    def __init__(self) -> None:
        self._of_channel: dict[int, FlickerWatch] = {}

    def of(self, channel: int) -> FlickerWatch:
        return self._of_channel.setdefault(channel, FlickerWatch())

    def forget(self, channel: int) -> None:
        self._of_channel.pop(channel, None)

    def settle(self, now_ns: int) -> tuple[int, ...]:
        """Return the channels that flicker still, by this time."""
        return tuple(sorted(channel for channel, watch in self._of_channel.items() if watch.settle(now_ns)))
