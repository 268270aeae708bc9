"""The timeline of the run: every passing of its time, to scale and as a list, and what may be done to one.

The scale is only to look at: passings may stand closer together than fingers are wide."""

from __future__ import annotations

from itertools import pairwise

from pitboard.drawing.time_text import format_countdown_ms, format_lap_ns
from pitboard.race.runs.run_parts import RawPassing, SaidAct
from pitboard.unit_api.official_acts import (
    Act,
    AttributePassing,
    IgnorePassing,
    InsertPassing,
    MoveStart,
    Withdraw,
)
from pitboard.unit_api.screen_state import Run, RunDetail, ScreenState
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import Choose, Intent, Page, PutPassing, SendAct, ShowPage, View
from trackside.touch.widgets.widgets import Layout, Look, Mark, Measures, Rect, Tone, Widget

NUDGES_MS = (-1_000, 1_000, -100, 100, -10, 10)
GUESSED_UNCERTAINTY_NS = 500_000_000
"""Of an instant that somebody remembers: nobody does better than half a second."""
_NS_PER_MS = 1_000_000
_DEFAULT_AFTER_NS = 5_000_000_000


def lay_passings(screen: ScreenState, run: Run, view: View, measures: Measures) -> Layout:
    main, side = measures.split()
    detail = view.detail
    if detail is None or detail.run.run_id != run.run_id:
        return Layout(widgets=(_looking(main, view, measures), *_way_back(side, view, measures)))
    raw = detail.raw_passings
    scale_area, rest = main.cut_top(max(measures.px(120), measures.text(70)), measures.gap)
    rows, the_list, pager = lay_list(rest, measures, count=len(raw), top=view.list_top)
    began_mono_ns = run.started_mono_ns or (raw[0].mono_ns if raw else 0)
    widgets = [_scale(scale_area, raw, view, measures)]
    for row, passing in zip(rows, raw[::-1][the_list.top :], strict=False):
        widgets.append(_row(row, passing, run, view, measures, began_mono_ns))
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    if view.insert_mono_ns is not None:
        widgets += _insertion(side, run, view, measures, began_mono_ns)
    else:
        widgets += _what_to_do(side, screen, run, detail, view, measures)
    return Layout(widgets=tuple(widgets), list_area=the_list)


def lay_give(screen: ScreenState, run: Run, view: View, measures: Measures) -> Layout:
    """Whose the passing is: another place of this run, of another run, or nobody's."""
    targets = [
        (one, place)
        for one in (run, *(other for other in screen.runs if other.run_id != run.run_id))
        for place in one.places
        if not (one.run_id == run.run_id and place.place == view.place)
    ]
    rows, the_list, pager = lay_list(measures.body, measures, count=len(targets) + 2, top=view.list_top)
    shown: list[tuple[str, str, Intent]] = [("back", view.say("touch.back"), ShowPage(Page.PASSINGS))]
    shown.append(("give:nobody", view.say("touch.nobodys"), _give(run, view.chosen, None, 1)))
    shown += [
        (f"give:{one.run_id}:{place.place}", place.name, _give(run, view.chosen, one.run_id, place.place))
        for one, place in targets
    ]
    widgets = [
        button(name, row, label, intent, view, size_px=measures.text(34), align="left")
        for row, (name, label, intent) in zip(rows, shown[the_list.top :], strict=False)
    ]
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    return Layout(widgets=tuple(widgets), list_area=the_list)


def _give(run: Run, passing_id: str, to_run_id: str | None, place: int) -> SendAct:
    return SendAct(
        AttributePassing(run_id=run.run_id, passing_id=passing_id, to_run_id=to_run_id, place=place)
    )


def _looking(area: Rect, view: View, measures: Measures) -> Widget:
    return Widget(
        name="looking", rect=area, look=Look.TEXT, label=view.say("touch.looking"), size_px=measures.text(40)
    )


def _cells(side: Rect, measures: Measures) -> list[Rect]:
    """Return the places of four acts above the way back."""
    above = side.cut_bottom(measures.button, measures.gap)[1]
    rows, columns = (2, 2) if measures.is_portrait else (4, 1)
    return [cell for row in above.rows(rows, measures.gap) for cell in row.columns(columns, measures.gap)]


