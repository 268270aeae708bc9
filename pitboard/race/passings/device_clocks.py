"""How well the two clocks of a lap agree: the device's ticks, and the host's stamps of the same passings.

A bought device's clock may be set while a race runs; a lap over a clock that was set is timed by the host. A
lap is never surer than its two clocks agree. What is known of each passing, `settling.py` finds out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

NANOSECONDS_PER_MS = 1_000_000

PARTS = 1_000_000_000

RATE_UNKNOWN_PPB = 60_000
"""What a cheap crystal may be off while nobody has measured its rate: 60 parts in a million."""

RATE_MEASURED_PPB = 10_000
"""What is left of that once the bridge has measured the rate over its window."""

DOUBT_MIN_NS = 50_000_000
"""The least that two clocks must part by before an official is asked."""

CUTS_US = (10_000, 1_000, 100, 10, 1)
"""What devices cut their ticks to."""

RESOLUTIONS_US = CUTS_US[1:]
"""Those that two ticks show. One that cuts further says so with each passing, in its uncertainty."""

DOUBT_PART = 4
"""A lap that may be off by more than this part of it is nothing to rank by."""

TOGETHER_NS = 500_000_000
"""Lines nearer to each other may have been held up together; their ticks tell them apart."""

HOST_STAMP_MIN_NS = 50_000_000
"""How late a line may well be that nothing can be held against."""

LATE = "late"

CLOCK_DOUBT = "clock-doubt"

CLOCK_LOST = "clock-lost"

CLOCK_SET = "clock-set"

NEW_START = "new-start"

EDGE_LOST = "edge-lost"

FLICKERED = "flickered"

PASSING_LOST = "passing-lost"

UNSEEN = (EDGE_LOST, FLICKERED, PASSING_LOST)
"""Flags that doubt no clock: since the car's passing before, one may have been that nobody saw or told.

A passing may have one of these behind a flag of its clock: "late passing-lost"."""


class Stamped(Protocol):
    """What is needed of a passing; docs/records.md explains the fields."""

    @property
    def sensor(self) -> str: ...
    @property
    def sensor_boot(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def transponder(self) -> int | str | None: ...
    @property
    def clock(self) -> str: ...
    @property
    def tick_us(self) -> int | None: ...
    @property
    def rate_ppb(self) -> int: ...
    @property
    def mono_ns(self) -> int: ...
    @property
    def slept_ns(self) -> int: ...
    @property
    def uncertainty_ns(self) -> int: ...
    @property
    def received_mono_ns(self) -> int: ...
    @property
    def flag(self) -> str | None: ...


class Settled(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A passing as the passings after it showed it to be.

    `clock` names the setting of the device's clock, None where it gave no tick. `lag_ns` is how far the
    host's clock lies from the tick, as the line's arrival or its neighbours tell, and `within_ns` how well
    that is known among the passings of the same setting. `hidden_ns` is by how much the clock may have been
    set without anybody seeing it, as several lines that were late by the same would hide it. `or_mono_ns` is
    the other instant at which it may have been, where nothing tells. `unseen` says that the sensor may have
    missed a car before this one.
    """

    sensor: str
    clock: str | None
    tick_us: int
    rate_ppb: int
    mono_ns: int
    slept_ns: int
    uncertainty_ns: int
    lag_ns: int
    within_ns: int
    flag: str | None
    can_be_set: bool
    hidden_ns: int = 0
    or_mono_ns: int | None = None
    unseen: str | None = None

    @property
    def awake_and_asleep_ns(self) -> int:
        """The instant on a clock that goes on while the host sleeps."""
        return self.mono_ns + self.slept_ns


