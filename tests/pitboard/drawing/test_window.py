"""A screen that hangs turned, hides its edge, or is not there yet."""

from __future__ import annotations

import contextlib
import os

import pygame
import pytest

from pitboard.drawing import window as window_module
from pitboard.drawing.panel import Turn
from pitboard.drawing.window import LOOK_AGAIN_NS, LOOK_FOR_DESKTOP_NS, Hanging, Window

TURNS: tuple[Turn, ...] = (0, 90, 180, 270)
GLASS = (1280, 720)


@pytest.mark.parametrize("rotate", TURNS)
@pytest.mark.parametrize("overscan_percent", [0, 5])
def test_every_point_of_the_canvas_is_found_under_the_finger(rotate: Turn, overscan_percent: int) -> None:
    hanging = Hanging(rotate=rotate, overscan_percent=overscan_percent)
    width, height = hanging.canvas_size(GLASS)
    assert (height > width) == (rotate in (90, 270))
    for point in ((0, 0), (width - 1, 0), (17, height - 1), (width // 3, height // 2)):
        x, y = hanging.to_glass(*point, GLASS)
        assert 0 <= x < GLASS[0]
        assert 0 <= y < GLASS[1]
        assert hanging.to_canvas(x, y, GLASS) == point


@pytest.mark.parametrize("rotate", TURNS)
def test_what_is_drawn_appears_where_it_is_tapped(rotate: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    hanging = Hanging(rotate=rotate, overscan_percent=4)
    with Window.open(title="", size=GLASS, is_fullscreen=False, hanging=hanging) as window:
        assert window.surface.get_size() == hanging.canvas_size(GLASS)
        window.surface.fill((200, 30, 40), (100, 60, 20, 10))
        window.present([(100, 60, 20, 10)])
        glass = pygame.display.get_surface()
        assert glass is not None
        assert glass.get_at(window.to_glass(110, 65))[:3] == (200, 30, 40)
        assert glass.get_at(window.to_glass(130, 65))[:3] == (0, 0, 0)


def test_without_a_screen_it_draws_and_looks_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver")
    with Window.open(title="", size=None, is_fullscreen=True) as window:
        assert not window.has_screen
        window.surface.fill((1, 2, 3))
        window.present([(0, 0, 10, 10)])
        assert window.events() == []
        for step in range(1, 5):
            assert not window.look(step * LOOK_AGAIN_NS)
        assert sum("no screen" in line for line in caplog.messages) == 1
        monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
        assert not window.look(4 * LOOK_AGAIN_NS + 1)  # not at every turn of the loop
        assert window.look(5 * LOOK_AGAIN_NS)
        assert window.has_screen
        assert not window.look(6 * LOOK_AGAIN_NS)


@pytest.mark.parametrize(
    ("environment", "renderer"),
    [
        ({"SDL_VIDEODRIVER": "kmsdrm"}, "opengles2"),
        ({"SDL_VIDEODRIVER": "dummy"}, None),
        ({"SDL_VIDEODRIVER": "kmsdrm", "SDL_RENDER_DRIVER": "software"}, "software"),
    ],
)
def test_without_a_desktop_it_draws_in_the_language_that_the_screen_speaks(
    environment: dict[str, str], renderer: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else SDL draws with desktop OpenGL on a screen of OpenGL ES: all black, and no error (seen in QEMU)."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "SDL_RENDER_DRIVER"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with Window.open(title="", size=GLASS, is_fullscreen=True):
        assert os.environ.get("SDL_RENDER_DRIVER") == renderer


def test_a_full_screen_follows_the_desktop_into_another_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """SDL is not told of it by X11, and would go on showing a corner of the picture."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    modes = iter([(1920, 1080), (1920, 1080), (1280, 720), (1280, 720), None, (1920, 1080)])
    monkeypatch.setattr(window_module, "x11_desktop", lambda: contextlib.nullcontext(next(modes)))
    with Window.open(title="", size=None, is_fullscreen=True) as window:
        monkeypatch.setattr(pygame.display, "get_driver", lambda: "x11")
        assert not window.look(1, is_exposed=True)
        assert not window.look(2, is_exposed=True)  # the same
        assert not window.look(3)  # not asked at every turn of the loop
        before = window.surface
        assert window.look(4, is_exposed=True)
        assert window.has_screen
        assert window.surface is not before
        assert not window.look(4 + LOOK_FOR_DESKTOP_NS)  # the same
        assert not window.look(4 + 2 * LOOK_FOR_DESKTOP_NS)  # nobody answers
        assert window.look(4 + 3 * LOOK_FOR_DESKTOP_NS)
        assert next(modes, "all asked") == "all asked"
