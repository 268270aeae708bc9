"""What stands in for a picture that cannot be drawn is always drawn itself."""

from __future__ import annotations

import pygame
import pytest

from pitboard.drawing.never_blank import paint_plain


@pytest.mark.parametrize("text", ["", "\0", "a\0b", "long " * 400])
def test_the_stand_in_is_drawn_whatever_the_text(text: str) -> None:
    pygame.font.init()
    surface = pygame.Surface((200, 40))
    paint_plain(surface, pygame.Rect(0, 0, 200, 40), text)
    assert tuple(surface.get_at((0, 0))) != (0, 0, 0, 255)
