"""A result's columns as text, whatever the format ranks by."""

from __future__ import annotations

from collections.abc import Sequence

from pitboard.drawing.time_text import NO_TIME, format_gap_ns, format_lap_ns
from pitboard.journal.views.views import EntryView
from pitboard.race.bodies.calculated import SIGN, Calculated
from pitboard.race.ranking.score import Column
from pitboard.race.runs.run_parts import Lap
from pitboard.sentences.language import Language


def columns_of(entry: EntryView) -> tuple[Column, ...]:
    """Return what the entry's format shows; where there is no such thing, the best lap."""
    return entry.columns or (Column("best", "duration_ns", entry.best_ns),)


def caption_of(code: str, words: Language) -> str:
    """Return what a column is called; one that only a newer version knows keeps its code."""
    said = f"display.column.{code}"
    return words.say(said) if words.knows(said) else code.replace("_", " ").upper()


def column_text(column: Column | None, *, resolution_ns: int) -> str:
    if column is None or column.value is None:
        return NO_TIME
    if column.kind == "duration_ns":
        return format_lap_ns(column.value, resolution_ns=resolution_ns)
    return str(column.value)


def gap_text(entry: EntryView, *, resolution_ns: int) -> str:
    """Return the distance to the leader, nothing for the leader."""
    gap = entry.gap or Column("gap", "duration_ns", entry.gap_ns)
    if not gap.value:
        return ""
    if gap.kind == "duration_ns":
        return format_gap_ns(gap.value, resolution_ns=resolution_ns)
    return f"{'+' if gap.value > 0 else '−'}{abs(gap.value)}"


def first_text(entry: EntryView, words: Language, *, resolution_ns: int) -> str:
    """Return what the entry is ranked by, marked where it was calculated, or that it is disqualified."""
    if entry.is_disqualified:
        return words.say("display.disqualified")
    text = column_text(columns_of(entry)[0], resolution_ns=resolution_ns)
    return signed(text, entry.calculated)


def signed(text: str, calculated: Sequence[Calculated]) -> str:
    """Return the text of a time with the sign before it where it was calculated."""
    return f"{SIGN}{text}" if calculated else text


def lap_text(lap: Lap | None, *, resolution_ns: int) -> str:
    """Return the lap's time, marked where it was calculated."""
    if lap is None:
        return NO_TIME
    return signed(format_lap_ns(lap.lap_ns, resolution_ns=resolution_ns), lap.calculated)


def best_lap_text(best_ns: int | None, laps: Sequence[Lap], *, resolution_ns: int) -> str:
    """Return the best of these laps, marked where no lap of that time was measured."""
    marks = [lap.calculated for lap in laps if lap.counts and lap.lap_ns == best_ns]
    text = format_lap_ns(best_ns, resolution_ns=resolution_ns)
    return signed(text, marks[0] if marks and all(marks) else ())


def calculated_words(calculated: Sequence[Calculated], words: Language) -> str:
    """Return from which system a time was calculated and how sure it is, nothing where measured."""
    if not calculated:
        return ""
    least_sure = max(calculated, key=lambda mark: mark.uncertainty_ns)
    sure_ms = -(-least_sure.uncertainty_ns // 1_000_000)
    return words.say("display.calculated", system=least_sure.from_system, ms=sure_ms)
