"""What stands on the screen: rectangles with a stable name, a look and what a tap on them means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from trackside.touch.widgets.typed_contact import TypedContact
from trackside.touch.widgets.view import Intent

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
    contact: TypedContact | None = None  # drawn letter by letter instead of the label
    contact_edits: int = 0  # tells one state of the contact from the next

    @property
    def takes_taps(self) -> bool:
        return self.enabled and self.intent is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListArea:
    """A list that can be dragged, row by row."""

    rect: Rect
    row_px: int
    top: int
    shown: int
    count: int

    @property
    def top_max(self) -> int:
        return max(0, self.count - self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    widgets: tuple[Widget, ...]
    list_area: ListArea | None = None

    def widget(self, name: str) -> Widget | None:
        return next((widget for widget in self.widgets if widget.name == name), None)

    def widget_at(self, x: int, y: int) -> Widget | None:
        """Return the enabled widget there; none of them overlap."""
        return next((one for one in self.widgets if one.takes_taps and one.rect.contains(x, y)), None)
