"""Paint scenes on a surface: only the blocks that differ from what is already there."""

from __future__ import annotations

import pygame

from display.scene.blocks import Area, Block, Fill, Scene
from display.scene.theme import Theme, load_theme
from pitboard.drawing.never_blank import PaintGuard, paint_plain
from pitboard.drawing.palette import BACKGROUND
from pitboard.drawing.typeface import Typeface

_PROBE_PX = 100


class Painter:
    """Remembers what it painted last; `forget` makes the next scene be painted whole."""

    def __init__(self, typeface: Typeface, theme: Theme | None = None) -> None:
        self._typeface = typeface
        self._theme = theme or load_theme("dark-hall")
        self._guard = PaintGuard()
        self._painted: dict[Area, Block] = {}
        self._size: tuple[int, int] | None = None
        widest = max(typeface.width(digit, size_px=_PROBE_PX) for digit in "0123456789")
        self.digit_permille = widest * 1_000 // _PROBE_PX + 1

    def forget(self) -> None:
        self._painted = {}
        self._size = None

    def paint(self, scene: Scene, surface: pygame.Surface) -> list[Area]:
        """Paint what changed and return the areas touched; none if the scene is the same."""
        if self._size != scene.size:
            self._painted = {}
            self._size = scene.size
            surface.fill(self._theme[BACKGROUND])
            touched = [Area(0, 0, *scene.size)]
        else:
            touched = self._clear_vanished(scene, surface)
        cleared = list(touched)
        for block in scene.blocks:
            is_same = self._painted.get(block.area) == block
            if is_same and not any(area.meets(block.area) for area in cleared):
                continue
            self._paint_block(block, surface)
            touched.append(block.area)
        self._painted = {block.area: block for block in scene.blocks}
        return touched

    def _clear_vanished(self, scene: Scene, surface: pygame.Surface) -> list[Area]:
        kept = {block.area for block in scene.blocks}
        vanished = [area for area in self._painted if area not in kept]
        for area in vanished:
            surface.fill(self._theme[BACKGROUND], area)
        return vanished

    def _paint_block(self, block: Block, surface: pygame.Surface) -> None:
        surface.set_clip(block.area)
        self._guard.attempt(
            f"block {block.name.split(' ')[0]}",
            lambda: self._paint_marks(block, surface),
            otherwise=lambda: paint_plain(surface, pygame.Rect(block.area)),
        )
        surface.set_clip(None)

    def _paint_marks(self, block: Block, surface: pygame.Surface) -> None:
        surface.fill(self._theme[block.ground], block.area)
        for mark in block.marks:
            if isinstance(mark, Fill):
                pygame.draw.rect(surface, self._theme[mark.colour], mark.area, border_radius=mark.radius_px)
            elif mark.text:
                self._typeface.draw(
                    surface,
                    mark.text,
                    mark.area,
                    size_px=mark.size_px,
                    colour=self._theme[mark.colour],
                    weight=mark.weight,
                    align=mark.align,
                    shrink_to_px=mark.least_px,
                )
