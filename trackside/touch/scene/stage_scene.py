"""Heats and brackets: draw them, see who meets whom, start the next heat by one tap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.unit_api.official_acts import Arm, DrawStage, RemoveStage
from pitboard.unit_api.screen_state import Heat, HeatSlot, ScreenState, Stage
from trackside.touch.scene.calculated_words import made_words, time_words
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import (
    ChangeDrawing,
    Choose,
    Drawing,
    Page,
    SendAct,
    ShowPage,
    ShowStage,
    View,
)
from trackside.touch.widgets.widgets import Icon, Layout, Look, Measures, Rect, Tone, Widget

KINDS = ("knockout", "double-elimination", "heat-knockout", "ladder", "heats")
WITH_HEAT_SIZE = ("heat-knockout", "ladder", "heats")
WITH_ADVANCE = ("heat-knockout", "ladder")
COUNT_MAX = 64
HEAT_SIZE_MAX = 16
_BRACKET = re.compile(r"([rwxyh])(\d+)(?:-(\d+))?\Z", re.ASCII)
_ICONS: dict[str, Icon] = {"driven": "ok", "tie": "warning"}


def heats_to_run(screen: ScreenState) -> int:
    """Return how many heats can be started now."""
    return sum(heat.phase in ("ready", "tie") for stage in screen.stages for heat in stage.heats)


def heat_title(heat: Heat, view: View) -> str:
    """Return what people call the heat."""
    if heat.heat in ("final", "small-final"):
        return view.say(f"touch.heat-{heat.heat}")
    found = _BRACKET.match(heat.heat)
    if found is None:
        return heat.heat  # "A main" is said so everywhere
    letter, first, second = found.groups()
    if letter == "h":
        return view.say("touch.heat-number", number=first)
    side = {"r": "round", "w": "winners", "x": "second-chance", "y": "second-chance"}[letter]
    return view.say(f"touch.heat-{side}", round=first, number=second or "1")


def lay_stages(screen: ScreenState, view: View, measures: Measures) -> Layout:
    """The stages there are, and the way to draw one more."""
    main, side = measures.split()
    rows, the_list, pager = lay_list(main, measures, count=len(screen.stages), top=view.list_top)
    widgets = [
        button(
            f"stage:{one.stage_id}",
            row,
            one.name,
            ShowStage(one.stage_id),
            view,
            size_px=measures.text(34),
            note=_progress(one, view),
        )
        for row, one in zip(rows, screen.stages[the_list.top :], strict=False)
    ]
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    if not screen.stages:
        widgets.append(
            Widget(
                name="no-stage",
                rect=main,
                look=Look.TEXT,
                label=view.say("touch.no-stage"),
                note=view.say("touch.no-stage-note"),
                size_px=measures.text(38),
                note_lines_max=3,
            )
        )
    back, above = side.cut_bottom(measures.button, measures.gap)
    new = above.cut_bottom(max(measures.button, measures.px(130)))[0]
    return Layout(
        widgets=(
            *widgets,
            button(
                "draw",
                new,
                view.say("touch.draw-new"),
                ShowPage(Page.DRAW),
                view,
                size_px=measures.text(36),
                lines_max=2,
            ),
            _back(back, Page.MAIN, view, measures),
        ),
        list_area=the_list,
    )


def lay_stage(screen: ScreenState, view: View, measures: Measures) -> Layout:
    """The heats of one stage; the chosen one, or the next, stands beside with START."""
    stage = next((one for one in screen.stages if one.stage_id == view.stage_id), None)
    if stage is None:
        return lay_stages(screen, view, measures)
    places = measures.places()
    heat = chosen_heat(stage, view)
    index = next((at for at, one in enumerate(stage.heats) if one is heat), 0)
    main = places.main
    podium_area = None
    if stage.podium and stage.podium[0] is not None:
        podium_area, main = main.cut_top(measures.button, measures.gap)
    top = view.list_top or max(0, index - 1)
    rows, the_list, pager = lay_list(main, measures, count=len(stage.heats), top=top)
    widgets = [
        _heat_row(row, one, one is heat, view, measures)
        for row, one in zip(rows, stage.heats[the_list.top :], strict=False)
    ]
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    if podium_area is not None:
        widgets += _podium(podium_area, stage, measures)
    back, remove = places.middle.columns(2, measures.gap)
    if not stage.is_drawn:
        widgets += _not_drawn(main, stage, view, measures)
    widgets += [
        *_heat_panel(places.panel, stage, heat, screen, view, measures),
        _back(back, Page.MAIN if len(screen.stages) == 1 else Page.STAGES, view, measures),
        _remove(remove, stage, view, measures),
        _start(places.last, stage, heat, view, measures)
        if stage.is_drawn
        else _draw_planned("board", places.last, stage, view, measures),
    ]
    return Layout(widgets=tuple(widgets), list_area=the_list)


def _not_drawn(area: Rect, stage: Stage, view: View, measures: Measures) -> list[Widget]:
    """Return what stands in place of the heats of a stage that the admin set up: other ways to draw it."""
    foot, above = area.cut_bottom(measures.button, measures.gap)
    lots = zip(foot.columns(2, measures.gap), ("queue", "all"), strict=True)
    return [
        Widget(
            name="not-drawn",
            rect=above,
            look=Look.TEXT,
            label=view.say("touch.not-drawn"),
            note=view.say("touch.not-drawn-note"),
            size_px=measures.text(38),
            note_lines_max=3,
        ),
        *(_draw_planned(seeds, cell, stage, view, measures) for cell, seeds in lots),
    ]


def _draw_planned(seeds: str, area: Rect, stage: Stage, view: View, measures: Measures) -> Widget:
    is_by_board = seeds == "board"
    act = DrawStage(kind=stage.kind, name=stage.name, stage_id=stage.stage_id, seeds=seeds)  # type: ignore[arg-type]
    return button(
        f"draw:{seeds}",
        area,
        view.say("touch.draw-now") if is_by_board else view.say(f"touch.seeds-{seeds}"),
        SendAct(act),
        view,
        size_px=measures.text(56 if is_by_board else 30),
        note=view.say("touch.draw-best" if is_by_board else "touch.seeds-lot-note"),
        tone=Tone.GO if is_by_board else Tone.PLAIN,
    )


def chosen_heat(stage: Stage, view: View) -> Heat | None:
    """Return the heat that was tapped, else the next one to run."""
    chosen = next((one for one in stage.heats if one.heat_id == view.chosen), None)
    return chosen or next((one for one in stage.heats if one.phase in ("ready", "tie")), None)


def next_in(heat: Heat) -> HeatSlot:
    """Return who drives next where the drivers of a heat drive one by one."""
    return min(heat.slots, key=lambda one: one.runs)


def arming_heat(stage: Stage, heat: Heat) -> SendAct:
    """Return the start of the heat: of all its drivers, or of the next one where the track tells no cars
    apart."""
    if stage.told_by == "any":
        return SendAct(
            Arm(
                competitor_id=next_in(heat).competitor_id,
                format=stage.format,
                stage_id=stage.stage_id,
                heat_id=heat.heat_id,
            )
        )
    places = tuple(
        RunPlace(
            place=number,
            competitor_id=slot.competitor_id,
            told_by=stage.told_by,
            lane=(slot.lane or number) if stage.told_by == "lane" else None,
        )
        for number, slot in enumerate(heat.slots, start=1)
    )
    return SendAct(Arm(places=places, format=stage.format, stage_id=stage.stage_id, heat_id=heat.heat_id))


def lay_draw(screen: ScreenState, view: View, measures: Measures) -> Layout:
    """What kind of stage, who takes part, and DRAW."""
    drawing = view.drawing
    if measures.is_portrait:
        kinds_area, choices_area = measures.body.cut_top(measures.body.h * 37 // 100, measures.gap)
    else:
        kinds_area, choices_area = measures.body.cut_left(measures.body.w * 40 // 100, measures.gap)
    widgets = [
        button(
            f"draw:{kind}",
            row,
            view.say(f"touch.stage-{kind}"),
            ChangeDrawing(replace(drawing, kind=kind)),
            view,
            size_px=measures.text(30),
            note=view.say(f"touch.stage-{kind}-note"),
            is_on=kind == drawing.kind,
            tone=Tone.MANUAL if kind == drawing.kind else Tone.PLAIN,
        )
        for row, kind in zip(_cells(kinds_area, measures), KINDS, strict=False)
    ]
    seeds, count, size, advance, foot = choices_area.rows(5, measures.px(8))
    widgets += _seeds(seeds, screen, view, measures)
    widgets += _stepper("count", count, drawing, view, measures, least=2, most=COUNT_MAX)
    if drawing.kind in WITH_HEAT_SIZE:
        widgets += _stepper("heat_size", size, drawing, view, measures, least=2, most=HEAT_SIZE_MAX)
    if drawing.kind in WITH_ADVANCE:
        widgets += _stepper("advance", advance, drawing, view, measures, least=1, most=drawing.heat_size - 1)
    elif screen.classes:
        widgets.append(_class_button(advance, screen, view, measures))
    back, draw = foot.columns(2, measures.gap)
    name = view.say(f"touch.stage-{drawing.kind}")
    number = sum(one.kind == drawing.kind for one in screen.stages)
    act = DrawStage(
        kind=drawing.kind,
        name=f"{name} {number + 1}" if number else name,
        seeds=drawing.seeds,
        count=drawing.count,
        heat_size=drawing.heat_size,
        advance=drawing.advance,
        race_class=drawing.race_class,
    )
    return Layout(
        widgets=(
            *widgets,
            _back(back, Page.STAGES, view, measures),
            button(
                "draw:now",
                draw,
                view.say("touch.draw-now"),
                SendAct(act),
                view,
                size_px=measures.text(40),
                tone=Tone.GO,
            ),
        )
    )


def _cells(area: Rect, measures: Measures) -> list[Rect]:
    """Return a place for each kind: one below the other, in pairs where the screen is narrow."""
    columns = 2 if measures.is_portrait else 1
    gap = measures.px(8)
    return [cell for row in area.rows(-(-len(KINDS) // columns), gap) for cell in row.columns(columns, gap)]


def _seeds(area: Rect, screen: ScreenState, view: View, measures: Measures) -> Iterator[Widget]:
    """Yield who takes part: a choice of three."""
    drawing = view.drawing
    for cell, seeds in zip(area.columns(3, measures.px(8)), ("board", "queue", "all"), strict=True):
        yield button(
            f"seeds:{seeds}",
            cell,
            view.say(f"touch.seeds-{seeds}"),
            ChangeDrawing(replace(drawing, seeds=seeds)),  # type: ignore[arg-type]
            view,
            size_px=measures.text(26),
            note=view.say("touch.seeds-board-note" if seeds == "board" else "touch.seeds-lot-note"),
            is_on=seeds == drawing.seeds,
            tone=Tone.MANUAL if seeds == drawing.seeds else Tone.PLAIN,
            lines_max=2,
        )


def _stepper(
    field: str, area: Rect, drawing: Drawing, view: View, measures: Measures, *, least: int, most: int
) -> list[Widget]:
    """Return a number with a button on each side."""
    numbers = {"count": drawing.count, "heat_size": drawing.heat_size, "advance": drawing.advance}
    value = min(most, max(least, numbers[field]))
    less, rest = area.cut_left(max(measures.button, area.w // 5), measures.px(8))
    more, middle = rest.cut_right(less.w, measures.px(8))

    def to(number: int) -> ChangeDrawing:
        fresh = numbers | {field: number}
        return ChangeDrawing(
            replace(drawing, count=fresh["count"], heat_size=fresh["heat_size"], advance=fresh["advance"])
        )

    return [
        button(
            f"{field}:less", less, "−", to(value - 1), view, size_px=measures.text(48), enabled=value > least
        ),
        Widget(
            name=f"{field}:value",
            rect=middle,
            look=Look.TEXT,
            label=view.say(f"touch.draw-{field.replace('_', '-')}", count=value),
            size_px=measures.text(32),
        ),
        button(
            f"{field}:more", more, "+", to(value + 1), view, size_px=measures.text(48), enabled=value < most
        ),
    ]


def _class_button(area: Rect, screen: ScreenState, view: View, measures: Measures) -> Widget:
    """Return a button that goes from class to class."""
    ids = ["", *(one.race_class for one in screen.classes)]
    at = ids.index(view.drawing.race_class) if view.drawing.race_class in ids else 0
    label = screen.classes[at - 1].name if at else view.say("touch.all-classes")
    return button(
        "draw:class",
        area,
        label,
        ChangeDrawing(replace(view.drawing, race_class=ids[(at + 1) % len(ids)])),
        view,
        size_px=measures.text(30),
        note=view.say("touch.tap-for-next"),
    )


def _progress(stage: Stage, view: View) -> str:
    if not stage.is_drawn:
        return view.say("touch.not-drawn")
    left = sum(one.phase not in ("driven", "bye") for one in stage.heats)
    return view.say("touch.heats-left", count=left) if left else view.say("touch.stage-over")


def _heat_row(row: Rect, heat: Heat, is_on: bool, view: View, measures: Measures) -> Widget:
    names = " – ".join(one.name for one in heat.slots) or "…"
    if heat.phase == "waits" and heat.slots:
        names += " – …"
    name = f"heat:{heat.heat_id}"
    return button(
        name,
        row,
        heat_title(heat, view),
        Choose(heat.heat_id),
        view,
        size_px=measures.text(28),
        note=names,
        icon=_ICONS.get(heat.phase, ""),
        align="left",
        is_on=is_on,
        tone=Tone.MANUAL if is_on else Tone.PLAIN,
    )


def _podium(area: Rect, stage: Stage, measures: Measures) -> list[Widget]:
    """Return the first three side by side, each a text of its own: in one line names of two directions of
    writing would change places."""
    return [
        Widget(
            name=f"podium:{rank}",
            rect=column,
            look=Look.TEXT,
            label=f"{rank}. {name or '–'}",
            size_px=measures.text(30),
            tone=Tone.BEST,
            align="left",
            lines_max=2,
        )
        for rank, (column, name) in enumerate(
            zip(area.columns(3, measures.gap), stage.podium[:3], strict=False), start=1
        )
    ]


def _heat_panel(
    panel: Rect, stage: Stage, heat: Heat | None, screen: ScreenState, view: View, measures: Measures
) -> list[Widget]:
    inner = panel.inset(measures.px(16), measures.px(8))
    title_area, rest = inner.cut_top(measures.text(44), measures.px(4))
    title = heat_title(heat, view) if heat is not None else stage.name
    widgets = [
        Widget(name="heat-panel", rect=panel, look=Look.PANEL),
        Widget(
            name="heat-title",
            rect=title_area,
            look=Look.TEXT,
            label=title,
            value=view.say(f"touch.heat-phase-{heat.phase}") if heat is not None else "",
            size_px=measures.text(30),
            align="left",
        ),
    ]
    if heat is None:
        return widgets
    line_px = max(measures.text(30), min(measures.text(44), rest.h // max(1, len(heat.slots))))
    fitting = max(1, rest.h // line_px)
    for number, slot in enumerate(heat.slots[:fitting]):
        rank = f"{slot.rank}. " if slot.rank else ""
        is_last = number == fitting - 1 and len(heat.slots) > fitting
        more = view.say("touch.and-more", count=len(heat.slots) - fitting + 1)
        widgets.append(
            Widget(
                name=f"slot:{slot.competitor_id}",
                rect=Rect(rest.x, rest.y + number * line_px, rest.w, line_px),
                look=Look.TEXT,
                label=more if is_last else f"{rank}{slot.name}",
                value="" if is_last else _result(slot, screen, view),
                size_px=measures.text(28),
                tone=Tone.PLAIN if slot.rank in (None, 1) else Tone.MUTED,
                align="left",
            )
        )
    return widgets


def _result(slot: HeatSlot, screen: ScreenState, view: View) -> str:
    column = slot.columns[0] if slot.columns else None
    if column is None or column.value is None:
        return "–" if slot.runs else ""
    if column.kind == "duration_ns":
        time = time_words(column.value, slot.calculated, screen)
        return f"{made_words(slot.calculated, view)} {time}".strip()
    return str(column.value)


def _start(area: Rect, stage: Stage, heat: Heat | None, view: View, measures: Measures) -> Widget:
    can_run = heat is not None and heat.phase in ("ready", "tie", "driven") and bool(heat.slots)
    note = view.say("touch.heat-none-ready")
    if heat is not None and can_run:
        again = heat.phase in ("driven", "tie")
        who = next_in(heat).name if stage.told_by == "any" else heat_title(heat, view)
        note = view.say("touch.heat-again", who=who) if again else who
    return button(
        "start:heat",
        area,
        view.say("touch.start"),
        arming_heat(stage, heat) if heat is not None and can_run else ShowPage(Page.STAGE),
        view,
        size_px=measures.text(64),
        note=note,
        tone=Tone.GO if heat is not None and heat.phase != "driven" else Tone.PLAIN,
        enabled=can_run,
    )


def _remove(area: Rect, stage: Stage, view: View, measures: Measures) -> Widget:
    is_over = all(one.phase in ("driven", "bye") for one in stage.heats)
    if is_over and stage.is_drawn:
        act = SendAct(RemoveStage(stage_id=stage.stage_id))
        return button(
            "stage:remove", area, view.say("touch.stage-remove"), act, view, size_px=measures.text(28)
        )
    return button(
        "stages",
        area,
        view.say("touch.stages"),
        ShowPage(Page.STAGES),
        view,
        size_px=measures.text(28),
        lines_max=2,
    )


def _back(area: Rect, page: Page, view: View, measures: Measures) -> Widget:
    return button(
        "back", area, view.say("touch.back"), ShowPage(page), view, size_px=measures.text(32), icon="back"
    )
