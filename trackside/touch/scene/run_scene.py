"""A run under way: armed, running, or time up with the last lap still counting."""

from __future__ import annotations

from pitboard.drawing.time_text import format_countdown_ms, format_lap_ns
from pitboard.unit_api.official_acts import ContinueRun, Go, ManualPassing, MoveStart, NoteOffTrack, Stop
from pitboard.unit_api.screen_state import Run, ScreenState
from trackside.touch.scene.calculated_words import made_words, marks_of_best
from trackside.touch.scene.idle_scene import best_text
from trackside.touch.scene.lap_list import lay_laps
from trackside.touch.scene.put_right_scene import late_start, seconds_before, taking
from trackside.touch.scene.run_places import lay_interruption, lay_places, of_place
from trackside.touch.scene.top_bar import light_sentence, sensor_light, state_icon, state_tone
from trackside.touch.widgets.buttons import HOLD_TO_STOP_MS, button, held_button
from trackside.touch.widgets.view import AskDiscard, Page, SendAct, ShowPage, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Places, Rect, Tone, Widget

_TENTHS_BELOW_MS = 10_000
_NS_PER_MS = 1_000_000


def lay_run(screen: ScreenState, run: Run, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    places = measures.places()
    if screen.phase == "armed":
        panel = places.side.cut_bottom(places.last.h, measures.gap)[1]
        return Layout(
            widgets=(
                *_waiting_widgets(places, screen, run, view, measures),
                put_right_button(places.fix, run, view, measures),
                *_late_start(places.far, screen, run, view, measures),
                *_run_panel(panel, screen, run, view, measures, now_mono_ns),
                _cancel_button(places.last, view, measures),
            )
        )
    said, room = lay_interruption(places.the_list, run, screen, view, measures)
    tabs, room = lay_places(room, run, screen, view, measures)
    run = of_place(run, view.place)
    laps = lay_laps(room, run, screen, view, measures, judges_all=False)
    waiting = () if run.laps else (_first_lap_widget(room, view, measures),)
    side = (
        put_right_button(places.fix, run, view, measures),
        _pause_or_off_track(places.near, run, view, measures),
        missed_button(places.far, run, view, measures) or _last_lap(places.far, screen, run, view, measures),
        *_run_panel(places.panel, screen, run, view, measures, now_mono_ns),
        _manual_button("manual", places.middle, run, view, measures),
        _stop_button(places.last, screen, run, view, measures, now_mono_ns),
    )
    return Layout(widgets=(*said, *tabs, *laps.widgets, *waiting, *side), list_area=laps.list_area)


def put_right_button(area: Rect, run: Run, view: View, measures: Measures) -> Widget:
    """Return the way to what can be put right; it stands out while a missed car is offered there."""
    return button(
        "put-right",
        area,
        view.say("touch.put-right"),
        ShowPage(Page.PUT_RIGHT),
        view,
        size_px=measures.text(30),
        note=view.say("touch.car-missed", count=len(run.offers)) if run.offers else "",
        tone=Tone.WARNING if run.offers else Tone.PLAIN,
        lines_max=2,
    )


def missed_button(area: Rect, run: Run, view: View, measures: Measures) -> Widget | None:
    """Return the button that puts in the first car that the first system missed, None without an offer."""
    offers = [one for one in run.offers if one.place in (0, view.place)]
    if not offers or "insert-passing" not in run.acts:
        return None
    choice = taking(offers[0], run, view)
    return button(
        "missed",
        area,
        choice.label,
        choice.intent,
        view,
        size_px=measures.text(30),
        note=choice.note,
        note_lines_max=2,
        lines_max=2,
        tone=Tone.WARNING,
    )


def _late_start(area: Rect, screen: ScreenState, run: Run, view: View, measures: Measures) -> list[Widget]:
    """Offer the car that crossed before START was pressed."""
    stray = late_start(screen, run)
    if stray is None or run.armed_mono_ns is None:
        return []
    return [
        button(
            "begin-there",
            area,
            view.say("touch.begin-there"),
            SendAct(MoveStart(run_id=run.run_id, passing_id=stray.passing_id)),
            view,
            size_px=measures.text(28),
            note=view.say("touch.begin-there-note", seconds=seconds_before(stray, run.armed_mono_ns)),
            note_lines_max=2,
            tone=Tone.WARNING,
        )
    ]


def _pause_or_off_track(area: Rect, run: Run, view: View, measures: Measures) -> Widget:
    if "continue" in run.acts:
        return button(
            "continue",
            area,
            view.say("touch.continue"),
            SendAct(ContinueRun(run_id=run.run_id, mono_ns=0)),
            view,
            size_px=measures.text(34),
            tone=Tone.GO,
            lines_max=2,
        )
    count = sum(lap.off_tracks for lap in run.laps)
    return button(
        "off-track",
        area,
        view.say("touch.off-track"),
        SendAct(NoteOffTrack(run_id=run.run_id, mono_ns=0, place=view.place)),
        view,
        size_px=measures.text(30),
        note=str(count) if count else "",
        lines_max=2,
        enabled="note-off-track" in run.acts,
        stays_open=True,
    )


def _last_lap(area: Rect, screen: ScreenState, run: Run, view: View, measures: Measures) -> Widget:
    """Say how the last lap lies to the driver's own best and to the leader's."""
    last = run.laps[-1] if run.laps else None
    known = screen.competitor_named(run.competitor_id)
    others = [lap.lap_ns for lap in run.laps[:-1] if lap.counts]
    own = min([*others, *([known.best_ns] if known and known.best_ns else [])], default=None)
    leader = screen.entries[0].best_ns if screen.entries else None
    said = [
        view.say(code, gap=_signed(last.lap_ns - best_ns, screen))
        for code, best_ns in (("touch.to-own-best", own), ("touch.to-leader", leader))
        if last is not None and best_ns is not None
    ]
    return Widget(
        name="last-lap",
        rect=area,
        look=Look.TEXT,
        label=said[0] if said else "",
        note=said[1] if len(said) > 1 else "",
        size_px=measures.text(28),
        align="left",
        lines_max=2,
        note_lines_max=2,
    )


def _signed(gap_ns: int, screen: ScreenState) -> str:
    text = format_lap_ns(abs(gap_ns), resolution_ns=screen.resolution_ns)
    return f"+{text}" if gap_ns >= 0 else f"−{text}"


def remaining_ms(run: Run, now_mono_ns: int) -> int:
    """Return how long the run still lasts; all of it before the first passing."""
    if run.started_mono_ns is None:
        return run.run_ms
    return max(0, run.run_ms - elapsed_ns(run, now_mono_ns) // _NS_PER_MS)


def elapsed_ns(run: Run, now_mono_ns: int) -> int:
    """Return how much of the run's time is over: without its pauses."""
    if run.started_mono_ns is None:
        return 0
    paused_ns = sum(
        max(0, (now_mono_ns if one.to_mono_ns is None else one.to_mono_ns) - one.from_mono_ns)
        for one in run.pauses
    )
    return now_mono_ns - run.started_mono_ns - paused_ns


def _manual_button(name: str, area: Rect, run: Run, view: View, measures: Measures) -> Widget:
    """Return the button of a passing by hand: its two names keep a tap on one from being one on the other."""
    return button(
        name,
        area,
        view.say(f"touch.{name}"),
        SendAct(ManualPassing(run_id=run.run_id, mono_ns=0, place=view.place)),
        view,
        size_px=measures.text(44),
        note=view.say("touch.manual-note"),
        note_lines_max=2,
        tone=Tone.MANUAL,
        stays_open=True,
        is_kept=True,
    )


def _cancel_button(area: Rect, view: View, measures: Measures) -> Widget:
    return button(
        "discard",
        area,
        view.say("touch.cancel-start-yes"),
        AskDiscard(),
        view,
        size_px=measures.text(40),
        enabled=not view.is_link_lost,
    )


def _stop_button(
    area: Rect, screen: ScreenState, run: Run, view: View, measures: Measures, now_mono_ns: int
) -> Widget:
    stop = button(
        "stop",
        area,
        view.say("touch.finish-now" if screen.phase == "time-up" else "touch.stop"),
        SendAct(Stop(run_id=run.run_id, mono_ns=0)),
        view,
        size_px=measures.text(44),
        note=view.say("touch.stop-note"),
        tone=Tone.DANGER,
    )
    return held_button(stop, view, now_mono_ns, hold_ms=HOLD_TO_STOP_MS)


def _run_panel(
    panel: Rect, screen: ScreenState, run: Run, view: View, measures: Measures, now_mono_ns: int
) -> list[Widget]:
    inner = panel.inset(measures.px(20), measures.px(12))
    if inner.h < 2 * measures.text(80) and inner.w > 3 * inner.h:  # low and wide: the clock stands beside
        countdown_area, left = inner.cut_right(inner.w * 45 // 100, measures.px(12))
        best_area, name_area = left.cut_bottom(measures.text(40), measures.px(2))
    else:
        name_area, rest = inner.cut_top(inner.h * 36 // 100, measures.px(4))
        best_area, countdown_area = rest.cut_bottom(measures.text(40), measures.px(2))
    is_time_up = screen.phase == "time-up"
    marks = marks_of_best(run.laps, run.best_ns)
    too_many = ""
    if run.number > run.runs_max and run.best_ns is None:
        too_many = view.say("touch.too-many-runs", number=run.number, most=run.runs_max)
    return [
        Widget(
            name="run-panel", rect=panel, look=Look.PANEL, tone=Tone.WARNING if is_time_up else Tone.PLAIN
        ),
        Widget(
            name="run-name",
            rect=name_area,
            look=Look.TEXT,
            label=run.name,
            size_px=measures.text(42),
            align="left",
            lines_max=2,
        ),
        _countdown(countdown_area, screen, run, view, measures, now_mono_ns),
        Widget(
            name="run-best",
            rect=best_area,
            look=Look.TEXT,
            label=too_many
            or best_text(run.best_ns, screen, view, otherwise="touch.no-lap-yet", calculated=marks),
            note=made_words(marks, view),
            size_px=measures.text(32),
            tone=Tone.WARNING if too_many else Tone.BEST if run.best_ns is not None else Tone.MUTED,
            align="left",
        ),
    ]


def _countdown(
    area: Rect, screen: ScreenState, run: Run, view: View, measures: Measures, now_mono_ns: int
) -> Widget:
    if screen.phase == "time-up":
        return _state_of_clock(area, view.say("touch.time-up"), view.say("touch.time-up-note"), measures)
    if run.phase == "paused":
        left = format_countdown_ms(remaining_ms(run, now_mono_ns)) if run.run_ms else ""
        return _state_of_clock(area, view.say("touch.paused"), left, measures)
    left_ms = remaining_ms(run, now_mono_ns) if run.run_ms else elapsed_ns(run, now_mono_ns) // _NS_PER_MS
    with_tenths = screen.phase == "running" and run.run_ms > 0 and left_ms < _TENTHS_BELOW_MS
    return Widget(
        name="countdown",
        rect=area,
        look=Look.TEXT,
        label=format_countdown_ms(left_ms, with_tenths=with_tenths),
        size_px=min(measures.text(120), area.h * 11 // 10),
        tone=Tone.WARNING if with_tenths else Tone.PLAIN,
        align="left",
    )


def _state_of_clock(area: Rect, label: str, note: str, measures: Measures) -> Widget:
    """Return what stands in place of the clock; side by side where the room is low."""
    is_low = area.h < measures.text(96)
    return Widget(
        name="countdown",
        rect=area,
        look=Look.TEXT,
        label=label,
        note="" if is_low else note,
        value=note if is_low else "",
        size_px=min(measures.text(60), area.h * 8 // 10) if is_low else measures.text(60),
        tone=Tone.WARNING,
        align="left",
    )


def _waiting_widgets(
    places: Places, screen: ScreenState, run: Run, view: View, measures: Measures
) -> list[Widget]:
    """Say whether the car can go: only a sensor that would see it makes that a yes."""
    light = sensor_light(screen)
    state = light.state if light else "unknown"
    said, panel = lay_interruption(places.the_list, run, screen, view, measures)
    inner = panel.inset(measures.px(24), measures.px(12))
    icon_area, text_area = inner.cut_top(inner.h * 42 // 100, measures.px(8))
    detail = light_sentence(light, view) if light else view.say("touch.sensor-unknown")
    return [
        *said,
        Widget(name="waiting-panel", rect=panel, look=Look.PANEL),
        Widget(
            name="sensor-icon",
            rect=icon_area,
            look=Look.TEXT,
            icon=state_icon(state),
            tone=state_tone(state),
            size_px=measures.px(180),
        ),
        Widget(
            name="waiting",
            rect=text_area,
            look=Look.TEXT,
            label=_what_now(state, run, view),
            note=detail,
            size_px=measures.text(52),
            lines_max=2,
            note_lines_max=3,
        ),
        _go_button(places.near, run, view, measures)
        if run.clock == "go"
        else _manual_button("start-by-hand", places.near, run, view, measures),
    ]


def _what_now(state: str, run: Run, view: View) -> str:
    if state not in ("ok", "warning"):
        return view.say("touch.sensor-blind")
    return view.say("touch.say-go" if run.clock == "go" else "touch.send-the-car")


def _go_button(area: Rect, run: Run, view: View, measures: Measures) -> Widget:
    """Return the start of a run whose time begins when the official says so."""
    return button(
        "go",
        area,
        view.say("touch.go-now"),
        SendAct(Go(run_id=run.run_id, mono_ns=0)),
        view,
        size_px=measures.text(54),
        tone=Tone.GO,
        enabled="go" in run.acts,
    )


def _first_lap_widget(area: Rect, view: View, measures: Measures) -> Widget:
    return Widget(
        name="first-lap",
        rect=area,
        look=Look.TEXT,
        label=view.say("touch.first-lap"),
        note=view.say("touch.first-lap-note"),
        size_px=measures.text(44),
    )
