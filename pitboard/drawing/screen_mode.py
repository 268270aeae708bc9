"""How a pygame window is opened so that what is drawn fits what is shown."""

from __future__ import annotations

import pygame


def screen_flags(size: tuple[int, int] | None, *, is_fullscreen: bool) -> int:
    """Return the flags for `set_mode`; None as size means the screen's own.

    Full screen in another size than the screen's is scaled: without that a corner of the picture is shown.
    Scaling costs a renderer, so only there.
    """
    if not is_fullscreen:
        return 0
    fits = size is None or size in pygame.display.get_desktop_sizes()
    return pygame.FULLSCREEN if fits else pygame.FULLSCREEN | pygame.SCALED
