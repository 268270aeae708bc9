"""Turn one place's passings into laps.

A lap joins two passings of one boot; it counts if it began before the run's time was over, whatever the
moment at which its passings arrived. What a pause takes is not part of a lap. Whether a lap counts is for
`verdicts`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.passing_bodies import FINISH, START
from pitboard.race.passings.attribution import Segment, TimedPassing
from pitboard.race.passings.device_clocks import LapTime, Settled, lap_time, or_shorter
from pitboard.race.passings.settling import settle

NANOSECONDS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStart:
    """Where a place's time begins, where that is no passing of its own: "go", or a moment a person named.

    `passing_id` is the passing to which a person moved it: it begins the first lap and closes none.
    """

    boot_id: str
    mono_ns: int
    uncertainty_ns: int
    passing_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The run's time stood still; `to_mono_ns` is None while it does."""

    boot_id: str
    from_mono_ns: int
    to_mono_ns: int | None

    def within_ns(self, boot_id: str, from_mono_ns: int, to_mono_ns: int) -> int:
        """Return how much of the pause lies between two stamps."""
        if boot_id != self.boot_id:
            return 0
        end = to_mono_ns if self.to_mono_ns is None else min(to_mono_ns, self.to_mono_ns)
        return max(0, end - max(from_mono_ns, self.from_mono_ns))

    def holds(self, boot_id: str, mono_ns: int) -> bool:
        is_over = self.to_mono_ns is not None and mono_ns >= self.to_mono_ns
        return boot_id == self.boot_id and mono_ns > self.from_mono_ns and not is_over


class DrivenLap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A lap as it was measured; `lap_id` is the passing that closed it, `lap_ns` exact, not yet cut.

    `closed_ns` is the run's time at its end. `sectors` are the gates passed on the way, with the time from
    the lap's beginning. `opened` and `closed` are the stamps on the run's clock. `flag` says why an official
    should look at the two clocks, see LapTime. `calculated` marks those of its two ends that were, and
    `sector_marks` the same of each sector, the last one too; nothing where all were measured.
    """

    lap_id: str
    boot_id: str
    opened_mono_ns: int
    closed_mono_ns: int
    lap_ns: int
    uncertainty_ns: int
    closed_ns: int
    closing: TimedPassing
    sectors: tuple[tuple[str, int], ...] = ()
    flag: str | None = None
    calculated: tuple[Calculated, ...] = ()
    sector_marks: tuple[tuple[Calculated, ...], ...] = ()


def laps_of_place(
    segments: Sequence[Segment],
    rules: TimingRules,
    *,
    start: RunStart | None = None,
    pauses: Sequence[Pause] = (),
) -> list[DrivenLap]:
    """Return the place's laps in the order driven."""
    laps: list[DrivenLap] = []
    for segment in segments:
        for lap in _laps_of_segment(segment, rules, start, pauses):
            if rules.ends == "laps" and rules.run_laps and len(laps) >= rules.run_laps:
                return laps
            laps.append(lap)
    return laps


def started_mono_ns(segment: Segment, rules: TimingRules, start: RunStart | None) -> int | None:
    """Return when, on this boot's clock, the place's time began, as if it had run on over earlier boots.

    None before that.
    """
    if start is not None and start.boot_id == segment.boot_id:
        return start.mono_ns - segment.elapsed_ns
    gate = START if rules.clock == "start-gate" else FINISH
    first = next((one for one in segment.passings if one.body.gate == gate), None)
    return None if first is None else first.mono_ns - segment.elapsed_ns


def time_up_mono_ns(
    began_mono_ns: int, boot_id: str, rules: TimingRules, pauses: Sequence[Pause]
) -> int | None:
    """Return when the run's time is over, pauses so far included; None for a run without a time."""
    if not rules.run_ms or rules.ends == "open":
        return None
    up_mono_ns = began_mono_ns + rules.run_ms * NANOSECONDS_PER_MS
    for pause in sorted(pauses, key=lambda one: one.from_mono_ns):
        if pause.boot_id != boot_id or pause.from_mono_ns >= up_mono_ns:
            continue
        if pause.to_mono_ns is None:
            return None  # time stands still
        if pause.to_mono_ns > began_mono_ns:
            up_mono_ns += pause.to_mono_ns - max(pause.from_mono_ns, began_mono_ns)
    return up_mono_ns


