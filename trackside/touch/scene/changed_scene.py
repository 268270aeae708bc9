"""A run that has changed since it was confirmed: both versions side by side, and a choice."""

from __future__ import annotations

from pitboard.race.runs.run_parts import Lap, Place
from pitboard.unit_api.official_acts import Confirm, KeepPublished
from pitboard.unit_api.screen_state import Run, ScreenState
from trackside.touch.scene.calculated_words import made_words, marks_of_best, time_words
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import Page, SendAct, ShowPage, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget


def changed_run(screen: ScreenState) -> Run | None:
    """Return the first run that waits for this choice."""
    return next((one for one in screen.runs if one.has_changed and one.phase == "confirmed"), None)


def lay_changed(screen: ScreenState, run: Run, view: View, measures: Measures) -> Layout:
    foot, body = measures.body.cut_bottom(max(measures.button, measures.px(120)), measures.gap)
    title, body = body.cut_top(measures.text(60), measures.gap)
    old_area, new_area = body.columns(2, measures.gap)
    keep, take, back = foot.columns(3, measures.gap)
    waits = [lap for place in run.changed_places for lap in place.laps if lap.waits_for_verdict]
    return Layout(
        widgets=(
            Widget(
                name="changed",
                rect=title,
                look=Look.TEXT,
                label=view.say("touch.changed", name=run.name),
                size_px=measures.text(34),
                align="left",
                tone=Tone.WARNING,
            ),
            *_version("old", old_area, run.places, screen, view, measures, other=run.changed_places),
            *_version("new", new_area, run.changed_places, screen, view, measures, other=run.places),
            button(
                "changed:keep",
                keep,
                view.say("touch.keep-published"),
                SendAct(KeepPublished(run_id=run.run_id)),
                view,
                size_px=measures.text(34),
                lines_max=2,
            ),
            button(
                "changed:take",
                take,
                view.say("touch.take-new"),
                SendAct(Confirm(run_id=run.run_id)),
                view,
                size_px=measures.text(34),
                note=view.say("touch.judge-first") if waits else "",
                enabled=not waits,
                lines_max=2,
            ),
            button(
                "back",
                back,
                view.say("touch.later"),
                ShowPage(Page.MAIN),
                view,
                size_px=measures.text(34),
            ),
        )
    )


def _version(
    name: str,
    area: Rect,
    places: tuple[Place, ...],
    screen: ScreenState,
    view: View,
    measures: Measures,
    *,
    other: tuple[Place, ...],
) -> list[Widget]:
    """Return one version's laps; those that differ from the other one's stand out."""
    known = {(place.place, lap.lap_id, lap.lap_ns, lap.counts) for place in other for lap in place.laps}
    laps = [(place, lap) for place in places for lap in place.laps]
    inner = area.inset(measures.px(16), measures.px(10))
    title, rest = inner.cut_top(measures.text(40), measures.px(4))
    line_px = measures.text(40)
    fitting = max(1, rest.h // line_px)
    differing = [
        one for one in laps if (one[0].place, one[1].lap_id, one[1].lap_ns, one[1].counts) not in known
    ]
    shown = (
        laps
        if len(laps) <= fitting
        else (differing + [one for one in laps if one not in differing])[:fitting]
    )
    driven = [lap for _, lap in laps]
    best = min((lap.lap_ns for lap in driven if lap.counts), default=None)
    widgets = [
        Widget(name=f"{name}-panel", rect=area, look=Look.PANEL),
        Widget(
            name=f"{name}-title",
            rect=title,
            look=Look.TEXT,
            label=view.say(f"touch.version-{name}"),
            value=view.say("touch.best", time=time_words(best, marks_of_best(driven, best), screen)),
            size_px=measures.text(28),
            align="left",
        ),
    ]
    for index, (place, lap) in enumerate(shown):
        widgets.append(
            Widget(
                name=f"{name}:{place.place}:{lap.lap_id}",
                rect=Rect(rest.x, rest.y + index * line_px, rest.w, line_px),
                look=Look.TEXT,
                label=" ".join(
                    filter(None, (f"{lap.number}.", _words(lap, view), made_words(lap.calculated, view)))
                ),
                value=time_words(lap.lap_ns, lap.calculated, screen),
                size_px=measures.text(28),
                tone=Tone.WARNING if (place, lap) in differing else Tone.PLAIN,
                align="left",
            )
        )
    return widgets


def _words(lap: Lap, view: View) -> str:
    if lap.verdict == "void":
        return view.say("touch.void-lap")
    return view.say("touch.too-short") if lap.waits_for_verdict else ""
