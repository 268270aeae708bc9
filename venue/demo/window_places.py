"""Where the demo's two windows stand: side by side, so that one sees the board while one taps."""

from __future__ import annotations

from typing import NamedTuple

import pygame

MARGIN = 12
TITLE_BAR = 40
"""What a desktop puts above a window, and the panel of the desktop itself."""
TOUCH_SIZES = ((1024, 600), (800, 480))
BOARD_LEAST_WIDTH = 640
BOARD_MIN_WIDTH = 432
SMALL_SCREEN = (1366, 768)


class Window(NamedTuple):
    left: int
    top: int
    width: int
    height: int

    @property
    def position(self) -> str:
        """The place as SDL reads it from SDL_VIDEO_WINDOW_POS."""
        return f"{self.left},{self.top}"


class Windows(NamedTuple):
    touch: Window
    board: Window


def windows_on(screen: tuple[int, int]) -> Windows:
    """Return the touchscreen on the left, as large as leaves room for a board beside it, or one below."""
    top = MARGIN + TITLE_BAR
    for width, height in TOUCH_SIZES:
        room = screen[0] - width - 3 * MARGIN
        if room >= BOARD_LEAST_WIDTH and height <= screen[1] - top - MARGIN:
            break
    touch = Window(MARGIN, top, width, height)
    high = screen[1] - top - MARGIN
    # An upright room is filled: its board has larger type than a lying one as wide, and half of it was bare.
    size = (max(BOARD_MIN_WIDTH, room), high) if high > room else _wide(room, high)
    beside = Window(touch.left + width + MARGIN, top, *size)
    low = top + height + TITLE_BAR
    below = Window(MARGIN, low, *_wide(screen[0] - 2 * MARGIN, screen[1] - low - MARGIN))
    return Windows(touch, max(beside, below, key=lambda window: window.width))


def _wide(width: int, height: int) -> tuple[int, int]:
    """Return the largest size of a television's form in this room, at least what a display can be."""
    wide = max(BOARD_MIN_WIDTH, min(width, height * 16 // 9))
    return wide, wide * 9 // 16


def screen_size() -> tuple[int, int]:
    """Return the size of the desktop's first screen; that of a small laptop where it does not say."""
    try:
        pygame.display.init()
        sizes = pygame.display.get_desktop_sizes()
    except pygame.error:
        return SMALL_SCREEN
    finally:
        pygame.display.quit()
    return sizes[0] if sizes else SMALL_SCREEN
