"""The other end of the control socket: eyes and one finger for a scripted official.

It connects anew for each question, because the touchscreen may have been killed and started again since."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from pitboard.errors import PeerLost, PitboardError

ANSWER_MAX_MS = 3_000
ANSWER_MAX_BYTES = 4_000_000
HOLD_MARGIN_MS = 150


class SeenWidget(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    rect: tuple[int, int, int, int]
    enabled: bool
    label: str = ""
    note: str = ""
    hold_ms: int = 0


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What is on the screen at one moment."""

    phase: str | None
    version: int | None
    run: str | None = None
    page: str = "main"
    heard: int = 0  # taps since its start that the touchscreen took
    unheard: int = 0  # and those that did not count
    widgets: tuple[SeenWidget, ...] = ()

    def find(self, name: str) -> SeenWidget | None:
        return next((widget for widget in self.widgets if widget.name == name), None)

    def can_tap(self, name: str) -> bool:
        widget = self.find(name)
        return widget is not None and widget.enabled

    def label(self, name: str) -> str | None:
        widget = self.find(name)
        return None if widget is None else widget.label

    def starting(self, prefix: str) -> list[SeenWidget]:
        return [widget for widget in self.widgets if widget.name.startswith(prefix)]


class ControlClient:
    """Each call raises PeerLost when the touchscreen does not answer."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a way to the socket; another machine's is reached otherwise."""
        return await asyncio.open_unix_connection(str(self._socket), limit=ANSWER_MAX_BYTES)

    async def look(self) -> Sight:
        return msgspec.json.decode(await self._ask({"ask": "widgets"}), type=Sight)

    async def phase(self) -> str | None:
        """Return what the touchscreen is at, None while nobody answers."""
        try:
            return (await self.look()).phase
        except PitboardError:
            return None

    async def tap(self, widget: SeenWidget) -> None:
        """Tap the middle of the widget as it was seen, as long as it needs."""
        x, y, width, height = widget.rect
        hold_ms = widget.hold_ms + HOLD_MARGIN_MS if widget.hold_ms else 0
        await self._ask({"ask": "tap", "x": x + width // 2, "y": y + height // 2, "hold_ms": hold_ms})

    async def type(self, text: str) -> None:
        await self._ask({"ask": "text", "text": text})

    async def picture(self, path: Path) -> None:
        """Have the frame that is on the screen now written to a path of the touchscreen's machine."""
        await self._ask({"ask": "picture", "path": str(path)})

    async def _ask(self, question: dict[str, object]) -> bytes:
        try:
            async with asyncio.timeout(ANSWER_MAX_MS / 1_000):
                reader, writer = await self.connect()
                try:
                    writer.write(msgspec.json.encode(question) + b"\n")
                    answer = await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError, ValueError) as error:
            raise PeerLost(peer="touchscreen", reason=str(error) or "no answer") from error
        if not answer.endswith(b"\n"):
            raise PeerLost(peer="touchscreen", reason="it hung up in the middle of an answer")
        return answer
