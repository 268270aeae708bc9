"""After a new name: an e-mail address or a phone number, if the competitor wants to give one.

Skip is the obvious choice until something is typed; Save waits until it is an address or a number."""

from __future__ import annotations

from trackside.touch.scene.keyboard_scene import typing_key
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.typed_contact import TypedContact
from trackside.touch.widgets.view import Erase, SaveContact, SkipContact, TurnKeys, TypeText, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget

CONTACT_KEY_PAGES = (
    ("1234567890", "qwertyuiop", "asdfghjkl@", "zxcvbnm."),
    ("1234567890", "+-_/()&='#", "!?$%*~^{}|", " "),
)
_PAGE_LABELS = ("+ - _", "abc")
ASKED_TEXT = "E-mail or phone (optional)"
PURPOSE_TEXT = "To reach the driver. Only the race office can read it."


def lay_contact(contact: TypedContact, view: View, measures: Measures) -> Layout:
    gap = max(3, measures.px(8))
    area = measures.screen.cut_top(measures.bar)[1].inset(gap)
    field_row, keys_area = area.cut_top(measures.button, gap)
    widgets = _field_widgets(field_row, contact, view, measures)
    letters = CONTACT_KEY_PAGES[view.keys_page % len(CONTACT_KEY_PAGES)]
    for row_area, row in zip(keys_area.rows(4, gap), letters, strict=True):
        cells = row_area.columns(10, gap)
        if row is letters[-1]:
            label = _PAGE_LABELS[view.keys_page % len(CONTACT_KEY_PAGES)]
            widgets.append(typing_key("keyboard:page", cells[0], label, TurnKeys(), view, measures))
            widgets.append(
                typing_key("keyboard:backspace", cells[9], "", Erase(), view, measures, icon="erase")
            )
            cells = cells[1:9]
        if row == " ":
            space = Rect(cells[0].x, cells[0].y, cells[-1].right - cells[0].x, cells[0].h)
            widgets.append(typing_key("keyboard:space", space, "space", TypeText(" "), view, measures))
            continue
        widgets += [
            typing_key(f"keyboard:{letter}", cell, letter, TypeText(letter), view, measures)
            for cell, letter in zip(cells, row, strict=True)
        ]
    return Layout(widgets=tuple(widgets))


def _field_widgets(area: Rect, contact: TypedContact, view: View, measures: Measures) -> list[Widget]:
    skip_area, rest = area.cut_left(measures.px(250), measures.px(8))
    save_area, field_area = rest.cut_right(measures.px(250), measures.px(8))
    is_typed, kind = contact.count > 0, contact.kind
    return [
        button(
            "contact:skip",
            skip_area,
            "Skip",
            SkipContact(),
            view,
            size_px=measures.text(40),
            tone=Tone.PLAIN if is_typed else Tone.GO,
        ),
        Widget(
            name="contact:field",
            rect=field_area,
            look=Look.FIELD,
            label="" if is_typed else ASKED_TEXT,
            note=PURPOSE_TEXT,
            size_px=measures.text(40),
            align="left",
            contact=contact,
            contact_edits=view.contact_edits,
        ),
        button(
            "contact:save",
            save_area,
            "Save",
            SaveContact(),
            view,
            size_px=measures.text(34),
            note=kind or ("not complete yet" if is_typed else ""),
            tone=Tone.GO if kind else Tone.PLAIN,
            enabled=bool(kind) and not view.is_link_lost and "contact:save" not in view.sending,
        ),
    ]
