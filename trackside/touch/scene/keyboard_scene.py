"""The on-screen keyboard: rows of ten keys, of fewer on a narrow screen, each as a gloved finger needs.

Letters follow names: the first of each word is large, the others are small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pitboard.unit_api.screen_state import Competitor, ScreenState
from trackside.touch.scene.displays_scene import renaming_display
from trackside.touch.scene.names_list import names_on_show, numbered, picking, plain
from trackside.touch.scene.person_scene import summary
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import (
    AppointTyped,
    AskAlike,
    Erase,
    FinishTyping,
    Intent,
    Order,
    Purpose,
    RegisterTyped,
    SamePerson,
    SendAct,
    ShowPage,
    ShowPerson,
    TurnKeys,
    TypeText,
    View,
)
from trackside.touch.widgets.widgets import Icon, Layout, Look, Measures, Rect, Tone, Widget

NAME_MAX_COUNT = 80
KEY_PAGES = (
    ("QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM"),
    ("1234567890", "'.,&/()ß", "ÄÖÜÅØÆŒ"),
    ("ÀÁÂÃÇÈÉÊËÌ", "ÍÎÏÑÒÓÔÕÙÚ", "ÛÝČŠŽŁ"),
    ("ĄĆĘŃŚŹŻĎĚŇ", "ŘŤŮŐŰĐĞİŞĂ", "ȘȚĀĒĪŪĢ"),
    ("ĶĻŅŖŲ",),
)
_PAGE_LABELS = ("ABC", "123 ÄÖ", "ÉÑÇ", "ŁŘŞ", "ĶĻŅ")
_FOUND_ON_SHOW = 3
_DONE_CODES = {
    Purpose.SEARCH: "touch.show",
    Purpose.REGISTER: "touch.register",
    Purpose.RENAME: "touch.save",
    Purpose.NUMBER: "touch.ok",
    Purpose.TRANSPONDER: "touch.ok",
    Purpose.DISPLAY_NAME: "touch.save",
    Purpose.OFFICIAL: "touch.appoint-next",
}


def lay_keyboard(screen: ScreenState, view: View, measures: Measures) -> Layout:
    gap = max(3, measures.px(8))
    area = measures.screen.cut_top(measures.bar)[1].inset(gap)
    rows = 2 if measures.is_portrait else 1
    field_row, rest = area.cut_top(rows * measures.button + (rows - 1) * gap, gap)
    found_row, keys_area = rest.cut_top(measures.button, gap)
    widgets = _field_widgets(field_row, screen, view, measures)
    widgets += _found_widgets(found_row, screen, view, measures)
    letters = KEY_PAGES[view.keys_page]
    upper = [_letter_key(letter, view, measures) for letter in "".join(letters[:-1])]
    last = [
        _page_key(view, measures),
        *(_letter_key(letter, view, measures) for letter in letters[-1]),
        typing_key("keyboard:space", view.say("touch.space"), TypeText(" "), view, measures),
        typing_key("keyboard:backspace", "", Erase(), view, measures, icon="erase"),
    ]
    return Layout(widgets=(*widgets, *lay_keys(keys_area, upper, last, measures)))


def lay_keys(area: Rect, upper: list[Widget], last: list[Widget], measures: Measures) -> list[Widget]:
    """Return the keys in their places: ten a row, fewer where a finger would not hit so narrow ones."""
    gap = max(3, measures.px(8))
    fitting = min(10, max(1, (area.w + gap) // (measures.button + gap)))
    if fitting >= 10:
        rows = [upper[index : index + 10] for index in range(0, len(upper), 10)] + [last]
    else:
        keys = [*upper, *last]
        rows = [keys[index : index + fitting] for index in range(0, len(keys), fitting)]
    placed: list[Widget] = []
    for row_area, row in zip(area.rows(len(rows), gap), rows, strict=True):
        cells = row_area.columns(fitting, gap)
        spare = fitting - len(row)
        for index, key in enumerate(row):
            cell = cells[index if index < len(row) - 1 else len(row) - 1]
            if row is rows[-1] and spare and key.name == "keyboard:space":  # takes what is left of its row
                cell = Rect(cell.x, cell.y, cells[index + spare].right - cell.x, cell.h)
            elif row is rows[-1] and spare and any(one.name == "keyboard:space" for one in row[:index]):
                cell = cells[index + spare]
            placed.append(replace(key, rect=cell))
    return placed


def _letter_key(letter: str, view: View, measures: Measures) -> Widget:
    return typing_key(f"keyboard:{letter}", letter, TypeText(cased(letter, view.typed)), view, measures)


def cased(letter: str, before: str) -> str:
    """Return the key's letter as it belongs in a name: large only where a word begins."""
    begins_word = not before or not before[-1].isalnum()
    return letter if begins_word else letter.lower()


