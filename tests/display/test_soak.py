"""Minutes of a race day on one display, compressed in time; `python -m tests.display.soak` has two hours."""

from __future__ import annotations

from tests.display.soak import LAPS, soak


def test_every_passing_of_a_race_day_is_seen() -> None:
    soaked = soak(minutes=4, size=(640, 360))
    assert soaked.updates == 2 * 2 * (LAPS + 1)
    assert soaked.missed == 0
    assert soaked.frames > soaked.updates
