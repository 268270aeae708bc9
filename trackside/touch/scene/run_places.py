"""The places of a run side by side: a large button for each; the chosen one's laps stand below."""

from __future__ import annotations

import msgspec

from pitboard.drawing.time_text import format_countdown_ms
from pitboard.race.runs.run_parts import Lap, Place
from pitboard.unit_api.screen_state import Run, ScreenState
from trackside.touch.scene.calculated_words import made_words, marks_of_best, time_words
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import ShowPassing, ShowPlace, View
from trackside.touch.widgets.widgets import Measures, Rect, Tone, Widget

_NS_PER_MS = 1_000_000


def of_place(run: Run, number: int) -> Run:
    """Return the run as the one of this place's driver; as it is where there is no such place."""
    place = next((one for one in run.places if one.place == number), None)
    if place is None or len(run.places) < 2:
        return run
    return msgspec.structs.replace(
        run, competitor_id=place.competitor_id, name=place.name, laps=place.laps, best_ns=place.best_ns
    )


def waiting_laps(run: Run) -> list[tuple[Place | None, Lap]]:
    """Return the laps that want a verdict before the run can be confirmed, of all places."""
    if not run.places:
        return [(None, lap) for lap in run.laps if lap.waits_for_verdict]
    return [(place, lap) for place in run.places for lap in place.laps if lap.waits_for_verdict]


def lay_interruption(
    area: Rect, run: Run, screen: ScreenState, view: View, measures: Measures
) -> tuple[list[Widget], Rect]:
    """Return what a crash or a power cut left certain and what not, and the room below; the passings are
    behind it."""
    what = run.interruption
    if what is None:
        return [], area
    used = format_countdown_ms(what.used_ns // _NS_PER_MS)
    kind = "power-limit" if what.kind == "power" and run.run_ms else what.kind
    banner, rest = area.cut_top(max(measures.button, 5 * measures.text(26)), measures.gap)
    return [
        button(
            "interruption",
            banner,
            view.say(f"touch.interrupted-{what.kind}"),
            ShowPassing(""),
            view,
            size_px=measures.text(28),
            note=view.say(f"touch.interrupted-{kind}-note", count=what.laps, used=used),
            note_lines_max=3,
            tone=Tone.WARNING,
        )
    ], rest


def lay_places(
    area: Rect, run: Run, screen: ScreenState, view: View, measures: Measures
) -> tuple[list[Widget], Rect]:
    """Return the places' buttons and the room that is left; nothing for a run of one."""
    if len(run.places) < 2:
        return [], area
    gap = max(3, measures.px(6))
    fitting = max(1, (area.w + gap) // (measures.button + measures.px(60) + gap))
    row_count = -(-len(run.places) // fitting)
    columns = -(-len(run.places) // row_count)
    tabs, rest = area.cut_top(row_count * (measures.button + gap) - gap, measures.gap)
    cells = [cell for row in tabs.rows(row_count, gap) for cell in row.columns(columns, gap)]
    return [
        _tab(cell, place, screen, view, measures) for cell, place in zip(cells, run.places, strict=False)
    ], rest


def _tab(cell: Rect, place: Place, screen: ScreenState, view: View, measures: Measures) -> Widget:
    waits = sum(lap.waits_for_verdict for lap in place.laps)
    marks = marks_of_best(place.laps, place.best_ns)
    best = f"{time_words(place.best_ns, marks, screen)} {made_words(marks, view)}".strip()
    note = f"{len(place.laps)} · {best}" + (" ?" if waits else "")
    return button(
        f"place:{place.place}",
        cell,
        place.name or str(place.place),
        ShowPlace(place.place),
        view,
        size_px=measures.text(26),
        note=note,
        is_on=place.place == view.place,
        tone=Tone.MANUAL if place.place == view.place else Tone.PLAIN,
    )
