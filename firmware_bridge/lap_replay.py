"""The laps between a raw log's passings: what a technician asks first after a dispute.

No run is known here, so each car's passings at a line follow one another, whoever drove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from firmware_bridge.makers.timer_makers import HEAT_BOOT
from pitboard.race.bodies.passing_bodies import START
from pitboard.race.passings.device_clocks import CLOCK_DOUBT, Settled, lap_time, or_shorter
from pitboard.race.passings.settling import settle
from pitboard.unit_api.program_calls import Passing

NEW_BOOT = "new-boot"
# Nobody stands by a time where nothing tells which clock is right and they part by more than a hundredth.
DOUBT_MAX_PART = 100

_Car = tuple[str, int | str | None]


class ReplayedLap(msgspec.Struct, frozen=True, kw_only=True):
    """`lap_ns` is None where no time can be stood by; `flag` says why, or why an official should look.

    `lane` is given for the heats of a lane timer.
    """

    sensor: str
    transponder: int | str | None
    lap_ns: int | None
    uncertainty_ns: int | None
    flag: str | msgspec.UnsetType = msgspec.UNSET
    lane: int | msgspec.UnsetType = msgspec.UNSET


def laps_between(passings: Iterable[Passing]) -> Iterator[ReplayedLap]:
    """Yield the laps in the order driven. System B makes none, as on the track."""
    boots: dict[str, list[Passing]] = {}
    for passing in passings:
        if passing.system != "B":
            boots.setdefault(passing.boot_id, []).append(passing)
    earlier_cars: set[_Car] = set()
    for of_boot in boots.values():
        latest: dict[_Car, Settled] = {}
        settled_of_boot = settle(of_boot)
        or_mono_ns: dict[_Car, list[int]] = {}
        for one, passing in zip(settled_of_boot, of_boot, strict=True):
            others = or_mono_ns.setdefault((passing.gate, passing.transponder), [])
            if one.or_mono_ns is not None:
                others.append(one.or_mono_ns)
        stamped = sorted(zip(settled_of_boot, of_boot, strict=True), key=lambda pair: pair[0].mono_ns)
        began: dict[tuple[str, int | None], Settled] = {}
        for settled, passing in stamped:
            if passing.sensor_boot.startswith(HEAT_BOOT):
                yield from _lap_of_lane(began, settled, passing)
                continue
            car = (passing.gate, passing.transponder)
            if car in latest:
                yield _lap(latest[car], settled, passing, or_mono_ns[car])
            elif car in earlier_cars:
                yield _unknown(passing, NEW_BOOT)
            latest[car] = settled
        earlier_cars.update(latest)


def _lap_of_lane(
    began: dict[tuple[str, int | None], Settled], settled: Settled, passing: Passing
) -> Iterator[ReplayedLap]:
    """Yield the lap from the lane's start to its finish within one heat; before that keep the start."""
    lane = (passing.sensor_boot, passing.lane)
    if passing.gate == START:
        began[lane] = settled
    elif lane in began:
        lap = _lap(began.pop(lane), settled, passing, ())
        yield msgspec.structs.replace(lap, lane=passing.lane or 0)


def _lap(opening: Settled, closing: Settled, passing: Passing, or_mono_ns: Sequence[int]) -> ReplayedLap:
    time = or_shorter(lap_time(opening, closing), opening.mono_ns, closing.mono_ns, or_mono_ns)
    can_stand = time.flag != CLOCK_DOUBT or time.uncertainty_ns * DOUBT_MAX_PART <= time.lap_ns
    return ReplayedLap(
        sensor=passing.sensor,
        transponder=passing.transponder,
        lap_ns=time.lap_ns if can_stand else None,
        uncertainty_ns=time.uncertainty_ns,
        flag=time.flag or msgspec.UNSET,
    )


def _unknown(passing: Passing, flag: str) -> ReplayedLap:
    return ReplayedLap(
        sensor=passing.sensor, transponder=passing.transponder, lap_ns=None, uncertainty_ns=None, flag=flag
    )
