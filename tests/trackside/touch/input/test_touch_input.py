"""Fingers, mouse and keyboard as pygame reports them."""

from __future__ import annotations

from collections.abc import Iterator

import pygame
import pytest

from pitboard.drawing.window import Window
from trackside.touch.input.pygame_input import (
    MOUSE_POINTER,
    InputEvent,
    KeyEvent,
    PointerEvent,
    QuitEvent,
    WheelEvent,
    read_events,
)
from trackside.touch.widgets.view import Erase, FinishTyping, TypeText


@pytest.fixture(autouse=True)
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with Window.open(title="", size=(800, 480), is_fullscreen=False) as opened:
        pygame.event.clear()
        _WINDOWS[:] = [opened]
        yield opened


_WINDOWS: list[Window] = []


def read(kind: int, **details: object) -> list[InputEvent]:
    pygame.event.post(pygame.event.Event(kind, details))
    return [event for event in read_events(_WINDOWS[0]) if not isinstance(event, QuitEvent)]


def test_a_finger_is_read_in_pixels() -> None:
    assert read(pygame.FINGERDOWN, finger_id=3, x=0.5, y=0.25, dx=0, dy=0, touch_id=1) == [
        PointerEvent(kind="down", pointer=3, x=400, y=120)
    ]
    assert read(pygame.FINGERUP, finger_id=3, x=0.5, y=0.5, dx=0, dy=0, touch_id=1) == [
        PointerEvent(kind="up", pointer=3, x=400, y=240)
    ]


def test_the_mouse_events_that_sdl_makes_of_a_finger_are_not_a_second_tap() -> None:
    assert read(pygame.MOUSEBUTTONDOWN, pos=(5, 6), button=1, touch=True) == []
    assert read(pygame.MOUSEBUTTONDOWN, pos=(5, 6), button=1, touch=False) == [
        PointerEvent(kind="down", pointer=MOUSE_POINTER, x=5, y=6)
    ]


def test_only_the_main_mouse_button_taps_and_the_wheel_scrolls() -> None:
    assert read(pygame.MOUSEBUTTONDOWN, pos=(5, 6), button=3, touch=False) == []
    assert read(pygame.MOUSEWHEEL, x=0, y=-2, flipped=False, which=0) == [WheelEvent(2)]


def test_a_real_keyboard_types_erases_and_finishes() -> None:
    assert read(pygame.TEXTINPUT, text="é") == [KeyEvent(TypeText("é"))]
    assert read(pygame.KEYDOWN, key=pygame.K_BACKSPACE) == [KeyEvent(Erase())]
    assert read(pygame.KEYDOWN, key=pygame.K_RETURN) == [KeyEvent(FinishTyping())]
    assert read(pygame.KEYDOWN, key=pygame.K_a) == []
