"""A full screen in another size than the screen's own is scaled, not cut."""

from __future__ import annotations

import pygame
import pytest

from pitboard.drawing.screen_mode import screen_flags


@pytest.mark.parametrize(
    ("size", "is_fullscreen", "flags"),
    [
        ((1280, 720), False, 0),
        (None, True, pygame.FULLSCREEN),
        ((1920, 1080), True, pygame.FULLSCREEN),
        ((1280, 720), True, pygame.FULLSCREEN | pygame.SCALED),
    ],
)
def test_flags(
    size: tuple[int, int] | None, is_fullscreen: bool, flags: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [(1920, 1080)])
    assert screen_flags(size, is_fullscreen=is_fullscreen) == flags
