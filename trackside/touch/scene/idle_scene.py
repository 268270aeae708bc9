"""Before a run: pick a name or register a new one, then START. Who waits first is picked already."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pitboard.race.bodies.calculated import Calculated
from pitboard.unit_api.official_acts import Act, Arm, JoinQueue, MarkQueue, MoveStart
from pitboard.unit_api.screen_state import Competitor, ScreenState, Stray
from trackside.touch.scene.calculated_words import made_words, time_words
from trackside.touch.scene.changed_scene import changed_run
from trackside.touch.scene.names_list import lay_names
from trackside.touch.scene.person_scene import renaming
from trackside.touch.scene.put_right_scene import seconds_before
from trackside.touch.scene.queue_scene import waiting
from trackside.touch.scene.stage_scene import heats_to_run
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import (
    OpenKeyboard,
    Page,
    Pick,
    Purpose,
    SendAct,
    ShowPage,
    ShowStage,
    View,
)
from trackside.touch.widgets.widgets import Layout, Look, Measures, Places, Rect, Tone, Widget


def lay_idle(screen: ScreenState, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    places = measures.places()
    queue = button(
        "queue",
        Rect(0, 0, max(measures.button, measures.px(170)), 0),
        view.say("touch.queue"),
        ShowPage(Page.QUEUE),
        view,
        size_px=measures.text(24),
        note=view.say("touch.asks", count=len(screen.asked))
        if screen.asked
        else str(len(waiting(screen)) or ""),
        tone=Tone.WARNING if screen.asked else Tone.PLAIN,
    )
    heats = button(
        "heats",
        queue.rect,
        view.say("touch.heats"),
        ShowStage(screen.stages[0].stage_id) if len(screen.stages) == 1 else ShowPage(Page.STAGES),
        view,
        size_px=measures.text(24),
        note=str(heats_to_run(screen)) if screen.stages else "",
    )
    names, _ = lay_names(
        places.main,
        screen,
        view,
        measures,
        intent_of=lambda one: Pick(one.competitor_id),
        more=() if view.search else (queue, heats),
    )
    return Layout(
        widgets=(*names.widgets, *_next_step(places, screen, view, measures, now_mono_ns)),
        list_area=names.list_area,
    )


def next_driver(screen: ScreenState, view: View) -> Competitor | None:
    """Return who was picked, else who waits first."""
    if view.picked is not None:
        return screen.competitor_named(view.picked)
    return next((screen.competitor_named(one.competitor_id) for one in waiting(screen)), None)


def best_text(
    best_ns: int | None,
    screen: ScreenState,
    view: View,
    *,
    otherwise: str,
    calculated: Sequence[Calculated] = (),
) -> str:
    """Return the best lap in words, or what is said where there is none."""
    if best_ns is None:
        return view.say(otherwise)
    return view.say("touch.best", time=time_words(best_ns, calculated, screen))


def arming(screen: ScreenState, view: View, competitor_id: str, *, begins_at: Stray | None = None) -> SendAct:
    """Return the start of a run, and what follows it: it begins at an earlier car, a wait is over."""
    then: list[Act] = []
    if begins_at is not None:
        then.append(MoveStart(run_id="", passing_id=begins_at.passing_id))
    for one in waiting(screen):
        if one.competitor_id == competitor_id:
            then.append(MarkQueue(entry_id=one.entry_id, state="left"))
            break
    return SendAct(Arm(competitor_id=competitor_id, format=view.next_format), tuple(then))


def _next_step(
    places: Places, screen: ScreenState, view: View, measures: Measures, now_mono_ns: int
) -> list[Widget]:
    driver = next_driver(screen, view)
    stray = screen.strays[-1] if screen.strays else None
    widgets = [Widget(name="picked-panel", rect=places.panel, look=Look.PANEL)]
    if driver is None:
        widgets += _hint(places.panel, screen, view, measures, stray, now_mono_ns)
    else:
        widgets += _driver(places.panel, driver, screen, view, measures, stray, now_mono_ns)
    widgets.append(
        button(
            "register",
            places.middle,
            view.say("touch.new-name"),
            OpenKeyboard(Purpose.REGISTER),
            view,
            size_px=measures.text(36),
            enabled=not view.is_link_lost,
        )
    )
    widgets.append(
        button(
            "start",
            places.last,
            view.say("touch.start"),
            arming(screen, view, driver.competitor_id if driver else ""),
            view,
            size_px=measures.text(76),
            note=view.next_format if driver else view.say("touch.start-waits"),
            tone=Tone.GO,
            enabled=driver is not None,
        )
    )
    return widgets


def _hint(
    panel: Rect, screen: ScreenState, view: View, measures: Measures, stray: Stray | None, now_mono_ns: int
) -> list[Widget]:
    """Ask what is most urgent: a result that has changed, a car that nobody was armed for, a program that
    does not run, who is next."""
    changed = changed_run(screen)
    if changed is not None:
        return [
            button(
                "changed",
                panel,
                view.say("touch.changed", name=changed.name),
                ShowPage(Page.CHANGED),
                view,
                size_px=measures.text(34),
                note=view.say("touch.changed-note"),
                note_lines_max=2,
                tone=Tone.WARNING,
                lines_max=3,
            )
        ]
    said = partial(Widget, rect=panel.inset(measures.px(20), measures.px(10)), look=Look.TEXT, align="left")
    if stray is not None:
        return [
            said(
                name="stray",
                label=view.say("touch.stray", seconds=seconds_before(stray, now_mono_ns)),
                note=view.say("touch.stray-note"),
                size_px=measures.text(36),
                tone=Tone.WARNING,
                lines_max=3,
                note_lines_max=2,
            )
        ]
    if view.last_words:
        program, sentence = view.last_words[0]
        return [
            said(
                name="last-words",
                label=view.say("touch.program-ended", program=program),
                note=sentence,
                size_px=measures.text(32),
                tone=Tone.WARNING,
                lines_max=2,
                note_lines_max=5,
            )
        ]
    return [
        said(
            name="hint",
            label=view.say("touch.who-next"),
            note=view.say("touch.who-next-note"),
            size_px=measures.text(40),
            lines_max=2,
            note_lines_max=2,
        )
    ]


def _driver(
    panel: Rect,
    driver: Competitor,
    screen: ScreenState,
    view: View,
    measures: Measures,
    stray: Stray | None,
    now_mono_ns: int,
) -> list[Widget]:
    inner = panel.inset(measures.px(8))
    if inner.h >= measures.button + measures.text(80):
        acts, above = inner.cut_bottom(measures.button, measures.px(4))
    else:  # too low for both, one above the other
        acts, above = inner.cut_right(inner.w * 58 // 100, measures.px(4))
    left, right = acts.columns(2, measures.px(8))
    said = best_text(
        driver.best_ns, screen, view, otherwise="touch.no-time-yet", calculated=driver.calculated
    )
    said = ", ".join(filter(None, (said, made_words(driver.calculated, view))))
    return [
        Widget(
            name="picked",
            rect=above.inset(measures.px(12), 0),
            look=Look.TEXT,
            label=driver.name,
            note=said if view.picked else view.say("touch.next-in-queue", best=said),
            size_px=measures.text(44),
            align="left",
            lines_max=2,
            note_lines_max=2,
        ),
        button(
            "rename",
            left,
            view.say("touch.rename"),
            renaming(driver),
            view,
            size_px=measures.text(26),
            enabled=not view.is_link_lost,
            lines_max=2,
        ),
        *_beside_driver(right, driver, screen, view, measures, stray, now_mono_ns),
    ]


def _beside_driver(
    area: Rect,
    driver: Competitor,
    screen: ScreenState,
    view: View,
    measures: Measures,
    stray: Stray | None,
    now_mono_ns: int,
) -> list[Widget]:
    """Offer to begin where a car passed already, or the queue to who was picked and does not wait in it."""
    if stray is not None:
        return [
            button(
                "start:stray",
                area,
                view.say("touch.begun"),
                arming(screen, view, driver.competitor_id, begins_at=stray),
                view,
                size_px=measures.text(26),
                note=view.say("touch.begun-note", seconds=seconds_before(stray, now_mono_ns)),
                tone=Tone.WARNING,
                note_lines_max=2,
            )
        ]
    if view.picked and all(one.competitor_id != driver.competitor_id for one in waiting(screen)):
        return [
            button(
                "queue:join",
                area,
                view.say("touch.queue-join"),
                SendAct(JoinQueue(competitor_id=driver.competitor_id)),
                view,
                size_px=measures.text(26),
                lines_max=2,
            )
        ]
    return []
