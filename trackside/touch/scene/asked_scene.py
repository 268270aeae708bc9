"""Who asks by phone to wait: let them by a tap, or say no by a hold. In the order asked, so no row moves up
or down but by the official's own tap."""

from __future__ import annotations

from pitboard.unit_api.official_acts import AcceptAsk, MarkQueue
from pitboard.unit_api.screen_state import QueueAsk, ScreenState
from trackside.touch.widgets.buttons import HOLD_TO_STOP_MS, button, held_button, lay_list, pager_buttons
from trackside.touch.widgets.view import Page, SendAct, ShowPage, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget


def lay_asked(screen: ScreenState, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    foot, area = measures.body.cut_bottom(measures.button, measures.gap)
    rows, the_list, pager = lay_list(area, measures, count=len(screen.asked), top=view.list_top)
    widgets: list[Widget] = []
    for row, asked in zip(rows, screen.asked[the_list.top :], strict=False):
        widgets += _row(row, asked, screen, view, measures, now_mono_ns)
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    if not screen.asked:
        widgets.append(
            Widget(
                name="asked-empty",
                rect=area,
                look=Look.TEXT,
                label=view.say("touch.asked-empty"),
                note=view.say("touch.asked-empty-note"),
                size_px=measures.text(38),
                note_lines_max=2,
            )
        )
    back = button(
        "back",
        foot,
        view.say("touch.back"),
        ShowPage(Page.QUEUE),
        view,
        size_px=measures.text(34),
        icon="back",
    )
    return Layout(widgets=(*widgets, back), list_area=the_list)


def asked_button(
    screen: ScreenState, area: Rect, view: View, measures: Measures
) -> tuple[Widget | None, Rect]:
    """Return the way to this page and what is left of the area; no button where nobody joins by phone."""
    if not (screen.joins_by_phone or screen.asked):
        return None, area
    place, rest = area.columns(2, measures.gap)
    count = len(screen.asked)
    made = button(
        "asked",
        place,
        view.say("touch.asked"),
        ShowPage(Page.ASKED),
        view,
        size_px=measures.text(28),
        note=view.say("touch.asks", count=count) if count else "",
        tone=Tone.WARNING if count else Tone.PLAIN,
    )
    return made, rest


def _row(
    row: Rect, asked: QueueAsk, screen: ScreenState, view: View, measures: Measures, now_mono_ns: int
) -> list[Widget]:
    width = max(measures.button, measures.px(150 if measures.is_portrait else 240))
    accept, rest = row.cut_right(width, measures.gap)
    refuse, text = rest.cut_right(width, measures.gap)
    classes = {one.race_class: one.name for one in screen.classes}
    told = (
        "touch.asked-known"
        if asked.is_known
        else "touch.asked-alike"
        if asked.is_alike
        else "touch.asked-new"
    )
    its_class = classes.get(asked.race_class, "")
    held = button(
        f"refuse:{asked.entry_id}",
        refuse,
        view.say("touch.refuse"),
        SendAct(MarkQueue(entry_id=asked.entry_id, state="refused")),
        view,
        size_px=measures.text(28),
        note=view.say("touch.hold"),
        tone=Tone.DANGER,
    )
    return [
        Widget(
            name=f"asks:{asked.entry_id}",
            rect=text,
            look=Look.ROW,
            label=asked.name,
            value="" if measures.is_portrait else its_class or view.say(told),
            size_px=measures.text(34),
            align="left",
        ),
        held_button(held, view, now_mono_ns, hold_ms=HOLD_TO_STOP_MS),
        button(
            f"accept:{asked.entry_id}",
            accept,
            view.say("touch.accept"),
            SendAct(AcceptAsk(entry_id=asked.entry_id)),
            view,
            size_px=measures.text(28),
            tone=Tone.GO,
        ),
    ]
