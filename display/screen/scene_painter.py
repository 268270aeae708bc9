"""Paint scenes on a surface: only the blocks that differ from what is already there."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Collection, Sequence
from pathlib import Path

import pygame

from display.scene.blocks import Area, Arrow, Block, Fill, Picture, Scene, SentPicture
from display.scene.theme import Theme, dimmed, load_theme
from pitboard.drawing.never_blank import PaintGuard, paint_plain
from pitboard.drawing.palette import KEY, Colour
from pitboard.drawing.typeface import Typeface

_PROBE_PX = 100
_PICTURES_KEPT_MAX_COUNT = 8
_CORNERS_KEPT_MAX_COUNT = 32


class Painter:
    """Remembers what it painted last; `forget` makes the next scene be painted whole."""

    def __init__(self, typeface: Typeface, theme: Theme | None = None) -> None:
        self._typeface = typeface
        self._bright = self._theme = theme or load_theme("dark-hall")
        self._guard = PaintGuard()
        self._painted: set[Block] = set()
        self._pictures: OrderedDict[tuple[Path | SentPicture, int, int], pygame.Surface] = OrderedDict()
        self._corners: dict[tuple[int, Colour, Colour], pygame.Surface] = {}
        self._ground: tuple[tuple[int, int], Colour] | None = None
        widest = max(typeface.width(digit, size_px=_PROBE_PX) for digit in "0123456789")
        self.digit_permille = widest * 1_000 // _PROBE_PX + 1

    @property
    def key(self) -> Colour:
        """The colour that a video mixer takes out."""
        return self._theme[KEY]

    def dim(self, percent: int) -> None:
        """Paint so bright from now on."""
        theme = self._bright if percent >= 100 else dimmed(self._bright, percent)
        if theme != self._theme:
            self._theme = theme
            self.forget()

    def forget(self) -> None:
        self._painted = set()
        self._ground = None

    def paint(self, scene: Scene, surface: pygame.Surface) -> list[Area]:
        """Paint what changed and return the areas touched; none if the scene is the same.

        Blocks may lie over one another while they move: what a touched area was part of is painted again, in
        the scene's order.
        """
        touched: list[Area] = []
        if self._ground != (scene.size, scene.ground):
            self._painted = set()
            self._ground = (scene.size, scene.ground)
            surface.fill(self._theme[scene.ground])
            touched = [Area(0, 0, *scene.size)]
        # A block's hash looks at all that it shows: it is taken once for each, the rest is told by identity.
        now = set(scene.blocks)
        fresh = {id(block): _seen(block) for block in now - self._painted}
        touched += self._clear_vanished(now, fresh.values(), scene.ground, surface)
        for block in scene.blocks:
            seen = fresh.get(id(block))
            if seen is None:
                seen = _seen(block) if touched else None
                if seen is None or not any(area.meets(seen) for area in touched):
                    continue
            self._paint_block(block, surface, seen)
            touched.append(seen)
        self._painted = now
        return touched

    def _clear_vanished(
        self, now: set[Block], fresh: Collection[Area], ground: Colour, surface: pygame.Surface
    ) -> list[Area]:
        vanished = [_seen(block) for block in self._painted - now]
        bare = [area for area in vanished if area not in fresh]
        for area in bare:
            surface.fill(self._theme[ground], area)
        return bare

    def _paint_block(self, block: Block, surface: pygame.Surface, seen: Area) -> None:
        surface.set_clip(seen)
        self._guard.attempt(
            f"block {block.name.split(' ')[0]}",
            lambda: self._paint_marks(block, surface),
            otherwise=lambda: paint_plain(surface, pygame.Rect(block.area)),
        )
        surface.set_clip(None)

    def _paint_marks(self, block: Block, surface: pygame.Surface) -> None:
        marks = block.marks
        below: list[tuple[Area, Colour | None]] = [(block.area, block.ground)]
        if marks and isinstance(marks[0], Fill) and marks[0].area == block.area and marks[0].radius_px:
            self._paint_panel(marks[0], self._theme[block.ground], surface)
            below.append((marks[0].area, marks[0].colour))
            marks = marks[1:]
        else:
            surface.fill(self._theme[block.ground], block.area)
        for mark in marks:
            if isinstance(mark, Fill):
                pygame.draw.rect(surface, self._theme[mark.colour], mark.area, border_radius=mark.radius_px)
                below.append((mark.area, mark.colour))
            elif isinstance(mark, Arrow):
                self._paint_arrow(mark, surface)
                below.append((mark.area, None))
            elif isinstance(mark, Picture):
                self._paint_picture(mark, surface)
                below.append((mark.area, None))
            elif mark.text:
                ground = _ground_of(mark.area, below)
                self._typeface.draw(
                    surface,
                    mark.text,
                    mark.area,
                    size_px=mark.size_px,
                    colour=self._theme[mark.colour],
                    weight=mark.weight,
                    align=mark.align,
                    shrink_to_px=mark.least_px,
                    ground=None if ground is None else self._theme[ground],
                )

    def _paint_panel(self, panel: Fill, ground: Colour, surface: pygame.Surface) -> None:
        """Fill a whole block and round its corners, in half the time of its ground and a round rectangle."""
        area, colour = panel.area, self._theme[panel.colour]
        radius = min(panel.radius_px, area.width // 2, area.height // 2)
        key = (radius, colour, ground)
        if key not in self._corners:
            if len(self._corners) >= _CORNERS_KEPT_MAX_COUNT:
                self._corners.clear()
            round_ = pygame.Surface((2 * radius, 2 * radius))
            round_.fill(ground)
            pygame.draw.rect(round_, colour, round_.get_rect(), border_radius=radius)
            self._corners[key] = round_
        corners = self._corners[key]
        surface.fill(colour, area)
        for is_end, left, x in (
            (panel.is_left_end, area.left, 0),
            (panel.is_right_end, area.right - radius, radius),
        ):
            for top, y in ((area.top, 0), (area.bottom - radius, radius)) if is_end else ():
                surface.blit(corners, (left, top), (x, y, radius, radius))

    def _paint_arrow(self, mark: Arrow, surface: pygame.Surface) -> None:
        area = mark.area
        base, tip = (area.bottom, area.top) if mark.is_up else (area.top, area.bottom)
        points = [(area.left, base), (area.right, base), (area.left + area.width // 2, tip)]
        pygame.draw.polygon(surface, self._theme[mark.colour], points)

    def _paint_picture(self, mark: Picture, surface: pygame.Surface) -> None:
        key = (mark.source, mark.area.width, mark.area.height)
        if key not in self._pictures:
            self._pictures[key] = _scaled(_loaded(mark.source), mark.area)
            if len(self._pictures) > _PICTURES_KEPT_MAX_COUNT:
                self._pictures.popitem(last=False)
        picture = self._pictures[key]
        picture.set_alpha(mark.opacity)
        surface.blit(picture, picture.get_rect(center=pygame.Rect(mark.area).center))


def _ground_of(area: Area, below: Sequence[tuple[Area, Colour | None]]) -> Colour | None:
    """Return the one colour under an area, by what was painted in this order; None where it is not one."""
    for painted, colour in reversed(below):
        if painted.holds(area):
            return colour
        if painted.meets(area):
            return None
    return None


def _seen(block: Block) -> Area:
    if block.window is None:
        return block.area
    return Area(*pygame.Rect(block.area).clip(pygame.Rect(block.window)))


def _loaded(source: Path | SentPicture) -> pygame.Surface:
    if isinstance(source, Path):
        return pygame.image.load(source)
    return pygame.image.load(io.BytesIO(source.content))


def _scaled(picture: pygame.Surface, area: Area) -> pygame.Surface:
    width, height = picture.get_size()
    permille = min(area.width * 1_000 // width, area.height * 1_000 // height)
    size = (max(1, width * permille // 1_000), max(1, height * permille // 1_000))
    if picture.get_bitsize() < 24:  # smoothscale takes no palettes
        plain = pygame.Surface(picture.get_size(), pygame.SRCALPHA)
        plain.blit(picture, (0, 0))
        picture = plain
    return pygame.transform.smoothscale(picture, size)
