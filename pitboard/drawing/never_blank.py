"""What keeps a screen lit: a part that fails to be laid out or painted is replaced, and the rest goes on.

A bug in drawing must not end a timing screen: the record that brought it out is in the journal and comes
again at every start. This is the one place outside the programs' entries that catches everything."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import pygame

from pitboard.drawing import palette

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_SAID_MAX_COUNT = 64
PLAIN_TEXT = "This part of the screen cannot be drawn."


class PaintGuard:
    """Runs what may fail; each kind of failure is logged with its traceback once."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()
        self.failed_count = 0

    def attempt(self, what: str, work: Callable[[], _T], *, otherwise: Callable[[], _T]) -> _T:
        """Return what `work` returns, or what `otherwise` does where it fails."""
        try:
            return work()
        except Exception as error:
            self.failed_count += 1
            key = (what, type(error).__name__)
            if key not in self._said and len(self._said) < _SAID_MAX_COUNT:
                self._said.add(key)
                log.exception("%s cannot be drawn, a stand-in is shown", what)
            return otherwise()


def paint_plain(target: pygame.Surface, area: pygame.Rect, text: str = PLAIN_TEXT) -> None:
    """Fill the area with the ground and a sentence in pygame's own font, which needs no file."""
    target.fill(palette.PANEL, area)
    size_px = max(12, min(48, area.height // 3))
    line = pygame.font.Font(None, size_px).render(text.replace("\0", " "), True, palette.TEXT_MUTED)
    if line.get_width() > area.width:
        width_px = max(1, area.width)
        line = pygame.transform.smoothscale(
            line, (width_px, max(1, line.get_height() * width_px // line.get_width()))
        )
    target.blit(line, line.get_rect(center=area.center))
