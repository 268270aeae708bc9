"""How two units' clocks lie to each other, from many round trips.

Each round trip bounds the offset: it is right within half of it. Two of them some time apart bound how
fast the clocks run apart. What all of them allow is the answer, and its width is how sure it is. Where they
contradict each other a clock was changed meanwhile, and only the newest counts."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from pitboard.race.bodies.related_clock import PPB, RelatedClock

ROUND_TRIPS_MAX_COUNT = 60
DRIFT_MAX_PPB = 200_000
"""Two quartz clocks, each within 100 millionths: more is no drift but a clock that is being set."""
WANDER_PPB = 2_000
"""What the difference of speed itself may change by, as the machines grow warm."""
ROUND_TRIP_MAX_NS = 1_000_000_000
"""A round trip that takes longer says too little to be kept."""


class RoundTrip(NamedTuple):
    """One question and its answer: `asked` and `heard` on our clock, `received` and `answered` on theirs."""

    asked_mono_ns: int
    received_mono_ns: int
    answered_mono_ns: int
    heard_mono_ns: int

    @property
    def delay_ns(self) -> int:
        """How long it was under way, both ways together."""
        under_way_ns = self.heard_mono_ns - self.asked_mono_ns
        return under_way_ns - (self.answered_mono_ns - self.received_mono_ns)


class _Bound(NamedTuple):
    """When our clock showed `at_ns`, ours less theirs was `offset_ns`, give or take `half_ns`."""

    at_ns: int
    offset_ns: int
    half_ns: int


class ClockComparison:
    """Takes round trips with one boot of another unit and tells how its clock lies to ours."""

    def __init__(self, unit: str, boot_id: str) -> None:
        self.unit = unit
        self.boot_id = boot_id
        self._bounds: deque[_Bound] = deque(maxlen=ROUND_TRIPS_MAX_COUNT)

    def take(self, round_trips: list[RoundTrip]) -> bool:
        """Take round trips of one burst: the one least delayed counts; return whether any does."""
        possible = [one for one in round_trips if one.delay_ns >= 0]
        best = min(possible, key=lambda one: one.delay_ns, default=None)
        if best is None or best.delay_ns > ROUND_TRIP_MAX_NS:
            return False
        there = best.asked_mono_ns - best.received_mono_ns
        back = best.heard_mono_ns - best.answered_mono_ns
        # The offset lies between both, ends included; rounding must not leave one of them out.
        bound = _Bound(best.heard_mono_ns, (there + back) // 2, (best.delay_ns + 1) // 2)
        self._bounds.append(bound)
        if self._rates() is None:
            self._bounds.clear()
            self._bounds.append(bound)
        return True

    def relation(self) -> RelatedClock | None:
        """Return how the clocks lie to each other as of the newest round trip; None before the first."""
        rates = self._rates()
        if rates is None:
            return None
        now_ns = self._bounds[-1].at_ns
        least_rate, most_rate = rates
        rate_ppb = (least_rate + most_rate) // 2
        drift_ppb = (most_rate - least_rate + 1) // 2 + WANDER_PPB
        least = most = None
        for bound in self._bounds:
            age_ns = now_ns - bound.at_ns
            offset_ns = bound.offset_ns + age_ns * rate_ppb // PPB
            half_ns = bound.half_ns + age_ns * drift_ppb // PPB + 1
            least = offset_ns - half_ns if least is None else max(least, offset_ns - half_ns)
            most = offset_ns + half_ns if most is None else min(most, offset_ns + half_ns)
        if least is None or most is None or least > most:
            newest = self._bounds[-1]
            least, most = newest.offset_ns - newest.half_ns, newest.offset_ns + newest.half_ns
        return RelatedClock(
            unit=self.unit,
            boot_id=self.boot_id,
            offset_ns=(least + most) // 2,
            uncertainty_ns=(most - least + 1) // 2,
            mono_ns=now_ns,
            rate_ppb=rate_ppb,
            drift_ppb=drift_ppb,
        )

    def _rates(self) -> tuple[int, int] | None:
        """Return the least and the most that ours may gain on theirs; None where nothing fits or came."""
        if not self._bounds:
            return None
        least, most = -DRIFT_MAX_PPB, DRIFT_MAX_PPB
        newest = self._bounds[-1]
        for former in self._bounds:
            apart_ns = newest.at_ns - former.at_ns
            if apart_ns <= 0:
                continue
            gained_ns = newest.offset_ns - former.offset_ns
            doubt_ns = newest.half_ns + former.half_ns
            slack_ppb = WANDER_PPB + 1
            least = max(least, (gained_ns - doubt_ns) * PPB // apart_ns - slack_ppb)
            most = min(most, (gained_ns + doubt_ns) * PPB // apart_ns + slack_ppb)
        return None if least > most else (least, most)
