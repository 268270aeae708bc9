"""The whole screen as widgets: a pure function of what the unit says and what the official looks at."""

from __future__ import annotations

from collections.abc import Callable

from pitboard.unit_api.official_acts import ManualPassing
from pitboard.unit_api.screen_state import Run, ScreenState
from trackside.touch.scene.acts_scene import lay_acts
from trackside.touch.scene.asked_scene import lay_asked
from trackside.touch.scene.changed_scene import changed_run, lay_changed
from trackside.touch.scene.contact_scene import lay_contact
from trackside.touch.scene.displays_scene import lay_display, lay_displays
from trackside.touch.scene.idle_scene import lay_idle
from trackside.touch.scene.keyboard_scene import lay_keyboard
from trackside.touch.scene.names_list import lay_hand_over
from trackside.touch.scene.passings_scene import lay_give, lay_passings
from trackside.touch.scene.person_scene import lay_person
from trackside.touch.scene.put_right_scene import lay_penalties, lay_put_right
from trackside.touch.scene.queue_scene import lay_queue
from trackside.touch.scene.review_scene import lay_question, lay_review
from trackside.touch.scene.run_places import of_place
from trackside.touch.scene.run_scene import lay_run
from trackside.touch.scene.settings_scene import lay_settings
from trackside.touch.scene.sign_in_scene import lay_appoint, lay_sign_in, needs_sign_in
from trackside.touch.scene.stage_scene import lay_draw, lay_stage, lay_stages
from trackside.touch.scene.status_scene import lay_board, lay_machine, lay_sensors, lay_status
from trackside.touch.scene.top_bar import lay_top_bar
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import Page, SendAct, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Widget, mirrored

_BEHIND_THE_LIGHTS: dict[Page, Callable[[ScreenState, View, Measures], Layout]] = {
    Page.STATUS: lay_status,
    Page.BOARD: lay_board,
    Page.SENSORS: lay_sensors,
    Page.MACHINE: lay_machine,
    Page.DISPLAYS: lay_displays,
    Page.DISPLAY: lay_display,
    Page.SETTINGS: lay_settings,
}
_SIGNED_IN = (Page.DISPLAY, Page.SETTINGS)
"""Of these, what only an official who signed in may change."""


def lay_out(screen: ScreenState | None, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    """Return the widgets from back to front; enabled ones never overlap."""
    scene = _lay_scene(screen, view, measures, now_mono_ns)
    layout = Layout(widgets=(*lay_top_bar(screen, view, measures), *scene.widgets), list_area=scene.list_area)
    return mirrored(layout, measures) if view.language.is_right_to_left else layout


def _lay_scene(screen: ScreenState | None, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    if screen is None:
        return _lay_connecting(view, measures)
    behind_the_lights = _BEHIND_THE_LIGHTS.get(view.page)
    if behind_the_lights is not None and (view.page not in _SIGNED_IN or not needs_sign_in(screen, view)):
        return behind_the_lights(screen, view, measures)
    if needs_sign_in(screen, view):
        return lay_sign_in(screen, view, measures)
    if view.page is Page.APPOINT:
        return lay_appoint(view, measures)
    if view.page is Page.ACTS:
        return lay_acts(screen, view, measures)
    if view.page is Page.KEYBOARD:
        return lay_keyboard(screen, view, measures)
    if view.page is Page.PERSON:
        return lay_person(screen, view, measures, now_mono_ns)
    if screen.run is None or screen.phase == "idle":
        return _lay_between_runs(screen, view, measures, now_mono_ns)
    return _lay_run_page(screen, screen.run, view, measures, now_mono_ns)


def _lay_between_runs(screen: ScreenState, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    changed = changed_run(screen)
    if view.page is Page.CONTACT and view.contact is not None:
        return lay_contact(view.contact, view, measures)
    if view.page is Page.QUEUE:
        return lay_queue(screen, view, measures)
    if view.page is Page.ASKED:
        return lay_asked(screen, view, measures, now_mono_ns)
    if view.page is Page.STAGES:
        return lay_stages(screen, view, measures)
    if view.page is Page.DRAW:
        return lay_draw(screen, view, measures)
    if view.page is Page.STAGE:
        return lay_stage(screen, view, measures)
    if view.page is Page.CHANGED and changed is not None:
        return lay_changed(screen, changed, view, measures)
    return lay_idle(screen, view, measures, now_mono_ns)


def _lay_run_page(screen: ScreenState, run: Run, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    match view.page:
        case Page.PUT_RIGHT:
            return lay_put_right(screen, of_place(run, view.place), view, measures)
        case Page.PENALTY:
            return lay_penalties(run, view, measures)
        case Page.HAND_OVER:
            return lay_hand_over(screen, run, view, measures)
        case Page.PASSINGS:
            return lay_passings(screen, run, view, measures)
        case Page.GIVE:
            return lay_give(screen, run, view, measures)
    if screen.phase == "review":
        scene = lay_review(screen, run, view, measures)
    else:
        scene = lay_run(screen, run, view, measures, now_mono_ns)
    if not view.asks_discard:
        return scene
    return lay_question(scene, run, view, measures, is_armed=screen.phase == "armed")


def _lay_connecting(view: View, measures: Measures) -> Layout:
    said = dict(view.last_words)
    words = said.get("trackside") or said.get("touch")
    return Layout(
        widgets=(
            Widget(
                name="connecting",
                rect=measures.body,
                look=Look.TEXT,
                label=view.say("touch.connecting"),
                note=words or view.say("touch.connecting-note"),
                size_px=measures.text(48),
                lines_max=2,
                note_lines_max=3,
            ),
        )
    )


def lay_plain(screen: ScreenState | None, view: View, measures: Measures) -> Layout:
    """Return what stands in for a page that cannot be laid out; a car on the track is still timed by hand."""
    message, manual = measures.body.cut_top(measures.body.h // 2, measures.gap)
    widgets = [
        Widget(
            name="plain",
            rect=message,
            look=Look.TEXT,
            label=view.say("touch.plain"),
            note=view.say("touch.plain-note"),
            size_px=measures.text(48),
        )
    ]
    if (
        screen is not None
        and screen.run is not None
        and screen.phase in ("armed", "running", "paused", "time-up")
    ):
        act = SendAct(ManualPassing(run_id=screen.run.run_id, mono_ns=0))
        widgets.append(
            button(
                "manual",
                manual,
                view.say("touch.manual"),
                act,
                view,
                size_px=measures.text(48),
                stays_open=True,
                is_kept=True,
            )
        )
    return Layout(widgets=tuple(widgets))
