"""After the run: judge the laps, then confirm or discard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pitboard.drawing.time_text import format_lap_ns
from pitboard.unit_api.official_acts import Confirm, Discard
from pitboard.unit_api.screen_state import Run, ScreenState
from trackside.touch.scene.calculated_words import made_words, marks_of_best
from trackside.touch.scene.idle_scene import best_text
from trackside.touch.scene.lap_list import lay_laps
from trackside.touch.scene.run_places import lay_interruption, lay_places, of_place, waiting_laps
from trackside.touch.scene.run_scene import missed_button, put_right_button
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import AskDiscard, KeepRun, SendAct, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Places, Rect, Tone, Widget


def lay_review(screen: ScreenState, run: Run, view: View, measures: Measures) -> Layout:
    places = measures.places()
    said, room = lay_interruption(places.the_list, run, screen, view, measures)
    tabs, room = lay_places(room, run, screen, view, measures)
    run = of_place(run, view.place)
    laps = lay_laps(room, run, screen, view, measures, judges_all=True)
    none = () if run.laps else (_no_laps(room, view, measures),)
    return Layout(
        widgets=(*said, *tabs, *laps.widgets, *none, *_decision_widgets(places, screen, run, view, measures)),
        list_area=laps.list_area,
    )


def what_waits(run: Run, view: View) -> str:
    """Return what the official must do before confirming, or nothing."""
    waiting = waiting_laps(run)
    if not waiting:
        return ""
    here = [lap for place, lap in waiting if place is None or place.place == view.place]
    if here:
        code = "touch.short-laps-wait" if all(lap.is_short for lap in here) else "touch.laps-wait"
        return view.say(code, count=len(here), number=here[0].number)
    place = waiting[0][0]
    return view.say("touch.short-laps-wait-at", name=place.name if place is not None else "")


def count_sentence(run: Run, view: View) -> str:
    counting = sum(lap.counts for lap in run.laps)
    void = sum(lap.verdict == "void" for lap in run.laps)
    text = view.say("touch.laps-count", count=counting)
    return f"{text}, {view.say('touch.laps-void', count=void)}" if void else text


def consequence_sentence(run: Run, screen: ScreenState, view: View) -> str:
    """Return what confirming would do on the board, nothing where it would bring no rank."""
    would = run.would
    if would is None:
        return ""
    gap = would.gap
    if would.rank == 1 or gap is None or gap.value is None:
        return view.say("touch.becomes", rank=ordinal(would.rank, view.language.code))
    behind = (
        format_lap_ns(gap.value, resolution_ns=screen.resolution_ns)
        if gap.kind == "duration_ns"
        else view.say("touch.laps-behind", count=gap.value)
    )
    rank = ordinal(would.rank, view.language.code)
    return view.say("touch.becomes-behind", rank=rank, gap=behind, name=would.ahead)


def ordinal(rank: int, language_code: str) -> str:
    """Return the rank as it is said: 3rd in English, 3. elsewhere."""
    if language_code != "en":
        return f"{rank}."
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"


def _decision_widgets(
    places: Places, screen: ScreenState, run: Run, view: View, measures: Measures
) -> list[Widget]:
    waits = what_waits(run, view)
    return [
        *_result_panel(places, screen, run, view, measures),
        put_right_button(places.fix, run, view, measures),
        (not waits and missed_button(places.near, run, view, measures))
        or Widget(
            name="to-do",
            rect=places.near,
            look=Look.TEXT,
            label=waits or (view.say("touch.ready-to-confirm") if run.laps else ""),
            size_px=measures.text(26),
            tone=Tone.WARNING if waits else Tone.PLAIN,
            icon="",
            align="left",
            lines_max=4,
        ),
        button(
            "discard",
            places.last,
            view.say("touch.discard"),
            AskDiscard(),
            view,
            size_px=measures.text(40),
            note=view.say("touch.discard-note"),
            enabled=not view.is_link_lost,
        ),
        button(
            "confirm",
            places.far,
            view.say("touch.confirm"),
            SendAct(Confirm(run_id=run.run_id)),
            view,
            size_px=measures.text(54),
            tone=Tone.GO,
            enabled=not waits,
        ),
    ]


def _result_panel(
    places: Places, screen: ScreenState, run: Run, view: View, measures: Measures
) -> Iterator[Widget]:
    """Yield whose run it is, what it gave, and what confirming it would do."""
    panel = places.side.cut_bottom(places.last.h, measures.gap)[1]
    inner = panel.inset(measures.px(20), measures.px(14))
    would_area, rest = inner.cut_bottom(inner.h * 32 // 100, measures.px(4))
    best_area, name_area = rest.cut_bottom(rest.h * 58 // 100, measures.px(4))
    marks = marks_of_best(run.laps, run.best_ns)
    yield Widget(name="run-panel", rect=panel, look=Look.PANEL)
    yield Widget(
        name="run-name",
        rect=name_area,
        look=Look.TEXT,
        label=run.name,
        size_px=measures.text(42),
        align="left",
        lines_max=2,
    )
    yield Widget(
        name="run-best",
        rect=best_area,
        look=Look.TEXT,
        label=best_text(run.best_ns, screen, view, otherwise="touch.no-time", calculated=marks),
        note=", ".join(filter(None, (made_words(marks, view), count_sentence(run, view)))),
        note_lines_max=2,
        size_px=measures.text(48),
        tone=Tone.BEST if run.best_ns is not None else Tone.MUTED,
        align="left",
    )
    yield Widget(
        name="would",
        rect=would_area,
        look=Look.TEXT,
        label=consequence_sentence(run, screen, view),
        size_px=measures.text(32),
        align="left",
        lines_max=2,
    )


def _no_laps(area: Rect, view: View, measures: Measures) -> Widget:
    return Widget(
        name="no-laps",
        rect=area,
        look=Look.TEXT,
        label=view.say("touch.no-laps"),
        note=view.say("touch.no-laps-note"),
        size_px=measures.text(44),
        note_lines_max=2,
    )


def lay_question(below: Layout, run: Run, view: View, measures: Measures, *, is_armed: bool) -> Layout:
    """Ask before a run is thrown away; before its first passing that is a start called off."""
    places = measures.places()
    kind = "cancel-start" if is_armed else "discard-run"
    return Layout(
        widgets=(
            *(replace(one, enabled=False) for one in below.widgets if not places.main.covers(one.rect)),
            Widget(name="question-panel", rect=places.main, look=Look.PANEL, tone=Tone.DANGER),
            Widget(
                name="question",
                rect=places.the_list.inset(measures.px(36), measures.px(12)),
                look=Look.TEXT,
                label=view.say(f"touch.{kind}", name=run.name),
                note=view.say(f"touch.{kind}-note", count=len(run.laps)),
                size_px=measures.text(46),
                lines_max=3,
                note_lines_max=3,
            ),
            button(
                "discard:no",
                _raised(places.far, measures),
                view.say("touch.keep-run"),
                KeepRun(),
                view,
                size_px=measures.text(40),
            ),
            button(
                "discard:yes",
                _raised(places.near, measures),
                view.say(f"touch.{kind}-yes"),
                SendAct(Discard(run_id=run.run_id)),
                view,
                size_px=measures.text(40),
                tone=Tone.DANGER,
            ),
        )
    )


def _raised(area: Rect, measures: Measures) -> Rect:
    """Return the place of a button within the frame of the question."""
    area = area.inset(measures.px(12), 0)
    return Rect(area.x, area.y - measures.px(10), area.w, area.h)
