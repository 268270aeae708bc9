"""The screen: a full-screen window, or SDL's dummy driver where there is no screen to open."""

from __future__ import annotations

import contextlib
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pygame

from display.scene.blocks import Area
from pitboard.drawing.screen_mode import screen_flags
from pitboard.errors import Refusal

log = logging.getLogger(__name__)

SIZE_WITHOUT_SCREEN = (1920, 1080)
_DRIVER = "SDL_VIDEODRIVER"


class Window:
    """An open screen; its surface may change when the screen does, so it is asked for at each frame."""

    @classmethod
    @contextlib.contextmanager
    def open(cls, *, title: str, size: tuple[int, int] | None, is_fullscreen: bool) -> Iterator[Window]:
        """Open the screen; raises Refusal where there is one that cannot be opened."""
        _start_driver()
        try:
            if pygame.display.get_driver() == "dummy":  # whose full screen is always 1024x768
                size, is_fullscreen = size or SIZE_WITHOUT_SCREEN, False
            flags = screen_flags(size, is_fullscreen=is_fullscreen)
            try:
                pygame.display.set_mode(size or (0, 0), flags)
            except pygame.error as error:
                raise Refusal(f"the screen cannot be opened: {error}; check 'size'") from error
            pygame.display.set_caption(title)
            pygame.mouse.set_visible(False)
            yield cls()
        finally:
            pygame.display.quit()

    @property
    def surface(self) -> pygame.Surface:
        surface = pygame.display.get_surface()
        assert surface is not None, "the window is open"
        return surface

    def present(self, areas: list[Area]) -> None:
        """Put these areas of the surface on the screen."""
        pygame.display.update(areas)

    def take_events(self) -> tuple[bool, bool]:
        """Return whether somebody asked to close the window, and whether it must be painted whole."""
        wants_close = needs_painting = False
        for event in pygame.event.get():
            if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
                wants_close = True
            elif event.type in (pygame.VIDEOEXPOSE, pygame.VIDEORESIZE, pygame.WINDOWSIZECHANGED):
                needs_painting = True
        return wants_close, needs_painting


def _start_driver() -> None:
    """Start SDL's video, on the dummy driver where it finds no screen and none was asked for."""
    try:
        pygame.display.init()
    except pygame.error as error:
        if os.environ.get(_DRIVER):
            raise Refusal(f"{_DRIVER}={os.environ[_DRIVER]} does not work here: {error}") from error
        log.warning("no screen found, drawing unseen: reason=%s", error)
        os.environ[_DRIVER] = "dummy"
        pygame.display.init()


def save_picture(surface: pygame.Surface, path: Path) -> None:
    """Write the surface as PNG to `path`; whoever reads it finds a whole picture, the old or the new."""
    encoded = io.BytesIO()
    pygame.image.save(surface, encoded, "board.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(encoded.getvalue())
    fresh.replace(path)
