"""A glass as it hangs in a venue: turned, its edge hidden by a television, upright."""

from __future__ import annotations

from collections.abc import Callable

import pygame

from pitboard.drawing.window import Hanging, Window

PORTRAIT_PANEL = (720, 1280)
"""The newer 7-inch panel, which is upright by itself."""
GLASSES: dict[str, tuple[tuple[int, int], Hanging]] = {
    "portrait": (PORTRAIT_PANEL, Hanging()),
    "portrait-turned-90": (PORTRAIT_PANEL, Hanging(rotate=90)),
    "turned-90": ((1280, 720), Hanging(rotate=90)),
    "turned-180": ((800, 480), Hanging(rotate=180)),
    "turned-270-overscan-5": ((1280, 720), Hanging(rotate=270, overscan_percent=5)),
    "overscan-10": ((1920, 1080), Hanging(overscan_percent=10)),
}


def on_glass(
    glass: tuple[int, int], hanging: Hanging, paint: Callable[[pygame.Surface], object]
) -> pygame.Surface:
    """Return what is seen on the glass once `paint` has drawn on the canvas."""
    with Window.open(title="glass", size=glass, is_fullscreen=False, hanging=hanging) as window:
        paint(window.surface)
        window.present([(0, 0, *window.surface.get_size())])
        seen = pygame.display.get_surface()
        assert seen is not None
        return seen.copy()
