"""What stands on the screen: rectangles with a stable name, a look and what a tap on them means."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from trackside.touch.widgets.typed_contact import TypedContact
from trackside.touch.widgets.view import Intent

DESIGN_WIDTH_PX = 1280
DESIGN_HEIGHT_PX = 800
TOUCH_MIN_TENTHS_MM = 120  # what a gloved finger hits
SMALL_PANEL_MM = 178  # the diagonal of 7 inches
SMALL_PANEL_MAX_PX = 1_600
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
    """The lengths of one screen: what a finger must hit follows the panel's millimetres, the rest its pixels.

    `panel_mm` None means that nobody knows; a small screen is then taken for a 7-inch one.
    """

    width: int
    height: int
    panel_mm: tuple[int, int] | None = None

    @property
    def screen(self) -> Rect:
        return Rect(0, 0, self.width, self.height)

    @property
    def is_portrait(self) -> bool:
        return self.height > self.width

    @property
    def permille(self) -> int:
        long, short = DESIGN_WIDTH_PX, DESIGN_HEIGHT_PX
        across, down = (short, long) if self.is_portrait else (long, short)
        return min(self.width * 1000 // across, self.height * 1000 // down)

    @property
    def px_per_metre(self) -> int:
        """Return how many pixels a metre has; 0 where the panel is large and nobody knows its size."""
        if self.panel_mm is not None:
            return max(
                self.width * 1000 // max(1, self.panel_mm[0]), self.height * 1000 // max(1, self.panel_mm[1])
            )
        diagonal_px = math.isqrt(self.width**2 + self.height**2)
        return diagonal_px * 1000 // SMALL_PANEL_MM if diagonal_px <= SMALL_PANEL_MAX_PX else 0

    def px(self, design_px: int) -> int:
        return max(1, design_px * self.permille // 1000)

    def text(self, design_px: int) -> int:
        """Return a text size; it never falls below what is legible in millimetres."""
        return design_px * max(self.permille, _TEXT_LEAST_PERMILLE, self.px_per_metre * 115 // 1000) // 1000

    def mm(self, tenths: int) -> int:
        """Return the pixels of a length in tenths of a millimetre, rounded up; 0 where nobody knows."""
        return -(-self.px_per_metre * tenths // 10_000)

    @property
    def button(self) -> int:
        """Return the least height and width of what is tapped."""
        return max(self.mm(TOUCH_MIN_TENTHS_MM), self.px(96))

    @property
    def gap(self) -> int:
        return self.px(12)

    @property
    def bar(self) -> int:
        """Return the height of the top bar: one row, two on a portrait screen."""
        return (2 if self.is_portrait else 1) * (self.button + 2 * self.px(4))

    @property
    def body(self) -> Rect:
        """The screen below the top bar, inside its margins."""
        below = self.screen.cut_top(self.bar)[1]
        return below.inset(self.gap, self.gap)

    def split(self) -> tuple[Rect, Rect]:
        """Return the body's two parts: the list and what is done with it, beside or below it."""
        if self.is_portrait:
            below, above = self.body.cut_bottom(self.body.h * 44 // 100, self.gap)
            return above, below
        right, left = self.body.cut_right(self.body.w * 37 // 100, self.gap)
        return left, right

    def places(self) -> Places:
        """Return where acts stand. Acts of different weight never share a place, in whatever phase."""
        main, side = self.split()
        last, above = side.cut_bottom(max(self.button, self.px(200)), self.gap)
        middle, panel = above.cut_bottom(max(self.button, self.px(130)), self.gap)
        foot, the_list = main.cut_bottom(max(self.button, self.px(120)), self.gap)
        fix, rest = foot.cut_left(max(self.button, foot.w * 24 // 100), self.gap)
        near, far = rest.columns(2, self.gap)
        return Places(
            main=main,
            the_list=the_list,
            fix=fix,
            near=near,
            far=far,
            panel=panel,
            middle=middle,
            last=last,
            side=side,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """START and Stop are `last`, Manual lap is `middle`, Put right is `fix`, Start by hand is `near`, CONFIRM
    is `far`."""

    main: Rect
    the_list: Rect  # the main part without its foot
    fix: Rect
    near: Rect
    far: Rect
    side: Rect
    panel: Rect
    middle: Rect
    last: Rect


class Look(Enum):
    PANEL = "panel"
    TEXT = "text"
    BUTTON = "button"
    KEY = "key"
    FIELD = "field"
    ROW = "row"
    LAP = "lap"
    LIGHT = "light"
    BANNER = "banner"
    SCALE = "scale"
    PICTURE = "picture"


class Tone(Enum):
    PLAIN = "plain"
    MUTED = "muted"
    GO = "go"
    MANUAL = "manual"
    WARNING = "warning"
    DANGER = "danger"
    BEST = "best"


Icon = Literal[
    "", "ok", "warning", "bad", "unknown", "up", "down", "erase", "search", "back", "best", "clear"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something on a scale: where, in thousandths of its length, and how far off that may be."""

    permille: int
    doubt_permille: int = 0
    tone: Tone = Tone.PLAIN
    label: str = ""
    is_on: bool = False
    is_struck: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    name: str
    rect: Rect
    look: Look
    label: str = ""
    note: str = ""  # a second, smaller line
    value: str = ""  # at the right end
    size_px: int = 24
    tone: Tone = Tone.PLAIN
    icon: Icon = ""
    align: Literal["left", "centre", "right"] = "centre"
    lines_max: int = 1
    note_lines_max: int = 1
    enabled: bool = True
    intent: Intent | None = None  # None: only to look at
    hold_ms: int = 0
    held_permille: int = 0
    reserved_px: int = 0  # at the right end, where other widgets lie on this one
    is_on: bool = False
    is_pressed: bool = False
    is_struck: bool = False
    is_sending: bool = False
    is_mirrored: bool = False  # drawn from the right end
    is_key: bool = False  # stands as on a keyboard, whichever way the language runs
    marks: tuple[Mark, ...] = ()
    picture: bytes = b""  # a PNG; where there is none, the label stands in its place
    contact: TypedContact | None = None  # drawn letter by letter instead of the label
    contact_edits: int = 0  # tells one state of the contact from the next

    @property
    def takes_taps(self) -> bool:
        return self.enabled and self.intent is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListArea:
    """A list that can be dragged, row by row; the rows named in `carried` can be moved to another place."""

    rect: Rect
    row_px: int
    top: int
    shown: int
    count: int
    carried: tuple[str, ...] = ()

    @property
    def top_max(self) -> int:
        return max(0, self.count - self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    widgets: tuple[Widget, ...]
    list_area: ListArea | None = None

    def widget(self, name: str) -> Widget | None:
        return next((widget for widget in self.widgets if widget.name == name), None)

    def button_at(self, x: int, y: int) -> Widget | None:
        """Return the button there that can be tapped now, else one that could be at another time."""
        there = [one for one in self.widgets if one.intent is not None and one.rect.contains(x, y)]
        return next((one for one in there if one.enabled), there[0] if there else None)


def mirrored(layout: Layout, measures: Measures) -> Layout:
    """Return the layout for a language that runs from right to left. Keys keep their order: letters and
    digits lie there as on any keyboard."""
    keys = [widget.rect for widget in layout.widgets if widget.is_key]
    moved_px = measures.width - max(key.right for key in keys) - min(key.x for key in keys) if keys else 0

    def turned(rect: Rect) -> Rect:
        return replace(rect, x=measures.width - rect.right)

    ends: dict[str, Literal["left", "centre", "right"]] = {
        "left": "right",
        "right": "left",
        "centre": "centre",
    }
    widgets = tuple(
        replace(
            widget,
            rect=replace(widget.rect, x=widget.rect.x + moved_px) if widget.is_key else turned(widget.rect),
            align=ends[widget.align],
            is_mirrored=True,
        )
        for widget in layout.widgets
    )
    area = layout.list_area
    return Layout(widgets=widgets, list_area=None if area is None else replace(area, rect=turned(area.rect)))
