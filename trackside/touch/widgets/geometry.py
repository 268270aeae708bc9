"""Rectangles and the measures of a screen; integers, in pixels.

Lengths are designed for 1280x800 and scaled; a button never gets lower than a gloved finger needs."""

from __future__ import annotations

from dataclasses import dataclass

DESIGN_WIDTH_PX = 1280
DESIGN_HEIGHT_PX = 800
BUTTON_MIN_PX = 76  # 15 mm on the official 7-inch display
_TEXT_LEAST_PERMILLE = 680


@dataclass(frozen=True, slots=True)
class Rect:
    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    @property
    def area(self) -> tuple[int, int, int, int]:
        return (self.x, self.y, self.w, self.h)

    def contains(self, x: int, y: int, *, slop_px: int = 0) -> bool:
        return self.x - slop_px <= x < self.right + slop_px and self.y - slop_px <= y < self.bottom + slop_px

    def covers(self, other: Rect) -> bool:
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def overlaps(self, other: Rect) -> bool:
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )

    def inset(self, x_px: int, y_px: int | None = None) -> Rect:
        y_px = x_px if y_px is None else y_px
        return Rect(self.x + x_px, self.y + y_px, self.w - 2 * x_px, self.h - 2 * y_px)

    def cut_top(self, height_px: int, gap_px: int = 0) -> tuple[Rect, Rect]:
        """Return the top part of that height and what is left below a gap."""
        used = height_px + gap_px
        return (
            Rect(self.x, self.y, self.w, height_px),
            Rect(self.x, self.y + used, self.w, max(0, self.h - used)),
        )

    def cut_bottom(self, height_px: int, gap_px: int = 0) -> tuple[Rect, Rect]:
        """Return the bottom part of that height and what is left above a gap."""
        return (
            Rect(self.x, self.bottom - height_px, self.w, height_px),
            Rect(self.x, self.y, self.w, max(0, self.h - height_px - gap_px)),
        )

    def cut_left(self, width_px: int, gap_px: int = 0) -> tuple[Rect, Rect]:
        """Return the left part of that width and what is left beside a gap."""
        used = width_px + gap_px
        return (
            Rect(self.x, self.y, width_px, self.h),
            Rect(self.x + used, self.y, max(0, self.w - used), self.h),
        )

    def cut_right(self, width_px: int, gap_px: int = 0) -> tuple[Rect, Rect]:
        """Return the right part of that width and what is left beside a gap."""
        return (
            Rect(self.right - width_px, self.y, width_px, self.h),
            Rect(self.x, self.y, max(0, self.w - width_px - gap_px), self.h),
        )

    def columns(self, count: int, gap_px: int) -> list[Rect]:
        """Return `count` columns that fill the width exactly, their widths differing by a pixel at most."""
        room = self.w - gap_px * (count - 1)
        edges = [room * index // count for index in range(count + 1)]
        return [
            Rect(self.x + edges[index] + gap_px * index, self.y, edges[index + 1] - edges[index], self.h)
            for index in range(count)
        ]

    def rows(self, count: int, gap_px: int) -> list[Rect]:
        """Return `count` rows that fill the height exactly."""
        room = self.h - gap_px * (count - 1)
        edges = [room * index // count for index in range(count + 1)]
        return [
            Rect(self.x, self.y + edges[index] + gap_px * index, self.w, edges[index + 1] - edges[index])
            for index in range(count)
        ]


@dataclass(frozen=True, slots=True)
class Measures:
    """The lengths of one screen size."""

    width: int
    height: int

    @property
    def screen(self) -> Rect:
        return Rect(0, 0, self.width, self.height)

    @property
    def permille(self) -> int:
        return min(self.width * 1000 // DESIGN_WIDTH_PX, self.height * 1000 // DESIGN_HEIGHT_PX)

    def px(self, design_px: int) -> int:
        return max(1, design_px * self.permille // 1000)

    def text(self, design_px: int) -> int:
        """Return a text size; on small screens it shrinks less than the geometry does."""
        return design_px * max(self.permille, _TEXT_LEAST_PERMILLE) // 1000

    @property
    def button(self) -> int:
        return max(BUTTON_MIN_PX, self.px(96))

    @property
    def gap(self) -> int:
        return self.px(12)

    @property
    def bar(self) -> int:
        return max(68, self.px(96))

    @property
    def body(self) -> Rect:
        """The screen below the top bar, inside its margins."""
        below = self.screen.cut_top(self.bar)[1]
        return below.inset(self.gap, self.gap)
