"""The bar on top of every page: where we are or what became of the last tap, and the three lights."""

from __future__ import annotations

from pitboard.unit_api.screen_state import Light, ScreenState
from trackside.touch.scene.act_words import act_word
from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import Page, ShowPage, View
from trackside.touch.widgets.widgets import Icon, Look, Measures, Rect, Tone, Widget

_LIGHT_NAMES = ("sensor", "central", "disk")
_STATE_CODES = {"ok": "light.ok", "warning": "light.warning", "bad": "light.bad"}
_STATE_TONES = {"ok": Tone.GO, "warning": Tone.WARNING, "bad": Tone.DANGER}
_STATE_ICONS: dict[str, Icon] = {"ok": "ok", "warning": "warning", "bad": "bad"}


def lay_top_bar(screen: ScreenState | None, view: View, measures: Measures) -> list[Widget]:
    bar = measures.screen.cut_top(measures.bar)[0]
    if measures.is_portrait:
        left, lights_area = bar.cut_top(bar.h // 2)
    else:
        lights_area, left = bar.cut_right(measures.width * 43 // 100)
    lights_area = lights_area.inset(measures.px(6), measures.px(4))
    undo_area, left = left.inset(measures.px(6), measures.px(4)).cut_left(
        max(measures.button, measures.width * (28 if measures.is_portrait else 18) // 100), measures.px(4)
    )
    return [
        Widget(
            name="top-bar",
            rect=bar,
            look=Look.PANEL,
            tone=Tone.DANGER if view.is_link_lost else Tone.PLAIN,
        ),
        *_undo(screen, view, undo_area, measures),
        _message_widget(screen, view, left.inset(measures.px(10), measures.px(2)), measures),
        *_light_widgets(screen, view, lights_area, measures),
    ]


def _undo(screen: ScreenState | None, view: View, area: Rect, measures: Measures) -> list[Widget]:
    """Return what stands in the corner: what was done last, and the way to take it back."""
    if screen is None or not screen.acts:
        return []
    is_open = view.page is Page.ACTS
    last = next((one for one in screen.acts if not one.is_withdrawn), screen.acts[0])
    return [
        button(
            "undo",
            area,
            view.say("touch.back") if is_open else view.say("touch.undo-this", what=act_word(last, view)),
            ShowPage(Page.MAIN if is_open else Page.ACTS),
            view,
            size_px=measures.text(28),
            lines_max=2,
            enabled=view.page not in (Page.KEYBOARD, Page.CONTACT),
        )
    ]


def sensor_light(screen: ScreenState) -> Light | None:
    return next((light for light in screen.lights if light.light == "sensor"), None)


def state_icon(state: str) -> Icon:
    return _STATE_ICONS.get(state, "unknown")


def state_tone(state: str) -> Tone:
    return _STATE_TONES.get(state, Tone.MUTED)


def state_word(state: str, view: View) -> str:
    return view.say(_STATE_CODES.get(state, "light.unknown"))


def light_name(light: str, view: View) -> str:
    return view.say(f"light.{light}") if light in _LIGHT_NAMES else light.capitalize()


def light_sentence(light: Light, view: View) -> str:
    """Return what the light says in the official's language; a unit of another version says it in its own."""
    known = light.says and all(view.language.knows(one.code) for one in light.says)
    return view.language.tell(light.says) if known else light.detail


def takes_by_hand(screen: ScreenState | None) -> bool:
    """Tell whether a car can be timed by hand now."""
    return screen is not None and screen.run is not None and screen.phase in ("armed", "running", "time-up")


def _message_widget(screen: ScreenState | None, view: View, area: Rect, measures: Measures) -> Widget:
    if view.is_link_lost:
        return Widget(
            name="banner",
            rect=Rect(area.x, 0, area.w, area.bottom),
            look=Look.BANNER,
            tone=Tone.DANGER,
            label=view.say("touch.link-lost-by-hand" if takes_by_hand(screen) else "touch.link-lost"),
            size_px=measures.text(30),
            align="left",
            lines_max=3,
        )
    if view.message is not None:
        is_saved = view.message.kind == "saved"
        return Widget(
            name="message",
            rect=area,
            look=Look.BANNER,
            tone=Tone.GO if is_saved else Tone.WARNING,
            label=view.message.text,
            icon="ok" if is_saved else "warning",
            size_px=measures.text(28),
            align="left",
            lines_max=3,
        )
    return Widget(
        name="place",
        rect=area,
        look=Look.TEXT,
        label=screen.unit if screen else "Pitboard",
        note=view.say("touch.queue-hint") if view.page is Page.QUEUE else screen.event if screen else "",
        size_px=measures.text(32),
        align="left",
    )


def _light_widgets(screen: ScreenState | None, view: View, area: Rect, measures: Measures) -> list[Widget]:
    states = {light.light: light.state for light in screen.lights} if screen else {}
    widgets = []
    for name, cell in zip(_LIGHT_NAMES, area.columns(3, measures.px(6)), strict=True):
        state = "unknown" if view.is_link_lost else states.get(name, "unknown")
        widgets.append(
            Widget(
                name=f"light:{name}",
                rect=cell,
                look=Look.LIGHT,
                label=light_name(name, view),
                note=state_word(state, view),
                icon=state_icon(state),
                tone=state_tone(state),
                size_px=measures.text(30),
                enabled=screen is not None,
                intent=ShowPage(Page.MAIN if view.page is Page.STATUS else Page.STATUS),
                is_pressed=f"light:{name}" in view.pressed,
            )
        )
    return widgets
