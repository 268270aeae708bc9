"""Before a run: pick a name or register a new one, then START."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from pitboard.drawing.time_text import format_lap_ns
from pitboard.unit_api.unit_calls import Arm, Competitor, ScreenState
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import (
    ClearSearch,
    OpenKeyboard,
    Order,
    Pick,
    Purpose,
    SendAct,
    TurnOrder,
    View,
)
from trackside.touch.widgets.widgets import Layout, Look, Measures, Places, Rect, Tone, Widget

_ORDER_CODES = {Order.NEWEST: "touch.newest-first", Order.NAME: "touch.by-name"}


# Letters with a bar or joined, which Unicode does not take apart.
_BARRED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})


def lay_idle(screen: ScreenState, view: View, measures: Measures) -> Layout:
    places = measures.places()
    header, list_area = places.main.cut_top(measures.button, measures.gap)
    names = names_on_show(screen.competitors, search=view.search, order=view.order)
    rows, the_list, pager = lay_list(list_area, measures, count=len(names), top=view.list_top)
    widgets = _header_widgets(header, view, measures, shown_count=len(names))
    for row, competitor in zip(rows, names[the_list.top :], strict=False):
        widgets.append(_name_row(row, competitor, view, screen, measures))
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    if not names:
        widgets.append(_no_names(list_area, view, measures))
    widgets += _next_step(places, screen, view, measures)
    return Layout(widgets=tuple(widgets), list_area=the_list)


def names_on_show(competitors: Sequence[Competitor], *, search: str, order: Order) -> list[Competitor]:
    """Return those whose name has every word of the search, whatever the case and the accents."""
    words = plain(search).split()
    found = [one for one in competitors if all(word in plain(one.name) for word in words)]
    if order is Order.NAME:
        return sorted(found, key=lambda one: (plain(one.name), one.competitor_id))
    return found[::-1]


def plain(text: str) -> str:
    """Return the text as it is compared: no case, no accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_BARRED)
    return "".join(sign for sign in decomposed if unicodedata.category(sign) != "Mn")


def _header_widgets(area: Rect, view: View, measures: Measures, *, shown_count: int) -> list[Widget]:
    order_area, search_area = area.cut_right(measures.px(230), measures.px(8))
    widgets = [
        button(
            "order",
            order_area,
            view.say(_ORDER_CODES[view.order]),
            TurnOrder(),
            view,
            size_px=measures.text(26),
        )
    ]
    if view.search:
        clear_area, search_area = search_area.cut_right(measures.button, measures.px(8))
        widgets.append(
            button(
                "search:clear", clear_area, "", ClearSearch(), view, size_px=measures.text(44), icon="clear"
            )
        )
    return [
        button(
            "search",
            search_area,
            f"{view.search}: {view.say('touch.found', count=shown_count)}"
            if view.search
            else view.say("touch.search"),
            OpenKeyboard(Purpose.SEARCH),
            view,
            size_px=measures.text(32),
            icon="search",
            align="left",
        ),
        *widgets,
    ]


def _name_row(
    row: Rect, competitor: Competitor, view: View, screen: ScreenState, measures: Measures
) -> Widget:
    name = f"pick:{competitor.competitor_id}"
    return Widget(
        name=name,
        rect=row,
        look=Look.ROW,
        label=competitor.name,
        value=format_lap_ns(competitor.best_ns, resolution_ns=screen.resolution_ns)
        if competitor.best_ns is not None
        else "",
        size_px=measures.text(36),
        align="left",
        intent=Pick(competitor.competitor_id),
        is_on=competitor.competitor_id == view.picked,
        is_pressed=name in view.pressed,
    )


def best_text(best_ns: int | None, screen: ScreenState, view: View, *, otherwise: str) -> str:
    """Return the best lap in words, or what is said where there is none."""
    if best_ns is None:
        return view.say(otherwise)
    return view.say("touch.best", time=format_lap_ns(best_ns, resolution_ns=screen.resolution_ns))


def _no_names(area: Rect, view: View, measures: Measures) -> Widget:
    return Widget(
        name="no-names",
        rect=area,
        look=Look.TEXT,
        label=view.say("touch.nobody-found" if view.search else "touch.nobody-yet"),
        note=view.say("touch.nobody-note"),
        size_px=measures.text(38),
    )


def _next_step(places: Places, screen: ScreenState, view: View, measures: Measures) -> list[Widget]:
    picked = screen.competitor_named(view.picked)
    widgets = [Widget(name="picked-panel", rect=places.panel, look=Look.PANEL)]
    inner = places.panel.inset(measures.px(20), measures.px(14))
    if picked is None:
        widgets.append(
            Widget(
                name="hint",
                rect=inner,
                look=Look.TEXT,
                label=view.say("touch.who-next"),
                note=view.say("touch.who-next-note"),
                size_px=measures.text(40),
                align="left",
                lines_max=2,
                note_lines_max=2,
            )
        )
    else:
        widgets.append(
            Widget(
                name="picked",
                rect=inner,
                look=Look.TEXT,
                label=picked.name,
                note=best_text(picked.best_ns, screen, view, otherwise="touch.no-time-yet"),
                size_px=measures.text(46),
                align="left",
                lines_max=3,
            )
        )
    widgets.append(
        button(
            "register",
            places.middle,
            view.say("touch.new-name"),
            OpenKeyboard(Purpose.REGISTER),
            view,
            size_px=measures.text(36),
            enabled=not view.is_link_lost,
        )
    )
    widgets.append(
        button(
            "start",
            places.last,
            view.say("touch.start"),
            SendAct(Arm(competitor_id=picked.competitor_id if picked else "")),
            view,
            size_px=measures.text(76),
            note="" if picked else view.say("touch.start-waits"),
            tone=Tone.GO,
            enabled=picked is not None,
        )
    )
    return widgets
