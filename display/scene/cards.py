"""Scenes that say one thing to the whole hall: a message, who leads now, this display's name, where to look.

Each is a headline on a card; what does not fit is made smaller, then cut."""

from __future__ import annotations

from display.scene.blocks import Area, Block, Fill, Mark, Measures, Picture, Scene, Text
from display.scene.header import header_blocks
from display.scene.motion import FRAME_NS, between, progress_ppm
from display.scene.result_text import first_text
from display.scene.show import Canvas, Frame, Moment, Show
from pitboard.drawing.palette import BLUE, GOLD, PANEL, TEXT, TEXT_DARK, TEXT_MUTED, Colour
from pitboard.drawing.typeface import Weight

SPONSOR_NS = 8_000_000_000
FADE_NS = 700_000_000
_QUIET_MODULES = 4
_LINES_MAX_COUNT = 6


def lay_out_message(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the messages in turn, each in large letters."""
    measures = canvas.measures()
    text = show.messages[(moment.mono_ns // 12_000_000_000) % len(show.messages)] if show.messages else ""
    body = measures.body
    size = measures.px(170 if len(text) < 40 else 124 if len(text) < 100 else 84)
    lines = _wrapped(text, body.width - measures.px(120), size)
    marks: list[Mark] = [
        Fill(area=body, colour=PANEL, radius_px=measures.px(20)),
        Fill(
            area=Area(body.left, body.top, measures.px(18), body.height),
            colour=BLUE,
            radius_px=measures.px(9),
        ),
    ]
    pitch = size * 120 // 100
    top = body.top + max(0, body.height - pitch * len(lines)) // 2
    for index, line in enumerate(lines):
        area = Area(body.left + measures.px(60), top + index * pitch, body.width - measures.px(120), pitch)
        marks.append(Text(text=line, area=area, size_px=size, least_px=size // 3, align="centre"))
    turns = (moment.mono_ns // 12_000_000_000 + 1) * 12_000_000_000 if len(show.messages) > 1 else None
    return Frame(_card(show, canvas, measures, "message", body, marks), turns)


def lay_out_celebration(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the new leader on gold."""
    measures, words = canvas.measures(), canvas.words
    body = measures.body
    leader = show.board.entries[0] if show.board.entries else None
    resolution_ns = show.board.event.resolution_ns
    name = "" if leader is None else leader.name
    result = "" if leader is None else first_text(leader, words, resolution_ns=resolution_ns)
    marks: list[Mark] = [Fill(area=body, colour=GOLD, radius_px=measures.px(20))]
    marks += _stack(
        body,
        ((words.say("display.new-leader"), 22, TEXT_DARK), (name, 34, TEXT_DARK), (result, 44, TEXT_DARK)),
    )
    return Frame(_card(show, canvas, measures, "celebration", body, marks))


def lay_out_identify(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the display's own name, as large as it gets."""
    measures = canvas.measures()
    body = measures.body
    marks: list[Mark] = [Fill(area=body, colour=BLUE, radius_px=measures.px(20))]
    caption = 6 if body.height > body.width else 18  # never larger than the name, whose room is the width
    lines = ((canvas.words.say("display.this-is"), caption, TEXT_DARK), (show.display_name, 82, TEXT_DARK))
    return Frame(_card(show, canvas, measures, "identify", body, [*marks, *_stack(body, lines)]))


def lay_out_qr(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the way to the phone page."""
    words = canvas.words
    lines = ((words.say("display.on-your-phone"), 40, TEXT), (show.phone_url, 22, TEXT_MUTED))
    return _way_for_phones(show, canvas, "qr", show.phone_url or "https://", lines)


def lay_out_join(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the way into the queue, and the code of the moment for who types it."""
    words, join = canvas.words, show.join
    address = "" if join is None else join.address
    code = "" if join is None else join.code
    lines = (
        (words.say("display.join"), 30, TEXT),
        (code, 34, TEXT),
        (address.partition("://")[2] + "/join", 18, TEXT_MUTED),
    )
    return _way_for_phones(show, canvas, "join", f"{address}/join?code={code}", lines)


def _way_for_phones(
    show: Show, canvas: Canvas, name: str, url: str, lines: tuple[tuple[str, int, Colour], ...]
) -> Frame:
    """Return dark squares on white with the margin that a camera needs, and the lines beside them."""
    measures = canvas.measures()
    body = measures.body
    import segno  # few displays ever show one

    matrix = [list(row) for row in segno.make(url, error="m", micro=False).matrix]
    modules = len(matrix) + 2 * _QUIET_MODULES
    side = min(body.height, body.width * (60 if measures.is_portrait else 45) // 100)
    if measures.is_portrait:
        side = min(body.width, body.height * 60 // 100)
    step = side // modules
    side = step * modules
    white = Area(body.left, body.top, side, side)
    if measures.is_portrait:
        white = Area(body.left + (body.width - side) // 2, body.top, side, side)
    marks: list[Mark] = [Fill(area=white, colour=(255, 255, 254))]
    for line, row in enumerate(matrix):
        top = white.top + (line + _QUIET_MODULES) * step
        for first, length in _stretches(row):
            left = white.left + (first + _QUIET_MODULES) * step
            marks.append(Fill(area=Area(left, top, length * step, step), colour=(0, 0, 1)))
    if measures.is_portrait:
        beside = Area(body.left, white.bottom, body.width, body.bottom - white.bottom)
    else:
        left = white.right + measures.px(60)
        beside = Area(left, body.top, body.right - left, body.height)
    marks += _stack(beside, lines)
    return Frame(_card(show, canvas, measures, name, body, marks))


def lay_out_sponsors(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the pictures of the sponsors in turn, each as large as it fits."""
    measures = canvas.measures()
    body = measures.body
    since = max(0, moment.mono_ns - show.since_mono_ns)
    marks: list[Mark] = []
    if show.sponsors:
        source = show.sponsors[since // SPONSOR_NS % len(show.sponsors)]
        opacity = between(0, 255, progress_ppm(since % SPONSOR_NS, FADE_NS))
        area = body.inset(measures.px(40), measures.px(40))
        marks.append(Picture(source=source, area=area, opacity=opacity))
        if opacity < 255:
            scene = _card(show, canvas, measures, "sponsors", body, marks)
            return Frame(scene, moment.mono_ns + FRAME_NS)
    turns = show.since_mono_ns + (since // SPONSOR_NS + 1) * SPONSOR_NS if len(show.sponsors) > 1 else None
    return Frame(_card(show, canvas, measures, "sponsors", body, marks), turns)


def lay_out_technical(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return what a technician asks for on the telephone, a line each."""
    measures = canvas.measures()
    body = measures.body
    pitch = min(measures.px(84), body.height // max(1, len(show.facts)))
    marks: list[Mark] = [Fill(area=body, colour=PANEL, radius_px=measures.px(10))]
    for index, (what, value) in enumerate(show.facts):
        row = Area(body.left + measures.px(30), body.top + index * pitch, body.width - measures.px(60), pitch)
        if row.bottom > body.bottom:
            break
        left = Area(row.left, row.top, row.width * 30 // 100, row.height)
        right = Area(left.right, row.top, row.width - left.width, row.height)
        size = pitch * 56 // 100
        marks += [
            Text(
                text=what,
                area=left,
                size_px=size,
                least_px=size // 2,
                colour=TEXT_MUTED,
                weight=Weight.REGULAR,
            ),
            Text(text=value, area=right, size_px=size, least_px=size // 2),
        ]
    return Frame(_card(show, canvas, measures, "technical", body, marks))


def _card(show: Show, canvas: Canvas, measures: Measures, name: str, area: Area, marks: list[Mark]) -> Scene:
    blocks = header_blocks(show.board.event.name, show.badge, measures, canvas.words)
    card = Block(name=name, area=area, marks=tuple(marks))
    return Scene(size=canvas.size, blocks=(*blocks, card), page=0, page_count=1, name=name)


def _stack(area: Area, lines: tuple[tuple[str, int, Colour], ...]) -> list[Text]:
    """Return lines one below the other, each with its share of the height in percent."""
    marks, top = [], area.top
    inside = area.inset(area.width // 30)
    for text, percent, colour in lines:
        height = area.height * percent // 100
        size = max(8, min(height * 80 // 100, inside.width // 2))  # a long line shrinks from it by sixteenths
        least = max(8, min(size // 6, inside.width // 18))  # on an upright screen the width is what is short
        line = Area(inside.left, top, inside.width, height)
        marks.append(Text(text=text, area=line, size_px=size, least_px=least, colour=colour, align="centre"))
        top += height
    return marks


def _wrapped(text: str, width_px: int, size_px: int) -> list[str]:
    """Break between words where a line is likely full; a bold letter is about half as wide as high."""
    room = max(4, width_px * 2 // size_px)
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room and len(lines) < _LINES_MAX_COUNT:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _stretches(row: list[int]) -> list[tuple[int, int]]:
    """Return where dark modules begin and how many stand together."""
    found: list[tuple[int, int]] = []
    for index, dark in enumerate(row):
        if not dark:
            continue
        if found and found[-1][0] + found[-1][1] == index:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((index, 1))
    return found
