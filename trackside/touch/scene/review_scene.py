"""After the run: judge the laps, then confirm or discard."""

from __future__ import annotations

from dataclasses import replace

from pitboard.drawing.time_text import format_lap_ns
from pitboard.unit_api.unit_calls import Confirm, Discard, Run, ScreenState
from trackside.touch.scene.lap_list import lay_laps
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import AskDiscard, KeepRun, SendAct, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget


def lay_review(screen: ScreenState, run: Run, view: View, measures: Measures) -> Layout:
    right, left = measures.body.cut_right(measures.body.w * 37 // 100, measures.gap)
    laps = lay_laps(left, run, screen, view, measures, judges_all=True)
    none = () if run.laps else (_no_laps(left, measures),)
    return Layout(
        widgets=(*laps.widgets, *none, *_decision_widgets(right, screen, run, view, measures)),
        list_area=laps.list_area,
    )


def reason_not_to_confirm(run: Run) -> str:
    """Return what the official must do first, or nothing."""
    waiting = [lap.number for lap in run.laps if lap.awaits_verdict]
    if not waiting:
        return ""
    if len(waiting) == 1:
        return f"Lap {waiting[0]} is short: valid or void?"
    return f"{len(waiting)} short laps: valid or void?"


def count_sentence(run: Run) -> str:
    counting = sum(lap.counts for lap in run.laps)
    void = sum(lap.verdict == "void" for lap in run.laps)
    text = {0: "no lap counts", 1: "1 lap counts"}.get(counting, f"{counting} laps count")
    return f"{text}, {void} void" if void else text


def _decision_widgets(
    area: Rect, screen: ScreenState, run: Run, view: View, measures: Measures
) -> list[Widget]:
    confirm_area, above = area.cut_bottom(measures.px(230), measures.gap)
    discard_area, panel = above.cut_bottom(max(measures.button, measures.px(110)), measures.gap)
    inner = panel.inset(measures.px(20), measures.px(14))
    best_area, name_area = inner.cut_bottom(inner.h // 2, measures.px(4))
    reason = reason_not_to_confirm(run)
    best = format_lap_ns(run.best_ns, resolution_ns=screen.resolution_ns)
    return [
        Widget(name="run-panel", rect=panel, look=Look.PANEL),
        Widget(
            name="run-name",
            rect=name_area,
            look=Look.TEXT,
            label=run.name,
            size_px=measures.text(42),
            align="left",
            lines_max=2,
        ),
        Widget(
            name="run-best",
            rect=best_area,
            look=Look.TEXT,
            label=f"Best {best}" if run.best_ns is not None else "No time",
            note=count_sentence(run),
            size_px=measures.text(48),
            tone=Tone.BEST if run.best_ns is not None else Tone.MUTED,
            align="left",
        ),
        button(
            "discard",
            discard_area,
            "Discard",
            AskDiscard(),
            view,
            size_px=measures.text(34),
            enabled=not view.is_link_lost,
        ),
        button(
            "confirm",
            confirm_area,
            "CONFIRM",
            SendAct(Confirm(run_id=run.run_id)),
            view,
            size_px=measures.text(64),
            note=reason,
            note_lines_max=2,
            tone=Tone.GO,
            enabled=not reason,
        ),
    ]


def _no_laps(area: Rect, measures: Measures) -> Widget:
    return Widget(
        name="no-laps",
        rect=area,
        look=Look.TEXT,
        label="No lap in this run",
        note="confirm it without a time, or discard it",
        size_px=measures.text(44),
    )


def lay_question(below: Layout, run: Run, view: View, measures: Measures) -> Layout:
    left = measures.body.cut_right(measures.body.w * 37 // 100, measures.gap)[1]
    inner = left.inset(measures.px(36))
    buttons_area, text_area = inner.cut_bottom(max(measures.button, measures.px(150)), measures.gap)
    discard_area, keep_area = buttons_area.columns(2, measures.px(24))
    count = len(run.laps)
    laps = "no laps" if not count else "1 lap" if count == 1 else f"{count} laps"
    widgets = [
        *(replace(widget, enabled=False) for widget in below.widgets if not left.covers(widget.rect)),
        Widget(name="question-panel", rect=left, look=Look.PANEL, tone=Tone.DANGER),
        Widget(
            name="question",
            rect=text_area,
            look=Look.TEXT,
            label=f"Discard the run of {run.name}?",
            note=f"It has {laps}. They stay in the journal and off the board.",
            size_px=measures.text(46),
            lines_max=3,
            note_lines_max=2,
        ),
        button("discard:no", keep_area, "Keep it", KeepRun(), view, size_px=measures.text(40)),
        button(
            "discard:yes",
            discard_area,
            "Discard",
            SendAct(Discard(run_id=run.run_id)),
            view,
            size_px=measures.text(40),
            tone=Tone.DANGER,
        ),
    ]
    return Layout(widgets=tuple(widgets))