def _field_widgets(area: Rect, screen: ScreenState, view: View, measures: Measures) -> list[Widget]:
    if measures.is_portrait:  # too narrow for all three beside each other
        field_area, below = area.rows(2, measures.px(8))
        cancel_area, done_area = below.columns(2, measures.px(8))
    else:
        cancel_area, rest = area.cut_left(measures.px(190), measures.px(8))
        done_area, field_area = rest.cut_right(measures.px(250), measures.px(8))
    asks_who = view.purpose in (Purpose.REGISTER, Purpose.RENAME)
    asks = view.purpose is Purpose.REGISTER and bool(alike_typed(screen, view))
    done = button(
        "keyboard:done",
        done_area,
        view.say(_DONE_CODES[view.purpose] if not view.asks_alike else "touch.another-person"),
        _finishing(screen, view, asks=asks),
        view,
        size_px=measures.text(34),
        tone=Tone.PLAIN if view.asks_alike else Tone.GO,
        lines_max=2,
        enabled=view.purpose in (Purpose.SEARCH, Purpose.NUMBER, Purpose.TRANSPONDER)
        or (bool(view.typed.strip()) and not view.is_link_lost and "keyboard:done" not in view.sending),
    )
    return [
        button(
            "keyboard:cancel",
            cancel_area,
            view.say("touch.back"),
            ShowPage(view.back),
            view,
            size_px=measures.text(32),
        ),
        Widget(
            name="keyboard:field",
            rect=field_area,
            look=Look.FIELD,
            label=view.typed,
            note=_hint(screen, view),
            size_px=measures.text(40),
            align="left",
            tone=Tone.WARNING if asks_who and alike_typed(screen, view) else Tone.PLAIN,
        ),
        done,
    ]


def _finishing(screen: ScreenState, view: View, *, asks: bool) -> Intent:
    """Return what Enter means: what a scanner read picks the one it names, or begins a new name."""
    if view.purpose is Purpose.OFFICIAL:
        return AppointTyped()
    if view.purpose is Purpose.DISPLAY_NAME:
        return SendAct(renaming_display(screen, view.chosen, " ".join(view.typed.split())))
    if view.asks_alike:
        return SamePerson(None)
    if view.purpose is Purpose.SEARCH and view.is_scan:
        named = named_by(screen, view)
        if named is not None:
            return picking(screen, view)(named)
        if view.typed.strip() and not found_by(screen, view):
            return RegisterTyped()
    return AskAlike() if asks else FinishTyping()


def named_by(screen: ScreenState, view: View) -> Competitor | None:
    """Return who has just this number or transponder, else the only one who fits; None where several do."""
    typed = view.typed.strip()
    exact = [
        one
        for one in screen.competitors
        if typed and (one.number == typed or typed in {str(carried) for carried in one.transponders})
    ]
    found = exact or (found_by(screen, view) if typed else [])
    return found[0] if len(found) == 1 else None