def _laps_of_segment(
    segment: Segment, rules: TimingRules, start: RunStart | None, pauses: Sequence[Pause]
) -> Iterator[DrivenLap]:
    began_mono_ns = started_mono_ns(segment, rules, start)
    if began_mono_ns is None:
        return
    up_mono_ns = time_up_mono_ns(began_mono_ns, segment.boot_id, rules, pauses)
    opening: TimedPassing | RunStart | None = start if _is_of(start, segment) else None
    sectors: list[tuple[str, int]] = []
    gates: list[TimedPassing] = []
    or_mono_ns = [other for one in segment.passings if (other := _other_instant(one)) is not None]
    known: dict[int, Settled] = {}  # by identity: each closes a lap and opens the next
    for passing in segment.passings:
        if pauses and any(pause.holds(segment.boot_id, passing.mono_ns) for pause in pauses):
            continue  # evidence: cars are put back by hand
        if opening is not None and passing.mono_ns < opening.mono_ns:
            continue
        if isinstance(opening, RunStart) and passing.passing_id == opening.passing_id:
            continue
        gate = passing.body.gate
        if gate == START:
            if rules.clock == "start-gate" and not isinstance(opening, RunStart):
                opening, sectors, gates = passing, [], []
            continue
        if opening is None:
            if gate == FINISH and rules.clock != "start-gate":
                opening, sectors, gates = passing, [], []
            continue
        time = lap_between(opening, passing, known)
        if or_mono_ns:
            time = or_shorter(time, opening.mono_ns, passing.mono_ns, or_mono_ns)
        lap_ns = time.lap_ns
        if pauses:
            lap_ns -= sum(one.within_ns(segment.boot_id, opening.mono_ns, passing.mono_ns) for one in pauses)
        if gate != FINISH:
            sectors.append((gate, lap_ns))
            gates.append(passing)
            continue
        if _is_too_late(opening, passing, up_mono_ns, rules):
            return
        yield DrivenLap(
            lap_id=passing.passing_id,
            boot_id=segment.boot_id,
            opened_mono_ns=opening.mono_ns,
            closed_mono_ns=passing.mono_ns,
            lap_ns=max(0, lap_ns),
            uncertainty_ns=time.uncertainty_ns,
            flag=time.flag,
            calculated=_marks(opening, passing),
            closed_ns=_run_time_ns(began_mono_ns, passing.mono_ns, segment.boot_id, pauses),
            closing=passing,
            sectors=tuple(sectors),
            sector_marks=_sector_marks([opening, *gates, passing]) if gates else (),
        )
        if rules.clock == "start-gate":
            return
        opening, sectors, gates = passing, [], []


def _is_of(start: RunStart | None, segment: Segment) -> bool:
    return start is not None and start.boot_id == segment.boot_id


def _is_too_late(
    opening: TimedPassing | RunStart, closing: TimedPassing, up_mono_ns: int | None, rules: TimingRules
) -> bool:
    """A lap under way at time-up may be finished, unless the rules stop at once; it is too late from the very
    instant on."""
    if up_mono_ns is None:
        return False
    if rules.stops_at_once:
        return closing.mono_ns > up_mono_ns
    return opening.mono_ns >= up_mono_ns


def _run_time_ns(began_mono_ns: int, mono_ns: int, boot_id: str, pauses: Sequence[Pause]) -> int:
    if not pauses:
        return max(0, mono_ns - began_mono_ns)
    paused_ns = sum(pause.within_ns(boot_id, began_mono_ns, mono_ns) for pause in pauses)
    return max(0, mono_ns - began_mono_ns - paused_ns)


def off_tracks_by_lap(laps: Sequence[DrivenLap], noted: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    """Return {lap id: how often the car was off the track on it} from (boot id, stamp) of each time."""
    counts: dict[str, int] = {}
    for boot_id, mono_ns in noted:
        for lap in laps:
            if lap.boot_id == boot_id and lap.opened_mono_ns <= mono_ns < lap.closed_mono_ns:
                counts[lap.lap_id] = counts.get(lap.lap_id, 0) + 1
    return counts


def lap_between(
    opening: TimedPassing | RunStart, closing: TimedPassing, known: dict[int, Settled] | None = None
) -> LapTime:
    """Return the time between two instants of one boot, and how far it may be off.

    Two passings of one setting of a device's clock are measured by the device's own counter, corrected by the
    rate measured at the later one; others by the host's monotonic clock. `known`, by identity, is what was
    found of passings that are still held, for the next lap.
    """
    if isinstance(opening, RunStart) or opening.unit != closing.unit:
        both_ns = opening.uncertainty_ns + closing.uncertainty_ns
        return LapTime(lap_ns=closing.mono_ns - opening.mono_ns, uncertainty_ns=both_ns)
    known = {} if known is None else known
    return lap_time(_settled(opening, known), _settled(closing, known))


def _settled(passing: TimedPassing, known: dict[int, Settled]) -> Settled:
    """Return what the passing was shown to be; where nothing was in doubt, what it says itself."""
    found = known.get(id(passing))
    if found is None:
        found = known[id(passing)] = passing.settled or settle([passing.body])[0]
    return found


def _other_instant(passing: TimedPassing) -> int | None:
    """Return when else the car may have closed a lap, on the run's clock; None where that is known."""
    settled = passing.settled
    if settled is None or settled.or_mono_ns is None or passing.body.gate != FINISH:
        return None
    return settled.or_mono_ns + passing.mono_ns - settled.mono_ns


def _marks(opening: TimedPassing | RunStart, closing: TimedPassing) -> tuple[Calculated, ...]:
    first = None if isinstance(opening, RunStart) else opening.calculated
    return tuple(mark for mark in (first, closing.calculated) if mark is not None)


def _sector_marks(passed: Sequence[TimedPassing | RunStart]) -> tuple[tuple[Calculated, ...], ...]:
    """Return what was calculated of each part between two of these, nothing where all were measured."""
    marks = [None if isinstance(one, RunStart) else one.calculated for one in passed]
    if not any(marks):
        return ()
    return tuple(tuple(mark for mark in ends if mark is not None) for ends in pairwise(marks))


def cut_to(duration_ns: int, resolution_ns: int) -> int:
    """Return the duration cut, never rounded, to the event's resolution."""
    return duration_ns - duration_ns % resolution_ns
