"""Whether a day that drives itself may begin its next run now, worked out a second time.

Judged in the moment in which the official relies on it: what a disk was slow to take nobody could heed."""

from __future__ import annotations

from collections.abc import Sequence

from pitboard.race.bodies.event_bodies import DayMoved, DayPlanned
from pitboard.race.race_state import RaceState


def begins_too_soon(race: RaceState, track: str, boot_id: str, now_ns: int) -> tuple[str, str] | None:
    """Return (the promise, what breaks it), None where the next run may begin."""
    heard = [one.body for one in race.statements.in_force(("day", track))]
    plan = next((one for one in reversed(heard) if isinstance(one, DayPlanned)), None)
    if plan is None:
        return "no-run-before-its-time", f"track {track} has no plan"
    moves = sorted(
        (one for one in heard if isinstance(one, DayMoved) and one.boot_id == boot_id),
        key=lambda one: one.mono_ns,
    )
    states = [one.is_paused for one in moves if one.is_paused is not None]
    if states and states[-1]:
        return "paused-day-begins-nothing", f"track {track} is paused"
    ends = [
        run.finished.mono_ns
        for run in race.runs.values()
        if run.finished is not None
        and run.finished.boot_id == boot_id
        and run.track == track
        and run.armed.value.heat_id in plan.turns
        and run.decision != "discarded"
    ]
    if not ends:
        return None
    ended_ns = max(ends)
    earlier_ms = sum(-one.shift_ms for one in moves if one.shift_ms < 0 and one.mono_ns >= ended_ns)
    waited_ns = now_ns - ended_ns - _paused_ns(moves, ended_ns, now_ns)
    if waited_ns < (plan.gap_ms - earlier_ms - 2) * 1_000_000:
        return "no-run-before-its-time", f"{waited_ns} ns after the run before, the gap is {plan.gap_ms} ms"
    return None


def _paused_ns(moves: Sequence[DayMoved], from_ns: int, to_ns: int) -> int:
    total_ns, began_ns = 0, None
    for one in moves:
        if one.is_paused and began_ns is None:
            began_ns = one.mono_ns
        elif one.is_paused is False and began_ns is not None:
            total_ns += max(0, min(one.mono_ns, to_ns) - max(began_ns, from_ns))
            began_ns = None
    return total_ns
