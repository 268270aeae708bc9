"""A small picture of what is on the screen, for who steers displays from afar.

Made when asked, at most one a second, however many ask; its size is bounded."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import pygame

from pitboard.clock import Clock

WIDE_PX = 320
HIGH_MAX_PX = 320
MADE_EVERY_NS = 1_000_000_000
MAX_BYTES = 128 * 1_024


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
    high = min(HIGH_MAX_PX, WIDE_PX * height // width)
    return max(1, high * width // height if high == HIGH_MAX_PX else WIDE_PX), max(1, high)


def _encoded(small: pygame.Surface) -> bytes:
    into = io.BytesIO()
    pygame.image.save(small, into, "picture.png")
    return into.getvalue()
