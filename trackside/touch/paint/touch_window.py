"""The pygame window: full screen on a kiosk, else a window, SDL's dummy driver where there is no screen."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pygame

from pitboard.drawing.screen_mode import screen_flags

DRM_FOLDER = Path("/dev/dri")


def choose_video_driver(environment: Mapping[str, str], *, drm_folder: Path = DRM_FOLDER) -> str | None:
    """Return the SDL driver to set, or None where SDL shall choose itself."""
    if environment.get("SDL_VIDEODRIVER"):
        return None
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return None
    return None if any(drm_folder.glob("card*")) else "dummy"


@contextmanager
def open_window(*, width: int, height: int, is_fullscreen: bool) -> Iterator[pygame.Surface]:
    """Yield the surface of a new window; only the display is started, so no sound device is touched."""
    driver = choose_video_driver(os.environ)
    if driver:
        os.environ["SDL_VIDEODRIVER"] = driver
    # The screen must not blank while a car is on the track.
    os.environ.setdefault("SDL_VIDEO_ALLOW_SCREENSAVER", "0")
    pygame.display.init()
    try:
        surface = pygame.display.set_mode(
            (width, height), screen_flags((width, height), is_fullscreen=is_fullscreen)
        )
        pygame.display.set_caption("Pitboard")
        pygame.mouse.set_visible(not is_fullscreen)
        pygame.key.start_text_input()
        yield surface
    finally:
        pygame.display.quit()
