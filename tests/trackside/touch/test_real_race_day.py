"""Two runs of the day with real programs: a power cut in one, SIGKILL of the timing program in the other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.trackside.touch.real_race_day import missing_tools, play_real


@pytest.mark.field
@pytest.mark.skipif(bool(missing_tools()), reason="needs Xvfb, xdotool and unshare")
def test_two_runs_by_real_taps_over_a_power_cut_and_a_kill_end_with_the_oracles_boards(
    tmp_path: Path,
) -> None:
    day = play_real(tmp_path / "day", runs=2, seed=1, length="shortest", pace=0.4)
    runs, taps = asyncio.run(day)
    assert runs == 2
    assert taps < 20
