"""What is said about passings: recorded, put in, whose they are, whether they count, and by which clock."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pitboard.race.bodies.body import (
    Act,
    Body,
    Id,
    KeyHex,
    LaneNumber,
    Nanoseconds,
    OptionalId,
    PassingId,
    PlaceNumber,
    ShortText,
    Transponder,
)
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.related_clock import ClockOffset, DriftPpb, RatePpb, RelatedClock

ClockName = Annotated[str, Meta(max_length=100)]
FINISH, START = "finish", "start"
"""The gates that the rules know; any other name is a sector's gate."""
PAIRS_MAX_COUNT = 10
"""How many differences between two systems stand behind a calculated time at most; the book asks for so
many."""


class PassingRecorded(Body, frozen=True, kw_only=True, gc=False):
    """One car at one sensor at one instant.

    `tick_us` is the device's unwrapped counter and `rate_ppb` how many parts in 10^9 a host second is longer
    than a device second; both absent for a manual passing. `transponder` is what the car carries, where the
    device reads that: a number, or text where its protocol has text. `gate` is where on the track the sensor
    stands. `system` says who timed: "A", the backup "B", or "hand". `lane` is the lane's number where the
    device tells lanes apart, and 0 at a start gate whose one switch lets all lanes go. `flag` is a doubt
    about the stamp, such as "clock-set".
    `clock` names the setting of a clock that can be set; ticks measure against each other only within one,
    and empty means a counter that runs on from the device's start. `slept_ns` is how long the host has slept
    since it booted.
    """

    sensor: Id
    sensor_boot: Id
    seq: Annotated[int, Meta(ge=1, lt=2**53)]
    track: Id
    boot_id: Id
    mono_ns: Nanoseconds
    uncertainty_ns: Nanoseconds
    received_mono_ns: Nanoseconds
    channel: int = 0
    tick_us: Annotated[int, Meta(ge=0, lt=2**62)] | None = None
    rate_ppb: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 0
    transponder: Transponder | None = None
    gate: ShortText = FINISH
    system: ShortText = "A"
    lane: LaneNumber | None = None
    flag: ShortText | None = None
    clock: ClockName = ""
    slept_ns: Nanoseconds = 0

    @property
    def passing_id(self) -> str:
        """The same for every delivery of the same passing."""
        return f"{self.sensor}/{self.sensor_boot}/{self.seq}"


class PassingInserted(Act, frozen=True, kw_only=True):
    """A passing that no sensor told of, at a typed or tapped instant, for one place.

    `copy_of` names the passing whose stamp it has: one passing may be the finish of several.
    `from_passing_id` is what the system `from_system` saw and A missed: `mono_ns` was calculated from its
    stamp, less `correction_ns`, the mean difference of so many pairs before and after it; see
    docs/sensors.md.
    """

    passing_id: PassingId
    run_id: Id
    place: PlaceNumber = 1
    boot_id: Id
    mono_ns: Nanoseconds
    uncertainty_ns: Nanoseconds
    gate: ShortText = FINISH
    copy_of: PassingId | None = None
    from_passing_id: PassingId | None = None
    from_system: ShortText = "B"
    correction_ns: Annotated[int, Meta(gt=-(2**62), lt=2**62)] = 0
    before_count: Annotated[int, Meta(ge=0, le=PAIRS_MAX_COUNT)] = 0
    after_count: Annotated[int, Meta(ge=0, le=PAIRS_MAX_COUNT)] = 0

    @property
    def calculated(self) -> Calculated | None:
        """Return the mark of a calculated time, None for one that a person typed or tapped."""
        if self.from_passing_id is None:
            return None
        return Calculated(
            from_passing_id=self.from_passing_id,
            from_system=self.from_system,
            correction_ns=self.correction_ns,
            before_count=self.before_count,
            after_count=self.after_count,
            uncertainty_ns=self.uncertainty_ns,
        )


class PassingAttributed(Act, frozen=True, kw_only=True):
    """The passing is this place's, or nobody's where no run is given; withdrawn, it is derived again.

    `unit` is the key of the unit that recorded it, empty for the writer's own.
    """

    passing_id: PassingId
    unit: OptionalId = ""
    run_id: Id | None = None
    place: PlaceNumber = 1


class PassingJudged(Act, frozen=True, kw_only=True):
    """The passing was no car; withdrawn, it is one again."""

    passing_id: PassingId
    unit: OptionalId = ""
    verdict: Literal["ignored"]


class SystemsChecked(Act, frozen=True, kw_only=True):
    """A switch was closed twice for both systems of a line, `apart_ns` apart: B minus A at each.

    `found` is "agree", or which part is off.
    """

    track: Id
    gate: ShortText = FINISH
    first_ns: ClockOffset
    second_ns: ClockOffset
    apart_ns: Nanoseconds
    found: ShortText


class SensorTold(Body, frozen=True, kw_only=True):
    """What a unit's sensor is, as its bridge told first since the unit's start or anew; `software` is the
    unit's own."""

    sensor: Id
    kind: ShortText
    gate: ShortText = ""
    system: ShortText = ""
    device: Annotated[str, Meta(max_length=80)] = ""
    firmware: Annotated[str, Meta(max_length=80)] = ""
    software: ShortText = ""


class ClocksRelated(Body, frozen=True, kw_only=True):
    """`mono_ns` of the other unit's boot plus `offset_ns` is the same instant on the writer's clock.

    As measured when the writer's clock showed `at_mono_ns`; for each second from there the writer's clock
    gains `rate_ppb` nanoseconds on the other, give or take `drift_ppb`.
    """

    boot_id: Id
    other: KeyHex
    other_boot_id: Id
    offset_ns: ClockOffset
    uncertainty_ns: Nanoseconds
    at_mono_ns: Nanoseconds = 0
    rate_ppb: RatePpb = 0
    drift_ppb: DriftPpb = 0

    @property
    def relation(self) -> RelatedClock:
        """Return the same as the rules use it."""
        return RelatedClock(
            unit=self.other,
            boot_id=self.other_boot_id,
            offset_ns=self.offset_ns,
            uncertainty_ns=self.uncertainty_ns,
            mono_ns=self.at_mono_ns,
            rate_ppb=self.rate_ppb,
            drift_ppb=self.drift_ppb,
        )
