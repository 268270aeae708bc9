"""A car that drives laps: the instants at which it truly crosses the beam.

Pure and seeded: the same seed drives the same laps."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

CAR_LENGTH_MIN_MM = 300
CAR_LENGTH_MAX_MM = 500
CROSSING_SPEED_MIN_MM_S = 3_000
CROSSING_SPEED_MAX_MM_S = 9_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """The nose of the car reaches the beam at `true_mono_ns` and its tail leaves `blocked_ns` later."""

    true_mono_ns: int
    blocked_ns: int
    channel: int = 1


class SimulatedCars:
    """One car at a time, for ever."""

    def __init__(self, *, random: Random, lap_min_ms: int, lap_max_ms: int, started_mono_ns: int) -> None:
        self._random = random
        self._lap_min_ns = lap_min_ms * 1_000_000
        self._lap_max_ns = lap_max_ms * 1_000_000
        self._next = self._crossing_after(started_mono_ns)

    @property
    def next_crossing(self) -> Crossing:
        return self._next

    def drive_on(self) -> Crossing:
        """Return the crossing that is next, and drive another lap."""
        crossing = self._next
        self._next = self._crossing_after(crossing.true_mono_ns)
        return crossing

    def _crossing_after(self, mono_ns: int) -> Crossing:
        length_mm = self._random.randint(CAR_LENGTH_MIN_MM, CAR_LENGTH_MAX_MM)
        speed_mm_s = self._random.randint(CROSSING_SPEED_MIN_MM_S, CROSSING_SPEED_MAX_MM_S)
        return Crossing(
            true_mono_ns=mono_ns + self._random.randint(self._lap_min_ns, self._lap_max_ns),
            blocked_ns=length_mm * 1_000_000_000 // speed_mm_s,
        )
