"""Take passings from the bridge: durable before they are acknowledged, each counted once."""

from __future__ import annotations

import asyncio

import msgspec

from pitboard.race.bodies import PassingRecorded
from pitboard.unit_api.program_calls import Delivery, Passing
from trackside.timing.run_control import RunControl


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
            await asyncio.sleep(0)  # first the displays that wait for it, then what follows here
            await self._run_control.follow_time()
        return new_count

    def known(self, sensor: str, sensor_boot: str) -> list[tuple[int, int]]:
        """Return the durable passings of one start of a device as ranges of seq."""
        return self._deliverer.passings(sensor, sensor_boot)

    def _recorded(self, delivered: Passing) -> PassingRecorded:
        """The bridge names a track only where the unit times several."""
        return PassingRecorded(
            **{**msgspec.structs.asdict(delivered), "track": delivered.track or self._track}
        )
