"""Which laps count: what was measured, with what persons said of it and what the rules say of off-tracks.

A void lap casts doubt on the next one, which may begin at the same phantom: neither counts by itself, so
that a phantom in the beam cannot publish a false best. Ignoring the passing instead joins the two again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.verdict_bodies import PlaceStatus, SeenLap, Verdict
from pitboard.race.passings.device_clocks import CLOCK_DOUBT, CLOCK_SET
from pitboard.race.ranking.score import Drive, ScoredLap
from pitboard.race.runs.laps import NANOSECONDS_PER_MS, DrivenLap
from pitboard.race.words.word import Word

DRIVERS_FAULT = "driver"
"""The cause of a void lap that casts no doubt on the next: it was driven, and driven badly."""


FLAGS_THAT_WAIT = (CLOCK_DOUBT, CLOCK_SET)
"""A lap over a clock that was, or may have been, set counts once somebody has looked at it."""


class SaidOfLap(NamedTuple):
    verdict: Verdict | None = None
    cause: str = ""
    corrected_ns: int | None = None


NOTHING_SAID = SaidOfLap()


class Lap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A lap as it stands; `lap_ns` is exact, not yet cut to the resolution, without its penalty.

    `is_corrected` says that the admin gave the time; `measured_ns` stays what was measured. `follows_void`
    says that the lap before was void, `is_off_track` that the rules make it void for leaving the track.
    """

    lap_id: str
    place: int
    number: int
    lap_ns: int
    measured_ns: int
    is_corrected: bool
    uncertainty_ns: int
    is_short: bool
    follows_void: bool
    is_off_track: bool
    off_tracks: int
    penalty_ns: int
    verdict: Verdict | None
    closed_ns: int
    sectors: tuple[tuple[str, int], ...]
    word: Word
    flag: str | None = None
    calculated: tuple[Calculated, ...] = ()
    sector_marks: tuple[tuple[Calculated, ...], ...] = ()

    @property
    def is_doubtful(self) -> bool:
        return self.is_short or self.follows_void or self.flag in FLAGS_THAT_WAIT

    @property
    def counts(self) -> bool:
        if self.verdict is not None:
            return self.verdict == "valid"
        return not self.is_doubtful and not self.is_off_track

    @property
    def waits_for_verdict(self) -> bool:
        return self.is_doubtful and self.verdict is None

    def as_seen(self) -> SeenLap:
        """Return the lap as a decision names it."""
        return SeenLap(
            self.lap_id, self.lap_ns, self.counts, self.closed_ns, self.off_tracks, self.penalty_ns
        )


def judged_laps(
    laps: Sequence[DrivenLap],
    rules: TimingRules,
    *,
    place: int,
    said: Mapping[str, SaidOfLap],
    off_tracks: Mapping[str, int],
) -> Iterator[Lap]:
    """Yield the laps as they stand, in the order driven, numbered from 1."""
    follows_void = False
    for number, lap in enumerate(laps, start=1):
        verdict, cause, corrected_ns = said.get(lap.lap_id, NOTHING_SAID)
        count = off_tracks.get(lap.lap_id, 0)
        yield Lap(
            lap_id=lap.lap_id,
            place=place,
            number=number,
            lap_ns=lap.lap_ns if corrected_ns is None else corrected_ns,
            measured_ns=lap.lap_ns,
            is_corrected=corrected_ns is not None,
            uncertainty_ns=lap.uncertainty_ns,
            is_short=corrected_ns is None and lap.lap_ns < rules.lap_min_ms * NANOSECONDS_PER_MS,
            follows_void=corrected_ns is None and follows_void,
            is_off_track=rules.is_void_by_off_tracks(count),
            off_tracks=count,
            penalty_ns=rules.off_track_penalty_ns(count),
            verdict=verdict,
            closed_ns=lap.closed_ns,
            sectors=lap.sectors,
            word=lap.closing.word,
            flag=None if corrected_ns is not None else lap.flag,
            calculated=() if corrected_ns is not None else lap.calculated,
            sector_marks=lap.sector_marks,
        )
        follows_void = verdict == "void" and cause != DRIVERS_FAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenPlace:
    """One competitor's place in a run, with all that came of it."""

    place: int
    competitor_id: str | None
    car: str
    laps: tuple[Lap, ...]
    status: PlaceStatus = "finished"
    penalty_ns: int = 0
    penalty_laps: int = 0
    started_mono_ns: int | None = None

    def drive(self, *, timing: TimingRules) -> Drive:
        """Return what the rules score."""
        laps = [
            ScoredLap(
                lap.number,
                lap.lap_ns,
                lap.counts,
                lap.closed_ns,
                lap.word.moment,
                lap.penalty_ns,
                lap.off_tracks,
                lap.calculated,
            )
            for lap in self.laps
        ]
        return Drive(
            laps,
            status=self.status,
            penalty_ns=self.penalty_ns,
            penalty_laps=self.penalty_laps,
            is_practice=timing.is_practice,
            laps_asked=timing.laps_asked,
            is_cancelled=timing.cancels(len(laps)),
        )
