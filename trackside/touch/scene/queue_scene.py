"""Who is next: the order of those who wait, changed by taps, or by a finger that carries a row."""

from __future__ import annotations

from dataclasses import replace

from pitboard.unit_api.official_acts import MarkQueue, OrderQueue
from pitboard.unit_api.screen_state import QueueEntry, ScreenState
from trackside.touch.scene.asked_scene import asked_button
from trackside.touch.widgets.buttons import button, lay_list, pager_buttons
from trackside.touch.widgets.view import Carried, Choose, Intent, Page, SendAct, ShowPage, View
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Widget

_ORDERED_MAX_COUNT = 150
_ROW = "queue:"


def waiting(screen: ScreenState) -> list[QueueEntry]:
    """Return who may still come, on the unit's own track."""
    track = screen.tracks[0] if screen.tracks else ""
    return [one for one in screen.queue if one.track == track and one.state in ("waiting", "called")]


def lay_queue(screen: ScreenState, view: View, measures: Measures) -> Layout:
    main, side = measures.split()
    entries = as_carried(_on_track(screen), view.carried)
    rows, the_list, pager = lay_list(main, measures, count=len(entries), top=view.list_top)
    widgets = [
        _row(row, entry, index, view, measures)
        for index, (row, entry) in enumerate(
            zip(rows, entries[the_list.top :], strict=False), start=the_list.top + 1
        )
    ]
    if pager:
        widgets += pager_buttons(pager, the_list, view, measures)
    if not entries:
        widgets.append(
            Widget(
                name="queue-empty",
                rect=main,
                look=Look.TEXT,
                label=view.say("touch.queue-empty"),
                note=view.say("touch.queue-empty-note"),
                size_px=measures.text(38),
                note_lines_max=2,
            )
        )
    is_fixed = len(entries) > _ORDERED_MAX_COUNT or view.is_link_lost
    is_fixed = is_fixed or (view.carried is not None and view.carried.is_dropped)
    shown = [] if is_fixed else entries[the_list.top :]
    the_list = replace(the_list, carried=tuple(map(_row_name, shown[: the_list.shown])))
    return Layout(widgets=(*widgets, *_acts(side, entries, screen, view, measures)), list_area=the_list)


def _on_track(screen: ScreenState) -> list[QueueEntry]:
    return [one for one in screen.queue if not screen.tracks or one.track == screen.tracks[0]]


def as_carried(entries: list[QueueEntry], carried: Carried | None) -> list[QueueEntry]:
    """Return them as they stand while one of them is carried: nothing moves by itself, and who joins
    meanwhile comes last."""
    if carried is None:
        return entries
    known = {one.entry_id: one for one in entries}
    held = [known.pop(one) for one in carried.wanted if one in known]
    return [*held, *known.values()]


def lifted(screen: ScreenState, row_name: str) -> Carried | None:
    """Return who waits under this row as carried from where they stand."""
    ids = tuple(one.entry_id for one in _on_track(screen))
    entry_id = row_name.removeprefix(_ROW)
    return Carried(entry_id=entry_id, order=ids, index=ids.index(entry_id)) if entry_id in ids else None


def _row_name(entry: QueueEntry) -> str:
    return f"{_ROW}{entry.entry_id}"


def _row(row: Rect, entry: QueueEntry, number: int, view: View, measures: Measures) -> Widget:
    name = _row_name(entry)
    is_carried = view.carried is not None and view.carried.entry_id == entry.entry_id
    return Widget(
        name=name,
        rect=row,
        look=Look.ROW,
        label=entry.name,
        note=str(number),
        value=_value(entry, view),
        size_px=measures.text(34),
        align="left",
        intent=Choose(entry.entry_id),
        is_on=entry.entry_id == view.chosen or is_carried,
        is_pressed=name in view.pressed or is_carried,
    )


def _value(entry: QueueEntry, view: View) -> str:
    """Return what became of who waits, the runs left and the class: a narrow row cuts the least urgent."""
    state = "" if entry.state == "waiting" else view.say(f"touch.queue-{entry.state}")
    left = ""
    if entry.runs_left is not None:
        left = view.say("touch.runs-left" if entry.runs_left else "touch.no-run-left", count=entry.runs_left)
    return ", ".join(filter(None, (state, left, entry.race_class)))


def _acts(
    side: Rect, entries: list[QueueEntry], screen: ScreenState, view: View, measures: Measures
) -> list[Widget]:
    ids = [one.entry_id for one in entries]
    here = ids.index(view.chosen) if view.chosen in ids else None
    todo: list[tuple[str, str, Intent | None]] = [
        ("queue-up", "touch.queue-up", _moved(ids, here, -1)),
        ("queue-first", "touch.queue-first", _moved(ids, here, -len(ids))),
        ("queue-down", "touch.queue-down", _moved(ids, here, 1)),
    ]
    todo += [
        (f"queue-{state}", f"touch.queue-mark-{state}", _marked(entries, here, state))
        for state in ("called", "skipped", "no-show", "left", "waiting")
    ]
    back, above = side.cut_bottom(measures.button, measures.gap)
    row_count, columns = (3, 3) if measures.is_portrait else (4, 2)
    cells = [
        cell for row in above.rows(row_count, measures.gap) for cell in row.columns(columns, measures.gap)
    ]
    by_phone, back = asked_button(screen, back, view, measures)
    return [
        *(() if by_phone is None else (by_phone,)),
        *(
            button(
                name,
                cell,
                view.say(code),
                intent or Choose(""),
                view,
                size_px=measures.text(28),
                enabled=intent is not None,
            )
            for cell, (name, code, intent) in zip(cells, todo, strict=False)
        ),
        button(
            "back",
            back,
            view.say("touch.back"),
            ShowPage(Page.MAIN),
            view,
            size_px=measures.text(34),
            icon="back",
        ),
    ]


def _moved(ids: list[str], here: int | None, by: int) -> Intent | None:
    if here is None:
        return None
    there = max(0, min(len(ids) - 1, here + by))
    if there == here or len(ids) > _ORDERED_MAX_COUNT:
        return None
    order = [*ids[:here], *ids[here + 1 :]]
    order.insert(there, ids[here])
    return SendAct(OrderQueue(entry_ids=tuple(order)))


def _marked(entries: list[QueueEntry], here: int | None, state: str) -> Intent | None:
    if here is None or entries[here].state == state:
        return None
    return SendAct(MarkQueue(entry_id=entries[here].entry_id, state=state))  # type: ignore[arg-type]
