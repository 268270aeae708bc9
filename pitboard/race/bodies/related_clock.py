"""How another unit's clock lies to ours, and how sure that is at any moment.

A relation was measured at one instant. Away from it the two clocks run apart by what was measured too, and
the doubt grows with the time between."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

PPB = 1_000_000_000
ClockOffset = Annotated[int, Meta(gt=-(2**62), lt=2**62)]
Instant = Annotated[int, Meta(ge=0, lt=2**62)]
RatePpb = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
DriftPpb = Annotated[int, Meta(ge=0, le=1_000_000)]


class RelatedClock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Another unit at the same track: its monotonic clock of that boot plus `offset_ns` is our clock.

    That holds to `uncertainty_ns` when ours shows `mono_ns`. For each second from there our clock gains
    `rate_ppb` nanoseconds on the other, give or take `drift_ppb`.
    """

    unit: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    boot_id: Annotated[str, Meta(min_length=1, max_length=80)]
    offset_ns: ClockOffset
    uncertainty_ns: Instant
    mono_ns: Instant = 0
    rate_ppb: RatePpb = 0
    drift_ppb: DriftPpb = 0

    @property
    def is_ours(self) -> bool:
        """Whether it is our clock itself."""
        return not (self.offset_ns or self.uncertainty_ns or self.rate_ppb or self.drift_ppb)

    def ours_ns(self, theirs_ns: int) -> int:
        """Return what our clock showed when the other's showed this."""
        plain_ns = theirs_ns + self.offset_ns
        return plain_ns + (plain_ns - self.mono_ns) * self.rate_ppb // PPB

    def theirs_ns(self, ours_ns: int) -> int:
        """Return what the other's clock showed when ours showed this."""
        apart_ns = (ours_ns - self.mono_ns) * self.rate_ppb // (PPB + self.rate_ppb)
        return ours_ns - self.offset_ns - apart_ns

    def uncertainty_at(self, ours_ns: int) -> int:
        """Return how far off either may be when our clock shows this."""
        return self.uncertainty_ns + abs(ours_ns - self.mono_ns) * self.drift_ppb // PPB


def same_clock(unit: str, boot_id: str) -> RelatedClock:
    """Return the relation of a clock to itself."""
    return RelatedClock(unit=unit, boot_id=boot_id, offset_ns=0, uncertainty_ns=0)
