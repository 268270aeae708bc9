"""Read pygame's events as pointers and keys; mouse events that SDL makes up from touches are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pygame

from pitboard.drawing.window import Window
from trackside.touch.widgets.view import Erase, FinishTyping, Intent, Page, ShowPage, TypeText

MOUSE_POINTER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerEvent:
    kind: Literal["down", "move", "up"]
    pointer: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """Something typed on a real keyboard; it counts only where something can be typed."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class WheelEvent:
    rows: int  # down the list


class QuitEvent:
    """The window was closed."""


class ExposedEvent:
    """The window must be drawn again: something had covered it."""


class LostFingersEvent:
    """The window no longer gets the fingers: whatever is down will not be seen to leave."""


InputEvent = PointerEvent | KeyEvent | WheelEvent | QuitEvent | ExposedEvent | LostFingersEvent

_MOUSE_KINDS: dict[int, Literal["down", "move", "up"]] = {
    pygame.MOUSEBUTTONDOWN: "down",
    pygame.MOUSEMOTION: "move",
    pygame.MOUSEBUTTONUP: "up",
}
_FINGER_KINDS: dict[int, Literal["down", "move", "up"]] = {
    pygame.FINGERDOWN: "down",
    pygame.FINGERMOTION: "move",
    pygame.FINGERUP: "up",
}


def read_events(window: Window) -> list[InputEvent]:
    """Return what has happened since the last call; points are those of the canvas."""
    read = (_read(event, window) for event in window.events())
    return [event for event in read if event is not None]


def _read(event: pygame.event.Event, window: Window) -> InputEvent | None:
    if event.type in _MOUSE_KINDS:
        return _read_mouse(event, window)
    if event.type in _FINGER_KINDS:
        width, height = window.glass_size
        x, y = window.to_canvas(int(event.x * width), int(event.y * height))
        return PointerEvent(kind=_FINGER_KINDS[event.type], pointer=event.finger_id, x=x, y=y)
    if event.type == pygame.MOUSEWHEEL:
        return WheelEvent(-event.y)
    if event.type == pygame.TEXTINPUT:
        return KeyEvent(TypeText(event.text))
    if event.type == pygame.KEYDOWN:
        return _read_key(event.key)
    if event.type == pygame.VIDEOEXPOSE:
        return ExposedEvent()
    if event.type in (pygame.WINDOWFOCUSLOST, pygame.WINDOWHIDDEN):
        return LostFingersEvent()
    return QuitEvent() if event.type == pygame.QUIT else None


def _read_mouse(event: pygame.event.Event, window: Window) -> PointerEvent | None:
    if getattr(event, "touch", False) or getattr(event, "button", 1) != 1:
        return None
    x, y = window.to_canvas(event.pos[0], event.pos[1])
    return PointerEvent(kind=_MOUSE_KINDS[event.type], pointer=MOUSE_POINTER, x=x, y=y)


def _read_key(key: int) -> KeyEvent | None:
    if key == pygame.K_BACKSPACE:
        return KeyEvent(Erase())
    if key in (pygame.K_RETURN, pygame.K_KP_ENTER):
        return KeyEvent(FinishTyping())
    return KeyEvent(ShowPage(Page.MAIN)) if key == pygame.K_ESCAPE else None
