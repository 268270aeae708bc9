"""A scene as plain values: blocks that do not overlap, each with its fills and texts.

Two equal blocks look the same, so whoever paints repaints only the blocks that differ."""

from __future__ import annotations

from dataclasses import dataclass
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


LANDSCAPE = (1920, 1080)
PORTRAIT = (1080, 1920)
ROWS_WISHED_LANDSCAPE = 10
ROWS_WISHED_PORTRAIT = 18
BANDS_MAX_COUNT = 3
LARGE_ROWS_PERCENT = 140  # where all entries fit that way
DIGIT_PERMILLE = 700  # of the size: the widest figures of the fonts in use (DejaVu Sans Bold)
_SIGN_PERMILLE = {".": 400, ":": 400, "+": 840, "–": 600}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The places of header, captions, rows and bands; `px` scales a length of the design."""

    width: int
    height: int
    scale_permille: int
    is_portrait: bool
    header: Area
    captions: Area
    rows: Area
    row_count: int
    row_pitch_px: int
    row_percent: int
    digit_permille: int
    bands: tuple[Area, ...]

    def px(self, length: int) -> int:
        return max(1, length * self.scale_permille // 1_000)

    def row(self, index: int) -> Area:
        """Return the place of the row at `index` from the top."""
        return Area(
            self.rows.left,
            self.rows.top + index * self.row_pitch_px,
            self.rows.width,
            self.row_pitch_px - self.px(6),
        )

    def row_px(self, length: int) -> int:
        """Scale a length that grows with the rows."""
        return self.px(length * self.row_percent // 100)

    def figures_px(self, text: str, size_px: int) -> int:
        """Return a width that holds these figures at this size."""
        permille = sum(_SIGN_PERMILLE.get(sign, self.digit_permille) for sign in text)
        return permille * size_px // 1_000 + self.px(4)


def measure(
    size: tuple[int, int], *, band_count: int, entry_count: int, digit_permille: int = DIGIT_PERMILLE
) -> Measures:
    """Return the measures of a screen: rows give way to bands, and are larger while the entries are few."""
    width, height = size
    is_portrait = height > width
    design = PORTRAIT if is_portrait else LANDSCAPE
    scale = min(width * 1_000 // design[0], height * 1_000 // design[1])

    def px(length: int) -> int:
        return max(1, length * scale // 1_000)

    margin = px(28 if is_portrait else 40)
    inner = width - 2 * margin
    header = Area(margin, px(20), inner, px(92))
    captions = Area(margin, header.bottom + px(4), inner, px(34))
    top, bottom = captions.bottom + px(4), height - px(22)
    gap = px(10)
    first_band_px = px(262 if is_portrait else 158)
    further_band_px = px(226 if is_portrait else 118)
    rows_wished = ROWS_WISHED_PORTRAIT if is_portrait else ROWS_WISHED_LANDSCAPE
    pitch = (bottom - top - first_band_px - gap) // rows_wished
    band_px = first_band_px if band_count <= 1 else further_band_px
    bands_px = band_count * (band_px + gap)
    bands = tuple(
        Area(margin, bottom - bands_px + gap + index * (band_px + gap), inner, band_px)
        for index in range(band_count)
    )
    rows_px = bottom - top - bands_px
    large_pitch = pitch * LARGE_ROWS_PERCENT // 100
    is_large = not is_portrait and entry_count * large_pitch <= rows_px
    return Measures(
        width=width,
        height=height,
        scale_permille=scale,
        is_portrait=is_portrait,
        header=header,
        captions=captions,
        rows=Area(margin, top, inner, rows_px),
        row_count=rows_px // (large_pitch if is_large else pitch),
        row_pitch_px=large_pitch if is_large else pitch,
        row_percent=LARGE_ROWS_PERCENT if is_large else 100,
        digit_permille=digit_permille,
        bands=bands,
    )
