"""Turn fingers into taps, holds and drags.

A tap counts only on a button that has stood still under the finger for a moment: a second tap by a jumpy
glove, or one on a row that has just moved, never hits what the official did not see. One press at a time
decides. All acts happen when a finger leaves: a finger that the panel forgets to take away does nothing.
A tap that a person meant and that does not count is told as `Unheard`, never dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trackside.touch.widgets.view import Hold
from trackside.touch.widgets.widgets import Layout, ListArea, Rect, Widget

STILL_MIN_MS = 300
SAME_BUTTON_MIN_MS = 300
KEY_MIN_MS = 60  # typing is quicker than deciding
FLASH_MS = 90
LIFT_MS = 400
"""A row to be carried is lifted once the finger has rested on it for so long; till then a drag scrolls."""
SLOP_PX = 24
DRAG_MIN_PX = 30
EDGE_PARTS = 3
"""This part of the first and the last row is where a list moves on under what is carried."""
POINTERS_MAX_COUNT = 10
PRESS_MAX_MS = 5_000  # a finger that is longer down is a resting one, or one whose leaving was lost
KEYS = ("keyboard:", "pin:")  # two thumbs type: these may overlap
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A button was meant: which one, and when the finger came down on it."""

    name: str
    pressed_mono_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drag:
    """A list is being dragged: where it stood when the finger came down, and how far that has moved."""

    list_area: ListArea
    moved_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """A row of a list is under the finger, lifted; `row` is that of the rows shown over which it is now,
    `edge` -1 or 1 where that is at the upper or lower end of the list."""

    name: str
    row: int
    edge: int


@dataclass(frozen=True, slots=True)
class Unheard:
    """Somebody tapped a button in vain: it could not be tapped when the finger came down ("closed"), no
    longer when it left ("changed"), or the finger left too soon ("short")."""

    name: str
    why: Literal["closed", "changed", "short"]


@dataclass(slots=True, kw_only=True)
class _Press:
    x: int
    y: int
    mono_ns: int
    widget: Widget | None
    list_area: ListArea | None
    is_drag: bool = False
    is_carry: bool = False
    closed: Widget | None = None  # the button there, where it cannot be tapped
    seen_mono_ns: int = 0  # when the finger was last known to be there


