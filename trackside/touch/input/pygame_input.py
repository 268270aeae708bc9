"""Read pygame's events as pointers and keys; mouse events that SDL makes up from touches are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pygame

from trackside.touch.widgets.view import Erase, FinishTyping, Intent, Page, ShowPage, TypeText
from trackside.touch.widgets.widgets import Measures

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


def read_events(measures: Measures) -> list[InputEvent]:
    """Return what has happened since the last call."""
    read = (_read(event, measures) for event in pygame.event.get())
    return [event for event in read if event is not None]


def _read(event: pygame.event.Event, measures: Measures) -> InputEvent | None:
    if event.type in _MOUSE_KINDS:
        return _read_mouse(event)
    if event.type in _FINGER_KINDS:
        return PointerEvent(
            kind=_FINGER_KINDS[event.type],
            pointer=event.finger_id,
            x=int(event.x * measures.width),
            y=int(event.y * measures.height),
        )
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


def _read_mouse(event: pygame.event.Event) -> PointerEvent | None:
    if getattr(event, "touch", False) or getattr(event, "button", 1) != 1:
        return None
    return PointerEvent(kind=_MOUSE_KINDS[event.type], pointer=MOUSE_POINTER, x=event.pos[0], y=event.pos[1])


def _read_key(key: int) -> KeyEvent | None:
    if key == pygame.K_BACKSPACE:
        return KeyEvent(Erase())
    if key in (pygame.K_RETURN, pygame.K_KP_ENTER):
        return KeyEvent(FinishTyping())
    return KeyEvent(ShowPage(Page.MAIN)) if key == pygame.K_ESCAPE else None
