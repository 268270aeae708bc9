"""Between two passings: the device's ticks, corrected, and how far the result may be off."""

from __future__ import annotations

import pytest

from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.passings.attribution import TimedPassing, recorded_passing
from pitboard.race.runs.laps import lap_between
from pitboard.race.words.word import Authority, Word

WORD = Word(Authority.TIMEKEEPER, 1, "s", 1)


def passing(
    mono_ns: int, *, tick_us: int | None = None, boot: str = "dev", rate_ppb: int = 0
) -> TimedPassing:
    body = PassingRecorded(
        sensor="beam-1",
        sensor_boot=boot,
        seq=1 + mono_ns,
        track="1",
        boot_id="boot",
        mono_ns=mono_ns,
        uncertainty_ns=500_000,
        received_mono_ns=mono_ns,
        tick_us=tick_us,
        rate_ppb=rate_ppb,
    )
    return recorded_passing(body, WORD, "unit")


@pytest.mark.parametrize(
    ("opening", "closing", "lap_ns", "uncertainty_ns"),
    [
        # One device counted both: its rate corrects, and it is no surer than the two clocks agree.
        (
            passing(0, tick_us=1),
            passing(10_000_400_000, tick_us=10_000_001, rate_ppb=20_000),
            10_000_200_000,
            200_000,
        ),
        # The rate is not measured yet.
        (passing(0, tick_us=1), passing(10_000_400_000, tick_us=10_000_001), 10_000_000_000, 602_000),
        # Whole milliseconds resolve no more, and never is it worse than the stamps say.
        (
            passing(0, tick_us=7_000),
            passing(5_000_000_000, tick_us=5_007_000, rate_ppb=1),
            5_000_000_005,
            1_000_000,
        ),
        # The device restarted between the two, or one was stamped by hand.
        (
            passing(0, tick_us=9, boot="a"),
            passing(5_000_000_000, tick_us=5, boot="b"),
            5_000_000_000,
            1_000_000,
        ),
        (passing(0, tick_us=9), passing(5_000_000_000), 5_000_000_000, 1_000_000),
    ],
)
def test_lap_and_its_uncertainty(
    opening: TimedPassing, closing: TimedPassing, lap_ns: int, uncertainty_ns: int
) -> None:
    time = lap_between(opening, closing)
    assert (time.lap_ns, time.uncertainty_ns) == (lap_ns, uncertainty_ns)
