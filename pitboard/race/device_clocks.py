"""How well the two clocks of a lap agree: the device's ticks, and the host's stamps of the same passings.

A bought device's clock may be set while a race runs. The bridge says on each passing what it could tell then;
here the passings after it are asked too, so that a line that was only late makes a lap as sure as ever, and a
lap over a clock that was set is timed by the host. A lap is never surer than its two clocks agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import groupby
from typing import Protocol

import msgspec
from msgspec.structs import replace

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

AT_ONCE_NS = 100_000_000
"""Lines that a stall held up come nearer to each other than this once it is over."""

HELD_UP_MAX_NS = 60_000_000_000
"""How long a stalled connection or a repeat holds a line up."""

ASKED_MAX_COUNT = 16
"""So many lines on either side are asked whether they were as late."""

JITTER_MAX_NS = 5_000_000
"""Two lines of one setting that lie apart by more do not tell the same of it for sure."""

SETTING_SURE_COUNT = 4
"""So many lines are not held up by the same time."""

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


def settle(passings: Sequence[Stamped]) -> list[Settled]:
    """Return the passings of one boot of the host, each with what those received after it tell."""
    settled = [_as_said(passing) for passing in passings]
    if not any(passing.flag for passing in passings):
        return settled  # as nearly always
    if any(one.unseen == PASSING_LOST for one in settled):
        _forget_what_came_later(settled, passings)
    if not any(_clock_flag(passing) for passing in passings):
        return settled
    by_sensor: dict[str, list[int]] = {}
    for at, passing in enumerate(passings):
        if passing.tick_us is not None:
            by_sensor.setdefault(passing.sensor, []).append(at)
    for places in by_sensor.values():
        places.sort(key=lambda at: (passings[at].received_mono_ns, passings[at].mono_ns))
        line = [passings[at] for at in places]
        for index, at in enumerate(places):
            settled[at] = replace(_settle_one(line, index), unseen=settled[at].unseen)
        _know_within(settled, places)
        _doubt_what_a_step_may_hide(settled, places, line)
        _doubt_what_began_late(settled, places, line)
        _doubt_what_stands_alone(settled, places, line)
        _doubt_what_a_lost_line_began(settled, places)
        _doubt_what_was_set_back_again(settled, places)
        _doubt_what_came_together(settled, places, line)
        _doubt_what_was_held_up_together(settled, places, line)
    return settled


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


def _clock_flag(passing: Stamped) -> str | None:
    if not passing.flag:
        return None
    flag = passing.flag.split(" ")[0]
    return None if not flag or flag in UNSEEN else flag


def _unseen_flag(passing: Stamped) -> str | None:
    if not passing.flag:
        return None
    flag = passing.flag.split(" ")[-1]
    return flag if flag in UNSEEN else None


def with_unseen(clock_flag: str | None, unseen: str | None) -> str | None:
    """Return the flag of a passing of which both is to be said."""
    return " ".join(flag for flag in (clock_flag, unseen) if flag) or None


def _forget_what_came_later(settled: list[Settled], passings: Sequence[Stamped]) -> None:
    """A number that the device was asked for again, and told, is not lost."""
    told: dict[tuple[str, str], dict[int, int | str | None]] = {}
    for passing in passings:
        told.setdefault((passing.sensor, passing.sensor_boot), {})[passing.seq] = passing.transponder
    for at, passing in enumerate(passings):
        if settled[at].unseen == PASSING_LOST:
            of_start = told[passing.sensor, passing.sensor_boot]
            own = [seq for seq, car in of_start.items() if car == passing.transponder and seq < passing.seq]
            if own and all(seq in of_start for seq in range(max(own), passing.seq)):
                settled[at] = replace(settled[at], unseen=None)


def _as_said(passing: Stamped) -> Settled:
    tick_us = passing.tick_us
    return Settled(
        sensor=passing.sensor,
        clock=None if tick_us is None else passing.clock or passing.sensor_boot,
        tick_us=tick_us or 0,
        rate_ppb=passing.rate_ppb,
        mono_ns=passing.mono_ns,
        slept_ns=passing.slept_ns,
        uncertainty_ns=passing.uncertainty_ns,
        lag_ns=_stamp_lag_ns(passing),
        within_ns=passing.uncertainty_ns,
        flag=_clock_flag(passing),
        can_be_set=bool(passing.clock),
        unseen=_unseen_flag(passing),
    )


def _know_within(settled: list[Settled], places: Sequence[int]) -> None:
    """What nobody knows of a passing against others may be well known among those of its own setting."""
    least_ns: dict[str | None, int] = {}
    for one in (settled[at] for at in places):
        least_ns[one.clock] = min(one.uncertainty_ns, least_ns.get(one.clock, one.uncertainty_ns))
    for at in places:
        if settled[at].flag not in (None, LATE):
            within_ns = min(settled[at].within_ns, least_ns[settled[at].clock])
            settled[at] = replace(settled[at], within_ns=within_ns)


def _doubt_what_a_step_may_hide(
    settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]
) -> None:
    """Between two lines in time the clock may have been set back and forward again: then all look late."""
    held_up = {index for first, end in _held_up_together(line) for index in range(first, end)}
    for index, at in enumerate(places):
        one = settled[at]
        late_ns = _received_lag_ns(line[index]) - one.lag_ns
        if one.flag in (None, CLOCK_LOST) or late_ns <= 0:
            continue
        sides = (range(index - 1, -1, -1), range(index + 1, len(line)))
        hidden_ns = max(
            _hidden_step_ns(late_ns, _lates_beside(settled, places, line, index, side, held_up))
            for side in sides
        )
        if hidden_ns:
            settled[at] = replace(one, uncertainty_ns=one.uncertainty_ns + hidden_ns, hidden_ns=hidden_ns)


def _hidden_step_ns(late_ns: int, beside_ns: Iterable[int | None]) -> int:
    """Return by how much the clock may have been set, where this line and those beside it were so late.

    Nobody sets a clock for one car: two lines at least must be late by the same, and all between by as much.
    """
    least_ns, lates_ns = late_ns, [late_ns]
    for one_ns in beside_ns:
        if one_ns is None:
            return least_ns
        least_ns = min(least_ns, one_ns)
        lates_ns.append(one_ns)
        if sum(each_ns - least_ns <= DOUBT_MIN_NS for each_ns in lates_ns) >= 2:
            return max(0, least_ns)
    return 0


def _lates_beside(
    settled: Sequence[Settled],
    places: Sequence[int],
    line: Sequence[Stamped],
    index: int,
    side: range,
    held_up: Set[int],
) -> Iterator[int | None]:
    """Yield how late the lines on one side were, up to one in time; None where nobody knows."""
    one, nearer = settled[places[index]], index
    for other in side[:ASKED_MAX_COUNT]:
        beside = settled[places[other]]
        if settled[places[max(nearer, other)]].unseen == PASSING_LOST:
            yield None
        if other in held_up and index not in held_up:
            yield None
        if abs(line[other].received_mono_ns - line[nearer].received_mono_ns) < TOGETHER_NS:
            continue
        if beside.flag is None or (
            beside.clock != one.clock and beside.flag not in (CLOCK_DOUBT, CLOCK_LOST)
        ):
            return
        yield _received_lag_ns(line[other]) - one.lag_ns
        nearer = other


def _doubt_what_began_late(settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]) -> None:
    """The first line of a clock set back may be one of before, held up by nearly as much as it was set by."""
    known = {settled[at].clock for at in places[:1]}
    for index in range(1, len(line)):
        one, before = settled[places[index]], settled[places[index - 1]]
        if one.clock in known:
            continue
        known.add(one.clock)
        later = range(index + 1, min(index + ASKED_MAX_COUNT, len(line)))
        of_it_ns = [_received_lag_ns(line[at]) for at in later if settled[places[at]].clock == one.clock]
        least_ns = min(of_it_ns[:3], default=before.lag_ns)
        if least_ns > before.lag_ns and abs(_received_lag_ns(line[index]) - least_ns) > JITTER_MAX_NS:
            settled[places[index]] = _or_as_around(
                one,
                (before.lag_ns,),
                received_ns=line[index].received_mono_ns + line[index].slept_ns,
                before_ns=before.awake_and_asleep_ns,
            )


def _doubt_what_stands_alone(settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]) -> None:
    """The first line of a setting may have been held up; where none after it agrees, it may be old."""
    clocks = [settled[at].clock for at in places]
    known = set(clocks[:1])
    for index in range(1, len(line)):
        first, one, before = line[index], settled[places[index]], settled[places[index - 1]]
        if one.clock in known or one.flag not in (LATE, CLOCK_SET):
            continue
        known.add(one.clock)
        later = [
            (clock, _received_lag_ns(passing) - _received_lag_ns(first))
            for clock, passing in zip(clocks[index + 1 :], line[index + 1 :], strict=True)
            if passing.received_mono_ns - first.received_mono_ns >= TOGETHER_NS
        ]
        if later and not any(clock == one.clock and abs(off_ns) <= DOUBT_MIN_NS for clock, off_ns in later):
            since_ns = max(0, one.awake_and_asleep_ns - before.awake_and_asleep_ns)
            settled[places[index]] = replace(one, uncertainty_ns=max(one.uncertainty_ns, since_ns))


def _doubt_what_a_lost_line_began(settled: list[Settled], places: Sequence[int]) -> None:
    """A setting that began with a line of which nothing tells is as doubtful, until one comes in time."""
    lost_ns: dict[str | None, int] = {}
    for at in places:
        one = settled[at]
        if one.flag is None:
            lost_ns[one.clock] = 0
        least_ns = lost_ns.setdefault(one.clock, one.uncertainty_ns if one.flag == CLOCK_LOST else 0)
        if least_ns > one.uncertainty_ns:
            settled[at] = replace(one, uncertainty_ns=least_ns)


def _doubt_what_was_set_back_again(settled: list[Settled], places: Sequence[int]) -> None:
    """A few lines behind, and the next in time again: the clock was set twice, or those few were held up."""
    groups = groupby(places, key=lambda at: settled[at].clock)
    settings = [of_one for of_one in (list(of_one) for _, of_one in groups) if _is_setting(settled, of_one)]
    for before, these, after in zip(settings, settings[1:], settings[2:], strict=False):
        lag_ns = settled[before[-1]].lag_ns
        behind_ns = min(settled[at].lag_ns for at in these) - lag_ns
        took_ns = settled[these[-1]].awake_and_asleep_ns - settled[these[0]].awake_and_asleep_ns
        has_returned = abs(settled[after[0]].lag_ns - lag_ns) <= DOUBT_MIN_NS
        if not has_returned or not DOUBT_MIN_NS < behind_ns <= HELD_UP_MAX_NS or took_ns >= HELD_UP_MAX_NS:
            continue
        for at in these if len(these) < SETTING_SURE_COUNT else ():
            settled[at] = replace(
                settled[at],
                uncertainty_ns=settled[at].uncertainty_ns + behind_ns,
                hidden_ns=settled[at].hidden_ns + behind_ns,
                or_mono_ns=settled[at].mono_ns - behind_ns,
                flag=CLOCK_DOUBT,
            )


def _is_setting(settled: list[Settled], places: Sequence[int]) -> bool:
    return any(settled[at].flag not in (CLOCK_DOUBT, CLOCK_LOST) for at in places)


def _doubt_what_came_together(settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]) -> None:
    """Where the line that shows a new setting came with others that were held up, it was held up too.

    Set forward, the clock may have been so for some of those already.
    """
    held_up: list[int] = []
    for index, at in enumerate(places):
        passing, before = line[index], line[index - 1] if index else None
        if before is None or passing.received_mono_ns - before.received_mono_ns >= TOGETHER_NS:
            held_up = [at]
            continue
        if settled[at].clock != settled[held_up[0]].clock:
            if settled[at].mono_ns == passing.mono_ns:
                late_ns = before.received_mono_ns - settled[places[index - 1]].mono_ns
                least_ns = max(late_ns, settled[at].uncertainty_ns)
                settled[at] = replace(settled[at], uncertainty_ns=least_ns)
            for one in held_up:
                settled[one] = _or_already_set(settled[one], passing)
        held_up.append(at)


def _doubt_what_was_held_up_together(
    settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]
) -> None:
    """When lines come together that were held up, each may be of the setting before or of the one after."""
    counts = Counter(settled[at].clock for at in places)
    from_first, last_end = 0, 0
    for first, end in _held_up_together(line):
        from_first = from_first if first == last_end else first  # one stall close upon another
        last_end = end
        if first == 0:
            continue
        before, these = settled[places[first - 1]], places[first:end]
        beside = [before, *(settled[at] for at in (*places[end : end + 1], places[max(0, from_first - 1)]))]
        around_ns = {lag_ns for one in beside for lag_ns in (one.lag_ns, one.lag_ns + one.hidden_ns)}
        in_time = counts - Counter(settled[at].clock for at in these)
        before_ns = before.awake_and_asleep_ns
        for at, passing in zip(these, line[first:end], strict=True):
            one, received_ns = settled[at], passing.received_mono_ns + passing.slept_ns
            one = _or_as_around(one, around_ns, received_ns=received_ns, before_ns=before_ns)
            if not in_time[one.clock]:  # nothing tells how late they were
                one = replace(one, uncertainty_ns=max(one.uncertainty_ns, received_ns - before_ns))
            settled[at] = one
        if end == len(line):
            _doubt_what_was_last(settled, places[first:end], line[first:end], before)


def _doubt_what_was_last(
    settled: list[Settled], places: Sequence[int], line: Sequence[Stamped], before: Settled
) -> None:
    """No line came since a stall: the clock may have been set meanwhile, by what its lines leave room for.

    Set forward, none passed before the one before it; set back, none came before its passing.
    """
    passed_ns = [settled[at].tick_us * 1_000 + settled[at].lag_ns for at in places]
    lates_ns = [
        one.received_mono_ns + one.slept_ns - one_ns for one, one_ns in zip(line, passed_ns, strict=True)
    ]
    hidden_ns, before_ns = 0, before.awake_and_asleep_ns
    for index, at in enumerate(places):
        hidden_ns = max(hidden_ns, passed_ns[index] - before_ns, min(lates_ns[index:]))
        before_ns = passed_ns[index]
        one = settled[at]
        settled[at] = replace(
            one, uncertainty_ns=one.uncertainty_ns + hidden_ns, hidden_ns=one.hidden_ns + hidden_ns
        )


def _or_as_around(one: Settled, around_ns: Iterable[int], *, received_ns: int, before_ns: int) -> Settled:
    """Return the passing as it is known if its lag may be one of these: after the one before, till now."""
    tick_ns, mono_ns = one.tick_us * 1_000, one.awake_and_asleep_ns
    earliest_ns = min(before_ns, mono_ns)
    others_ns = [
        max(tick_ns + lag_ns, earliest_ns)
        for lag_ns in around_ns
        if tick_ns + lag_ns <= received_ns and abs(lag_ns - one.lag_ns) <= HELD_UP_MAX_NS
    ]
    # The lag of a lost line is by its arrival, its instant by a setting that it may be of.
    other_ns = max(others_ns, key=lambda other: abs(other - mono_ns), default=mono_ns)
    off_ns, hidden_ns = (
        max((abs(other - own_ns) for other in others_ns), default=0)
        for own_ns in (mono_ns, tick_ns + one.lag_ns)
    )
    is_far = off_ns > DOUBT_MIN_NS and one.or_mono_ns is None
    return replace(
        one,
        uncertainty_ns=one.uncertainty_ns + off_ns,
        hidden_ns=one.hidden_ns + hidden_ns,
        or_mono_ns=other_ns - one.slept_ns if is_far else one.or_mono_ns,
    )


def _held_up_together(line: Sequence[Stamped]) -> Iterator[tuple[int, int]]:
    """Yield the first and the end of each row of lines that came together though they were sent apart.

    Their ticks say so, or that they all lag behind the lines before them and after.
    """
    first = 0
    for end in range(1, len(line) + 1):
        if end < len(line) and (line[end].received_mono_ns - line[end - 1].received_mono_ns < AT_ONCE_NS):
            continue
        if end - first > 1:
            lags_ns = [_received_lag_ns(one) for one in line[first:end]]
            beside_ns = [
                _received_lag_ns(one) for one in (*line[max(0, first - 1) : first], *line[end : end + 1])
            ]
            least_ns = min(min(lags_ns), max(beside_ns, default=max(lags_ns)))
            if max(lags_ns) - least_ns > DOUBT_MIN_NS:
                yield first, end
        first = end


def _or_already_set(settled: Settled, showed_by: Stamped) -> Settled:
    """Return the passing as it is known if its clock was perhaps set forward as the later line shows."""
    ahead_ns = settled.lag_ns - _received_lag_ns(showed_by)
    if settled.clock == showed_by.clock or ahead_ns <= DOUBT_MIN_NS:
        return settled
    return replace(
        settled,
        uncertainty_ns=settled.uncertainty_ns + ahead_ns,
        hidden_ns=settled.hidden_ns + ahead_ns,
        or_mono_ns=settled.mono_ns - ahead_ns,
    )


def _settle_one(line: Sequence[Stamped], index: int) -> Settled:
    passing = line[index]
    match _clock_flag(passing):
        case "late":
            return _settle_late(line, index)
        case "clock-doubt":
            before = (_clock(one) for one in reversed(line[:index]) if _is_plain(one))
            alike = [
                one for one in line if _clock_flag(one) == CLOCK_DOUBT and _clock(one) == _clock(passing)
            ]
            return _settle_doubt(line, index, next(before, None), alike)
        case "clock-set":
            return _settle_set(passing, line[index + 1 :])
        case "clock-lost":
            # Its stamp is by another setting; among those of its own only its arrival tells.
            return replace(_as_said(passing), lag_ns=_received_lag_ns(passing))
    return _as_said(passing)


def _settle_late(line: Sequence[Stamped], index: int) -> Settled:
    passing, later = line[index], line[index + 1 :]
    clock = _clock(passing)
    witness = next((one for one in later if _clock_flag(one) is None and _clock(one) == clock), None)
    if witness is not None:
        lag_ns = _lag_by(witness, passing)
        # Where the witness lags more than this one ever did, this one's own lag may be any up to that.
        slack_ns = max(0, lag_ns - _stamp_lag_ns(passing)) if lag_ns == _received_lag_ns(passing) else 0
        known_ns = witness.uncertainty_ns + slack_ns
        return replace(
            _as_said(passing),
            mono_ns=passing.mono_ns - _late_beyond(_stamp_lag_ns(passing) - lag_ns, known_ns),
            lag_ns=lag_ns,
            uncertainty_ns=known_ns,
            within_ns=known_ns,
        )
    together = [
        _received_lag_ns(one)
        for one in later
        if _clock(one) == clock and one.received_mono_ns - passing.received_mono_ns < TOGETHER_NS
    ]
    said = replace(_as_said(passing), lag_ns=min([_received_lag_ns(passing), *together]))
    lost = next((one for one in later if _clock(one) != clock), None)
    if lost is None or _clock_flag(lost) != CLOCK_LOST:
        return said
    return replace(said, uncertainty_ns=max(said.uncertainty_ns, lost.uncertainty_ns))


def _late_beyond(late_ns: int, known_ns: int) -> int:
    """Return by how much a line was late that stamped itself by when it came, 0 for what is not sure."""
    return late_ns if late_ns > max(known_ns, HOST_STAMP_MIN_NS) else 0


def _settle_doubt(
    line: Sequence[Stamped], index: int, before: str | None, alike: Sequence[Stamped]
) -> Settled:
    """Several late by the same, `alike`, may be a clock set back and forward again: nothing tells."""
    passing, later = line[index], line[index + 1 :]
    said = _as_said(passing)
    witness = next((one for one in later if _is_plain(one)), None)
    clock = None if witness is None else _clock(witness)
    if witness is not None and clock == said.clock:
        lag_ns = _lag_by(witness, passing)
        off_ns = _received_lag_ns(passing) - lag_ns
        late_ns = _late_beyond(off_ns, witness.uncertainty_ns)
        return replace(
            said,
            mono_ns=passing.received_mono_ns - late_ns,
            uncertainty_ns=max(witness.uncertainty_ns, off_ns - late_ns),
            lag_ns=lag_ns + off_ns - late_ns,  # by less than that it may have been set meanwhile
            flag=CLOCK_SET,
        )
    if witness is not None and len(alike) == 1 and before in (None, clock):
        return replace(
            said,
            clock=clock,
            uncertainty_ns=witness.uncertainty_ns,
            lag_ns=_lag_by(witness, passing),
            within_ns=witness.uncertainty_ns,
            flag=LATE,
        )
    lag_ns = _received_lag_ns(passing)
    off_ns = 0 if witness is None else abs(lag_ns - _lag_by(witness, passing))
    said = replace(said, lag_ns=lag_ns, uncertainty_ns=max(said.uncertainty_ns, off_ns))
    if len(alike) == 1:
        return replace(said, or_mono_ns=passing.received_mono_ns)
    # Late or set back, their ticks measure among themselves; set back is likelier while nothing else tells.
    lags_ns = [_received_lag_ns(one) for one in alike]
    # That they agree to less than their ticks are cut to is luck.
    cut_us = next(step_us for step_us in CUTS_US if not any((one.tick_us or 0) % step_us for one in alike))
    said = replace(said, within_ns=max(lags_ns) - min(lags_ns) + cut_us * 1_000)
    if witness is None:
        return replace(said, mono_ns=passing.received_mono_ns)
    return replace(said, or_mono_ns=passing.received_mono_ns)


def _settle_set(passing: Stamped, later: Sequence[Stamped]) -> Settled:
    """The line that showed a clock to be set may itself have been late, as those after it tell."""
    said = _as_said(passing)
    if later and _clock_flag(later[0]) == CLOCK_LOST:
        off_ns = abs(_stamp_lag_ns(later[0]) - said.lag_ns)
        return replace(said, uncertainty_ns=max(said.uncertainty_ns, off_ns), flag=CLOCK_LOST)
    clock = _clock(passing)
    witness = next((one for one in later if _clock_flag(one) is None and _clock(one) == clock), None)
    if witness is None:
        return said
    late_ns = _late_beyond(said.lag_ns - _lag_by(witness, passing), witness.uncertainty_ns)
    return replace(said, mono_ns=said.mono_ns - late_ns, lag_ns=said.lag_ns - late_ns)


def _is_plain(passing: Stamped) -> bool:
    return _clock_flag(passing) in (None, LATE, CLOCK_SET)


def _clock(passing: Stamped) -> str:
    return passing.clock or passing.sensor_boot


def _stamp_lag_ns(passing: Stamped) -> int:
    return passing.mono_ns + passing.slept_ns - (passing.tick_us or 0) * 1_000


def _received_lag_ns(passing: Stamped) -> int:
    return passing.received_mono_ns + passing.slept_ns - (passing.tick_us or 0) * 1_000


def _lag_by(witness: Stamped, passing: Stamped) -> int:
    """Return the lag at this passing by what the witness says, with the drift between the two."""
    device_ns = ((witness.tick_us or 0) - (passing.tick_us or 0)) * 1_000
    lag_ns = _stamp_lag_ns(witness) - device_ns * witness.rate_ppb // PARTS
    # No line comes before its passing: where it lagged less, the clock has been set since.
    return min(lag_ns, _received_lag_ns(passing))
