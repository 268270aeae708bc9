"""Scenes that are a few large lines: who drives next, the plan of the day, the podium."""

from __future__ import annotations

from datetime import UTC, datetime

from display.scene.blocks import Area, Block, Fill, Mark, Measures, Scene, Text
from display.scene.header import header_blocks
from display.scene.leaderboard_row import MEDALS
from display.scene.result_text import first_text
from display.scene.show import Canvas, Frame, Moment, Show
from pitboard.drawing.palette import BLUE, PANEL, PANEL_RAISED, TEXT, TEXT_DARK, TEXT_MUTED
from pitboard.drawing.time_text import NO_TIME, format_countdown_ms

LINES_MAX_COUNT = 8
MINUTE_MS = 60_000
_PODIUM_ORDER = (1, 0, 2)
_PODIUM_PERCENT = {0: 100, 1: 82, 2: 68}


def lay_out_next_up(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return who waits for a run, those called first in a bright line."""
    measures, words = canvas.measures(), canvas.words
    tracks = {queued.track for queued in show.queue}
    lines = []
    for number, queued in enumerate(show.queue[:LINES_MAX_COUNT], start=1):
        beside = words.say("display.called") if queued.is_called else queued.number
        if len(tracks) > 1:
            beside = f"{queued.track}  {beside}".strip()
        lines.append((str(number), queued.name, beside, queued.is_called or number == 1))
    left = len(show.queue) - len(lines)
    note = words.say("display.more-wait", count=left) if left > 0 else ""
    return Frame(_list(show, canvas, measures, "next-up", words.say("display.next-up"), lines, note))


def lay_out_schedule(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return what comes today, and how long it is until the next point."""
    measures, words = canvas.measures(), canvas.words
    items = sorted(show.schedule, key=lambda item: item.starts_utc_ms)
    coming = [item for item in items if item.starts_utc_ms > moment.utc_ms]
    past = [item for item in items if item.starts_utc_ms <= moment.utc_ms]
    lines = []
    for item in [*past[-1:], *coming][:LINES_MAX_COUNT]:
        at = datetime.fromtimestamp(item.starts_utc_ms / 1_000, UTC).astimezone()
        is_now = bool(past) and item is past[-1]
        lines.append((f"{at:%H:%M}", item.title, item.track, is_now))
    note, changes = "", None
    if coming:
        left_ms = coming[0].starts_utc_ms - moment.utc_ms
        if left_ms >= 60 * MINUTE_MS:
            hours, minutes = divmod(-(-left_ms // MINUTE_MS), 60)
            text = f"{hours} h {minutes:02d} min"
            changes = (left_ms - 1) % MINUTE_MS + 1
        else:
            text = format_countdown_ms(left_ms)
            changes = (left_ms - 1) % 1_000 + 1
        note = words.say("display.begins-in", what=coming[0].title, time=text)
    scene = _list(show, canvas, measures, "schedule", words.say("display.schedule"), lines, note)
    return Frame(scene, None if changes is None else moment.mono_ns + changes * 1_000_000)


def lay_out_podium(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the first three on steps of gold, silver and bronze; equal ranks stand on equal steps."""
    measures, words = canvas.measures(), canvas.words
    body, px = measures.body, measures.px
    entries = [entry for entry in show.board.entries if entry.rank is not None][:3]
    blocks = header_blocks(show.board.event.name, show.badge, measures, words)
    gap = px(20)
    width = (body.width - 2 * gap) // 3
    resolution_ns = show.board.event.resolution_ns
    for column, index in enumerate(_PODIUM_ORDER):
        if index >= len(entries):
            continue
        entry = entries[index]
        step_index = min(entry.rank or 1, len(_PODIUM_ORDER)) - 1
        left = body.left + column * (width + gap)
        area = Area(left, body.top, width, body.height)
        step_px = body.height * 52 * _PODIUM_PERCENT[step_index] // 10_000
        step = Area(left, body.bottom - step_px, width, step_px)
        above = step.top - px(10)
        time = Area(left, above - px(110), width, px(110))
        name = Area(left, time.top - px(120), width, px(120))
        marks: list[Mark] = [
            Fill(area=step, colour=MEDALS[step_index + 1], radius_px=px(16)),
            Text(
                text=str(entry.rank),
                area=step,
                size_px=step_px * 62 // 100,
                least_px=px(40),
                colour=TEXT_DARK,
                align="centre",
            ),
            Text(text=entry.name, area=name, size_px=px(84), least_px=px(36), align="centre"),
            Text(
                text=first_text(entry, words, resolution_ns=resolution_ns),
                area=time,
                size_px=px(84),
                least_px=px(36),
                colour=TEXT_MUTED,
                align="centre",
            ),
        ]
        blocks.append(Block(name=f"podium {index}", area=area, marks=tuple(marks)))
    return Frame(Scene(size=canvas.size, blocks=tuple(blocks), page=0, page_count=1, name="podium"))


def _list(
    show: Show,
    canvas: Canvas,
    measures: Measures,
    name: str,
    headline: str,
    lines: list[tuple[str, str, str, bool]],
    note: str,
) -> Scene:
    """Return a headline over lines of a mark, a text, something beside it, and whether it is bright."""
    body, px = measures.body, measures.px
    head = Area(body.left, body.top, body.width, px(96))
    foot_px = px(110) if note else 0
    blocks = header_blocks(show.board.event.name, show.badge, measures, canvas.words)
    blocks.append(
        Block(
            name="headline",
            area=head,
            marks=(Text(text=headline, area=head, size_px=px(72), least_px=px(40), colour=TEXT_MUTED),),
        )
    )
    room = body.bottom - head.bottom - foot_px
    pitch = min(room // max(4, len(lines)), px(150))
    mark_px = max((measures.figures_px(mark, pitch * 60 // 100) for mark, *_ in lines), default=0) + px(40)
    for index, (mark, text, beside, is_bright) in enumerate(lines):
        row = Area(body.left, head.bottom + index * pitch, body.width, pitch - px(8))
        size = row.height * 66 // 100
        ink = TEXT_DARK if is_bright else TEXT
        beside_px = row.width // 4 if beside else 0
        first = Area(row.left, row.top, mark_px, row.height)
        last = Area(row.right - beside_px - px(24), row.top, beside_px, row.height)
        middle = Area(first.right + px(10), row.top, last.left - first.right - px(20), row.height)
        marks: list[Mark] = [
            Fill(area=row, colour=BLUE if is_bright else PANEL, radius_px=px(12)),
            Text(text=mark, area=first, size_px=size, least_px=px(30), colour=ink, align="centre"),
            Text(text=text, area=middle, size_px=size, least_px=px(34), colour=ink),
        ]
        if beside:
            pale = TEXT_DARK if is_bright else TEXT_MUTED
            small = size * 70 // 100
            marks.append(
                Text(text=beside, area=last, size_px=small, least_px=px(24), colour=pale, align="right")
            )
        blocks.append(Block(name=f"line {index}", area=row, marks=tuple(marks)))
    if not lines:
        empty = Area(body.left, head.bottom, body.width, pitch)
        nobody = Text(text=NO_TIME, area=empty, size_px=px(72), least_px=px(40), colour=TEXT_MUTED)
        blocks.append(Block(name="line 0", area=empty, marks=(nobody,)))
    if note:
        foot = Area(body.left, body.bottom - foot_px + px(10), body.width, foot_px - px(10))
        text_mark = Text(text=note, area=foot.inset(px(30)), size_px=px(56), least_px=px(30))
        ground = Fill(area=foot, colour=PANEL_RAISED, radius_px=px(12))
        blocks.append(Block(name="note", area=foot, marks=(ground, text_mark)))
    return Scene(size=canvas.size, blocks=tuple(blocks), page=0, page_count=1, name=name)
