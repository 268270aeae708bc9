"""What stands behind the lights: their sentences, the displays found, and the board as it is."""

from __future__ import annotations

from collections import Counter

from pitboard.drawing.time_text import format_lap_ns
from pitboard.unit_api.unit_calls import ScreenState
from trackside.touch.scene.top_bar import light_name, light_sentence, state_icon, state_tone, state_word
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import Page, ShowPage, SignOff, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Tone, Widget

_DISPLAYS_ON_SHOW_MAX = 4


def lay_status(screen: ScreenState, view: View, measures: Measures) -> Layout:
    if measures.is_portrait:
        left, right = measures.body.cut_top(measures.body.h * 62 // 100, measures.gap)
    else:
        left, right = measures.body.cut_left(measures.body.w * 54 // 100, measures.gap)
    back_area, left = left.cut_bottom(measures.button, measures.gap)
    back_area, off_area = back_area.columns(2, measures.gap) if view.official_id else (back_area, None)
    lights_area, displays_area = left.cut_top(max(left.h * 58 // 100, 3 * measures.button), measures.gap)
    board, the_list_layout = _board_widgets(right, screen, view, measures)
    widgets = [
        *_light_widgets(lights_area, screen, view, measures),
        *_display_widgets(displays_area, screen, view, measures),
        button(
            "back",
            back_area,
            view.say("touch.back"),
            ShowPage(Page.MAIN),
            view,
            size_px=measures.text(34),
            icon="back",
        ),
        *board,
    ]
    if off_area is not None:
        off = view.say("touch.sign-off")
        widgets.append(button("sign-off", off_area, off, SignOff(), view, size_px=measures.text(34)))
    return Layout(widgets=tuple(widgets), list_area=the_list_layout.list_area)


def _light_widgets(area: Rect, screen: ScreenState, view: View, measures: Measures) -> list[Widget]:
    widgets = []
    for row, light in zip(area.rows(3, measures.px(8)), screen.lights[:3], strict=False):
        state = "unknown" if view.is_link_lost else light.state
        widgets.append(
            Widget(
                name=f"detail:{light.light}",
                rect=row,
                look=Look.LIGHT,
                label=f"{light_name(light.light, view)}: {state_word(state, view)}",
                note=light_sentence(light, view),
                icon=state_icon(state),
                tone=state_tone(state),
                size_px=measures.px(34),
                note_lines_max=3,
            )
        )
    return widgets


def _display_widgets(area: Rect, screen: ScreenState, view: View, measures: Measures) -> list[Widget]:
    count = len(screen.displays)
    title = view.say("touch.displays-found", count=count) if count else view.say("touch.no-display")
    names = Counter(one.name for one in screen.displays)
    twice = next((name for name, times in names.items() if times > 1), None)
    if twice is not None:
        title = view.say("touch.displays-one-name", count=count, name=twice)
    inner = area.inset(measures.px(20), measures.px(5))
    line_px = measures.text(34)
    title_area, rest = inner.cut_top(line_px, measures.px(6))
    fitting = max(1, min(_DISPLAYS_ON_SHOW_MAX, rest.h // line_px))
    shown = screen.displays if count <= fitting else screen.displays[: fitting - 1]
    lines = [(node.name, node.address) for node in shown]
    if len(shown) < count:
        lines.append((view.say("touch.and-more", count=count - len(shown)), ""))
    return [
        Widget(name="displays-panel", rect=area, look=Look.PANEL),
        Widget(
            name="displays-title",
            rect=title_area,
            look=Look.TEXT,
            label=title,
            size_px=measures.text(30),
            tone=Tone.PLAIN if twice is None else Tone.WARNING,
            align="left",
        ),
        *(
            Widget(
                name=f"display:{index}",
                rect=Rect(rest.x, rest.y + index * line_px, rest.w, line_px),
                look=Look.TEXT,
                label=name,
                value=address,
                size_px=measures.text(24),
                tone=Tone.MUTED,
                align="left",
            )
            for index, (name, address) in enumerate(lines)
        ),
    ]


def _board_widgets(
    area: Rect, screen: ScreenState, view: View, measures: Measures
) -> tuple[list[Widget], Layout]:
    title_area, rest = area.cut_top(measures.text(46), measures.px(4))
    rows, the_list, pager = lay_list(rest, measures, count=len(screen.entries), top=view.list_top)
    widgets = [
        Widget(
            name="board-title",
            rect=title_area,
            look=Look.TEXT,
            label=view.say("touch.board" if screen.entries else "touch.board-empty"),
            size_px=measures.text(30),
            align="left",
        )
    ]
    for row, entry in zip(rows, screen.entries[the_list.top :], strict=False):
        widgets.append(
            Widget(
                name=f"entry:{entry.competitor_id}",
                rect=row,
                look=Look.ROW,
                label=entry.name,
                note="–" if entry.rank is None else str(entry.rank),
                value=format_lap_ns(entry.best_ns, resolution_ns=screen.resolution_ns),
                size_px=measures.text(30),
                align="left",
            )
        )
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    return widgets, Layout(widgets=(), list_area=the_list)
