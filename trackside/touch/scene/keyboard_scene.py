"""The on-screen keyboard: four rows of ten keys, each as large as a gloved finger needs.

Letters follow names: the first of each word is large, the others are small."""

from __future__ import annotations

from pitboard.unit_api.unit_calls import ScreenState
from trackside.touch.scene.idle_scene import names_on_show, plain
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import (
    Erase,
    FinishTyping,
    Intent,
    Page,
    Purpose,
    ShowPage,
    TurnKeys,
    TypeText,
    View,
)
from trackside.touch.widgets.widgets import Icon, Layout, Look, Measures, Rect, Tone, Widget

NAME_MAX_COUNT = 80
KEY_PAGES = (
    ("1234567890", "QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM"),
    ("ÀÁÂÃÄÅÆÇÈÉ", "ÊËÌÍÎÏÑÒÓÔ", "ÕÖØŒÙÚÛÜÝß", "ČŠŽŁ'.,"),
    ("ĄĆĘŃŚŹŻĎĚŇ", "ŘŤŮŐŰĐĞİŞĂ", "ȘȚĀĒĪŪĢĶĻŅ", "ŖŲŽ&/()"),
)
_PAGE_LABELS = ("ABC", "ÄÉÑ", "ŁŘŞ")


def lay_keyboard(screen: ScreenState, view: View, measures: Measures) -> Layout:
    gap = max(3, measures.px(8))
    area = measures.screen.cut_top(measures.bar)[1].inset(gap)
    field_row, keys_area = area.cut_top(measures.button, gap)
    widgets = _field_widgets(field_row, screen, view, measures)
    letters = KEY_PAGES[view.keys_page]
    for row_area, row in zip(keys_area.rows(4, gap), letters, strict=True):
        cells = row_area.columns(10, gap)
        if row is letters[-1]:
            widgets.append(_page_key(cells[0], view, measures))
            widgets.append(typing_key("keyboard:space", cells[8], "space", TypeText(" "), view, measures))
            widgets.append(
                typing_key("keyboard:backspace", cells[9], "", Erase(), view, measures, icon="erase")
            )
            cells = cells[1:8]
        widgets += [
            typing_key(
                f"keyboard:{letter}", cell, letter, TypeText(cased(letter, view.typed)), view, measures
            )
            for cell, letter in zip(cells, row, strict=True)
        ]
    return Layout(widgets=tuple(widgets))


def cased(letter: str, before: str) -> str:
    """Return the key's letter as it belongs in a name: large only where a word begins."""
    begins_word = not before or not before[-1].isalnum()
    return letter if begins_word else letter.lower()


def _field_widgets(area: Rect, screen: ScreenState, view: View, measures: Measures) -> list[Widget]:
    cancel_area, rest = area.cut_left(measures.px(190), measures.px(8))
    done_area, field_area = rest.cut_right(measures.px(250), measures.px(8))
    is_search = view.purpose is Purpose.SEARCH
    done = button(
        "keyboard:done",
        done_area,
        "Show" if is_search else "Register",
        FinishTyping(),
        view,
        size_px=measures.text(34),
        tone=Tone.GO,
        enabled=is_search
        or (bool(view.typed.strip()) and not view.is_link_lost and "keyboard:done" not in view.sending),
    )
    return [
        button("keyboard:cancel", cancel_area, "Back", ShowPage(Page.MAIN), view, size_px=measures.text(32)),
        Widget(
            name="keyboard:field",
            rect=field_area,
            look=Look.FIELD,
            label=view.typed,
            note=_hint(screen, view),
            size_px=measures.text(40),
            align="left",
            tone=Tone.WARNING if not is_search and _is_taken(screen, view) else Tone.PLAIN,
        ),
        done,
    ]


def _hint(screen: ScreenState, view: View) -> str:
    if view.purpose is Purpose.SEARCH:
        found = names_on_show(screen.competitors, search=view.typed, order=view.order)
        if not view.typed.strip():
            return "Search a name"
        return f"{len(found)} found" + (f": {found[0].name}" if found else "")
    if _is_taken(screen, view):
        return "Somebody of that name is registered already"
    return "New name"


def _is_taken(screen: ScreenState, view: View) -> bool:
    typed = plain(view.typed).split()
    return bool(typed) and any(plain(one.name).split() == typed for one in screen.competitors)


def _page_key(cell: Rect, view: View, measures: Measures) -> Widget:
    label = _PAGE_LABELS[(view.keys_page + 1) % len(KEY_PAGES)]
    return typing_key("keyboard:page", cell, label, TurnKeys(), view, measures)


def typing_key(
    name: str, cell: Rect, label: str, intent: Intent, view: View, measures: Measures, *, icon: Icon = ""
) -> Widget:
    """Return a key; a letter's label is the letter."""
    is_letter = len(label) == 1
    return Widget(
        name=name,
        rect=cell,
        look=Look.KEY,
        label=label,
        size_px=measures.text(46 if is_letter else 56 if icon else 32),
        tone=Tone.PLAIN if is_letter else Tone.MUTED,
        icon=icon,
        intent=intent,
        is_pressed=name in view.pressed,
    )
