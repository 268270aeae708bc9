"""A run under way: armed, running, or time up with the last lap still counting."""

from __future__ import annotations

from pitboard.drawing.time_text import format_countdown_ms, format_lap_ns
from pitboard.unit_api.unit_calls import ManualPassing, Run, ScreenState, Stop
from trackside.touch.scene.lap_list import lay_laps
from trackside.touch.scene.top_bar import sensor_light, state_icon, state_tone
from trackside.touch.widgets.buttons import HOLD_TO_STOP_MS, button, held_button
from trackside.touch.widgets.view import AskDiscard, SendAct, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget

_TENTHS_BELOW_MS = 10_000
_NS_PER_MS = 1_000_000


def lay_run(screen: ScreenState, run: Run, view: View, measures: Measures, now_mono_ns: int) -> Layout:
    right, left = measures.body.cut_right(measures.body.w * 37 // 100, measures.gap)
    side = _side_widgets(right, screen, run, view, measures, now_mono_ns)
    if screen.phase == "armed":
        return Layout(widgets=(*_waiting_widgets(left, screen, measures), *side))
    laps = lay_laps(left, run, screen, view, measures, judges_all=False)
    waiting = () if run.laps else (_first_lap_widget(left, measures),)
    return Layout(widgets=(*laps.widgets, *waiting, *side), list_area=laps.list_area)


def remaining_ms(run: Run, now_mono_ns: int) -> int:
    """Return how long the run still lasts; all of it before the first passing."""
    if run.started_mono_ns is None:
        return run.run_ms
    return max(0, run.run_ms - (now_mono_ns - run.started_mono_ns) // _NS_PER_MS)


def _side_widgets(
    area: Rect, screen: ScreenState, run: Run, view: View, measures: Measures, now_mono_ns: int
) -> list[Widget]:
    manual_area, above = area.cut_bottom(measures.px(190), measures.gap)
    end_area, panel = above.cut_bottom(max(measures.button, measures.px(110)), measures.gap)
    is_armed = screen.phase == "armed"
    manual = button(
        "manual",
        manual_area,
        "Start by hand" if is_armed else "Manual lap",
        SendAct(ManualPassing(run_id=run.run_id, mono_ns=0)),
        view,
        size_px=measures.text(48),
        note="if the sensor misses the car",
        tone=Tone.MANUAL,
        stays_open=True,
    )
    return [
        *_run_panel(panel, screen, run, measures, now_mono_ns),
        _end_button(end_area, screen, run, view, measures, now_mono_ns),
        manual,
    ]


def _end_button(
    area: Rect, screen: ScreenState, run: Run, view: View, measures: Measures, now_mono_ns: int
) -> Widget:
    if screen.phase == "armed":
        return button(
            "discard",
            area,
            "Cancel run",
            AskDiscard(),
            view,
            size_px=measures.text(34),
            enabled=not view.is_link_lost,
        )
    stop = button(
        "stop",
        area,
        "Stop" if screen.phase == "running" else "Finish now",
        SendAct(Stop(run_id=run.run_id, mono_ns=0)),
        view,
        size_px=measures.text(38),
        note="hold to end the timing",
        tone=Tone.DANGER,
    )
    return held_button(stop, view, now_mono_ns, hold_ms=HOLD_TO_STOP_MS)


def _run_panel(
    panel: Rect, screen: ScreenState, run: Run, measures: Measures, now_mono_ns: int
) -> list[Widget]:
    inner = panel.inset(measures.px(20), measures.px(12))
    name_area, rest = inner.cut_top(inner.h * 36 // 100, measures.px(4))
    best_area, countdown_area = rest.cut_bottom(measures.text(40), measures.px(2))
    is_time_up = screen.phase == "time-up"
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
        _countdown(countdown_area, screen, run, measures, now_mono_ns),
        Widget(
            name="run-best",
            rect=best_area,
            look=Look.TEXT,
            label=f"Best {format_lap_ns(run.best_ns, resolution_ns=screen.resolution_ns)}"
            if run.best_ns is not None
            else "No lap yet",
            size_px=measures.text(32),
            tone=Tone.BEST if run.best_ns is not None else Tone.MUTED,
            align="left",
        ),
    ]


def _countdown(area: Rect, screen: ScreenState, run: Run, measures: Measures, now_mono_ns: int) -> Widget:
    if screen.phase == "time-up":
        return Widget(
            name="countdown",
            rect=area,
            look=Look.TEXT,
            label="Time is up",
            note="lap under way counts",
            size_px=measures.text(60),
            tone=Tone.WARNING,
            align="left",
        )
    left_ms = remaining_ms(run, now_mono_ns)
    with_tenths = screen.phase == "running" and left_ms < _TENTHS_BELOW_MS
    return Widget(
        name="countdown",
        rect=area,
        look=Look.TEXT,
        label=format_countdown_ms(left_ms, with_tenths=with_tenths),
        size_px=min(measures.text(120), area.h * 11 // 10),
        tone=Tone.WARNING if with_tenths else Tone.PLAIN,
        align="left",
    )


def _waiting_widgets(area: Rect, screen: ScreenState, measures: Measures) -> list[Widget]:
    light = sensor_light(screen)
    state = light.state if light else "unknown"
    detail = light.detail if light else "Nothing is known about the sensor."
    inner = area.inset(measures.px(24))
    icon_area, text_area = inner.cut_top(inner.h * 52 // 100)
    icon_area = icon_area.cut_bottom(measures.px(210))[0]
    text_area = text_area.cut_top(inner.h * 40 // 100)[0]
    return [
        Widget(name="waiting-panel", rect=area, look=Look.PANEL),
        Widget(
            name="sensor-icon",
            rect=icon_area,
            look=Look.TEXT,
            icon=state_icon(state),
            tone=state_tone(state),
            size_px=measures.px(210),
        ),
        Widget(
            name="waiting",
            rect=text_area,
            look=Look.TEXT,
            label="Waiting for the first passing",
            note=f"Sensor: {detail}" if detail else "",
            size_px=measures.text(52),
            lines_max=2,
            note_lines_max=2,
        ),
    ]


def _first_lap_widget(area: Rect, measures: Measures) -> Widget:
    return Widget(
        name="first-lap",
        rect=area,
        look=Look.TEXT,
        label="First lap under way",
        note="laps appear here as they come",
        size_px=measures.text(44),
    )
