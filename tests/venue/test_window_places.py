"""The demo's windows on screens of any size: wholly seen, and never one over the other."""

from __future__ import annotations

import pytest

from venue.demo.window_places import Window, windows_on


@pytest.mark.parametrize(
    "screen", [(1366, 768), (1280, 800), (1440, 900), (1920, 1080), (2560, 1440), (3840, 2160)]
)
def test_both_windows_are_wholly_seen(screen: tuple[int, int]) -> None:
    touch, board = windows_on(screen)
    for window in (touch, board):
        assert window.left + window.width <= screen[0]
        assert window.top + window.height <= screen[1]
    assert board.left >= touch.left + touch.width or board.top >= touch.top + touch.height
    assert board.width >= 432  # so high that a name is read


@pytest.mark.parametrize("screen", [(1366, 768), (1920, 1080)])
def test_a_board_beside_the_touchscreen_leaves_no_half_of_the_screen_bare(screen: tuple[int, int]) -> None:
    touch, board = windows_on(screen)
    assert touch.width * touch.height + board.width * board.height > screen[0] * screen[1] * 70 // 100


def test_a_large_screen_has_the_large_windows() -> None:
    touch, board = windows_on((1920, 1080))
    assert touch[2:] == (1_024, 600)
    assert board.width > 800
    assert Window(12, 52, 1, 1).position == "12,52"
