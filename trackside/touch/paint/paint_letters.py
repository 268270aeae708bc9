"""Draw a contact letter by letter, so that no text of it is made; where it is too long, its end."""

from __future__ import annotations

import pygame

from pitboard.drawing import palette
from pitboard.drawing.typeface import Typeface
from trackside.touch.widgets.geometry import Rect
from trackside.touch.widgets.typed_contact import TypedContact


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
