"""A scene as plain values: blocks that do not overlap, each with its fills and texts.

Two equal blocks look the same, so whoever paints repaints only the blocks that differ."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from pitboard.drawing.palette import BACKGROUND, TEXT, Colour
from pitboard.drawing.typeface import Weight

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

    def lower(self, down_px: int) -> Area:
        return Area(self.left, self.top + down_px, self.width, self.height)

    def inset(self, x_px: int, y_px: int = 0) -> Area:
        """Return the area without its edge, so wide on the left and right, so high above and below."""
        return Area(self.left + x_px, self.top + y_px, self.width - 2 * x_px, self.height - 2 * y_px)

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
    """A filled rectangle; `radius_px` rounds its corners, of a part of a panel only those at an end of it."""

    area: Area
    colour: Colour
    radius_px: int = 0
    is_left_end: bool = True
    is_right_end: bool = True


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
class Arrow:
    """A triangle that points up or down; drawn, for not every font has one."""

    area: Area
    colour: Colour
    is_up: bool


@dataclass(frozen=True, slots=True)
class SentPicture:
    """A picture that came in records, PNG or JPEG; its hash tells it from others."""

    sha256: str
    content: bytes = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture, as large as its area takes without being stretched; `opacity` up to 255."""

    source: Path | SentPicture
    area: Area
    opacity: int = 255


Mark = Fill | Text | Arrow | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of the screen that is painted as a whole; marks are painted in order and stay inside.

    Of a block that is moving only what lies in `window` is seen; None is all of it.
    """

    name: str
    area: Area
    marks: tuple[Mark, ...]
    ground: Colour = BACKGROUND
    window: Area | None = None
    _hash: int = field(default=0, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        """Looks at all marks once: a page that comes round again is compared with the screen each time."""
        if not self._hash:
            found = hash((self.name, self.area, self.marks, self.ground, self.window))
            object.__setattr__(self, "_hash", found)
        return self._hash

    def moved(self, down_px: int, window: Area) -> Block:
        """Return the block so many pixels lower, seen through `window`."""
        if not down_px:
            return self
        marks = tuple(replace(mark, area=mark.area.lower(down_px)) for mark in self.marks)
        return replace(self, area=self.area.lower(down_px), marks=marks, window=window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All blocks of one frame; `runs_drawn` and `rows_drawn` say what of the board is on it."""

    size: tuple[int, int]
    blocks: tuple[Block, ...]
    page: int
    page_count: int
    runs_drawn: tuple[str, ...] = ()
    rows_drawn: tuple[str, ...] = ()
    name: str = "leaderboard"
    ground: Colour = BACKGROUND


LANDSCAPE = (1920, 1080)
PORTRAIT = (1080, 1920)
BANDS_MAX_COUNT = 3
DIGIT_PERMILLE = 700  # of the size: the widest figures of the fonts in use (DejaVu Sans Bold)
_SIGN_PERMILLE = {".": 400, ":": 400, "+": 840, "–": 600}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The places that scenes share: header, what is below it, bands; `px` scales a length of the design."""

    width: int
    height: int
    scale_permille: int
    is_portrait: bool
    header: Area
    body: Area
    digit_permille: int
    bands: tuple[Area, ...]

    def px(self, length: int) -> int:
        return max(1, length * self.scale_permille // 1_000)

    def figures_px(self, text: str, size_px: int) -> int:
        """Return a width that holds these figures at this size."""
        permille = sum(_SIGN_PERMILLE.get(sign, self.digit_permille) for sign in text)
        return permille * size_px // 1_000 + self.px(4)


@lru_cache(maxsize=16)
def measure(
    size: tuple[int, int],
    *,
    band_count: int = 0,
    digit_permille: int = DIGIT_PERMILLE,
    foot_px: int = 0,
) -> Measures:
    """Return the measures of a screen: `body` gives way to bands, and all to a foot."""
    width, height = size
    is_portrait = height > width
    design = PORTRAIT if is_portrait else LANDSCAPE
    scale = min(width * 1_000 // design[0], height * 1_000 // design[1])

    def px(length: int) -> int:
        return max(1, length * scale // 1_000)

    margin = px(28 if is_portrait else 40)
    inner = width - 2 * margin
    header = Area(margin, px(20), inner, px(92))
    top, bottom, gap = header.bottom + px(4), height - px(22) - foot_px, px(10)
    heights = (262, 226) if is_portrait else (158, 118)
    band_px = px(heights[0 if band_count <= 1 else 1])
    bands_px = band_count * (band_px + gap)
    bands = tuple(
        Area(margin, bottom - bands_px + gap + index * (band_px + gap), inner, band_px)
        for index in range(band_count)
    )
    return Measures(
        width=width,
        height=height,
        scale_permille=scale,
        is_portrait=is_portrait,
        header=header,
        body=Area(margin, top, inner, bottom - top - bands_px),
        digit_permille=digit_permille,
        bands=bands,
    )
