"""Settings of this screen, and the format of the next run where the event has several."""

from __future__ import annotations

from collections.abc import Callable

from pitboard.sentences.language import LANGUAGES, language
from pitboard.unit_api.screen_state import ScreenState
from trackside.touch.scene.status_scene import headed
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import ChangeSettings, Intent, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Widget

STEP_PERCENT = 20
BRIGHTNESS_LEAST_PERCENT = 20


def lay_settings(screen: ScreenState, view: View, measures: Measures) -> Layout:
    title, rest = headed("touch.settings", view, measures)
    settings = view.settings
    rows = rest.rows(4, measures.gap)
    codes = list(LANGUAGES)
    at = codes.index(settings.language) if settings.language in codes else 0
    next_code = codes[(at + 1) % len(codes)]
    widgets = [
        *title,
        _cycle(
            "language",
            rows[0],
            language(codes[at]).say("touch.language-name"),
            view.say("touch.language"),
            ChangeSettings(settings.changed(language=next_code)),
            view,
            measures,
        ),
        *_stepper(
            "volume",
            rows[1],
            view.say("touch.volume", percent=settings.volume_percent),
            view.say("touch.volume-note") if settings.volume_percent else view.say("touch.volume-off"),
            settings.volume_percent,
            0,
            lambda percent: ChangeSettings(settings.changed(volume_percent=percent)),
            view,
            measures,
        ),
    ]
    if settings.brightness_percent is None:
        widgets.append(
            Widget(
                name="brightness",
                rect=rows[2],
                look=Look.TEXT,
                label=view.say("touch.no-brightness"),
                note=view.say("touch.no-brightness-note"),
                size_px=measures.text(30),
                align="left",
                note_lines_max=2,
            )
        )
    else:
        widgets += _stepper(
            "brightness",
            rows[2],
            view.say("touch.brightness", percent=settings.brightness_percent),
            "",
            settings.brightness_percent,
            BRIGHTNESS_LEAST_PERCENT,
            lambda percent: ChangeSettings(settings.changed(brightness_percent=percent)),
            view,
            measures,
        )
    widgets.append(_format(rows[3], screen, view, measures))
    return Layout(widgets=tuple(widgets))


def _format(area: Rect, screen: ScreenState, view: View, measures: Measures) -> Widget:
    """Return the format of the next run alone; each tap goes to the next one that the event has."""
    names = ["", *screen.formats]
    at = names.index(view.next_format) if view.next_format in names else 0
    settings = view.settings
    return button(
        "format",
        area,
        view.next_format or view.say("touch.format-of-event"),
        ChangeSettings(settings, next_format=names[(at + 1) % len(names)]),
        view,
        size_px=measures.text(32),
        note=view.say("touch.format-next" if screen.formats else "touch.format-only"),
        enabled=bool(screen.formats),
        align="left",
    )


def _cycle(
    name: str, area: Rect, label: str, note: str, intent: Intent, view: View, measures: Measures
) -> Widget:
    return button(name, area, label, intent, view, size_px=measures.text(32), note=note, align="left")


def _stepper(
    name: str,
    area: Rect,
    label: str,
    note: str,
    percent: int,
    least: int,
    to: Callable[[int], Intent],
    view: View,
    measures: Measures,
) -> list[Widget]:
    """Return a number of percent with a button on each side."""
    less, rest = area.cut_left(max(measures.button, area.w // 6), measures.px(8))
    more, middle = rest.cut_right(less.w, measures.px(8))
    lower, higher = max(least, percent - STEP_PERCENT), min(100, percent + STEP_PERCENT)
    size_px = measures.text(48)
    return [
        button(f"{name}:less", less, "−", to(lower), view, size_px=size_px, enabled=lower < percent),
        Widget(
            name=f"{name}:value",
            rect=middle,
            look=Look.TEXT,
            label=label,
            note=note,
            size_px=measures.text(32),
        ),
        button(f"{name}:more", more, "+", to(higher), view, size_px=size_px, enabled=higher > percent),
    ]