def _found_widgets(area: Rect, screen: ScreenState, view: View, measures: Measures) -> list[Widget]:
    """Return who fits what is typed so far, above the keys; one tap takes them."""
    if view.purpose not in (Purpose.SEARCH, Purpose.REGISTER, Purpose.RENAME):
        return []
    gap = max(3, measures.px(8))
    cells = area.columns(_FOUND_ON_SHOW, gap)
    if view.purpose is not Purpose.SEARCH:
        return [
            *_alike_widgets(cells[:-1], screen, view, measures),
            _details(cells[-1], screen, view, measures),
        ]
    if not view.typed.strip():
        return []
    return _found_buttons(cells, found_by(screen, view), picking(screen, view), view, measures)


def _alike_widgets(cells: list[Rect], screen: ScreenState, view: View, measures: Measures) -> list[Widget]:
    """Return who may be meant by a new name."""
    if view.purpose is Purpose.RENAME or not view.typed.strip():
        return []
    found = alike_typed(screen, view) or (found_by(screen, view) if len(view.typed) > 1 else [])
    return _found_buttons(cells, found, lambda one: SamePerson(one.competitor_id), view, measures)


def _details(area: Rect, screen: ScreenState, view: View, measures: Measures) -> Widget:
    return button(
        "keyboard:details",
        area,
        summary(view, screen) or view.say("touch.details"),
        ShowPerson(),
        view,
        size_px=measures.text(26),
        lines_max=2,
    )


def _found_buttons(
    cells: list[Rect],
    found: list[Competitor],
    intent_of: Callable[[Competitor], Intent],
    view: View,
    measures: Measures,
) -> list[Widget]:
    return [
        button(
            f"found:{one.competitor_id}",
            cell,
            numbered(one),
            intent_of(one),
            view,
            size_px=measures.text(28),
            lines_max=2,
            enabled=not view.is_link_lost,
            tone=Tone.WARNING if view.asks_alike else Tone.PLAIN,
        )
        for cell, one in zip(cells, found, strict=False)
    ]


def found_by(screen: ScreenState, view: View) -> list[Competitor]:
    return names_on_show(screen.competitors, search=view.typed, order=Order.NAME)


def alike_typed(screen: ScreenState, view: View) -> list[Competitor]:
    """Return who has the typed name already, whatever the case and the accents; not who is renamed."""
    typed = plain(view.typed).split()
    return [
        one
        for one in screen.competitors
        if typed and plain(one.name).split() == typed and one.competitor_id != view.renames
    ]


def _hint(screen: ScreenState, view: View) -> str:
    if view.purpose is Purpose.SEARCH:
        if not view.typed.strip():
            return view.say("touch.search-a-name")
        return view.say("touch.found", count=len(found_by(screen, view)))
    if view.asks_alike:
        return view.say("touch.same-person")
    if view.purpose in (Purpose.NUMBER, Purpose.TRANSPONDER, Purpose.DISPLAY_NAME, Purpose.OFFICIAL):
        return view.say(f"touch.{view.purpose.value}")
    if alike_typed(screen, view):
        return view.say("touch.name-taken")
    return view.say("touch.rename" if view.purpose is Purpose.RENAME else "touch.new-name")


def _page_key(view: View, measures: Measures) -> Widget:
    label = _PAGE_LABELS[(view.keys_page + 1) % len(KEY_PAGES)]
    return typing_key("keyboard:page", label, TurnKeys(), view, measures)


def typing_key(
    name: str, label: str, intent: Intent, view: View, measures: Measures, *, icon: Icon = ""
) -> Widget:
    """Return a key without its place; a letter's label is the letter."""
    is_letter = len(label) == 1
    return Widget(
        name=name,
        rect=Rect(0, 0, 0, 0),
        look=Look.KEY,
        is_key=True,
        label=label,
        size_px=measures.text(46 if is_letter else 56 if icon else 32),
        tone=Tone.PLAIN if is_letter else Tone.MUTED,
        icon=icon,
        intent=intent,
        is_pressed=name in view.pressed,
    )
