"""How a pygame window is opened so that what is drawn fits what is shown, and whether it still does."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator

import pygame


def screen_flags(size: tuple[int, int] | None, *, is_fullscreen: bool) -> int:
    """Return the flags for `set_mode`; None as size means the screen's own.

    Full screen in another size than the screen's is scaled: without that a corner of the picture is shown.
    Scaling costs a renderer, so only there.
    """
    if not is_fullscreen:
        return 0
    fits = size is None or size in pygame.display.get_desktop_sizes()
    return pygame.FULLSCREEN if fits else pygame.FULLSCREEN | pygame.SCALED


@contextlib.contextmanager
def x11_desktop() -> Iterator[tuple[int, int] | None]:
    """Yield the size of the X11 desktop now, None where none answers: SDL asks once, and is told of no other.

    While this is open the server stays: it begins anew, in its first mode, when its last client goes.
    """
    try:
        xlib = ctypes.CDLL("libX11.so.6")
    except OSError:
        yield None
        return
    xlib.XOpenDisplay.restype = ctypes.c_void_p
    xlib.XCloseDisplay.argtypes = xlib.XDefaultScreen.argtypes = [ctypes.c_void_p]
    xlib.XDisplayWidth.argtypes = xlib.XDisplayHeight.argtypes = [ctypes.c_void_p, ctypes.c_int]
    display = xlib.XOpenDisplay(None)
    if not display:
        yield None
        return
    try:
        screen = xlib.XDefaultScreen(display)
        yield xlib.XDisplayWidth(display, screen), xlib.XDisplayHeight(display, screen)
    finally:
        xlib.XCloseDisplay(display)
