"""Turn fingers into taps, holds and drags.

A tap counts only on a button that has stood still under the finger for a moment: a second tap by a jumpy
glove, or one on a row that has just moved, never hits what the official did not see. One press at a time
decides. All acts happen when a finger leaves: a finger that the panel forgets to take away does nothing."""

from __future__ import annotations

from dataclasses import dataclass

from trackside.touch.widgets.view import Hold
from trackside.touch.widgets.widgets import Layout, ListArea, Rect, Widget

STILL_MIN_MS = 300
SAME_BUTTON_MIN_MS = 300
KEY_MIN_MS = 60  # typing is quicker than deciding
FLASH_MS = 90
SLOP_PX = 24
DRAG_MIN_PX = 30
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


@dataclass(slots=True, kw_only=True)
class _Press:
    x: int
    y: int
    mono_ns: int
    widget: Widget | None
    list_area: ListArea | None
    is_drag: bool = False


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
        widget = self._layout.widget_at(x, y)
        if widget is not None and not (self._may_be_tapped(widget, now_mono_ns) and self._is_first(widget)):
            widget = None
        area = self._layout.list_area
        self._presses[pointer] = _Press(
            x=x,
            y=y,
            mono_ns=now_mono_ns,
            widget=widget,
            list_area=area if area is not None and area.rect.contains(x, y) else None,
        )
        if widget is not None:
            self._flashes[widget.name] = now_mono_ns + FLASH_MS * _NS_PER_MS

    def move(self, pointer: int, x: int, y: int) -> Drag | None:
        press = self._presses.get(pointer)
        if press is None:
            return None
        moved_px = y - press.y
        if press.list_area is not None and not press.is_drag and abs(moved_px) > DRAG_MIN_PX:
            press.is_drag = True
        if press.is_drag and press.list_area is not None:
            press.widget = None
            return Drag(list_area=press.list_area, moved_px=moved_px)
        if press.widget is not None and not press.widget.rect.contains(x, y, slop_px=SLOP_PX):
            press.widget = None
        return None

    def up(self, pointer: int, x: int, y: int, now_mono_ns: int) -> Tap | None:
        """Return the tap, if the finger leaves the button it came down on."""
        self._forget_old(now_mono_ns)
        self.move(pointer, x, y)
        press = self._presses.pop(pointer, None)
        if press is None or press.widget is None:
            return None
        if now_mono_ns - press.mono_ns < press.widget.hold_ms * _NS_PER_MS:
            return None
        return self._tap(press, now_mono_ns)

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

    def _tap(self, press: _Press, now_mono_ns: int) -> Tap | None:
        widget = self._layout.widget(press.widget.name) if press.widget else None
        if widget is None or not widget.takes_taps:
            return None
        self._tapped[widget.name] = now_mono_ns
        return Tap(name=widget.name, pressed_mono_ns=press.mono_ns)

    def _forget_old(self, now_mono_ns: int) -> None:
        oldest_mono_ns = now_mono_ns - PRESS_MAX_MS * _NS_PER_MS
        self._presses = {
            pointer: press for pointer, press in self._presses.items() if press.mono_ns > oldest_mono_ns
        }

    def _is_first(self, widget: Widget) -> bool:
        """Tell whether no other finger is on this button, nor, unless it is a key, on any other."""
        down = [press.widget.name for press in self._presses.values() if press.widget is not None]
        if widget.name.startswith(KEYS):
            return widget.name not in down
        return not any(not name.startswith(KEYS) for name in down)

    def _may_be_tapped(self, widget: Widget, now_mono_ns: int) -> bool:
        since = self._still_since.get((widget.name, widget.rect), now_mono_ns)
        if now_mono_ns - since < STILL_MIN_MS * _NS_PER_MS:
            return False
        tapped = self._tapped.get(widget.name)
        pause_ms = KEY_MIN_MS if widget.name.startswith(KEYS) else SAME_BUTTON_MIN_MS
        return tapped is None or now_mono_ns - tapped >= pause_ms * _NS_PER_MS
