"""Take passings from the bridge: durable before they are acknowledged, each counted once."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.race.bodies import (
    FINISH,
    ClockName,
    Id,
    LaneNumber,
    Nanoseconds,
    PassingRecorded,
    ShortText,
    Transponder,
)
from trackside.timing.run_control import RunControl

PASSINGS_MAX_COUNT = 200


class DeliveredPassing(msgspec.Struct, frozen=True, kw_only=True):
    """A passing as the bridge sends it; see docs/local-api.md."""

    sensor: Id
    sensor_boot: Id
    seq: Annotated[int, Meta(ge=1, lt=2**53)]
    channel: int
    boot_id: Id
    mono_ns: Nanoseconds
    uncertainty_ns: Nanoseconds
    received_mono_ns: Nanoseconds
    tick_us: Annotated[int, Meta(ge=0, lt=2**62)] | None = None
    rate_ppb: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 0
    transponder: Transponder | None = None
    track: Id | None = None
    gate: ShortText = FINISH
    system: ShortText = "A"
    lane: LaneNumber | None = None
    flag: ShortText | None = None
    clock: ClockName = ""
    slept_ns: Nanoseconds = 0


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    passings: Annotated[list[DeliveredPassing], Meta(max_length=PASSINGS_MAX_COUNT)]


class PassingIntake:
    """Journals what the bridge delivers; a passing known already is acknowledged and not written again."""

    def __init__(self, run_control: RunControl, *, track: str) -> None:
        self._deliverer = run_control.deliverer
        self._run_control = run_control
        self._track = track

    async def take(self, delivery: Delivery) -> int:
        """Return how many were new, once all of them are durable."""
        new_count = await self._deliverer.append(*[self._recorded(one) for one in delivery.passings])
        if new_count:
            await self._run_control.follow_time()
        return new_count

    def known(self, sensor: str, sensor_boot: str) -> list[tuple[int, int]]:
        """Return the durable passings of one start of a device as ranges of seq."""
        return self._deliverer.passings(sensor, sensor_boot)

    def _recorded(self, delivered: DeliveredPassing) -> PassingRecorded:
        """The bridge names a track only where the unit times several."""
        return PassingRecorded(
            **{**msgspec.structs.asdict(delivered), "track": delivered.track or self._track}
        )
