"""What stands behind the lights: their sentences, and the ways to board, sensors, machine, settings."""

from __future__ import annotations

from collections.abc import Iterator

from pitboard.unit_api.official_acts import CheckSystems
from pitboard.unit_api.screen_state import MachineLine, ScreenState, SensorLine, SystemsLine
from pitboard.unit_api.sensor_sentences import QUIET_NOTES
from trackside.touch.scene.calculated_words import made_words, time_words
from trackside.touch.scene.top_bar import light_name, light_sentence, state_icon, state_tone, state_word
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import Intent, OpenKeyboard, Page, Purpose, SendAct, ShowPage, SignOff, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget

SYSTEMS_SHOWN_MAX_COUNT = 2
_COLOURS = {"green": "ok", "yellow": "warning", "red": "bad"}


def lay_status(screen: ScreenState, view: View, measures: Measures) -> Layout:
    if measures.is_portrait:
        left, right = measures.body.cut_top(measures.body.h * 52 // 100, measures.gap)
    else:
        left, right = measures.body.cut_left(measures.body.w * 56 // 100, measures.gap)
    ways = list(_ways(screen, view))
    cells = [cell for row in right.rows(4, measures.gap) for cell in row.columns(2, measures.gap)]
    widgets = _light_widgets(left, screen, view, measures)
    for cell, (name, label, intent, note, tone) in zip(cells, ways, strict=False):
        widgets.append(
            button(
                name,
                cell,
                label,
                intent,
                view,
                size_px=measures.text(30),
                note=note,
                note_lines_max=2,
                tone=tone,
                icon="back" if name == "back" else "",
            )
        )
    return Layout(widgets=tuple(widgets))


def _ways(screen: ScreenState, view: View) -> Iterator[tuple[str, str, Intent, str, Tone]]:
    """Yield what can be looked at from here; what is not well stands out."""
    yield "board", view.say("touch.board"), ShowPage(Page.BOARD), str(len(screen.entries)), Tone.PLAIN
    blind = sum(one.state != "ok" for one in screen.sensors)
    sensors_tone = Tone.WARNING if blind else Tone.PLAIN
    yield (
        "sensors",
        view.say("touch.sensors"),
        ShowPage(Page.SENSORS),
        str(len(screen.sensors)),
        sensors_tone,
    )
    dark = any(not (one.is_live and one.has_screen) for one in screen.displays)
    count = str(len(screen.displays))
    yield (
        "displays",
        view.say("touch.displays"),
        ShowPage(Page.DISPLAYS),
        count,
        Tone.WARNING if dark else Tone.PLAIN,
    )
    machine_tone = Tone.WARNING if any(one.colour != "green" for one in screen.machine) else Tone.PLAIN
    yield "machine", view.say("touch.machine"), ShowPage(Page.MACHINE), screen.software, machine_tone
    yield "settings", view.say("touch.settings"), ShowPage(Page.SETTINGS), "", Tone.PLAIN
    if view.official_id:
        name = next((one.name for one in screen.officials if one.official_id == view.official_id), "")
        yield "sign-off", view.say("touch.sign-off"), SignOff(), name, Tone.PLAIN
    elif not screen.officials:
        opens = OpenKeyboard(Purpose.OFFICIAL)
        yield "appoint", view.say("touch.appoint"), opens, view.say("touch.appoint-note"), Tone.PLAIN
    yield "back", view.say("touch.back"), ShowPage(Page.MAIN), "", Tone.PLAIN


def lay_board(screen: ScreenState, view: View, measures: Measures) -> Layout:
    """The board as it stands, row by row."""
    title, rest = headed("touch.board" if screen.entries else "touch.board-empty", view, measures)
    rows, the_list, pager = lay_list(rest, measures, count=len(screen.entries), top=view.list_top)
    widgets = list(title)
    for row, entry in zip(rows, screen.entries[the_list.top :], strict=False):
        widgets.append(
            Widget(
                name=f"entry:{entry.competitor_id}",
                rect=row,
                look=Look.ROW,
                label=entry.name,
                note="–" if entry.rank is None else str(entry.rank),
                value=f"{made_words(entry.calculated, view)} "
                f"{time_words(entry.best_ns, entry.calculated, screen)}".strip(),
                size_px=measures.text(32),
                align="left",
            )
        )
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    return Layout(widgets=tuple(widgets), list_area=the_list)


def lay_sensors(screen: ScreenState, view: View, measures: Measures) -> Layout:
    """Each sensor with the level of its beam, the strength of the last passing, and what to do."""
    code = "touch.sensors" if screen.sensors else "touch.no-sensors"
    title, rest = headed(code, view, measures)
    lines = [
        (f"sensor:{one.sensor}", f"{one.sensor}: {_levels(one, view)}", _sensor_says(one, view), _state(one))
        for one in screen.sensors
    ]
    checks: list[Widget] = []
    if screen.systems:
        area, rest = rest.cut_bottom(measures.button * 3 // 2, measures.gap)
        shown = screen.systems[:SYSTEMS_SHOWN_MAX_COUNT]
        cells = area.columns(len(shown), measures.gap)
        checks = [_check(cell, one, view, measures) for cell, one in zip(cells, shown, strict=True)]
    return _lines([*title, *checks], rest, lines, view, measures)


def _check(area: Rect, systems: SystemsLine, view: View, measures: Measures) -> Widget:
    """Return the button that begins the check of two systems, or ends it, with what it says."""
    where = f"{systems.track} {systems.gate}".strip()
    code = "touch.stop-check" if systems.is_checking else "touch.check-systems"
    tone = Tone.WARNING if systems.is_checking or systems.is_synchronised is False else Tone.PLAIN
    said = view.language.tell([one for one in systems.says if view.language.knows(one.code)])
    return button(
        f"check:{systems.track}:{systems.gate}",
        area,
        view.say(code, gate=where),
        SendAct(CheckSystems(gate=systems.gate, track=systems.track, stops=systems.is_checking)),
        view,
        size_px=measures.text(28),
        note=said or view.say("touch.check-systems-note", count=systems.pairs),
        note_lines_max=3,
        tone=Tone.GO if systems.is_synchronised else tone,
        stays_open=True,
    )


def _state(sensor: SensorLine) -> str:
    """Return what its light would be: yellow too for what is to be looked at while it sees cars."""
    if sensor.state != "ok":
        return "bad"
    quiet = {"sensor.state.ok", *(f"sensor.{code}" for code in QUIET_NOTES)}
    return "ok" if all(one.code in quiet for one in sensor.says) else "warning"


def lay_machine(screen: ScreenState, view: View, measures: Measures) -> Layout:
    """Temperature, power, disk, memory, clock, network, software: what is not well first, with what to do."""
    title, rest = headed("touch.machine", view, measures, value=screen.software)
    lines = [
        (f"machine:{one.code}", machine_sentence(one, view), _advice(one, view), _COLOURS.get(one.colour, ""))
        for one in screen.machine
    ]
    return _lines(list(title), rest, lines, view, measures)


def machine_sentence(line: MachineLine, view: View) -> str:
    """Return the line in the official's language; one that only a newer unit knows in its own words."""
    code = f"touch.machine-{line.code}"
    return view.say(code, **line.fields) if view.language.knows(code) else line.sentence


def _advice(line: MachineLine, view: View) -> str:
    code = f"touch.machine-{line.code}-do"
    return view.say(code) if line.advice and view.language.knows(code) else line.advice


def _levels(sensor: SensorLine, view: View) -> str:
    """Return the level of the beam and the strength of the last passing, as far as they are told."""
    parts = []
    if sensor.blocked is not None:
        parts.append(view.say("touch.beam-blocked" if sensor.blocked else "touch.beam-clear"))
    if sensor.strength is not None:
        parts.append(view.say("touch.strength", strength=sensor.strength))
    parts.append(view.say("touch.passings-a-minute", count=sensor.passings_per_min))
    return ", ".join(parts)


def _sensor_says(sensor: SensorLine, view: View) -> str:
    return view.language.tell([one for one in sensor.says if view.language.knows(one.code)])


def headed(
    code: str, view: View, measures: Measures, *, value: str = "", warning: str = ""
) -> tuple[tuple[Widget, Widget], Rect]:
    """Return the way back beside the page's name, or a warning in its place, and the room below."""
    head, rest = measures.body.cut_top(measures.button, measures.gap)
    back, title = head.cut_left(max(measures.button, measures.px(220)), measures.gap)
    return (
        button(
            "back",
            back,
            view.say("touch.back"),
            ShowPage(Page.STATUS),
            view,
            size_px=measures.text(32),
            icon="back",
        ),
        Widget(
            name="title",
            rect=title,
            look=Look.TEXT,
            label=warning or view.say(code),
            value=value,
            size_px=measures.text(34),
            tone=Tone.WARNING if warning else Tone.PLAIN,
            align="left",
            lines_max=2,
        ),
    ), rest


def _lines(
    widgets: list[Widget],
    area: Rect,
    lines: list[tuple[str, str, str, str]],
    view: View,
    measures: Measures,
) -> Layout:
    """Return lines of (name, what is so, what to do, state), each with a shape beside its colour."""
    rows, the_list, pager = lay_list(area, measures, count=len(lines), top=view.list_top)
    for row, (name, label, note, state) in zip(rows, lines[the_list.top :], strict=False):
        widgets.append(
            Widget(
                name=name,
                rect=row,
                look=Look.LIGHT,
                label=label,
                note=note,
                icon=state_icon(state),
                tone=state_tone(state),
                size_px=measures.text(26),
                note_lines_max=2,
            )
        )
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    return Layout(widgets=tuple(widgets), list_area=the_list)


def _light_widgets(area: Rect, screen: ScreenState, view: View, measures: Measures) -> list[Widget]:
    widgets = []
    for row, light in zip(area.rows(3, measures.px(8)), screen.lights[:3], strict=False):
        state = "unknown" if view.is_link_lost else light.state
        widgets.append(
            Widget(
                name=f"detail:{light.light}",
                rect=row,
                look=Look.LIGHT,
                label=f"{light_name(light.light, view)}: {state_word(state, view)}",
                note=light_sentence(light, view),
                icon=state_icon(state),
                tone=state_tone(state),
                size_px=measures.text(34),
                note_lines_max=4,
            )
        )
    return widgets
