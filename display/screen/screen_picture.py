"""What is on the screen as a picture, for who is elsewhere: small for who steers from afar, whole in a file.

A small one is made of the frame on the glass when asked, at most one per second, and its size is bounded."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pygame

from pitboard.clock import Clock
from pitboard.drawing.palette import Colour
from pitboard.trust.signed_picture import PICTURE_MAX_BYTES, SIDE_MAX_PX

MADE_EVERY_NS = 1_000_000_000


class Thumbnail:
    """`surface()` is what is on the screen now."""

    def __init__(self, surface: Callable[[], pygame.Surface], clock: Clock) -> None:
        self._surface = surface
        self._clock = clock
        self._making = asyncio.Lock()
        self._made_mono_ns: int | None = None
        self._picture = b""

    async def picture(self) -> bytes:
        """Return the picture as PNG, a second old at most."""
        async with self._making:
            now_ns = self._clock.mono_ns()
            if self._made_mono_ns is None or now_ns - self._made_mono_ns >= MADE_EVERY_NS:
                self._made_mono_ns = now_ns
                small = pygame.transform.smoothscale(self._surface(), size_of(self._surface().get_size()))
                self._picture = await asyncio.to_thread(_encoded, small)
            return self._picture


def size_of(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of the small picture of a screen of this size."""
    width, height = size
    if width >= height:
        return SIDE_MAX_PX, max(1, SIDE_MAX_PX * height // width)
    return max(1, SIDE_MAX_PX * width // height), SIDE_MAX_PX


def _encoded(small: pygame.Surface) -> bytes:
    """Return it as PNG; of a noisy photograph, which does not fit, a smaller one."""
    while True:
        into = io.BytesIO()
        pygame.image.save(small, into, "picture.png")
        if len(into.getvalue()) <= PICTURE_MAX_BYTES:
            return into.getvalue()
        width, height = small.get_size()
        small = pygame.transform.smoothscale(small, (max(1, width // 2), max(1, height // 2)))


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