def _way_back(side: Rect, view: View, measures: Measures) -> list[Widget]:
    area = side.cut_bottom(measures.button)[0]
    return [
        button(
            "back",
            area,
            view.say("touch.back"),
            ShowPage(Page.MAIN),
            view,
            size_px=measures.text(34),
            icon="back",
        )
    ]


def _scale(area: Rect, raw: tuple[RawPassing, ...], view: View, measures: Measures) -> Widget:
    first = raw[0].mono_ns if raw else 0
    span = max(1, (raw[-1].mono_ns if raw else 1) - first)
    marks = tuple(
        Mark(
            permille=(one.mono_ns - first) * 1000 // span,
            doubt_permille=min(1000, one.uncertainty_ns * 1000 // span),
            tone=_tone(one),
            is_on=one.passing_id == view.chosen,
            is_struck=one.is_ignored,
        )
        for one in raw
    )
    return Widget(
        name="scale",
        rect=area,
        look=Look.SCALE,
        label=format_countdown_ms(span // _NS_PER_MS) if raw else "",
        note=view.say("touch.passings-count", count=len(raw)),
        size_px=measures.text(24),
        marks=marks,
    )


def _tone(one: RawPassing) -> Tone:
    if one.is_ignored or one.run_id is None:
        return Tone.MUTED
    if one.is_inserted or one.system == "hand":
        return Tone.MANUAL
    return Tone.WARNING if one.flag else Tone.GO


def _row(row: Rect, one: RawPassing, run: Run, view: View, measures: Measures, began_mono_ns: int) -> Widget:
    return Widget(
        name=f"passing:{one.passing_id}",
        rect=row,
        look=Look.ROW,
        label=_words(one, run, view),
        value=format_lap_ns(one.mono_ns - began_mono_ns),
        size_px=measures.text(30),
        align="left",
        intent=Choose(one.passing_id, one.place or 1),
        is_on=one.passing_id == view.chosen,
        is_struck=one.is_ignored,
        is_pressed=f"passing:{one.passing_id}" in view.pressed,
    )


def _words(one: RawPassing, run: Run, view: View) -> str:
    """Return whose the passing is, where it was seen, and how sure its stamp is."""
    if one.is_ignored:
        whose = view.say("touch.ignored")
    elif one.run_id is None:
        whose = view.say("touch.nobodys")
    elif one.run_id != run.run_id:
        whose = view.say("touch.other-run")
    else:
        lap = next(
            (lap.number for place in run.places for lap in place.laps if lap.lap_id == one.passing_id),
            None,
        )
        whose = view.say("touch.begins") if lap is None else view.say("touch.closes-lap", number=lap)
    kind = view.say("touch.by-hand") if one.is_inserted or one.system == "hand" else one.gate
    doubt = f"±{max(1, one.uncertainty_ns // _NS_PER_MS)} ms"
    return ", ".join([whose, kind, doubt, *([str(one.transponder)] if one.transponder is not None else [])])


def _what_to_do(
    side: Rect, screen: ScreenState, run: Run, detail: RunDetail, view: View, measures: Measures
) -> list[Widget]:
    cells = _cells(side, measures)
    back = _way_back(side, view, measures)
    one = next((raw for raw in detail.raw_passings if raw.passing_id == view.chosen), None)
    if one is None:
        hint = side.cut_bottom(measures.button, measures.gap)[1]
        return [
            Widget(
                name="hint",
                rect=hint,
                look=Look.TEXT,
                label=view.say("touch.pick-a-passing"),
                note=view.say("touch.pick-a-passing-note"),
                size_px=measures.text(34),
                lines_max=3,
                note_lines_max=4,
            ),
            *back,
        ]
    todo: list[tuple[str, str, Intent]] = []
    ignored = _standing(detail, "passing-judged", one)
    if ignored is not None:
        todo.append(("passing:count", view.say("touch.count-again"), SendAct(_withdrawn(ignored))))
    elif "ignore-passing" in run.acts and not one.is_inserted:
        act: Act = IgnorePassing(run_id=run.run_id, passing_id=one.passing_id)
        todo.append(("passing:ignore", view.say("touch.ignore"), SendAct(act)))
    inserted = _inserted(detail, one)
    if inserted is not None:
        todo.append(("passing:remove", view.say("touch.remove"), SendAct(_withdrawn(inserted))))
    given = _standing(detail, "passing-attributed", one)
    if given is not None:
        todo.append(("passing:ungive", view.say("touch.give-back"), SendAct(_withdrawn(given))))
    elif "attribute-passing" in run.acts and not one.is_inserted:
        todo.append(("passing:give", view.say("touch.give"), ShowPage(Page.GIVE)))
    if "insert-passing" in run.acts:
        between = PutPassing(_between(detail.raw_passings, one))
        todo.append(("passing:insert", view.say("touch.insert"), between))
    if "move-start" in run.acts and not one.is_inserted and not one.is_ignored:
        begin = MoveStart(run_id=run.run_id, passing_id=one.passing_id)
        todo.append(("passing:begin", view.say("touch.begin-here"), SendAct(begin)))
    return [
        *(
            button(name, cell, label, intent, view, size_px=measures.text(34))
            for cell, (name, label, intent) in zip(cells, todo, strict=False)
        ),
        *back,
    ]


def _insertion(side: Rect, run: Run, view: View, measures: Measures, began_mono_ns: int) -> list[Widget]:
    at_mono_ns = view.insert_mono_ns or 0
    cells = side.rows(4 if measures.is_portrait else 5, measures.gap)
    title, done = cells[0], cells[-1]
    widgets = [
        Widget(
            name="insert-at",
            rect=title,
            look=Look.TEXT,
            label=format_lap_ns(at_mono_ns - began_mono_ns),
            note=view.say("touch.insert-note"),
            size_px=measures.text(44),
            note_lines_max=1,
        )
    ]
    columns = 3 if measures.is_portrait else 2
    nudges = [cell for row in cells[1:-1] for cell in row.columns(columns, measures.gap)]
    for cell, nudge_ms in zip(nudges, NUDGES_MS, strict=True):
        sign = "+" if nudge_ms > 0 else "−"
        widgets.append(
            button(
                f"nudge:{nudge_ms}",
                cell,
                f"{sign}{format_lap_ns(abs(nudge_ms) * _NS_PER_MS, resolution_ns=10 * _NS_PER_MS)}",
                PutPassing(at_mono_ns + nudge_ms * _NS_PER_MS),
                view,
                size_px=measures.text(32),
            )
        )
    cancel, save = done.columns(2, measures.gap)
    act = InsertPassing(
        run_id=run.run_id, place=view.place, mono_ns=at_mono_ns, uncertainty_ns=GUESSED_UNCERTAINTY_NS
    )
    return [
        *widgets,
        button(
            "insert:cancel", cancel, view.say("touch.back"), PutPassing(None), view, size_px=measures.text(32)
        ),
        button(
            "insert:save",
            save,
            view.say("touch.insert-now"),
            SendAct(act),
            view,
            size_px=measures.text(32),
            tone=Tone.GO,
        ),
    ]


def _between(raw: tuple[RawPassing, ...], one: RawPassing) -> int:
    """Return the middle between this passing and the next that counts; a while after the last one."""
    counting = [other for other in raw if not other.is_ignored and other.run_id is not None]
    for other, following in pairwise(counting):
        if other.passing_id == one.passing_id:
            return (other.mono_ns + following.mono_ns) // 2
    return one.mono_ns + _DEFAULT_AFTER_NS


def _standing(detail: RunDetail, kind: str, one: RawPassing) -> SaidAct | None:
    found = [
        act
        for act in detail.acts
        if act.kind == kind and act.said.get("passing_id") == one.passing_id and not act.is_withdrawn
    ]
    return found[-1] if found else None


def _inserted(detail: RunDetail, one: RawPassing) -> SaidAct | None:
    return _standing(detail, "passing-inserted", one) if one.is_inserted else None


def _withdrawn(act: SaidAct) -> Withdraw:
    return Withdraw(stream=act.stream, seq=act.seq)
