"""Take passings from the bridge: durable before they are acknowledged, each counted once.

A bridge that lost its raw log does not know which times of a device's clock it has named already; we do."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.unit_api.program_calls import NAMED_BY_TIME, Delivery, Passing
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
        recorded = PassingRecorded(
            **{**msgspec.structs.asdict(delivered), "track": delivered.track or self._track}
        )
        if not recorded.sensor_boot.startswith(NAMED_BY_TIME):
            return recorded
        known = self._run_control.passing_recorded(recorded.passing_id)
        if known is None or not _is_another(recorded, known):
            return recorded
        return replace(recorded, seq=_other_seq(recorded, known))


NUMBER_BYTES = 6


def _is_another(recorded: PassingRecorded, known: PassingRecorded) -> bool:
    """Return whether the passing is not the known one of its name: the device's clock was set back.

    What a device says again after this machine was booted is known from the raw log. A line in time tells of
    now, so it is none that came before.
    """
    if recorded.boot_id != known.boot_id:
        return True
    apart_ns = abs(recorded.mono_ns - known.mono_ns)
    is_in_time = recorded.flag is None and recorded.received_mono_ns != known.received_mono_ns
    return is_in_time and apart_ns > recorded.uncertainty_ns + known.uncertainty_ns


def _other_seq(recorded: PassingRecorded, known: PassingRecorded) -> int:
    """Return what it is called however often it is delivered: once in a boot, or by when it came."""
    came = recorded.received_mono_ns if recorded.boot_id == known.boot_id else ""
    said = f"{recorded.passing_id}|{recorded.boot_id}|{came}"
    return int.from_bytes(sha256(said.encode()).digest()[:NUMBER_BYTES], "big") + 1
