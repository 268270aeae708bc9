"""The laps of a run, newest on top, each with its time, what is special about it and its verdict."""

from __future__ import annotations

from dataclasses import replace

from pitboard.drawing.time_text import format_lap_ns
from pitboard.race.runs.run_parts import Lap
from pitboard.unit_api.official_acts import Judge
from pitboard.unit_api.screen_state import Run, ScreenState
from trackside.touch.scene.calculated_words import made_words, time_words
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import SendAct, ShowPassing, View
from trackside.touch.widgets.widgets import Icon, Layout, Look, Measures, Rect, Tone, Widget

_UNCERTAINTY_SHOWN_NS = 10_000_000
_NOTES_OF_FLAGS = {
    "edge-lost": "touch.car-may-be-missing",
    "flickered": "touch.car-may-be-missing",
    "passing-lost": "touch.car-may-be-missing",
    "new-start": "touch.sensor-restarted",
}


def lay_laps(
    area: Rect, run: Run, screen: ScreenState, view: View, measures: Measures, *, judges_all: bool
) -> Layout:
    """Return the rows; while the run goes on only short or already judged laps have the two buttons."""
    newest_first = run.laps[::-1]
    rows, the_list, pager = lay_list(area, measures, count=len(newest_first), top=view.list_top)
    best = best_lap(run)
    widgets: list[Widget] = []
    for row, lap in zip(rows, newest_first[the_list.top :], strict=False):
        row_widget = _lap_row(row, lap, screen, view, measures, is_best=lap is best)
        verdicts = []
        if judges_all or lap.is_short or lap.waits_for_verdict or lap.verdict is not None:
            verdicts = _verdict_buttons(row, lap, run, view, measures)
            beside = row.cut_right(row.right - verdicts[0].rect.x, measures.px(8))[1]
            row_widget = replace(row_widget, rect=beside)
        widgets += [row_widget, *verdicts]
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    return Layout(widgets=tuple(widgets), list_area=the_list)


def best_lap(run: Run) -> Lap | None:
    """Return the first of the fastest laps that count."""
    counting = [lap for lap in run.laps if lap.counts]
    return min(counting, key=lambda lap: (lap.lap_ns, lap.number), default=None)


def _lap_row(
    row: Rect, lap: Lap, screen: ScreenState, view: View, measures: Measures, *, is_best: bool
) -> Widget:
    icon: Icon = ""
    doubt = _doubt(lap, view)
    if lap.verdict == "void":
        tone, note, icon = Tone.MUTED, ", ".join([view.say("touch.void-lap"), *doubt]), "clear"
    elif lap.waits_for_verdict:
        tone, note, icon = (
            Tone.WARNING,
            ", ".join([_why_it_waits(lap, view), *doubt]),
            "warning",
        )
    elif is_best:
        tone, note, icon = (
            Tone.BEST,
            ", ".join(doubt or [view.say("touch.best-lap")]),
            "best",
        )
    else:
        tone, note = Tone.PLAIN, ", ".join(doubt)
    return Widget(
        name=f"lap:{lap.lap_id}",
        rect=row,
        look=Look.LAP,
        label=time_words(lap.lap_ns, lap.calculated, screen),
        note=note,
        value=str(lap.number),
        size_px=measures.text(48),
        tone=tone,
        icon=icon,
        align="left",
        intent=ShowPassing(lap.lap_id, lap.place),
        is_pressed=f"lap:{lap.lap_id}" in view.pressed,
        is_struck=lap.verdict == "void",
    )


def _why_it_waits(lap: Lap, view: View) -> str:
    if lap.is_short or lap.follows_void:
        return view.say("touch.too-short" if lap.is_short else "touch.follows-void")
    return view.say("touch.clock-was-set" if lap.flag == "clock-set" else "touch.clock-in-doubt")


def _doubt(lap: Lap, view: View) -> list[str]:
    """Return what is to be known of the sensor, where the time is calculated, and how far off it may be."""
    note = _NOTES_OF_FLAGS.get(lap.flag or "")
    noted = [] if note is None else [view.say(note)]
    if lap.calculated:
        return [*noted, made_words(lap.calculated, view, uncertainty_ns=lap.uncertainty_ns)]
    if lap.uncertainty_ns < _UNCERTAINTY_SHOWN_NS:
        return noted
    return [*noted, f"±{format_lap_ns(lap.uncertainty_ns, resolution_ns=_UNCERTAINTY_SHOWN_NS)} s"]


def _verdict_buttons(row: Rect, lap: Lap, run: Run, view: View, measures: Measures) -> list[Widget]:
    width = max(measures.button + measures.px(10), measures.px(140))
    inner = row.inset(measures.px(4), 0)
    void_area, rest = inner.cut_right(width, measures.px(8))
    valid_area = rest.cut_right(width)[0]
    valid_is_on = lap.counts and not lap.waits_for_verdict
    return [
        button(
            f"judge:{lap.lap_id}:valid",
            valid_area,
            view.say("touch.valid"),
            SendAct(Judge(run_id=run.run_id, lap_id=lap.lap_id, verdict="valid")),
            view,
            size_px=measures.text(30),
            tone=Tone.GO if valid_is_on else Tone.PLAIN,
            is_on=valid_is_on,
        ),
        button(
            f"judge:{lap.lap_id}:void",
            void_area,
            view.say("touch.void"),
            SendAct(Judge(run_id=run.run_id, lap_id=lap.lap_id, verdict="void")),
            view,
            size_px=measures.text(30),
            tone=Tone.DANGER if lap.verdict == "void" else Tone.PLAIN,
            is_on=lap.verdict == "void",
        ),
    ]
