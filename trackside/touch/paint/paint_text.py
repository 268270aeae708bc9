"""Place a widget's text: a label of one or more lines with a smaller note below, centred in its room."""

from __future__ import annotations

import pygame

from pitboard.drawing import palette
from pitboard.drawing.palette import Colour
from pitboard.drawing.typeface import ELLIPSIS, Align, Typeface, Weight
from trackside.touch.widgets.typed_contact import TypedContact
from trackside.touch.widgets.widgets import Rect

_SHRINK_PERCENTS = (100, 93, 86, 80, 74, 68, 62, 56, 50)
_SHRINK_ALWAYS_PERCENT = 74
"""So far a label is drawn smaller in any case; further only while it stays legible."""
_LINE_PERCENT = 122
_NOTE_PERCENT = 64
_NOTE_MOST_PX = 34
_NOTE_LEAST_PX = 18
_NOTE_GAP_PERCENT = 25


def draw_block(
    target: pygame.Surface,
    typeface: Typeface,
    room: Rect,
    *,
    label: str,
    note: str,
    size_px: int,
    colour: Colour,
    note_colour: Colour,
    align: Align,
    lines_max: int,
    note_lines_max: int = 1,
    note_least_px: int = _NOTE_LEAST_PX,
) -> None:
    """Draw label and note; what is too long is drawn smaller first, then cut with an ellipsis."""
    note_least_px = max(_NOTE_LEAST_PX, note_least_px)
    note_px, note_lines = _fitted(
        typeface,
        note,
        room.w,
        room.h,
        max(note_least_px, min(_NOTE_MOST_PX, size_px * _NOTE_PERCENT // 100)),
        note_lines_max,
        least_px=note_least_px * 4 // 5,
        weight=Weight.REGULAR,
    )
    note_line_px = note_px * _LINE_PERCENT // 100
    note_room_px = len(note_lines) * note_line_px + (note_px * _NOTE_GAP_PERCENT // 100 if label else 0)
    label_room_px = room.h - note_room_px
    size_px, lines = _fitted(
        typeface, label, room.w, label_room_px, size_px, lines_max, least_px=note_least_px, weight=Weight.BOLD
    )
    line_px = size_px * _LINE_PERCENT // 100
    y = room.y + (room.h - len(lines) * line_px - note_room_px) // 2
    for line in lines:
        typeface.draw(target, line, (room.x, y, room.w, line_px), size_px=size_px, colour=colour, align=align)
        y += line_px
    y += note_room_px - len(note_lines) * note_line_px
    for line in note_lines:
        typeface.draw(
            target,
            line,
            (room.x, y, room.w, note_line_px),
            size_px=note_px,
            colour=note_colour,
            align=align,
            weight=Weight.REGULAR,
        )
        y += note_line_px


def _balanced(
    typeface: Typeface, text: str, *, size_px: int, width_px: int, lines_max: int, weight: Weight
) -> list[str]:
    """Return the lines of a wrapped text, made about equally long where no word has to be broken."""
    lines = typeface.wrap(text, size_px=size_px, width_px=width_px, lines_max=lines_max, weight=weight)
    if len(lines) < 2 or lines[-1].endswith(ELLIPSIS):
        return lines
    widest = max(typeface.width(word, size_px=size_px, weight=weight) for word in text.split())
    for percent in range(50, 100, 5):
        narrow_px = width_px * percent // 100
        tried = typeface.wrap(text, size_px=size_px, width_px=narrow_px, lines_max=lines_max, weight=weight)
        if widest <= narrow_px and len(tried) == len(lines) and not tried[-1].endswith(ELLIPSIS):
            return tried
    return lines


def _fitted(
    typeface: Typeface,
    text: str,
    width_px: int,
    height_px: int,
    size_px: int,
    lines_max: int,
    *,
    least_px: int,
    weight: Weight,
) -> tuple[int, list[str]]:
    """Return the largest size that needs no cut and breaks no word, and its lines; else the smallest with
    the cut."""
    if not text:
        return size_px if weight is Weight.BOLD else 0, []
    words = text.split() or [text]
    tried, lines = size_px, [text]
    for percent in _SHRINK_PERCENTS:
        smaller_px = size_px * percent // 100
        if smaller_px < least_px and percent < _SHRINK_ALWAYS_PERCENT:
            break
        tried = smaller_px
        fitting = max(1, min(lines_max, height_px // (tried * _LINE_PERCENT // 100)))
        lines = _balanced(typeface, text, size_px=tried, width_px=width_px, lines_max=fitting, weight=weight)
        widest = max(typeface.width(word, size_px=tried, weight=weight) for word in words)
        is_low = len(lines) * (tried * _LINE_PERCENT // 100) <= height_px
        if is_low and widest <= width_px and not (lines and lines[-1].endswith(ELLIPSIS)):
            break
    return tried, lines


def draw_letters(
    target: pygame.Surface, typeface: Typeface, contact: TypedContact, room: Rect, size_px: int
) -> int:
    """Draw in the room, from its left edge, and return where the last letter ends."""
    width, shown = 0, 0
    for letter in contact.letters_from_end():
        letter_px = typeface.width(letter, size_px=size_px)
        if width + letter_px > room.w:
            break
        width, shown = width + letter_px, shown + 1
    right = room.x + width
    for _, letter in zip(range(shown), contact.letters_from_end(), strict=False):
        letter_px = typeface.width(letter, size_px=size_px)
        right -= letter_px
        if letter != " ":
            area = (right, room.y, letter_px + 1, room.h)
            typeface.draw(target, letter, area, size_px=size_px, colour=palette.TEXT)
    return room.x + width
