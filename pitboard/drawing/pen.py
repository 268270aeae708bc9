"""Writes lines below each other on a screen that has little to say, sized by the screen."""

from __future__ import annotations

import pygame

from pitboard.drawing.palette import Colour
from pitboard.drawing.typeface import Typeface


class Pen:
    """Writes lines below each other; sizes are in hundredths of the picture's width."""

    def __init__(self, target: pygame.Surface, typeface: Typeface, *, unit: float) -> None:
        self._target = target
        self._typeface = typeface
        self._unit = unit
        self.left, self.y, self.width = 0, 0, 0

    def go(self, left: int, top: int, width: int) -> None:
        self.left, self.y, self.width = left, top, width

    def height(self, text: str, size: float, width: int, *, lines: int) -> int:
        size_px = self._size_px(size)
        parts = self._typeface.wrap(text, size_px=size_px, width_px=width, lines_max=lines)
        return len(parts) * _line_px(size_px)

    def write(self, text: str, size: float, colour: Colour, *, lines: int = 1) -> None:
        size_px = self._size_px(size)
        if lines == 1:
            parts = [text]
        else:
            parts = self._typeface.wrap(text, size_px=size_px, width_px=self.width, lines_max=lines)
        for part in parts:
            area = (self.left, self.y, self.width, _line_px(size_px))
            shrunk_px = size_px * 2 // 3
            self._typeface.draw(
                self._target, part, area, size_px=size_px, colour=colour, shrink_to_px=shrunk_px
            )
            self.y += _line_px(size_px)

    def _size_px(self, size: float) -> int:
        return max(14, round(self._unit * size))


def _line_px(size_px: int) -> int:
    return size_px * 13 // 10
