"""The whole screen as widgets: a pure function of what the unit says and what the official looks at."""

from __future__ import annotations

from pitboard.unit_api.unit_calls import ManualPassing, ScreenState
from trackside.touch.scene.contact_scene import lay_contact
from trackside.touch.scene.idle_scene import lay_idle
from trackside.touch.scene.keyboard_scene import lay_keyboard
from trackside.touch.scene.review_scene import lay_question, lay_review
from trackside.touch.scene.run_scene import lay_run
from trackside.touch.scene.status_scene import lay_status
from trackside.touch.scene.top_bar import lay_top_bar
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import Page, SendAct, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Widget, mirrored


def lay_out(screen: ScreenState | None, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    """Return the widgets from back to front; enabled ones never overlap."""
    scene = _lay_scene(screen, view, measures, now_mono_ns)
    layout = Layout(widgets=(*lay_top_bar(screen, view, measures), *scene.widgets), list_area=scene.list_area)
    return mirrored(layout, measures) if view.language.is_right_to_left else layout


def _lay_scene(screen: ScreenState | None, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    if screen is None:
        return _lay_connecting(view, measures)
    if view.page is Page.STATUS:
        return lay_status(screen, view, measures)
    if screen.run is None or screen.phase == "idle":
        if view.page is Page.KEYBOARD:
            return lay_keyboard(screen, view, measures)
        if view.page is Page.CONTACT and view.contact is not None:
            return lay_contact(view.contact, view, measures)
        return lay_idle(screen, view, measures)
    if screen.phase == "review":
        scene = lay_review(screen, screen.run, view, measures)
    else:
        scene = lay_run(screen, screen.run, view, measures, now_mono_ns)
    if not view.asks_discard:
        return scene
    return lay_question(scene, screen.run, view, measures, is_armed=screen.phase == "armed")


def _lay_connecting(view: View, measures: Measures) -> Layout:
    return Layout(
        widgets=(
            Widget(
                name="connecting",
                rect=measures.body,
                look=Look.TEXT,
                label=view.say("touch.connecting"),
                note=view.say("touch.connecting-note"),
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
            )
        )
    return Layout(widgets=tuple(widgets))
