"""The second tap of a discard, placed away from the first; everything else is disabled meanwhile."""

from __future__ import annotations

from dataclasses import replace

from pitboard.unit_api.acts import Discard
from pitboard.unit_api.unit_calls import Run
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.geometry import Measures
from trackside.touch.widgets.intents import KeepRun, SendAct
from trackside.touch.widgets.view import View
from trackside.touch.widgets.widgets import Layout, Look, Tone, Widget


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
            SendAct(Discard(run=run.run)),
            view,
            size_px=measures.text(40),
            tone=Tone.DANGER,
        ),
    ]
    return Layout(widgets=tuple(widgets))
