"""After a new name: an e-mail address or a phone number, if the competitor wants to give one.

Skip is the obvious choice until something is typed; Save waits until it is an address or a number."""

from __future__ import annotations

from trackside.touch.scene.keyboard_scene import lay_keys, typing_key
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.typed_contact import TypedContact
from trackside.touch.widgets.view import Erase, SaveContact, SkipContact, TurnKeys, TypeText, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget

CONTACT_KEY_PAGES = (
    ("1234567890", "qwertyuiop", "asdfghjkl@", "zxcvbnm."),
    ("1234567890", "+-_/()&='#", "!?$%*~^{}|", " "),
)
_PAGE_LABELS = ("+ - _", "abc")


def lay_contact(contact: TypedContact, view: View, measures: Measures) -> Layout:
    gap = max(3, measures.px(8))
    area = measures.screen.cut_top(measures.bar)[1].inset(gap)
    rows = 2 if measures.is_portrait else 1
    field_row, keys_area = area.cut_top(rows * measures.button + (rows - 1) * gap, gap)
    widgets = _field_widgets(field_row, contact, view, measures)
    page = view.keys_page % len(CONTACT_KEY_PAGES)
    letters = CONTACT_KEY_PAGES[page]
    keys = [typing_key("keyboard:page", _PAGE_LABELS[page], TurnKeys(), view, measures)]
    keys += [
        typing_key("keyboard:space", view.say("touch.space"), TypeText(" "), view, measures)
        if letter == " "
        else typing_key(f"keyboard:{letter}", letter, TypeText(letter), view, measures)
        for letter in letters[-1]
    ]
    keys.append(typing_key("keyboard:backspace", "", Erase(), view, measures, icon="erase"))
    upper = [
        typing_key(f"keyboard:{letter}", letter, TypeText(letter), view, measures)
        for letter in "".join(letters[:-1])
    ]
    return Layout(widgets=(*widgets, *lay_keys(keys_area, upper, keys, measures)))


def _field_widgets(area: Rect, contact: TypedContact, view: View, measures: Measures) -> list[Widget]:
    if measures.is_portrait:  # too narrow for all three beside each other
        field_area, below = area.rows(2, measures.px(8))
        skip_area, save_area = below.columns(2, measures.px(8))
    else:
        skip_area, rest = area.cut_left(measures.px(250), measures.px(8))
        save_area, field_area = rest.cut_right(measures.px(250), measures.px(8))
    is_typed, kind = contact.count > 0, contact.kind
    return [
        button(
            "contact:skip",
            skip_area,
            view.say("touch.skip"),
            SkipContact(),
            view,
            size_px=measures.text(40),
            tone=Tone.PLAIN if is_typed else Tone.GO,
        ),
        Widget(
            name="contact:field",
            rect=field_area,
            look=Look.FIELD,
            label="" if is_typed else view.say("touch.contact-asked"),
            note=view.say("touch.contact-purpose"),
            size_px=measures.text(40),
            align="left",
            contact=contact,
            contact_edits=view.contact_edits,
        ),
        button(
            "contact:save",
            save_area,
            view.say("touch.save"),
            SaveContact(),
            view,
            size_px=measures.text(34),
            note=view.say(f"touch.contact-{kind}")
            if kind
            else view.say("touch.incomplete")
            if is_typed
            else "",
            tone=Tone.GO if kind else Tone.PLAIN,
            enabled=bool(kind) and not view.is_link_lost and "contact:save" not in view.sending,
        ),
    ]
