"""Who is at the screen: a name, then six digits. Where nobody is appointed this page never shows."""

from __future__ import annotations

from dataclasses import replace

from pitboard.unit_api.official_acts import PIN_LENGTH
from pitboard.unit_api.screen_state import ScreenState
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import ChooseOfficial, Intent, Page, ShowPage, TypePin, View
from trackside.touch.widgets.widgets import Icon, Layout, Look, Measures, Rect, Widget


def needs_sign_in(screen: ScreenState, view: View) -> bool:
    return bool(screen.officials) and all(one.official_id != view.official_id for one in screen.officials)


def lay_sign_in(screen: ScreenState, view: View, measures: Measures) -> Layout:
    title, body = measures.body.cut_top(measures.text(60), measures.gap)
    chosen = next((one for one in screen.officials if one.official_id == view.signs_in), None)
    if chosen is not None:
        return Layout(widgets=tuple(_pad(title, body, chosen.name, view, measures)))
    rows, the_list, pager = lay_list(body, measures, count=len(screen.officials), top=view.list_top)
    widgets = [_title(title, view.say("touch.who-is-there"), measures)]
    widgets += [
        button(
            f"official:{one.official_id}",
            row,
            one.name,
            ChooseOfficial(one.official_id),
            view,
            size_px=measures.text(36),
        )
        for row, one in zip(rows, screen.officials[the_list.top :], strict=False)
    ]
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    return Layout(widgets=tuple(widgets), list_area=the_list)


def lay_appoint(view: View, measures: Measures) -> Layout:
    """The first official chooses a PIN, typed twice."""
    title, body = measures.body.cut_top(measures.text(88), measures.gap)
    code = (
        "appoint-pin-differs" if view.pins_differ else "appoint-again" if view.pin_before else "appoint-pin"
    )
    text = view.say(f"touch.{code}", name=view.appoints)
    return Layout(widgets=tuple(_pad(title, body, text, view, measures, back=ShowPage(Page.STATUS))))


def _title(area: Rect, text: str, measures: Measures) -> Widget:
    return Widget(name="sign-in", rect=area, look=Look.TEXT, label=text, size_px=measures.text(40))


def _pad(
    title: Rect, body: Rect, name: str, view: View, measures: Measures, *, back: Intent | None = None
) -> list[Widget]:
    typed = "● " * len(view.pin) + "○ " * (PIN_LENGTH - len(view.pin))
    is_sending = any(one.startswith("pin:") for one in view.sending)
    keys: list[tuple[str, str, Intent, Icon]] = [
        (f"pin:{digit}", digit, TypePin(digit), "") for digit in "123456789"
    ]
    keys += [
        ("back", view.say("touch.back"), back or ChooseOfficial(""), "back"),
        ("pin:0", "0", TypePin("0"), ""),
        ("pin:erase", "", TypePin(""), "erase"),
    ]
    cells = [cell for row in body.rows(4, measures.px(8)) for cell in row.columns(3, measures.px(8))]
    shown = view.say("touch.sending") if is_sending else typed.strip()
    return [
        replace(_title(title, name, measures), value=shown, align="left", lines_max=2),
        *(
            replace(
                button(
                    key,
                    cell,
                    label,
                    intent,
                    view,
                    size_px=measures.text(44 if len(label) == 1 else 32),
                    icon=icon,
                    enabled=not is_sending and not view.is_link_lost,
                ),
                is_key=True,
            )
            for cell, (key, label, intent, icon) in zip(cells, keys, strict=True)
        ),
    ]
