"""A competitor's details beside the name: number, class, and the transponder, typed or as the car passes."""

from __future__ import annotations

import re

from pitboard.unit_api.official_acts import ChangeCompetitor, Register
from pitboard.unit_api.screen_state import Competitor, ScreenState
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import (
    ChangePerson,
    EditPerson,
    Person,
    Purpose,
    Rename,
    SendAct,
    ShowTyped,
    View,
)
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget

_NS_PER_S = 1_000_000_000
_NUMBER = re.compile(r"\d{1,15}\Z", re.ASCII)
_BETWEEN = re.compile(r"[\s,;]+")


def person_of(known: Competitor) -> Person:
    return Person(
        name=known.name,
        number=known.number,
        race_class=known.race_class,
        transponders=", ".join(str(one) for one in known.transponders),
    )


def renaming(known: Competitor) -> Rename:
    return Rename(known.competitor_id, person_of(known))


def transponders_of(typed: str) -> tuple[int | str, ...]:
    """Return what is typed as the devices tell it: digits are a number."""
    words = [word[:80] for word in _BETWEEN.split(typed) if word]
    return tuple(int(word) if _NUMBER.match(word) else word for word in dict.fromkeys(words))[:8]


def saving(screen: ScreenState, view: View) -> SendAct | None:
    """Return the act that says what is typed: of a competitor who is there only what differs; None without
    a name, or where nothing differs."""
    person = view.person
    name = " ".join(person.name.split())
    known = screen.competitor_named(view.renames)
    if not name:
        return None
    if known is None:
        return SendAct(
            Register(
                name=name,
                number=person.number,
                race_class=person.race_class,
                transponders=transponders_of(person.transponders),
            )
        )
    transponders = transponders_of(person.transponders)
    change = ChangeCompetitor(
        competitor_id=known.competitor_id,
        name=None if name == known.name else name,
        number=None if person.number == known.number else person.number,
        race_class=None if person.race_class == known.race_class else person.race_class,
        transponders=None if transponders == known.transponders else transponders,
    )
    return None if change == ChangeCompetitor(competitor_id=known.competitor_id) else SendAct(change)


def summary(view: View, screen: ScreenState) -> str:
    """Return the details in few words, empty where there are none yet."""
    person = view.person
    parts = [person.number, class_name(screen, person.race_class), person.transponders]
    return " · ".join(part for part in parts if part)


def class_name(screen: ScreenState, race_class: str) -> str:
    return next((one.name for one in screen.classes if one.race_class == race_class), race_class)


def lay_person(screen: ScreenState, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    main, side = measures.split()
    person = view.person
    rows = main.rows(4, measures.gap)
    widgets = [
        _field("name", rows[0], "touch.name", person.name, view, measures, Purpose.REGISTER),
        _field(
            "number",
            rows[1],
            "touch.number",
            person.number,
            view,
            measures,
            Purpose.NUMBER,
            taken_by=_who_else(screen, view, number=person.number),
        ),
        _class(rows[2], screen, view, measures),
        _field(
            "transponder",
            rows[3],
            "touch.transponder",
            person.transponders,
            view,
            measures,
            Purpose.TRANSPONDER,
            taken_by=_who_else(screen, view, transponders=transponders_of(person.transponders)),
        ),
    ]
    last, above = side.cut_bottom(max(measures.button, measures.px(150)), measures.gap)
    back, loop = above.cut_bottom(max(measures.button, measures.px(110)), measures.gap)
    act = saving(screen, view)
    save = view.say("touch.register" if view.renames is None else "touch.save")
    widgets += [
        _loop(loop, screen, view, measures, now_mono_ns),
        button(
            "back",
            back,
            view.say("touch.back"),
            ShowTyped(),
            view,
            size_px=measures.text(34),
            icon="back",
        ),
        button(
            "person:save",
            last,
            save,
            act or ShowTyped(),
            view,
            size_px=measures.text(44),
            tone=Tone.GO,
            enabled=act is not None,
        ),
    ]
    return Layout(widgets=tuple(widgets))


def unknown_transponder(screen: ScreenState) -> tuple[int | str, int] | None:
    """Return the transponder that nobody has and that passed last, with its stamp."""
    known = {str(one) for competitor in screen.competitors for one in competitor.transponders}
    for stray in reversed(screen.strays):
        if stray.transponder is not None and str(stray.transponder) not in known:
            return stray.transponder, stray.mono_ns
    return None


def _who_else(
    screen: ScreenState, view: View, *, number: str = "", transponders: tuple[int | str, ...] = ()
) -> str:
    """Return the name of another competitor with this number in the class, or one of the transponders."""
    others = [one for one in screen.competitors if one.competitor_id != view.renames]
    for one in others:
        if number and (one.number, one.race_class) == (number, view.person.race_class):
            return one.name
        if {str(each) for each in one.transponders} & {str(each) for each in transponders}:
            return one.name
    return ""


def _field(
    name: str,
    area: Rect,
    code: str,
    value: str,
    view: View,
    measures: Measures,
    purpose: Purpose,
    *,
    taken_by: str = "",
) -> Widget:
    return button(
        f"person:{name}",
        area,
        value or "–",
        EditPerson(purpose),
        view,
        size_px=measures.text(34),
        note=view.say("touch.taken-by", name=taken_by) if taken_by else view.say(code),
        tone=Tone.WARNING if taken_by else Tone.PLAIN,
        align="left",
    )


def _class(area: Rect, screen: ScreenState, view: View, measures: Measures) -> Widget:
    """Return the class; each tap goes to the next one."""
    ids = ["", *(one.race_class for one in screen.classes)]
    at = ids.index(view.person.race_class) if view.person.race_class in ids else 0
    person = view.person.changed(race_class=ids[(at + 1) % len(ids)])
    return button(
        "person:class",
        area,
        class_name(screen, view.person.race_class) or "–",
        ChangePerson(person),
        view,
        size_px=measures.text(34),
        note=view.say("touch.class" if screen.classes else "touch.no-classes"),
        enabled=bool(screen.classes),
        align="left",
    )


def _loop(area: Rect, screen: ScreenState, view: View, measures: Measures, now_mono_ns: int) -> Widget:
    """Return the offer of the transponder that passed last, or how to get one."""
    found = unknown_transponder(screen)
    if found is None or str(found[0]) == view.person.transponders:
        return Widget(
            name="loop",
            rect=area,
            look=Look.TEXT,
            label=view.say("touch.loop") if found is None else view.say("touch.loop-taken"),
            note=view.say("touch.loop-note") if found is None else "",
            size_px=measures.text(30),
            lines_max=3,
            note_lines_max=3,
        )
    transponder, mono_ns = found
    seconds = max(1, (now_mono_ns - mono_ns) // _NS_PER_S)
    return button(
        "loop:take",
        area,
        str(transponder),
        ChangePerson(view.person.changed(transponders=str(transponder))),
        view,
        size_px=measures.text(40),
        note=view.say("touch.loop-take", seconds=seconds),
        note_lines_max=2,
        tone=Tone.WARNING,
    )
