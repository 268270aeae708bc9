"""The displays that answer, what each shows, and the choice of what one or all of them show from now on."""

from __future__ import annotations

from collections import Counter

import msgspec

from pitboard.race.bodies import PlaylistItem
from pitboard.race.scene_names import (
    IDENTIFY_SECONDS,
    SCENE_NAMES,
    SCENE_SECONDS,
    USUAL_ROUND,
    WHOLE_VENUE,
)
from pitboard.unit_api.unit_calls import AssignDisplay, DisplayNode, ScreenState
from trackside.touch.scene.choice_grid import Choice, lay_grid
from trackside.touch.scene.status_scene import headed
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import Page, RenameDisplay, SendAct, ShowDisplay, ShowPage, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Tone, Widget


def lay_displays(screen: ScreenState, view: View, measures: Measures) -> Layout:
    code = "touch.displays" if screen.displays else "touch.no-display"
    title, rest = headed(code, view, measures, warning=_equal_names(screen, view))
    everybody = DisplayNode(view.say("touch.all-displays"), "", key=WHOLE_VENUE)
    nodes = [everybody, *screen.displays] if screen.displays else []
    rows, the_list, pager = lay_list(rest, measures, count=len(nodes), top=view.list_top)
    widgets: list[Widget] = list(title)
    for number, (row, node) in enumerate(zip(rows, nodes[the_list.top :], strict=False), start=the_list.top):
        is_well = node.is_live and node.has_screen
        widgets.append(
            button(
                f"display:{number}",
                row,
                node.name,
                ShowDisplay(steered_by(node)),
                view,
                size_px=measures.text(30),
                note=_note(node, view),
                note_lines_max=1,
                icon="" if node.key == WHOLE_VENUE else "ok" if is_well else "warning",
                align="left",
                tone=Tone.PLAIN if is_well else Tone.WARNING,
            )
        )
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
    kept = () if node is None else node.playlist
    return AssignDisplay(display=display, name=name, playlist=kept)


def scene_name(scene: str, view: View) -> str:
    code = f"touch.scene-{scene}"
    return view.say(code) if view.language.knows(code) else scene


def _scene(scene: str, node: DisplayNode, view: View) -> Choice:
    is_shown = node.scene == scene or (scene == USUAL_ROUND and not node.playlist and bool(node.scene))
    act = AssignDisplay(
        display=steered_by(node), name=node.name, playlist=_playlist(scene, node), track=node.track
    )
    act = msgspec.structs.replace(act, race_class=node.race_class)
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
    if not node.has_screen:
        return view.say("touch.display-dark")
    shown = view.say("touch.display-shows", scene=scene_name(node.scene, view)) if node.scene else ""
    state = "" if node.is_live or not node.badge else node.badge
    return ". ".join(part for part in (shown, state) if part) or node.address
