"""What the passings received after one tell of it: whether it was only late, or the device's clock was set.

The bridge says on each passing what it could tell then, and sends none twice. So a line that was only late
makes a lap as sure as ever once those behind it are asked."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pitboard.race.passings.clock_doubts import doubt_by_neighbours
from pitboard.race.passings.device_clocks import (
    CLOCK_DOUBT,
    CLOCK_LOST,
    CLOCK_SET,
    CUTS_US,
    HOST_STAMP_MIN_NS,
    LATE,
    PARTS,
    PASSING_LOST,
    TOGETHER_NS,
    Settled,
    Stamped,
    clock_flag,
    received_lag_ns,
    stamp_lag_ns,
    unseen_flag,
)


def settle(passings: Sequence[Stamped]) -> list[Settled]:
    """Return the passings of one boot of the host, each with what those received after it tell."""
    settled = [_as_said(passing) for passing in passings]
    if not any(passing.flag for passing in passings):
        return settled  # as nearly always
    if any(one.unseen == PASSING_LOST for one in settled):
        _forget_what_came_later(settled, passings)
    if not any(clock_flag(passing) for passing in passings):
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
        doubt_by_neighbours(settled, places, line)
    return settled


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
        lag_ns=stamp_lag_ns(passing),
        within_ns=passing.uncertainty_ns,
        flag=clock_flag(passing),
        can_be_set=bool(passing.clock),
        unseen=unseen_flag(passing),
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


def _settle_one(line: Sequence[Stamped], index: int) -> Settled:
    passing = line[index]
    match clock_flag(passing):
        case "late":
            return _settle_late(line, index)
        case "clock-doubt":
            before = (_clock(one) for one in reversed(line[:index]) if _is_plain(one))
            alike = [one for one in line if clock_flag(one) == CLOCK_DOUBT and _clock(one) == _clock(passing)]
            return _settle_doubt(line, index, next(before, None), alike)
        case "clock-set":
            return _settle_set(passing, line[index + 1 :])
        case "clock-lost":
            # Its stamp is by another setting; among those of its own only its arrival tells.
            return replace(_as_said(passing), lag_ns=received_lag_ns(passing))
    return _as_said(passing)


def _settle_late(line: Sequence[Stamped], index: int) -> Settled:
    passing, later = line[index], line[index + 1 :]
    clock = _clock(passing)
    witness = next((one for one in later if clock_flag(one) is None and _clock(one) == clock), None)
    if witness is not None:
        lag_ns = _lag_by(witness, passing)
        # Where the witness lags more than this one ever did, this one's own lag may be any up to that.
        slack_ns = max(0, lag_ns - stamp_lag_ns(passing)) if lag_ns == received_lag_ns(passing) else 0
        known_ns = witness.uncertainty_ns + slack_ns
        return replace(
            _as_said(passing),
            mono_ns=passing.mono_ns - _late_beyond(stamp_lag_ns(passing) - lag_ns, known_ns),
            lag_ns=lag_ns,
            uncertainty_ns=known_ns,
            within_ns=known_ns,
        )
    together = [
        received_lag_ns(one)
        for one in later
        if _clock(one) == clock and one.received_mono_ns - passing.received_mono_ns < TOGETHER_NS
    ]
    said = replace(_as_said(passing), lag_ns=min([received_lag_ns(passing), *together]))
    lost = next((one for one in later if _clock(one) != clock), None)
    if lost is None or clock_flag(lost) != CLOCK_LOST:
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
        off_ns = received_lag_ns(passing) - lag_ns
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
    lag_ns = received_lag_ns(passing)
    off_ns = 0 if witness is None else abs(lag_ns - _lag_by(witness, passing))
    said = replace(said, lag_ns=lag_ns, uncertainty_ns=max(said.uncertainty_ns, off_ns))
    if len(alike) == 1:
        return replace(said, or_mono_ns=passing.received_mono_ns)
    # Late or set back, their ticks measure among themselves; set back is likelier while nothing else tells.
    lags_ns = [received_lag_ns(one) for one in alike]
    # That they agree to less than their ticks are cut to is luck.
    cut_us = next(step_us for step_us in CUTS_US if not any((one.tick_us or 0) % step_us for one in alike))
    said = replace(said, within_ns=max(lags_ns) - min(lags_ns) + cut_us * 1_000)
    if witness is None:
        return replace(said, mono_ns=passing.received_mono_ns)
    return replace(said, or_mono_ns=passing.received_mono_ns)


def _settle_set(passing: Stamped, later: Sequence[Stamped]) -> Settled:
    """The line that showed a clock to be set may itself have been late, as those after it tell."""
    said = _as_said(passing)
    if later and clock_flag(later[0]) == CLOCK_LOST:
        off_ns = abs(stamp_lag_ns(later[0]) - said.lag_ns)
        return replace(said, uncertainty_ns=max(said.uncertainty_ns, off_ns), flag=CLOCK_LOST)
    clock = _clock(passing)
    witness = next((one for one in later if clock_flag(one) is None and _clock(one) == clock), None)
    if witness is None:
        return said
    late_ns = _late_beyond(said.lag_ns - _lag_by(witness, passing), witness.uncertainty_ns)
    return replace(said, mono_ns=said.mono_ns - late_ns, lag_ns=said.lag_ns - late_ns)


def _is_plain(passing: Stamped) -> bool:
    return clock_flag(passing) in (None, LATE, CLOCK_SET)


def _clock(passing: Stamped) -> str:
    return passing.clock or passing.sensor_boot


def _lag_by(witness: Stamped, passing: Stamped) -> int:
    """Return the lag at this passing by what the witness says, with the drift between the two."""
    device_ns = ((witness.tick_us or 0) - (passing.tick_us or 0)) * 1_000
    lag_ns = stamp_lag_ns(witness) - device_ns * witness.rate_ppb // PARTS
    # No line comes before its passing: where it lagged less, the clock has been set since.
    return min(lag_ns, received_lag_ns(passing))
