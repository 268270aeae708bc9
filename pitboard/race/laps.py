"""Turn one run's passings into laps.

A lap joins two passings of one boot; it counts if it began before the run's time was over, whatever the
moment at which its passings arrived. One shorter than `lap_min_ms` is kept and flagged, and counts only by an
official's verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pitboard.race.bodies import PassingRecorded, Verdict
from pitboard.race.device_clocks import LapTime, Settled, lap_time, settle
from pitboard.race.word import Word

NANOSECONDS_PER_MS = 1_000_000
BACKUP_SYSTEM = "B"
"""What it times is kept and compared; it makes no laps by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A passing and the word that recorded it; `order` is its place among the lane's crossings.

    `settled` is the passing as those after it showed it to be, None where nothing was in doubt.
    """

    passing: PassingRecorded
    word: Word
    order: tuple[int, str]  # (mono_ns, passing id)
    settled: Settled | None = None

    @property
    def mono_ns(self) -> int:
        return self.passing.mono_ns if self.settled is None else self.settled.mono_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The run's passings under one boot, by stamp, with the run's time already used before them."""

    crossings: Sequence[Crossing]
    elapsed_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """`lap` is the id of the passing that closed it; `lap_ns` is exact, not yet cut to the resolution.

    `is_corrected` says that the admin gave the time; `measured_ns` stays what was measured. `flag` says why
    an official should look at the two clocks, see LapTime.
    """

    lap_id: str
    number: int
    lap_ns: int
    measured_ns: int
    is_corrected: bool
    uncertainty_ns: int
    flag: str | None
    is_short: bool
    verdict: Verdict | None
    word: Word

    @property
    def counts(self) -> bool:
        return self.verdict == "valid" or (self.verdict is None and not self.is_short)

    @property
    def waits_for_verdict(self) -> bool:
        return self.is_short and self.verdict is None


def settled_segment(segment: Segment) -> Segment:
    """Return the segment, by stamp, with each doubt about a clock settled by the passings after it."""
    if not any(crossing.passing.flag for crossing in segment.crossings):
        return segment
    settled = settle([crossing.passing for crossing in segment.crossings])
    crossings = [replace(one, settled=other) for one, other in zip(segment.crossings, settled, strict=True)]
    return replace(segment, crossings=sorted(crossings, key=lambda one: (one.mono_ns, one.order)))


def own_segments(segments: Sequence[Segment]) -> list[Segment]:
    """Return the run's segments without the passings of other cars.

    The first transponder that passes after arming is the run's own; passings of another are evidence, and
    those without one (a beam, an official's thumb) always count.
    """
    segments = [settled_segment(segment) for segment in segments]
    passings = [crossing.passing for segment in segments for crossing in segment.crossings]
    own = next((passing.transponder for passing in passings if passing.transponder is not None), None)
    return [
        Segment(
            crossings=[
                crossing
                for crossing in segment.crossings
                if crossing.passing.transponder in (None, own) and crossing.passing.system != BACKUP_SYSTEM
            ],
            elapsed_ns=segment.elapsed_ns,
        )
        for segment in segments
    ]


def laps_of_run(
    segments: Sequence[Segment],
    *,
    run_ms: int,
    lap_min_ms: int,
    verdicts: Mapping[str, Verdict],
    corrections: Mapping[str, int],
) -> list[Lap]:
    """Return the run's laps in the order driven, numbered from 1."""
    laps: list[Lap] = []
    for segment in segments:
        if not segment.crossings:
            continue
        time_up_mono_ns = segment.crossings[0].mono_ns + run_ms * NANOSECONDS_PER_MS - segment.elapsed_ns
        for opening, closing in zip(segment.crossings, segment.crossings[1:], strict=False):
            if opening.mono_ns >= time_up_mono_ns:
                break
            laps.append(_lap(opening, closing, len(laps) + 1, lap_min_ms, verdicts, corrections))
    return laps


def _lap(
    opening: Crossing,
    closing: Crossing,
    number: int,
    lap_min_ms: int,
    verdicts: Mapping[str, Verdict],
    corrections: Mapping[str, int],
) -> Lap:
    time = lap_between(opening, closing)
    measured_ns = time.lap_ns
    corrected_ns = corrections.get(closing.passing.passing_id)
    return Lap(
        lap_id=closing.passing.passing_id,
        number=number,
        lap_ns=measured_ns if corrected_ns is None else corrected_ns,
        measured_ns=measured_ns,
        is_corrected=corrected_ns is not None,
        uncertainty_ns=time.uncertainty_ns,
        flag=None if corrected_ns is not None else time.flag,
        is_short=corrected_ns is None and measured_ns < lap_min_ms * NANOSECONDS_PER_MS,
        verdict=verdicts.get(closing.passing.passing_id),
        word=closing.word,
    )


def lap_between(opening: Crossing, closing: Crossing) -> LapTime:
    """Return the time between two passings of one boot, and how far it may be off."""
    first = opening.settled or settle([opening.passing])[0]
    second = closing.settled or settle([closing.passing])[0]
    return lap_time(first, second)


def lap_between_ns(opening: PassingRecorded, closing: PassingRecorded) -> int:
    """Return the time between two passings of one boot, `opening.mono_ns <= closing.mono_ns`.

    Two passings of one setting of a device's clock are measured by the device's own counter, corrected by the
    rate measured at the later one; others by the host's monotonic clock.
    """
    return lap_time(*settle([opening, closing])).lap_ns


def lap_uncertainty_ns(opening: PassingRecorded, closing: PassingRecorded) -> int:
    """Return how far the lap between two passings may be off.

    Where one device counted both, it does not matter where its counter lies on the host's clock: what is left
    is its resolution twice, its crystal over the length of the lap, and by how much the two clocks part. A
    device whose ticks are whole milliseconds, as some decoders', resolves no more than that.
    """
    return lap_time(*settle([opening, closing])).uncertainty_ns


def cut_to(duration_ns: int, resolution_ns: int) -> int:
    """Return the duration cut, never rounded, to the event's resolution."""
    return duration_ns - duration_ns % resolution_ns