class Pointers:
    """The fingers on the screen, each by its id; the mouse is one of them."""

    def __init__(self) -> None:
        self._layout = Layout(widgets=())
        self._presses: dict[int, _Press] = {}
        self._still_since: dict[tuple[str, Rect], int] = {}
        self._tapped: dict[str, int] = {}
        self._flashes: dict[str, int] = {}

    def see(self, layout: Layout, now_mono_ns: int) -> None:
        """Take what is on the screen now."""
        if layout.widgets == self._layout.widgets:
            return
        self._layout = layout
        places = [(widget.name, widget.rect) for widget in layout.widgets if widget.intent is not None]
        self._still_since = {place: self._still_since.get(place, now_mono_ns) for place in places}
        names = {name for name, _ in places}
        self._tapped = {name: when for name, when in self._tapped.items() if name in names}

    def down(self, pointer: int, x: int, y: int, now_mono_ns: int) -> None:
        self._forget_old(now_mono_ns)
        while len(self._presses) >= POINTERS_MAX_COUNT:
            del self._presses[next(iter(self._presses))]
        self._presses.pop(pointer, None)
        widget = there = self._layout.button_at(x, y)
        if widget is not None and not (
            widget.takes_taps and self._may_be_tapped(widget, now_mono_ns) and self._is_first(widget)
        ):
            widget = None
        area = self._layout.list_area
        self._presses[pointer] = _Press(
            x=x,
            y=y,
            mono_ns=now_mono_ns,
            widget=widget,
            list_area=area if area is not None and area.rect.contains(x, y) else None,
            closed=there if widget is None and not self._is_bounce(there, now_mono_ns) else None,
            seen_mono_ns=now_mono_ns,
        )
        if widget is not None:
            self._flashes[widget.name] = now_mono_ns + FLASH_MS * _NS_PER_MS

    def move(self, pointer: int, x: int, y: int, now_mono_ns: int) -> Drag | None:
        press = self._presses.get(pointer)
        if press is None:
            return None
        if self._lifts(press, now_mono_ns):
            press.y, press.seen_mono_ns = y, now_mono_ns
            return None
        moved_px = y - press.y
        if press.list_area is not None and not press.is_drag and abs(moved_px) > DRAG_MIN_PX:
            press.is_drag = True
        if press.is_drag and press.list_area is not None:
            press.widget = press.closed = None
            return Drag(list_area=press.list_area, moved_px=moved_px)
        for widget in (press.widget, press.closed):
            if widget is not None and not widget.rect.contains(x, y, slop_px=SLOP_PX):
                press.widget = press.closed = None
        return None

    def up(self, pointer: int, x: int, y: int, now_mono_ns: int) -> Tap | Carry | Unheard | None:
        """Return the tap, if the finger leaves the button it came down on, or the row that it carried there;
        nothing where it slid away."""
        self._forget_old(now_mono_ns)
        self.move(pointer, x, y, now_mono_ns)
        press = self._presses.pop(pointer, None)
        if press is None:
            return None
        if carry := self._carry_of(press, now_mono_ns):
            return carry
        if press.closed is not None:
            return Unheard(press.closed.name, "closed")
        if press.widget is None:
            return None
        if now_mono_ns - press.mono_ns < press.widget.hold_ms * _NS_PER_MS:
            return Unheard(press.widget.name, "short")
        return self._tap(press, now_mono_ns)

    def carry(self, now_mono_ns: int) -> Carry | None:
        """Return the row that a finger carries, once it has rested there long enough to lift it."""
        carried = (self._carry_of(press, now_mono_ns) for press in self._presses.values())
        return next((one for one in carried if one is not None), None)

    def _carry_of(self, press: _Press, now_mono_ns: int) -> Carry | None:
        if not self._lifts(press, now_mono_ns) or press.widget is None or press.list_area is None:
            return None
        area, below_px = press.list_area, press.y - press.list_area.rect.y
        edge_px = area.row_px // EDGE_PARTS
        edge = -1 if below_px < edge_px else 1 if below_px > area.rect.h - edge_px else 0
        row = max(0, min(area.shown - 1, below_px // area.row_px))
        return Carry(name=press.widget.name, row=row, edge=edge)

    def cancel(self) -> None:
        """Forget all fingers: the window lost them."""
        self._presses = {}

    @property
    def is_touched(self) -> bool:
        return bool(self._presses)

    def pressed(self, now_mono_ns: int) -> frozenset[str]:
        """Return the buttons to show as pressed: also a very short tap can be seen."""
        self._forget_old(now_mono_ns)
        self._flashes = {name: until for name, until in self._flashes.items() if until > now_mono_ns}
        down = {press.widget.name for press in self._presses.values() if press.widget is not None}
        return frozenset(down | self._flashes.keys())

    def hold(self) -> Hold | None:
        for press in self._presses.values():
            if press.widget is not None and press.widget.hold_ms:
                return Hold(name=press.widget.name, since_mono_ns=press.mono_ns)
        return None

    def _lifts(self, press: _Press, now_mono_ns: int) -> bool:
        """Tell whether the finger carries a row: such a press takes as long as the person wants."""
        area, widget = press.list_area, press.widget
        if press.is_carry or press.is_drag or area is None or widget is None:
            return press.is_carry
        rested = now_mono_ns - press.mono_ns >= LIFT_MS * _NS_PER_MS
        press.is_carry = rested and widget.name in area.carried
        return press.is_carry

    def _tap(self, press: _Press, now_mono_ns: int) -> Tap | Unheard:
        assert press.widget is not None
        widget = self._layout.widget(press.widget.name)
        if widget is None or not widget.takes_taps:
            return Unheard(press.widget.name, "changed")
        self._tapped[widget.name] = now_mono_ns
        return Tap(name=widget.name, pressed_mono_ns=press.mono_ns)

    def _forget_old(self, now_mono_ns: int) -> None:
        oldest_mono_ns = now_mono_ns - PRESS_MAX_MS * _NS_PER_MS
        self._presses = {
            pointer: press for pointer, press in self._presses.items() if press.seen_mono_ns > oldest_mono_ns
        }

    def _is_first(self, widget: Widget) -> bool:
        """Tell whether no other finger is on this button, nor, unless it is a key, on any other."""
        down = [press.widget.name for press in self._presses.values() if press.widget is not None]
        if widget.name.startswith(KEYS):
            return widget.name not in down
        return not any(not name.startswith(KEYS) for name in down)

    def _is_bounce(self, widget: Widget | None, now_mono_ns: int) -> bool:
        """Tell whether the press belongs to one that counted just now: a jumpy glove, or a second finger."""
        if widget is None:
            return False
        tapped = self._tapped.get(widget.name)
        is_again = tapped is not None and now_mono_ns - tapped < SAME_BUTTON_MIN_MS * _NS_PER_MS
        return is_again or (widget.takes_taps and not self._is_first(widget))

    def _may_be_tapped(self, widget: Widget, now_mono_ns: int) -> bool:
        since = self._still_since.get((widget.name, widget.rect), now_mono_ns)
        if now_mono_ns - since < STILL_MIN_MS * _NS_PER_MS:
            return False
        tapped = self._tapped.get(widget.name)
        pause_ms = KEY_MIN_MS if widget.name.startswith(KEYS) else SAME_BUTTON_MIN_MS
        return tapped is None or now_mono_ns - tapped >= pause_ms * _NS_PER_MS
