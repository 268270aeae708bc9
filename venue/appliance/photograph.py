"""Holding a photographed screen against the frame that was painted."""

from __future__ import annotations

from pathlib import Path

import pygame

_NEAR = (8, 8, 8)
"""How far each colour may be off: a screen may have fewer bits of it."""


def likeness(painted: Path, shown: Path) -> float:
    """Return which part of the points is the same in both pictures; 0.0 where their sizes differ."""
    one, other = (pygame.image.load(str(path)) for path in (painted, shown))
    if one.get_size() != other.get_size():
        return 0.0
    same = pygame.mask.from_threshold(one, (0, 0, 0), _NEAR, other)
    width, height = one.get_size()
    return same.count() / (width * height)
