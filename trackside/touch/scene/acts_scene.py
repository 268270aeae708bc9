"""What was done here, the newest first, each with who and when and the button that takes it back.

Taking back is an act like the others: taken back itself, what was done stands again."""

from __future__ import annotations

from time import localtime, strftime

from pitboard.unit_api.official_acts import Act, IgnorePassing, Reopen, Withdraw
from pitboard.unit_api.screen_state import DoneAct, ScreenState
from trackside.touch.scene.act_words import act_words
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import Page, SendAct, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Widget


def lay_acts(screen: ScreenState, view: View, measures: Measures) -> Layout:
    rows, the_list, pager = lay_list(measures.body, measures, count=len(screen.acts), top=view.list_top)
    widgets: list[Widget] = []
    confirmed = _confirmed_last(screen)
    for row, act in zip(rows, screen.acts[the_list.top :], strict=False):
        widgets += _row(row, act, view, measures, is_last_run=act is confirmed)
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


def _confirmed_last(screen: ScreenState) -> DoneAct | None:
    """Return the confirmation since which nothing was armed: somebody may say only now who drove."""
    if screen.phase != "idle":
        return None
    decided = [one for one in screen.acts if one.kind in ("run-decided", "run-armed")]
    last = decided[0] if decided else None
    return last if last is not None and last.what == "confirmed" and not last.is_withdrawn else None


def _row(row: Rect, act: DoneAct, view: View, measures: Measures, *, is_last_run: bool) -> list[Widget]:
    area, text = row.cut_right(
        max(measures.button, measures.px(150 if measures.is_portrait else 250)), measures.px(8)
    )
    name = f"act:{act.stream}/{act.seq}"
    other_driver: list[Widget] = []
    if is_last_run:
        beside, text = text.cut_right(area.w, measures.px(8))
        other_driver.append(
            button(
                f"hand-over:{act.run_id}",
                beside,
                view.say("touch.other-driver"),
                SendAct(taken_back(act, view), leads_to=Page.HAND_OVER),
                view,
                size_px=measures.text(30),
                lines_max=2,
            )
        )
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
    widgets += other_driver
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
