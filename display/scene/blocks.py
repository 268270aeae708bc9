"""A scene as plain values: blocks that do not overlap, each with its fills and texts.

Two equal blocks look the same, so whoever paints repaints only the blocks that differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from pitboard.drawing.font_files import Weight
from pitboard.drawing.palette import BACKGROUND, TEXT, Colour

Align = Literal["left", "centre", "right"]


class Area(NamedTuple):
    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def holds(self, other: Area) -> bool:
        """Return whether `other` lies wholly inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def meets(self, other: Area) -> bool:
        """Return whether the two share a pixel."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A filled rectangle; `radius_px` rounds its corners."""

    area: Area
    colour: Colour
    radius_px: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line, fitted into its area: first smaller down to `least_px`, then cut with an ellipsis."""

    text: str
    area: Area
    size_px: int
    least_px: int
    colour: Colour = TEXT
    weight: Weight = Weight.BOLD
    align: Align = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of the screen that is painted as a whole; marks are painted in order and stay inside."""

    name: str
    area: Area
    marks: tuple[Fill | Text, ...]
    ground: Colour = BACKGROUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All blocks of one frame; `runs_drawn` and `rows_drawn` say what of the board is on it."""

    size: tuple[int, int]
    blocks: tuple[Block, ...]
    page: int
    page_count: int
    runs_drawn: tuple[str, ...] = ()
    rows_drawn: tuple[str, ...] = ()
