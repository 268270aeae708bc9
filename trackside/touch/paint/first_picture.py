"""What the window shows until the first page is painted: finding and reading fonts takes longer than all
before, and a black window looks broken."""

from __future__ import annotations

import pygame

from pitboard.drawing import palette
from pitboard.drawing.window import Window

_TITLE = "Pitboard"


def show_at_once(window: Window) -> None:
    """Put the name on the glass by the font that pygame brings; the first page replaces all of it."""
    surface = window.surface
    width, height = surface.get_size()
    surface.fill(palette.BACKGROUND)
    pygame.font.init()
    title = pygame.font.Font(None, max(16, min(width, height) // 5)).render(_TITLE, True, palette.TEXT)
    at = ((width - title.get_width()) // 2, (height - title.get_height()) // 2)
    surface.blit(title, at)
    under = pygame.Rect(at[0], at[1] + title.get_height(), title.get_width(), max(2, height // 80))
    surface.fill(palette.AMBER, under)
    window.present([(0, 0, width, height)])
