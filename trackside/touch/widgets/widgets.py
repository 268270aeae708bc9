"""What stands on the screen: rectangles with a stable name, a look and what a tap on them means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from trackside.touch.widgets.geometry import Rect
from trackside.touch.widgets.intents import Intent
from trackside.touch.widgets.typed_contact import TypedContact


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
