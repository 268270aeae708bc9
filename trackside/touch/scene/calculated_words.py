"""A time that was calculated, as a person reads it: the sign before it, from what, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pitboard.drawing.time_text import format_lap_ns
from pitboard.race.bodies.calculated import SIGN, Calculated
from pitboard.race.runs.run_parts import Lap
from pitboard.unit_api.screen_state import ScreenState
from trackside.touch.widgets.view import View


def time_words(time_ns: int | None, calculated: Sequence[Calculated], screen: ScreenState) -> str:
    """Return the time, with the sign where it was calculated."""
    text = format_lap_ns(time_ns, resolution_ns=screen.resolution_ns)
    return f"{SIGN}{text}" if calculated else text


def made_words(calculated: Sequence[Calculated], view: View, *, uncertainty_ns: int = 0) -> str:
    """Return from which systems it was calculated and how far off it may be, nothing where measured."""
    if not calculated:
        return ""
    systems = dict.fromkeys(mark.from_system for mark in calculated)
    said = " ".join(view.say("touch.calculated", system=system) for system in systems)
    sure_ns = max(uncertainty_ns, *(mark.uncertainty_ns for mark in calculated))
    return f"{said} ±{-(-sure_ns // 1_000_000)} ms"


def marks_of_best(laps: Iterable[Lap], best_ns: int | None) -> tuple[Calculated, ...]:
    """Return the marks of the best of these laps; none where a lap of that time was measured."""
    marks = [lap.calculated for lap in laps if lap.counts and lap.lap_ns == best_ns]
    return marks[0] if marks and all(marks) else ()
