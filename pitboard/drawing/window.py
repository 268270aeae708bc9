"""The screen of a program: a canvas to draw on, and the glass that shows it, turned and inset as it hangs.

There may be no glass: a television is off at boot, a cable hangs loose. The program then draws all the same,
says so once, and looks for a screen every two seconds; what it drew is shown as soon as one comes."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygame

from pitboard.drawing.panel import Turn
from pitboard.drawing.screen_mode import screen_flags, x11_desktop

log = logging.getLogger(__name__)

Box = tuple[int, int, int, int]
LOOK_AGAIN_NS = 2_000_000_000
LOOK_FOR_DESKTOP_NS = 10_000_000_000
"""At its size, where it asks for no painting: it does not where a larger mode comes."""
LOOK_FOR_INPUTS_NS = 5_000_000_000
SIZE_WITHOUT_SCREEN = (1920, 1080)
_CONNECTORS = Path("/sys/class/drm")
_SOCKET, _INPUT = "socket:", "/dev/input/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """How the glass hangs: turned clockwise by so many degrees, its edge hidden by so many percent a side."""

    rotate: Turn = 0
    overscan_percent: int = 0

    @property
    def is_plain(self) -> bool:
        return not self.rotate and not self.overscan_percent

    def canvas_size(self, glass: tuple[int, int]) -> tuple[int, int]:
        """Return the size of what is drawn for a glass of this size."""
        inner = self.inner(glass)
        width, height = inner[2], inner[3]
        return (height, width) if self.rotate in (90, 270) else (width, height)

    def inner(self, glass: tuple[int, int]) -> Box:
        """Return the part of the glass that can be seen."""
        left, top = (side * self.overscan_percent // 100 for side in glass)
        return (left, top, glass[0] - 2 * left, glass[1] - 2 * top)

    def to_canvas(self, x: int, y: int, glass: tuple[int, int]) -> tuple[int, int]:
        """Return the point of the canvas under a finger at this point of the glass."""
        left, top, width, height = self.inner(glass)
        x, y = x - left, y - top
        match self.rotate:
            case 90:
                return y, width - 1 - x
            case 180:
                return width - 1 - x, height - 1 - y
            case 270:
                return height - 1 - y, x
        return x, y

    def to_glass(self, x: int, y: int, glass: tuple[int, int]) -> tuple[int, int]:
        """Return where on the glass a point of the canvas is seen."""
        left, top, width, height = self.inner(glass)
        match self.rotate:
            case 90:
                x, y = width - 1 - y, x
            case 180:
                x, y = width - 1 - x, height - 1 - y
            case 270:
                x, y = y, height - 1 - x
        return x + left, y + top


class Window:
    """`surface` is drawn on; `present` shows it. It changes only where a screen of another size comes."""

    def __init__(
        self, *, title: str, size: tuple[int, int] | None, is_fullscreen: bool, hanging: Hanging
    ) -> None:
        self._title = title
        self._size = size
        self._is_fullscreen = is_fullscreen
        self._hanging = hanging
        self._driver = os.environ.get("SDL_VIDEODRIVER")
        self._looked_mono_ns: int | None = None
        self._said = ""
        self._descriptors: frozenset[int] | None = None
        self._connections: frozenset[int] = frozenset()  # of these, what is no input device
        self._inputs_mono_ns = 0
        self._desktop: tuple[int, int] | None = None
        self._desktop_mono_ns = 0
        self.has_screen = False
        self.surface = pygame.Surface(hanging.canvas_size(size or SIZE_WITHOUT_SCREEN))

    @classmethod
    @contextlib.contextmanager
    def open(
        cls,
        *,
        title: str,
        size: tuple[int, int] | None,
        is_fullscreen: bool,
        hanging: Hanging | None = None,
        now_mono_ns: int = 0,
    ) -> Iterator[Window]:
        """Open the screen if there is one; only SDL's display is started, so no sound device is touched."""
        os.environ.setdefault("SDL_VIDEO_ALLOW_SCREENSAVER", "0")
        window = cls(title=title, size=size, is_fullscreen=is_fullscreen, hanging=hanging or Hanging())
        try:
            window.look(now_mono_ns)
            yield window
        finally:
            pygame.display.quit()

    def look(self, now_mono_ns: int, *, is_exposed: bool = False) -> bool:
        """Look for a screen where there is none yet, now and then; tell whether one has just come, or another
        mode of it. `is_exposed`: the desktop asked for a painting, as it does when its mode changes."""
        if self.has_screen:
            self._look_for_inputs(now_mono_ns)
            return self._follow_desktop(now_mono_ns, is_exposed=is_exposed)
        if self._looked_mono_ns is not None and now_mono_ns - self._looked_mono_ns < LOOK_AGAIN_NS:
            return False
        self._looked_mono_ns = now_mono_ns
        try:
            self._light()
        except pygame.error as error:
            pygame.display.quit()
            if str(error) != self._said:
                self._said = str(error)
                log.warning("no screen, drawing unseen until one comes: reason=%s", error)
            return False
        if self._said:
            log.info("a screen has come: size=%s", self.surface.get_size())
        return True

    def _light(self) -> None:
        if self._driver is None and not _may_have_screen():
            raise pygame.error("neither a desktop nor a graphics device")
        if self._driver == "kmsdrm" or (self._driver is None and not _has_desktop()):
            # There SDL speaks OpenGL ES; what it chooses to draw with does not, and all is black.
            os.environ.setdefault("SDL_RENDER_DRIVER", "opengles2")
        before = _open_descriptors()
        pygame.display.init()
        size, is_fullscreen = self._size, self._is_fullscreen
        if pygame.display.get_driver() == "dummy":  # whose full screen is always 1024x768
            size, is_fullscreen = size or SIZE_WITHOUT_SCREEN, False
        pygame.display.set_caption(self._title)  # before there is a window, or it is first called otherwise
        glass = pygame.display.set_mode(size or (0, 0), screen_flags(size, is_fullscreen=is_fullscreen))
        pygame.mouse.set_visible(not is_fullscreen)
        pygame.key.start_text_input()
        wanted = self._hanging.canvas_size(glass.get_size())
        if self._hanging.is_plain:
            self.surface = glass
        elif self.surface.get_size() != wanted:
            self.surface = pygame.Surface(wanted)
        after = _open_descriptors()
        self._descriptors = None if before is None or after is None else after - before
        inputs = _open_descriptors(kinds=(_INPUT,)) or frozenset()
        self._connections = (self._descriptors or frozenset()) - inputs
        self.has_screen = True

    def _follow_desktop(self, now_mono_ns: int, *, is_exposed: bool) -> bool:
        """Open the window anew where the desktop has another size now, and tell whether it has."""
        if not self._is_fullscreen or pygame.display.get_driver() != "x11":
            return False
        if not is_exposed and now_mono_ns - self._desktop_mono_ns < LOOK_FOR_DESKTOP_NS:
            return False
        self._desktop_mono_ns = now_mono_ns
        with x11_desktop() as size:
            before, self._desktop = self._desktop, size or self._desktop
            if size is None or before in (None, size):
                return False
            pygame.display.quit()
            self.has_screen = False
            try:
                self._light()
            except pygame.error:  # the next look tries again, and says why
                pygame.display.quit()
                return False
        log.info("the screen has another mode: size=%s", self.surface.get_size())
        return True

    def _look_for_inputs(self, now_mono_ns: int) -> None:
        """Follow what was plugged in or out since: SDL has opened or closed it."""
        if self._descriptors is None or now_mono_ns - self._inputs_mono_ns < LOOK_FOR_INPUTS_NS:
            return
        self._inputs_mono_ns = now_mono_ns
        inputs = _open_descriptors(kinds=(_INPUT,))
        if inputs is not None:
            self._descriptors = self._connections | inputs

    def descriptors(self) -> frozenset[int] | None:
        """Return the connections on which news of the window come, to be waited for; None if unknown."""
        return self._descriptors if self.has_screen else frozenset()

    @property
    def glass_size(self) -> tuple[int, int]:
        glass = pygame.display.get_surface() if self.has_screen else None
        return self.surface.get_size() if glass is None else glass.get_size()

    def present(self, areas: Sequence[Box]) -> None:
        """Put these areas of the canvas on the glass; nothing where there is none."""
        glass = pygame.display.get_surface() if self.has_screen else None
        if glass is None:
            return
        if self._hanging.is_plain:
            if self.surface is not glass:  # the screen has changed its mode
                self.surface = glass
            pygame.display.update([pygame.Rect(area) for area in areas])
            return
        left, top, _, _ = self._hanging.inner(glass.get_size())
        turned = self.surface
        if self._hanging.rotate:
            turned = pygame.transform.rotate(self.surface, -self._hanging.rotate)
        glass.blit(turned, (left, top))
        pygame.display.flip()

    def events(self) -> list[pygame.event.Event]:
        """Return what has happened; nothing where there is no screen to happen on."""
        return pygame.event.get() if self.has_screen else []

    def to_canvas(self, x: int, y: int) -> tuple[int, int]:
        return self._hanging.to_canvas(x, y, self.glass_size)

    def to_glass(self, x: int, y: int) -> tuple[int, int]:
        return self._hanging.to_glass(x, y, self.glass_size)


def _open_descriptors(
    folder: Path = Path("/proc/self/fd"), *, kinds: tuple[str, ...] = (_SOCKET, _INPUT)
) -> frozenset[int] | None:
    """Return this process's open sockets and input devices; None where the system does not list them."""
    found = set()
    try:
        for entry in folder.iterdir():
            with contextlib.suppress(OSError):  # the listing's own is gone already
                if os.readlink(entry).startswith(kinds):
                    found.add(int(entry.name))
    except OSError:
        return None
    return frozenset(found)


def _may_have_screen(connectors: Path = _CONNECTORS) -> bool:
    """Tell whether opening a screen is worth trying: on a desktop always, else where one is plugged in."""
    return _has_desktop() or any(connectors.glob("card*"))


def _has_desktop() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
