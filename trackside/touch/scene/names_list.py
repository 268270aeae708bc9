"""The list of names: found by the beginnings of words, picked from or handed a run by one tap."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from pitboard.unit_api.official_acts import HandOver
from pitboard.unit_api.screen_state import Competitor, Run, ScreenState
from trackside.touch.scene.calculated_words import made_words, time_words
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import (
    ClearSearch,
    Intent,
    OpenKeyboard,
    Order,
    Page,
    Pick,
    Purpose,
    SendAct,
    ShowPage,
    TurnOrder,
    View,
)
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Widget

_ORDER_CODES = {Order.NEWEST: "touch.newest-first", Order.NAME: "touch.by-name"}
# Letters with a bar or joined, which Unicode does not take apart.
_BARRED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})
_WITHIN = 3


def names_on_show(competitors: Sequence[Competitor], *, search: str, order: Order) -> list[Competitor]:
    """Return those whose name or number has every word of the search, whatever the case and the accents.

    Who has them where words begin comes first: `Hugo G` finds Hugo García before Hugo Magnusson.
    """
    words = plain(search).split()
    fits = {one.competitor_id: _fit(one, words) for one in competitors} if words else {}
    found = [one for one in competitors if not words or fits[one.competitor_id] < _WITHIN]
    found = sorted(found, key=_by_name) if order is Order.NAME else found[::-1]
    return sorted(found, key=lambda one: fits.get(one.competitor_id, 0))


def plain(text: str) -> str:
    """Return the text as it is compared: no case, no accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_BARRED)
    return "".join(sign for sign in decomposed if unicodedata.category(sign) != "Mn")


def _by_name(one: Competitor) -> tuple[str, str]:
    return (plain(one.name), one.competitor_id)


def _fit(one: Competitor, words: list[str]) -> int:
    """Return 0 where every word begins another word of the name, in this order; 1 where in another order; 2
    where the words are only somewhere in it; `_WITHIN` where one is missing."""
    carried = " ".join(str(transponder) for transponder in one.transponders)
    name = plain(f"{one.number} {one.name} {carried}")
    parts = name.replace("-", " ").split()
    left = list(parts)
    for word in words:
        begun = next((part for part in left if part.startswith(word)), None)
        if begun is None:
            return 2 if all(other in name for other in words) else _WITHIN
        left.remove(begun)
    rest = iter(parts)
    return 0 if all(any(part.startswith(word) for part in rest) for word in words) else 1


def lay_names(
    area: Rect,
    screen: ScreenState,
    view: View,
    measures: Measures,
    *,
    intent_of: Callable[[Competitor], Intent],
    more: Sequence[Widget] = (),
) -> tuple[Layout, int]:
    """Return the rows of names with the search above, and how many there are; `more` stands beside the
    search, in rects that are only widths."""
    header, list_area = area.cut_top(measures.button, measures.gap)
    names = names_on_show(screen.competitors, search=view.search, order=view.order)
    rows, the_list, pager = lay_list(list_area, measures, count=len(names), top=view.list_top)
    widgets = _header_widgets(header, view, measures, shown_count=len(names), more=more)
    for row, competitor in zip(rows, names[the_list.top :], strict=False):
        widgets.append(_name_row(row, competitor, view, screen, measures, intent_of(competitor)))
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    if not names:
        widgets.append(_no_names(list_area, view, measures))
    return Layout(widgets=tuple(widgets), list_area=the_list), len(names)


def lay_hand_over(screen: ScreenState, run: Run, view: View, measures: Measures) -> Layout:
    """Whose the run is instead: one tap on the name hands it over."""
    width = max(measures.button, measures.px(170))
    back = button(
        "back",
        Rect(0, 0, width, 0),
        view.say("touch.back"),
        ShowPage(Page.PUT_RIGHT),
        view,
        size_px=measures.text(28),
    )
    layout, _ = lay_names(
        measures.body,
        screen,
        view,
        measures,
        intent_of=lambda one: hand_over(run, view, one.competitor_id),
        more=(back,),
    )
    return layout


def hand_over(run: Run, view: View, competitor_id: str) -> SendAct:
    return SendAct(HandOver(run_id=run.run_id, place=view.place, competitor_id=competitor_id))


def picking(screen: ScreenState, view: View) -> Callable[[Competitor], Intent]:
    """Return what a tap on a name found by the keyboard means, where the search came from."""
    run = screen.run
    if view.back is Page.HAND_OVER and run is not None:
        return lambda one: hand_over(run, view, one.competitor_id)
    return lambda one: Pick(one.competitor_id)


def _header_widgets(
    area: Rect, view: View, measures: Measures, *, shown_count: int, more: Sequence[Widget]
) -> list[Widget]:
    gap = measures.px(8)
    order_area, search_area = area.cut_right(max(measures.button, measures.px(190)), gap)
    widgets = [
        button(
            "order",
            order_area,
            view.say(_ORDER_CODES[view.order]),
            TurnOrder(),
            view,
            size_px=measures.text(24),
        )
    ]
    widgets[0] = replace(widgets[0], lines_max=2)
    for one in more:
        place, search_area = search_area.cut_right(one.rect.w, gap)
        widgets.append(replace(one, rect=place, lines_max=2))
    if view.search:
        clear_area, search_area = search_area.cut_right(measures.button, gap)
        widgets.append(
            button(
                "search:clear", clear_area, "", ClearSearch(), view, size_px=measures.text(44), icon="clear"
            )
        )
    found = view.say("touch.found", count=shown_count)
    return [
        button(
            "search",
            search_area,
            f"{view.search}: {found}" if view.search else view.say("touch.search"),
            OpenKeyboard(Purpose.SEARCH),
            view,
            size_px=measures.text(30),
            icon="search",
            align="left",
        ),
        *widgets,
    ]


def _name_row(
    row: Rect,
    competitor: Competitor,
    view: View,
    screen: ScreenState,
    measures: Measures,
    intent: Intent,
) -> Widget:
    name = f"pick:{competitor.competitor_id}"
    return Widget(
        name=name,
        rect=row,
        look=Look.ROW,
        label=numbered(competitor),
        value=_best(competitor, screen, view),
        size_px=measures.text(36),
        align="left",
        intent=intent,
        enabled=isinstance(intent, Pick) or not (view.is_link_lost or view.is_settling),
        is_on=competitor.competitor_id == view.picked,
        is_pressed=name in view.pressed,
    )


def _best(competitor: Competitor, screen: ScreenState, view: View) -> str:
    if competitor.best_ns is None:
        return ""
    made = made_words(competitor.calculated, view)
    return f"{made} {time_words(competitor.best_ns, competitor.calculated, screen)}".strip()


def numbered(competitor: Competitor) -> str:
    return f"{competitor.number} {competitor.name}" if competitor.number else competitor.name


def _no_names(area: Rect, view: View, measures: Measures) -> Widget:
    return Widget(
        name="no-names",
        rect=area,
        look=Look.TEXT,
        label=view.say("touch.nobody-found" if view.search else "touch.nobody-yet"),
        note=view.say("touch.nobody-note"),
        size_px=measures.text(38),
    )
