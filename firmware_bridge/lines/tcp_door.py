"""Where timing software dials us: one connection at a time, and the newest wins.

A program that comes back after its cable was pulled must not wait until the dead connection is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from firmware_bridge.lines.tcp_line import TcpLine
from pitboard.clock import Clock
from pitboard.errors import BeamLost


class TcpDoor:
    """Listens from the first `open` until `close`."""

    def __init__(self, host: str, port: int, *, clock: Clock) -> None:
        self._host = host
        self._port = port
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._newest: TcpLine | None = None
        self._current: TcpLine | None = None
        self._arrived = asyncio.Event()

    @property
    def waiting_detail(self) -> str:
        return f"nobody has dialled us on port {self._port} yet; start the export of the timing software"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[TcpLine]:
        """Wait for whoever dials. Raises BeamLost where we cannot listen."""
        await self._listen()
        while self._newest is None:
            self._arrived.clear()
            await self._arrived.wait()
        line, self._newest = self._newest, None
        self._current = line
        try:
            yield line
        finally:
            line.close()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _listen(self) -> None:
        if self._server is not None:
            return
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: TcpLine(name=f"port {self._port}", clock=self._clock, on_connected=self._welcome),
                self._host,
                self._port,
            )
        except OSError as error:
            reason = f"we cannot listen there ({error.strerror or error})"
            raise BeamLost(port=f"{self._host}:{self._port}", reason=reason) from error

    def _welcome(self, line: TcpLine) -> None:
        for older in (self._newest, self._current):
            if older is not None:
                older.close(trouble="another connection took its place")
        self._newest = line
        self._arrived.set()
