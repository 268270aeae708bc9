"""Fingers, mouse and keyboard as pygame reports them."""

from __future__ import annotations

from collections.abc import Iterator

import pygame
import pytest

from tests.trackside.touch.touch_samples import SIZES
from trackside.touch.input.pygame_input import (
    MOUSE_POINTER,
    InputEvent,
    KeyEvent,
    PointerEvent,
    QuitEvent,
    WheelEvent,
    read_events,
)
from trackside.touch.paint.touch_window import open_window
from trackside.touch.widgets.view import Erase, FinishTyping, TypeText


@pytest.fixture(autouse=True)
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with open_window(width=800, height=480, is_fullscreen=False):
        pygame.event.clear()
        yield


def read(kind: int, **details: object) -> list[InputEvent]:
    pygame.event.post(pygame.event.Event(kind, details))
    return [event for event in read_events(SIZES[1]) if not isinstance(event, QuitEvent)]


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
