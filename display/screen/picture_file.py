"""What is on the screen, as a picture in a file for whoever looks in from outside."""

from __future__ import annotations

import io
from pathlib import Path

import pygame

from pitboard.drawing.palette import Colour


def without_key(surface: pygame.Surface, key: Colour) -> pygame.Surface:
    """Return the picture with nothing where the key colour was, for whoever lays it over another."""
    keyed = surface.copy()
    keyed.set_colorkey(key)
    clear = pygame.Surface(surface.get_size(), pygame.SRCALPHA)
    clear.blit(keyed, (0, 0))
    return clear


def save_picture(surface: pygame.Surface, path: Path) -> None:
    """Write the surface as PNG to `path`; whoever reads it finds a whole picture, the old or the new."""
    encoded = io.BytesIO()
    pygame.image.save(surface, encoded, "board.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(encoded.getvalue())
    fresh.replace(path)
