"""The displays, what each shows, and what one or all of them are to show from now on: scene, light, name."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from time import localtime, strftime

import msgspec

from pitboard.race.bodies.display_bodies import PlaylistItem
from pitboard.race.scene_names import (
    IDENTIFY_SECONDS,
    SCENE_NAMES,
    SCENE_SECONDS,
    USUAL_ROUND,
    WHOLE_VENUE,
)
from pitboard.unit_api.official_acts import AssignDisplay
from pitboard.unit_api.screen_state import DisplayNode, ScreenState
from trackside.touch.scene.choice_grid import Choice, lay_grid
from trackside.touch.scene.status_scene import headed
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import Page, RenameDisplay, SendAct, ShowDisplay, ShowPage, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget

PICTURE = "picture:"
"""Before the key of the display whose picture it is."""
BRIGHTNESS_STEPS = (100, 60, 30)


def lay_displays(screen: ScreenState, view: View, measures: Measures) -> Layout:
    code = "touch.displays" if screen.displays else "touch.no-display"
    title, rest = headed(code, view, measures, warning=_equal_names(screen, view))
    everybody = DisplayNode(view.say("touch.all-displays"), "", key=WHOLE_VENUE)
    nodes = [everybody, *screen.displays] if screen.displays else []
    rows, the_list, pager = lay_list(
        rest, measures, count=len(nodes), top=view.list_top, row_min_px=measures.button * 3 // 2
    )
    widgets: list[Widget] = list(title)
    for number, (row, node) in enumerate(zip(rows, nodes[the_list.top :], strict=False), start=the_list.top):
        is_well = node.is_live and node.has_screen
        way_in = button(
            f"display:{number}",
            row,
            node.name,
            ShowDisplay(steered_by(node)),
            view,
            size_px=measures.text(30),
            note=_note(node, view),
            note_lines_max=2,
            icon="" if node.key == WHOLE_VENUE else "ok" if is_well else "warning",
            align="left",
            tone=Tone.PLAIN if is_well else Tone.WARNING,
        )
        if not node.key or node.key == WHOLE_VENUE or node.gone_since_utc_ms:
            widgets.append(way_in)
            continue
        picture = _picture(row, node, view, measures)
        widgets += [replace(way_in, reserved_px=row.right - picture.rect.x), picture]
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    if not nodes:
        widgets.append(
            Widget(
                name="no-display",
                rect=rest,
                look=Look.TEXT,
                label=view.say("touch.no-display"),
                note=view.say("touch.no-display-note"),
                size_px=measures.text(36),
                note_lines_max=3,
            )
        )
    return Layout(widgets=tuple(widgets), list_area=the_list)


def _picture(row: Rect, node: DisplayNode, view: View, measures: Measures) -> Widget:
    """Return what the display shows right now, at the right end of its row."""
    room = row.inset(measures.px(6))
    _, place = room.cut_left(max(room.w * 2 // 3, room.w - room.h * 16 // 9))
    shown = view.pictures.get(node.key)
    return Widget(
        name=f"{PICTURE}{node.key}",
        rect=place,
        look=Look.PICTURE,
        label=view.say("touch.no-picture") if shown == b"" else "",
        size_px=measures.text(20),
        lines_max=2,
        picture=shown or b"",
    )


def pictured(layout: Layout) -> list[str]:
    """Return the keys of the displays whose pictures have a place on this page."""
    return [one.name.removeprefix(PICTURE) for one in layout.widgets if one.look is Look.PICTURE]


def _equal_names(screen: ScreenState, view: View) -> str:
    """Return what to do where two displays have one name, nothing where none have."""
    names = Counter(one.name for one in screen.displays)
    twice = next((name for name, times in names.items() if times > 1), None)
    if twice is None:
        return ""
    return view.say("touch.displays-one-name", count=len(screen.displays), name=twice)


def lay_display(screen: ScreenState, view: View, measures: Measures) -> Layout:
    """What the chosen display shows from now on: one tap each."""
    node = next((one for one in screen.displays if steered_by(one) == view.chosen), None)
    if node is None:
        node = DisplayNode(view.say("touch.all-displays"), "", key=WHOLE_VENUE)
    choices = [
        Choice("back", view.say("touch.back"), ShowPage(Page.DISPLAYS), icon="back"),
        _scene(USUAL_ROUND, node, view),
        *(_scene(scene, node, view) for scene in SCENE_NAMES),
        *_light(node, view),
    ]
    if node.key != WHOLE_VENUE:
        rename = RenameDisplay(steered_by(node), node.name)
        choices.insert(1, Choice("display:name", view.say("touch.rename"), rename, node.name))
    return Layout(widgets=tuple(lay_grid(choices, view, measures)))


def steered_by(node: DisplayNode) -> str:
    """Return what a word to this display is addressed to: its key, or the name of an older one."""
    return node.key or node.name


def renaming_display(screen: ScreenState, display: str, name: str) -> AssignDisplay:
    """Return the act that gives the display another name and leaves what it shows."""
    node = next((one for one in screen.displays if steered_by(one) == display), None)
    node = node or DisplayNode(name, "", key=display)
    return msgspec.structs.replace(_as_it_is(node), display=display, name=name)


def _as_it_is(node: DisplayNode) -> AssignDisplay:
    """Return the act that leaves all as it is: a word says all of it, and the last one counts."""
    return AssignDisplay(
        display=steered_by(node),
        name=node.name,
        playlist=node.playlist,
        track=node.track,
        race_class=node.race_class,
        brightness_percent=node.brightness_percent,
        is_on=node.is_on,
        restart=node.restart,
    )


def _light(node: DisplayNode, view: View) -> list[Choice]:
    """Return how bright it is, dark or lit, and that its program starts anew."""
    now = _as_it_is(node)
    darker = next((step for step in BRIGHTNESS_STEPS if step < node.brightness_percent), BRIGHTNESS_STEPS[0])
    return [
        Choice(
            "display:brightness",
            view.say("touch.display-brightness", percent=darker),
            SendAct(msgspec.structs.replace(now, brightness_percent=darker)),
            view.say("touch.display-brightness-now", percent=node.brightness_percent),
        ),
        Choice(
            "display:light",
            view.say("touch.display-turn-dark" if node.is_on else "touch.display-turn-on"),
            SendAct(msgspec.structs.replace(now, is_on=not node.is_on)),
            tone=Tone.PLAIN if node.is_on else Tone.WARNING,
        ),
        Choice(
            "display:restart",
            view.say("touch.display-restart"),
            SendAct(msgspec.structs.replace(now, restart=_another(node.restart))),
        ),
    ]


def _another(restart: str) -> str:
    """Return a word that the display has not heard; the same one until it has, for a page is pure."""
    return hashlib.sha256(restart.encode()).hexdigest()[:16]


def scene_name(scene: str, view: View) -> str:
    code = f"touch.scene-{scene}"
    return view.say(code) if view.language.knows(code) else scene


def _scene(scene: str, node: DisplayNode, view: View) -> Choice:
    is_shown = node.scene == scene or (scene == USUAL_ROUND and not node.playlist and bool(node.scene))
    act = msgspec.structs.replace(_as_it_is(node), playlist=_playlist(scene, node), is_on=True)
    return Choice(
        f"scene:{scene}",
        scene_name(scene, view),
        SendAct(act),
        view.say("touch.shown-now") if is_shown else "",
        tone=Tone.MANUAL if is_shown else Tone.PLAIN,
    )


def _playlist(scene: str, node: DisplayNode) -> tuple[PlaylistItem, ...]:
    """Return what is shown from now on; saying who it is takes nothing away from what it showed."""
    if scene == USUAL_ROUND:
        return ()
    if scene == "identify":
        rest = tuple(one for one in node.playlist if one.scene != "identify")
        return (PlaylistItem(scene="identify", seconds=IDENTIFY_SECONDS), *rest)
    return (PlaylistItem(scene=scene, seconds=SCENE_SECONDS),)


def _note(node: DisplayNode, view: View) -> str:
    if node.key == WHOLE_VENUE:
        return view.say("touch.all-displays-note")
    if node.gone_since_utc_ms:
        seen = strftime("%H:%M", localtime(node.gone_since_utc_ms // 1_000))
        return view.say("touch.display-gone", time=seen)
    warm = "" if node.temperature_c is None else f"{node.temperature_c} °C"
    facts = ", ".join(part for part in (node.version, warm) if part)
    if not node.has_screen:
        return ". ".join(part for part in (view.say("touch.display-dark"), facts) if part)
    if not node.is_on:
        return ". ".join(part for part in (view.say("touch.display-is-off"), facts) if part)
    shown = view.say("touch.display-shows", scene=scene_name(node.scene, view)) if node.scene else ""
    state = "" if node.is_live or not node.badge else node.badge
    return ". ".join(part for part in (shown, state, facts) if part) or node.address