class LapTime(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`flag` is None, or why an official should look at it.

    `clock-set` and `new-start`: the host's stamps timed it. `clock-doubt`: nothing tells which of the two
    clocks is right. `edge-lost` and `flickered`: a car may have passed in between that was not seen;
    `passing-lost`: the device's numbers say that one may have been that it did not tell.
    """

    lap_ns: int
    uncertainty_ns: int
    flag: str | None = None


def lap_time(opening: Settled, closing: Settled) -> LapTime:
    """Return the lap between two settled passings of one boot.

    One setting of one device's clock measures it, corrected by the rate measured at the later passing;
    otherwise the host's clock does.
    """
    host_ns = closing.awake_and_asleep_ns - opening.awake_and_asleep_ns
    both_ns = opening.uncertainty_ns + closing.uncertainty_ns
    is_one_clock = opening.sensor == closing.sensor and None is not opening.clock == closing.clock
    device_ns = (closing.tick_us - opening.tick_us) * 1_000
    if not is_one_clock or device_ns <= 0:
        flag = _flag_of_host_lap(opening, closing)
        # The first line of a setting, or of a new start, shows only when it came.
        is_first = flag in (CLOCK_SET, CLOCK_DOUBT) or (flag == NEW_START and closing.can_be_set)
        least_ns = HOST_STAMP_MIN_NS if is_first else 0
        # How far a setting is known does not tell how late its quickest line came.
        known_ns = both_ns + least_ns if flag == CLOCK_DOUBT else max(both_ns, least_ns)
        return LapTime(lap_ns=host_ns, uncertainty_ns=known_ns, flag=flag or closing.unseen)
    lap_ns = device_ns + device_ns * closing.rate_ppb // PARTS
    parted_ns = abs(device_ns + closing.lag_ns - opening.lag_ns - lap_ns)
    crystal_ppb = RATE_MEASURED_PPB if closing.rate_ppb else RATE_UNKNOWN_PPB
    uncertainty_ns = 2 * _resolution_ns(opening, closing) + device_ns * crystal_ppb // PARTS
    if closing.can_be_set:
        # Between the two it may have been set by as much as nobody can see.
        uncertainty_ns += parted_ns + opening.within_ns + closing.within_ns
        uncertainty_ns += opening.hidden_ns + closing.hidden_ns
    else:
        uncertainty_ns = max(min(both_ns, uncertainty_ns), parted_ns)
    is_doubtful = parted_ns > DOUBT_MIN_NS or uncertainty_ns > max(DOUBT_MIN_NS, lap_ns // DOUBT_PART)
    return LapTime(
        lap_ns=lap_ns, uncertainty_ns=uncertainty_ns, flag=CLOCK_DOUBT if is_doubtful else closing.unseen
    )


def _resolution_ns(opening: Settled, closing: Settled) -> int:
    """Return what the ticks are cut to, as far as both show it: a millisecond, a tenth of one, less."""
    steps_us = (
        step_us for step_us in RESOLUTIONS_US if not (opening.tick_us % step_us or closing.tick_us % step_us)
    )
    return next(steps_us) * 1_000


def or_shorter(time: LapTime, opened_mono_ns: int, closed_mono_ns: int, or_mono_ns: Sequence[int]) -> LapTime:
    """Return the lap as it is known where the car may have passed in between, at one of these instants."""
    between = [one for one in or_mono_ns if opened_mono_ns < one < closed_mono_ns]
    if not between:
        return time
    off_ns = max(max(one - opened_mono_ns, closed_mono_ns - one) for one in between)
    return LapTime(lap_ns=time.lap_ns, uncertainty_ns=max(time.uncertainty_ns, off_ns), flag=CLOCK_DOUBT)


def _flag_of_host_lap(opening: Settled, closing: Settled) -> str | None:
    flags = {opening.flag, closing.flag}
    if CLOCK_LOST in flags or CLOCK_DOUBT in flags:
        return CLOCK_DOUBT
    if opening.sensor != closing.sensor or opening.clock is None or closing.clock is None:
        return None
    return CLOCK_SET if CLOCK_SET in flags else NEW_START


def clock_flag(passing: Stamped) -> str | None:
    if not passing.flag:
        return None
    flag = passing.flag.split(" ")[0]
    return None if not flag or flag in UNSEEN else flag


def unseen_flag(passing: Stamped) -> str | None:
    if not passing.flag:
        return None
    flag = passing.flag.split(" ")[-1]
    return flag if flag in UNSEEN else None


def with_unseen(clock_flag: str | None, unseen: str | None) -> str | None:
    """Return the flag of a passing of which both is to be said."""
    return " ".join(flag for flag in (clock_flag, unseen) if flag) or None


def stamp_lag_ns(passing: Stamped) -> int:
    return passing.mono_ns + passing.slept_ns - (passing.tick_us or 0) * 1_000


def received_lag_ns(passing: Stamped) -> int:
    return passing.received_mono_ns + passing.slept_ns - (passing.tick_us or 0) * 1_000
