"""A door for a scripted official and for tests: ask what is on the screen, tap a pixel, type, take a picture.

Taps and letters go through pygame's ordinary event queue; there is no other way in. It is open only where
the config names a socket, and that file is for this user alone."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated

import msgspec
import pygame

from pitboard.doors.door import make_room_for_socket
from pitboard.drawing.window import Window
from pitboard.errors import NOT_UNDERSTOOD, Refusal

log = logging.getLogger(__name__)

LINE_MAX_BYTES = 65_536
_HOLD_MAX_MS = 10_000
_HANG_UP_MAX_MS = 500


class WidgetsAsk(msgspec.Struct, frozen=True, tag_field="ask", tag="widgets"):
    """Which widgets are on the screen?"""


class PaintedAsk(msgspec.Struct, frozen=True, tag_field="ask", tag="painted"):
    """Which version of the unit's screen is in the window, and since when?"""


class TapAsk(msgspec.Struct, frozen=True, kw_only=True, tag_field="ask", tag="tap"):
    x: int
    y: int
    hold_ms: Annotated[int, msgspec.Meta(ge=0, le=_HOLD_MAX_MS)] = 0


class TextAsk(msgspec.Struct, frozen=True, kw_only=True, tag_field="ask", tag="text"):
    text: str


class PictureAsk(msgspec.Struct, frozen=True, kw_only=True, tag_field="ask", tag="picture"):
    path: str


_ASKS = msgspec.json.Decoder(WidgetsAsk | PaintedAsk | TapAsk | TextAsk | PictureAsk)


class ControlSocket:
    """Answers one JSON object a line with one JSON object a line."""

    def __init__(
        self,
        *,
        describe: Callable[[], dict[str, object]],
        painted: Callable[[], dict[str, object]],
        window: Window,
        on_event: Callable[[], None],
    ) -> None:
        self._describe = describe
        self._painted = painted
        self._window = window
        self._on_event = on_event
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @asynccontextmanager
    async def open(self, path: Path) -> AsyncIterator[None]:
        make_room_for_socket(path)
        mask = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._serve, path=str(path), limit=LINE_MAX_BYTES)
        except OSError as error:
            raise Refusal(f"cannot listen on {path}: {error}") from error
        finally:
            os.umask(mask)
        try:
            yield
        finally:
            server.close()
            _remove(path)
            await self._hang_up()

    async def _hang_up(self) -> None:
        for writer in self._open.values():
            writer.close()
        if self._open:
            await asyncio.wait(self._open, timeout=_HANG_UP_MAX_MS / 1_000)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._open[serving] = writer
        try:
            while line := await reader.readline():
                writer.write(msgspec.json.encode(await self._answer(line)) + b"\n")
                await writer.drain()
        except (OSError, ValueError) as error:
            log.warning("control connection ended: reason=%s", error)
        finally:
            del self._open[serving]
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, object]:
        try:
            ask = _ASKS.decode(line)
        except NOT_UNDERSTOOD as error:
            return {"error": "bad-request", "detail": str(error)}
        if isinstance(ask, TapAsk | TextAsk) and not self._window.has_screen:
            return {"error": "no-screen", "detail": "There is no screen that could be tapped."}
        match ask:
            case WidgetsAsk():
                return self._describe()
            case PaintedAsk():
                return self._painted()
            case TapAsk(x=x, y=y, hold_ms=hold_ms):
                await self._tap(*self._window.to_glass(x, y), hold_ms)
            case TextAsk(text=text):
                for character in text:
                    self._post(_typed(character))
            case PictureAsk(path=path):
                return self._take_picture(path)
        return {"ok": True}

    async def _tap(self, x: int, y: int, hold_ms: int) -> None:
        details = {"pos": (x, y), "button": 1, "touch": False}
        self._post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, details))
        if hold_ms:
            await asyncio.sleep(hold_ms / 1_000)
        self._post(pygame.event.Event(pygame.MOUSEBUTTONUP, details))

    def _post(self, event: pygame.event.Event) -> None:
        """Hand it to SDL as the panel would; no connection tells of it."""
        pygame.event.post(event)
        self._on_event()

    def _take_picture(self, path: str) -> dict[str, object]:
        try:
            pygame.image.save(self._window.surface, path)
        except (OSError, pygame.error) as error:
            return {"error": "no-picture", "detail": str(error)}
        return {"ok": True}


def _typed(character: str) -> pygame.event.Event:
    """Return what a real keyboard sends; a line feed is Enter."""
    if character == "\n":
        return pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN)
    return pygame.event.Event(pygame.TEXTINPUT, text=character)


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
