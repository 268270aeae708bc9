"""What was done here, the newest first, each with who and when and the button that takes it back.

Taking back is an act like the others: taken back itself, what was done stands again."""

from __future__ import annotations

from time import localtime, strftime

from pitboard.unit_api.unit_calls import Act, DoneAct, IgnorePassing, Reopen, ScreenState, Withdraw
from trackside.touch.scene.act_words import act_words
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import SendAct, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Widget


def lay_acts(screen: ScreenState, view: View, measures: Measures) -> Layout:
    rows, the_list, pager = lay_list(measures.body, measures, count=len(screen.acts), top=view.list_top)
    widgets: list[Widget] = []
    for row, act in zip(rows, screen.acts[the_list.top :], strict=False):
        widgets += _row(row, act, view, measures)
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    return Layout(widgets=tuple(widgets), list_area=the_list)


def taken_back(act: DoneAct, view: View) -> Act:
    """Return what takes the act back; a decision of somebody else is looked at again instead."""
    if act.passing_id:
        return IgnorePassing(run_id=act.run_id, passing_id=act.passing_id)
    if act.kind == "run-decided" and act.by != view.official_id and act.what == "confirmed":
        return Reopen(run_id=act.run_id)
    return Withdraw(stream=act.stream, seq=act.seq)


def _row(row: Rect, act: DoneAct, view: View, measures: Measures) -> list[Widget]:
    area, text = row.cut_right(
        max(measures.button, measures.px(150 if measures.is_portrait else 250)), measures.px(8)
    )
    name = f"act:{act.stream}/{act.seq}"
    who = f", {act.by_name}" if act.by_name else ""
    widgets = [
        Widget(
            name=name,
            rect=text,
            look=Look.ROW,
            label=act_words(act, view) + who,
            value=strftime("%H:%M:%S", localtime(act.utc_ms // 1_000)),
            size_px=measures.text(30),
            align="left",
            is_struck=act.is_withdrawn,
        )
    ]
    if not act.is_withdrawn:
        widgets.append(
            button(
                f"un{name}",
                area,
                view.say("touch.undo" if act.kind != "act-withdrawn" else "touch.redo"),
                SendAct(taken_back(act, view)),
                view,
                size_px=measures.text(30),
                lines_max=2,
            )
        )
    return widgets
