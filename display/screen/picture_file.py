"""What is on the screen, as a picture in a file for whoever looks in from outside."""

from __future__ import annotations

import io
from pathlib import Path

import pygame


def save_picture(surface: pygame.Surface, path: Path) -> None:
    """Write the surface as PNG to `path`; whoever reads it finds a whole picture, the old or the new."""
    encoded = io.BytesIO()
    pygame.image.save(surface, encoded, "board.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(encoded.getvalue())
    fresh.replace(path)
