"""A run's clock as its unit counts it, on this display.

The unit's stamps mean something on its own monotonic clock only; how far that is ahead of ours shows each
record that is stamped and seen at once. Until one was seen, the wall clocks of both machines have to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from display.scene.show import Moment
from pitboard.journal.views.run_views import ClockView, RunView
from pitboard.journal.views.views import BoardView
from pitboard.race.runs.run_parts import Place

MILLISECOND_NS = 1_000_000
LAST_SECONDS_MS = 10_000
_TENTH_MS = 100
_CLOCKS_MAX_COUNT = 64


class RunTime(NamedTuple):
    """`shown_ms` is what is left, or where the run has no limit, what went by; it changes at `changes_ms`.

    `is_last_seconds`: ten seconds or less are left.
    """

    shown_ms: int
    is_down: bool
    is_running: bool
    is_last_seconds: bool

    @property
    def changes_in_ms(self) -> int | None:
        """Return in how long it reads differently."""
        if not self.is_running:
            return None
        step = _TENTH_MS if self.is_last_seconds else 1_000
        if self.is_down:  # rounded up on screen
            return (self.shown_ms - 1) % step + 1 if self.shown_ms > 0 else None
        return step - self.shown_ms % step


def unit_mono_ns(clock: ClockView, unit_clocks: Mapping[str, int], moment: Moment) -> int:
    """Return what the unit's monotonic clock reads now."""
    ahead_ns = unit_clocks.get(clock.boot_id)
    if ahead_ns is not None:
        return moment.mono_ns + ahead_ns
    return clock.armed_mono_ns + (moment.utc_ms - clock.armed_utc_ms) * MILLISECOND_NS


def run_time(run: RunView, unit_clocks: Mapping[str, int], moment: Moment) -> RunTime | None:
    """Return the run's time now; None where the run tells no clock."""
    clock = run.clock
    if clock is None:
        return None
    is_down = clock.run_ms > 0
    if run.phase not in ("running", "paused"):
        is_over = run.phase != "armed"
        return RunTime(
            0 if is_over or not is_down else clock.run_ms, is_down, is_running=False, is_last_seconds=False
        )
    if clock.started_mono_ns is None:
        return RunTime(clock.run_ms, is_down, is_running=False, is_last_seconds=False)
    now_ns = unit_mono_ns(clock, unit_clocks, moment)
    paused_ns = sum(
        max(0, min(now_ns, pause.to_mono_ns or now_ns) - pause.from_mono_ns) for pause in clock.pauses
    )
    elapsed_ms = max(0, now_ns - clock.started_mono_ns - paused_ns) // MILLISECOND_NS
    is_running = run.phase == "running"
    if not is_down:
        return RunTime(elapsed_ms, is_down, is_running, is_last_seconds=False)
    left_ms = max(0, clock.run_ms - elapsed_ms)
    return RunTime(left_ms, is_down, is_running and left_ms > 0, is_last_seconds=left_ms <= LAST_SECONDS_MS)


def lap_under_way_ms(
    place: Place, run: RunView, unit_clocks: Mapping[str, int], moment: Moment
) -> int | None:
    """Return how long ago the place's last passing was; None before the first and where it is not known."""
    if run.clock is None or place.started_mono_ns is None or run.phase != "running":
        return None
    driven_ns = sum(lap.measured_ns or lap.lap_ns for lap in place.laps)
    passed_ns = unit_mono_ns(run.clock, unit_clocks, moment) - place.started_mono_ns - driven_ns
    return max(0, passed_ns) // MILLISECOND_NS


def learned(
    unit_clocks: Mapping[str, int], before: BoardView | None, board: BoardView, *, mono_ns: int
) -> Mapping[str, int]:
    """Return the clocks with what this board tells: a stamp that was not there before was made just now.

    What a stamp took to come makes the unit's clock seem slower, so the fastest one is kept.
    """
    if before is None:
        return unit_clocks
    known = {stamp for run in before.on_track for stamp in _stamps(run)}
    known_runs = {run.run_id for run in before.on_track}
    clocks = dict(unit_clocks)
    for run in board.on_track:
        for boot_id, stamp_ns in _stamps(run) - known:
            ahead_ns = stamp_ns - mono_ns
            is_new_run = run.run_id not in known_runs
            if is_new_run and len(_stamps(run)) > 1:
                continue  # it came late: the display was away
            if boot_id not in clocks or ahead_ns > clocks[boot_id]:
                clocks[boot_id] = ahead_ns
    while len(clocks) > _CLOCKS_MAX_COUNT:
        del clocks[next(iter(clocks))]
    return clocks


def _stamps(run: RunView) -> set[tuple[str, int]]:
    clock = run.clock
    if clock is None:
        return set()
    stamps = {clock.armed_mono_ns, clock.started_mono_ns}
    return {(clock.boot_id, stamp) for stamp in stamps if stamp is not None}
