"""Small signs drawn as shapes, so that they need no font: a state is told by shape as well as by colour."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import pygame

from pitboard.drawing import palette
from pitboard.drawing.palette import TEXT, TEXT_DARK, Colour
from trackside.touch.widgets.widgets import Look, Rect, Tone, Widget

_OVERSIZE = 4
_STAR = (
    (50, 2), (61, 38), (98, 38), (68, 60), (79, 96), (50, 74), (21, 96), (32, 60), (2, 38), (39, 38),
)  # fmt: skip


def draw_icon(
    target: pygame.Surface, icon: str, box: Rect, colour: Colour, *, is_mirrored: bool = False
) -> None:
    """Draw the icon into the largest square in the middle of the box; the way back is where reading began."""
    side = min(box.w, box.h)
    if icon in _DRAWERS and side > 0:
        drawn = _smooth(icon, side, colour)
        if is_mirrored and icon == "back":
            drawn = pygame.transform.flip(drawn, flip_x=True, flip_y=False)
        target.blit(drawn, (box.x + (box.w - side) // 2, box.y + (box.h - side) // 2))


@lru_cache(maxsize=64)
def _smooth(icon: str, side: int, colour: Colour) -> pygame.Surface:
    """Return the icon drawn four times too large and scaled down, which gives it soft edges."""
    large = pygame.Surface((side * _OVERSIZE, side * _OVERSIZE), pygame.SRCALPHA)
    large.fill((*colour, 0))
    _DRAWERS[icon](large, Rect(0, 0, side * _OVERSIZE, side * _OVERSIZE), colour)
    return pygame.transform.smoothscale(large, (side, side))


def _points(square: Rect, *percents: tuple[int, int]) -> list[tuple[int, int]]:
    return [(square.x + square.w * x // 100, square.y + square.h * y // 100) for x, y in percents]


def _thick(square: Rect, percent: int) -> int:
    return max(2, square.w * percent // 100)


def _strokes(
    target: pygame.Surface, square: Rect, colour: Colour, percent: int, *lines: tuple[tuple[int, int], ...]
) -> None:
    """Draw broken lines with round ends, equally thick in every direction."""
    half = max(1, square.w * percent // 200)
    for line in lines:
        points = _points(square, *line)
        for (x1, y1), (x2, y2) in pairwise(points):
            length = max(1, math.isqrt((x2 - x1) ** 2 + (y2 - y1) ** 2))
            dx, dy = (y2 - y1) * half // length, (x2 - x1) * half // length
            corners = [(x1 + dx, y1 - dy), (x2 + dx, y2 - dy), (x2 - dx, y2 + dy), (x1 - dx, y1 + dy)]
            pygame.draw.polygon(target, colour, corners)
        for point in points:
            pygame.draw.circle(target, colour, point, half)


def _ok(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    pygame.draw.circle(target, colour, _points(square, (50, 50))[0], square.w // 2)
    _strokes(target, square, TEXT_DARK, 11, ((28, 53), (44, 69), (73, 35)))


def _warning(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    pygame.draw.polygon(target, colour, _points(square, (50, 2), (100, 94), (0, 94)))
    _strokes(target, square, TEXT_DARK, 10, ((50, 36), (50, 62)))
    pygame.draw.circle(target, TEXT_DARK, _points(square, (50, 80))[0], _thick(square, 6))


def _bad(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    corners = ((30, 0), (70, 0), (100, 30), (100, 70), (70, 100), (30, 100), (0, 70), (0, 30))
    pygame.draw.polygon(target, TEXT, _points(square, *corners))
    inner = Rect(square.x, square.y, square.w, square.h).inset(_thick(square, 5))
    pygame.draw.polygon(target, colour, _points(inner, *corners))
    _strokes(target, square, TEXT, 12, ((32, 32), (68, 68)), ((68, 32), (32, 68)))


def _unknown(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    pygame.draw.circle(target, colour, _points(square, (50, 50))[0], square.w // 2, _thick(square, 9))
    _strokes(target, square, colour, 10, ((30, 50), (70, 50)))


def _up(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    pygame.draw.polygon(target, colour, _points(square, (50, 18), (92, 78), (8, 78)))


def _down(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    pygame.draw.polygon(target, colour, _points(square, (50, 82), (92, 22), (8, 22)))


def _back(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    _strokes(target, square, colour, 12, ((60, 20), (30, 50), (60, 80)))


def _clear(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    _strokes(target, square, colour, 12, ((22, 22), (78, 78)), ((78, 22), (22, 78)))


def _search(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    pygame.draw.circle(target, colour, _points(square, (42, 42))[0], square.w * 32 // 100, _thick(square, 11))
    _strokes(target, square, colour, 13, ((66, 66), (90, 90)))


def _erase(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    outline = _points(square, (0, 50), (30, 18), (100, 18), (100, 82), (30, 82))
    pygame.draw.polygon(target, colour, outline, _thick(square, 8))
    _strokes(target, square, colour, 9, ((48, 36), (76, 64)), ((76, 36), (48, 64)))


def _best(target: pygame.Surface, square: Rect, colour: Colour) -> None:
    pygame.draw.polygon(target, colour, _points(square, *_STAR))


_DRAWERS = {
    "ok": _ok,
    "warning": _warning,
    "bad": _bad,
    "unknown": _unknown,
    "up": _up,
    "down": _down,
    "back": _back,
    "clear": _clear,
    "search": _search,
    "erase": _erase,
    "best": _best,
}


FILLS = {
    Tone.GO: palette.GREEN,
    Tone.MANUAL: palette.BLUE,
    Tone.WARNING: palette.AMBER,
    Tone.DANGER: palette.RED,
    Tone.BEST: palette.GREEN,
}
INKS = {
    Tone.PLAIN: palette.TEXT,
    Tone.MUTED: palette.TEXT_MUTED,
    Tone.GO: palette.GREEN,
    Tone.MANUAL: palette.BLUE,
    Tone.WARNING: palette.AMBER,
    Tone.DANGER: palette.RED_BRIGHT,
    Tone.BEST: palette.GREEN,
}
_RED_DEEP = palette.blend(palette.RED, palette.BACKGROUND, percent=60)
_GREEN_DEEP = palette.blend(palette.GREEN, palette.BACKGROUND, percent=68)


def button_colours(widget: Widget) -> tuple[Colour, Colour | None, Colour]:
    """Return the colours of ground, edge and text."""
    if widget.is_sending:
        return palette.PANEL_PRESSED, palette.AMBER, palette.TEXT_DARK
    if widget.held_permille:
        return _RED_DEEP, palette.TEXT, palette.TEXT
    if not widget.enabled:
        return palette.PANEL, palette.LINE, palette.TEXT_DISABLED
    if widget.is_pressed:
        return palette.PANEL_PRESSED, palette.TEXT, palette.TEXT_DARK
    if widget.look is Look.KEY:
        return palette.PANEL_RAISED, None, INKS[widget.tone]
    if widget.is_on and widget.tone is Tone.GO:
        return _GREEN_DEEP, palette.GREEN, palette.TEXT
    if widget.tone in FILLS:
        ink = palette.TEXT if widget.tone is Tone.DANGER else palette.TEXT_DARK
        return FILLS[widget.tone], None, ink
    return palette.PANEL_RAISED, palette.LINE, palette.TEXT
