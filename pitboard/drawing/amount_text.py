"""What something is worth as text: a time, laps or points."""

from __future__ import annotations

from collections.abc import Callable

from pitboard.drawing.time_text import format_lap_ns


def amount_text(kind: str, value: int | None, say: Callable[..., str], *, resolution_ns: int) -> str:
    """Return the text in the language that `say` speaks; without a value that there is no time, or a dash."""
    if kind == "duration_ns":
        return say("result.no-time") if value is None else format_lap_ns(value, resolution_ns=resolution_ns)
    if value is None:
        return "–"
    return say("result.points" if kind == "points" else "result.laps", count=value)
