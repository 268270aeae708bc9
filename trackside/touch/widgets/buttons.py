"""Buttons: what is being sent says so, and what cannot work now is shown disabled."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from trackside.touch.widgets.view import Intent, ScrollTo, SendAct, View
from trackside.touch.widgets.widgets import Icon, ListArea, Look, Measures, Rect, Tone, Widget

HOLD_TO_STOP_MS = 700
_NS_PER_MS = 1_000_000
_HOLD_STEPS = 20


def button(
    name: str,
    rect: Rect,
    label: str,
    intent: Intent,
    view: View,
    *,
    size_px: int,
    note: str = "",
    tone: Tone = Tone.PLAIN,
    icon: Icon = "",
    enabled: bool = True,
    is_on: bool = False,
    stays_open: bool = False,
    is_kept: bool = False,
    note_lines_max: int = 1,
    lines_max: int = 1,
    align: Literal["left", "centre"] = "centre",
) -> Widget:
    """Return a button; one that acts is disabled while it is sent (unless `stays_open`), while the page is
    new, or while the link is lost (unless `is_kept`: the touchscreen then keeps the act until the unit has
    it)."""
    is_sending, is_slow = name in view.sending, name in view.slow
    if isinstance(intent, SendAct):
        enabled = enabled and (is_kept or not view.is_link_lost) and (stays_open or not is_sending)
        enabled = enabled and not view.is_settling
        note = "" if view.is_link_lost or is_sending else note
        waits_for = "touch.not-saved-no-unit" if view.is_link_lost else "touch.not-saved-yet-note"
        note = view.say(waits_for) if is_slow else note
    return Widget(
        name=name,
        rect=rect,
        look=Look.BUTTON,
        label=view.say("touch.not-saved-yet" if is_slow else "touch.sending") if is_sending else label,
        note=note,
        note_lines_max=note_lines_max,
        lines_max=lines_max,
        align=align,
        size_px=size_px,
        tone=tone,
        icon=icon,
        enabled=enabled,
        intent=intent,
        is_on=is_on,
        is_sending=is_sending,
        is_pressed=name in view.pressed,
    )


def held_button(widget: Widget, view: View, now_mono_ns: int, *, hold_ms: int) -> Widget:
    """Return the button so that it acts only when held and let go, with how much of the hold has passed."""
    permille = 0
    if view.hold is not None and view.hold.name == widget.name:
        steps = (now_mono_ns - view.hold.since_mono_ns) * _HOLD_STEPS // (hold_ms * _NS_PER_MS)
        permille = max(0, min(_HOLD_STEPS, steps)) * 1000 // _HOLD_STEPS
    if permille == 1000:
        widget = replace(widget, label=view.say("touch.let-go"), note="")
    return replace(widget, hold_ms=hold_ms, held_permille=permille)


def lay_list(
    area: Rect, measures: Measures, *, count: int, top: int, row_min_px: int = 0
) -> tuple[list[Rect], ListArea, Rect | None]:
    """Return the places of the rows on show, the list, and the room of the page buttons if needed."""
    gap = max(3, measures.px(6))
    fitting = max(1, (area.h + gap) // (max(measures.button, row_min_px) + gap))
    pager = None
    if count > fitting:
        pager, area = area.cut_right(measures.button, measures.px(8))
    rows = area.rows(fitting, gap)
    top = max(0, min(top, count - fitting))
    shown = min(fitting, count)
    row_px = rows[0].h + gap
    return rows[:shown], ListArea(rect=area, row_px=row_px, top=top, shown=fitting, count=count), pager


def pager_buttons(area: Rect, the_list: ListArea, view: View, measures: Measures) -> list[Widget]:
    """Return the buttons that turn the list by a page, for gloves that cannot drag."""
    up, down = area.rows(2, measures.px(8))
    top, shown = the_list.top, the_list.shown
    return [
        button(
            "page:up",
            up,
            "",
            ScrollTo(max(0, top - shown)),
            view,
            size_px=measures.text(44),
            icon="up",
            enabled=top > 0,
        ),
        button(
            "page:down",
            down,
            "",
            ScrollTo(min(the_list.top_max, top + shown)),
            view,
            size_px=measures.text(44),
            icon="down",
            enabled=top < the_list.top_max,
        ),
    ]
