"""Turn one run's passings into laps.

A lap joins two passings of one boot; it counts if it began before the run's time was over, whatever the
moment at which its passings arrived. One shorter than `lap_min_ms` is kept and flagged, and counts only by an
official's verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pitboard.race.bodies import PassingRecorded, Verdict
from pitboard.race.word import Word

NANOSECONDS_PER_MS = 1_000_000
PARTS = 1_000_000_000
RATE_UNKNOWN_PPB = 60_000
"""What a cheap crystal may be off while nobody has measured its rate: 60 parts in a million."""
RATE_MEASURED_PPB = 10_000
"""What is left of that once the bridge has measured the rate over its window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A passing and the word that recorded it; `order` is its place among the lane's crossings."""

    passing: PassingRecorded
    word: Word
    order: tuple[int, str]  # (mono_ns, passing id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The run's passings under one boot, by stamp, with the run's time already used before them."""

    crossings: Sequence[Crossing]
    elapsed_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """`lap` is the id of the passing that closed it; `lap_ns` is exact, not yet cut to the resolution.

    `is_corrected` says that the admin gave the time; `measured_ns` stays what was measured.
    """

    lap_id: str
    number: int
    lap_ns: int
    measured_ns: int
    is_corrected: bool
    uncertainty_ns: int
    is_short: bool
    verdict: Verdict | None
    word: Word

    @property
    def counts(self) -> bool:
        return self.verdict == "valid" or (self.verdict is None and not self.is_short)

    @property
    def waits_for_verdict(self) -> bool:
        return self.is_short and self.verdict is None


def own_segments(segments: Sequence[Segment]) -> list[Segment]:
    """Return the run's segments without the passings of other cars.

    The first transponder that passes after arming is the run's own; passings of another are evidence, and
    those without one (a beam, an official's thumb) always count.
    """
    passings = [crossing.passing for segment in segments for crossing in segment.crossings]
    own = next((passing.transponder for passing in passings if passing.transponder is not None), None)
    return [
        Segment(
            crossings=[
                crossing for crossing in segment.crossings if crossing.passing.transponder in (None, own)
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
        time_up_mono_ns = (
            segment.crossings[0].passing.mono_ns + run_ms * NANOSECONDS_PER_MS - segment.elapsed_ns
        )
        for opening, closing in zip(segment.crossings, segment.crossings[1:], strict=False):
            if opening.passing.mono_ns >= time_up_mono_ns:
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
    measured_ns = lap_between_ns(opening.passing, closing.passing)
    corrected_ns = corrections.get(closing.passing.passing_id)
    return Lap(
        lap_id=closing.passing.passing_id,
        number=number,
        lap_ns=measured_ns if corrected_ns is None else corrected_ns,
        measured_ns=measured_ns,
        is_corrected=corrected_ns is not None,
        uncertainty_ns=lap_uncertainty_ns(opening.passing, closing.passing),
        is_short=corrected_ns is None and measured_ns < lap_min_ms * NANOSECONDS_PER_MS,
        verdict=verdicts.get(closing.passing.passing_id),
        word=closing.word,
    )


def lap_between_ns(opening: PassingRecorded, closing: PassingRecorded) -> int:
    """Return the time between two passings of one boot, `opening.mono_ns <= closing.mono_ns`.

    Two passings of one device start are measured by the device's own counter, corrected by the rate measured
    at the later one; others by the host's monotonic clock.
    """
    device_ns = _device_ns(opening, closing)
    if device_ns is None:
        return closing.mono_ns - opening.mono_ns
    return device_ns + device_ns * closing.rate_ppb // PARTS


def lap_uncertainty_ns(opening: PassingRecorded, closing: PassingRecorded) -> int:
    """Return how far the lap between two passings may be off.

    Where one device counted both, it does not matter where its counter lies on the host's clock: what is left
    is its resolution twice, and its crystal over the length of the lap. A device whose ticks are whole
    milliseconds, as some decoders', resolves no more than that.
    """
    both_ns = opening.uncertainty_ns + closing.uncertainty_ns
    device_ns = _device_ns(opening, closing)
    if device_ns is None or opening.tick_us is None or closing.tick_us is None:
        return both_ns
    is_whole_ms = opening.tick_us % 1_000 == 0 and closing.tick_us % 1_000 == 0
    resolution_ns = NANOSECONDS_PER_MS if is_whole_ms else 1_000
    crystal_ppb = RATE_MEASURED_PPB if closing.rate_ppb else RATE_UNKNOWN_PPB
    return min(both_ns, 2 * resolution_ns + device_ns * crystal_ppb // PARTS)


def _device_ns(opening: PassingRecorded, closing: PassingRecorded) -> int | None:
    """Return the time between the passings by their device's own counter, None where none counted both."""
    if (
        opening.tick_us is None
        or closing.tick_us is None
        or (opening.sensor, opening.sensor_boot) != (closing.sensor, closing.sensor_boot)
        or closing.tick_us <= opening.tick_us
    ):
        return None
    return (closing.tick_us - opening.tick_us) * 1_000


def cut_to(duration_ns: int, resolution_ns: int) -> int:
    """Return the duration cut, never rounded, to the event's resolution."""
    return duration_ns - duration_ns % resolution_ns
