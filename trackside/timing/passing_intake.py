"""Take passings from the bridge: durable before they are acknowledged, each counted once."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.journal.replica import Replica
from pitboard.race.bodies import FINISH, Id, LaneNumber, Nanoseconds, PassingRecorded, ShortText, Transponder
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


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    passings: Annotated[list[DeliveredPassing], Meta(max_length=PASSINGS_MAX_COUNT)]


class PassingIntake:
    """Journals what the bridge delivers; a passing known already is acknowledged and not written again."""

    def __init__(self, replica: Replica, run_control: RunControl, *, unit_key: str, track: str) -> None:
        self._replica = replica
        self._run_control = run_control
        self._unit_key = unit_key
        self._track = track
        self._taking = asyncio.Lock()
        # Beside what the fold believes: while this unit is not enrolled, that is nothing.
        self._written = {_place(passing) for passing in replica.fold.passings_of(unit_key)}

    async def take(self, delivery: Delivery) -> int:
        """Return how many were new, once all of them are durable."""
        async with self._taking:
            new: dict[str, PassingRecorded] = {}
            for delivered in delivery.passings:
                passing = self._recorded(delivered)
                if not self._has(passing):
                    new.setdefault(passing.passing_id, passing)
            if new:
                await self._replica.append(*new.values())
                self._written.update(_place(passing) for passing in new.values())
                await self._run_control.follow_time()
            return len(new)

    def known(self, sensor: str, sensor_boot: str) -> list[tuple[int, int]]:
        """Return the durable passings of one start of a device as ranges of seq."""
        ranges: list[tuple[int, int]] = []
        seqs = set(self._replica.fold.race.passing_seqs(self._unit_key, sensor, sensor_boot))
        seqs.update(seq for *device, seq in self._written if device == [sensor, sensor_boot])
        for seq in sorted(seqs):
            if ranges and ranges[-1][1] == seq - 1:
                ranges[-1] = (ranges[-1][0], seq)
            else:
                ranges.append((seq, seq))
        return ranges

    def _has(self, passing: PassingRecorded) -> bool:
        return _place(passing) in self._written or self._replica.fold.race.has_passing(
            self._unit_key, passing.passing_id
        )

    def _recorded(self, delivered: DeliveredPassing) -> PassingRecorded:
        """The bridge names a track only where the unit times several."""
        return PassingRecorded(
            **{**msgspec.structs.asdict(delivered), "track": delivered.track or self._track}
        )


def _place(passing: PassingRecorded) -> tuple[str, str, int]:
    return (passing.sensor, passing.sensor_boot, passing.seq)
