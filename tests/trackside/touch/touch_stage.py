"""The real touchscreen under SDL's dummy driver before a fake unit, tapped through its control socket."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from pitboard.drawing.panel import Turn
from trackside.touch.command import TouchConfig, run_touch
from trackside.touch.sounds import SOUNDS

PATIENCE_S = 8
STILL_S = 0.35


class Served(Protocol):
    """A unit that a touchscreen can be put before."""

    def serve(self, socket: Path) -> AbstractAsyncContextManager[None]: ...


AnyUnit = TypeVar("AnyUnit", bound=Served)


@dataclass(slots=True)
class Stage(Generic[AnyUnit]):
    unit: AnyUnit
    folder: Path
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    taps: list[str] = field(default_factory=list)  # those on keys of the keyboard are not counted

    async def ask(self, **ask: Any) -> dict[str, Any]:
        self.writer.write(msgspec.json.encode(ask) + b"\n")
        answer: dict[str, Any] = msgspec.json.decode(await self.reader.readline())
        return answer

    async def widgets(self) -> dict[str, dict[str, Any]]:
        return {widget["name"]: widget for widget in (await self.ask(ask="widgets"))["widgets"]}

    async def wait_for(self, name: str, *, enabled: bool | None = None, label: str = "") -> dict[str, Any]:
        """Return the widget once it is on the screen like that."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                widget = (await self.widgets()).get(name)
                fits = widget is not None and label in widget["label"]
                if widget is not None and fits and enabled in (None, widget["enabled"]):
                    return widget
                await asyncio.sleep(0.01)

    async def tap(self, name: str, *, hold_ms: int = 0) -> None:
        """Wait until the button can be tapped, then tap its middle."""
        await self.wait_for(name, enabled=True)
        await asyncio.sleep(STILL_S)
        x, y, width, height = (await self.wait_for(name, enabled=True))["rect"]
        if not name.startswith("keyboard:") or name == "keyboard:done":
            self.taps.append(name)
        await self.ask(ask="tap", x=x + width // 2, y=y + height // 2, hold_ms=hold_ms)


@asynccontextmanager
async def open_stage(
    unit: AnyUnit,
    *,
    width: int = 1280,
    height: int = 800,
    folder: Path | None = None,
    driver: str = "dummy",
    rotate: Turn = 0,
    overscan_percent: int = 0,
) -> AsyncIterator[Stage[AnyUnit]]:
    """Run unit and touchscreen; the sockets lie in a short path, since Unix allows 107 characters."""
    os.environ["SDL_VIDEODRIVER"] = driver
    with ExitStack() as folders:
        if folder is None:
            folder = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="touch-")))
        else:
            folder.mkdir()
            folders.callback(shutil.rmtree, folder)
        config = TouchConfig(
            socket=folder / "api.sock",
            width=width,
            height=height,
            rotate=rotate,
            overscan_percent=overscan_percent,
            control_socket=folder / "control.sock",
            muted=SOUNDS,  # opening a sound device takes its time, in each test
        )
        async with unit.serve(config.socket):
            running = asyncio.create_task(run_touch(config))
            try:
                reader, writer = await _connect(folder / "control.sock")
                try:
                    yield Stage(unit, folder, reader, writer)
                finally:
                    writer.close()
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


async def _connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await asyncio.open_unix_connection(str(path), limit=1_000_000)
            except OSError:
                await asyncio.sleep(0.02)
