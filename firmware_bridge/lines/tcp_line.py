"""A TCP connection to a decoder as chunks of bytes, each stamped the moment it was readable.

A peer whose cable was pulled says nothing; the kernel's keep-alive probes notice it within three seconds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from firmware_bridge.lines.chunk_queue import Chunk, ChunkQueue
from pitboard.clock import Clock
from pitboard.errors import BeamLost, PortCode, PortTrouble

CONNECT_MAX_MS = 5_000
UNSENT_MAX_BYTES = 65_536
_PROBES = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2_500),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)


class TcpLine(asyncio.Protocol):
    """One connection; use within the loop that made it."""

    def __init__(
        self, *, name: str, clock: Clock, on_connected: Callable[[TcpLine], None] | None = None
    ) -> None:
        self._clock = clock
        self._on_connected = on_connected
        self._transport: asyncio.Transport | None = None
        self._queue = ChunkQueue(port=name, pause=self._pause, resume=self._resume)

    @classmethod
    @asynccontextmanager
    async def open(cls, host: str, port: int, *, clock: Clock) -> AsyncIterator[TcpLine]:
        """Dial. Raises BeamLost."""
        name = f"{host}:{port}"
        try:
            async with asyncio.timeout(CONNECT_MAX_MS / 1000):
                _, line = await asyncio.get_running_loop().create_connection(
                    lambda: cls(name=name, clock=clock), host, port
                )
        except TimeoutError as error:
            raise BeamLost(port=name, trouble=PortTrouble(PortCode.NO_ANSWER)) from error
        except OSError as error:
            raise BeamLost(port=name, trouble=_dial_trouble(error)) from error
        try:
            yield line
        finally:
            line.close()

    async def read(self) -> list[Chunk]:
        """Return all that has come, at least one chunk. Raises BeamLost once the connection is gone."""
        return await self._queue.read()

    def write(self, data: bytes) -> None:
        """Send, or drop what a peer that reads nothing would pile up."""
        transport = self._transport
        if (
            transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() + len(data) <= UNSENT_MAX_BYTES
        ):
            transport.write(data)

    def close(self, *, code: PortCode = PortCode.CLOSED_HERE) -> None:
        self._queue.lose(PortTrouble(code))
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        sock: socket.socket = transport.get_extra_info("socket")
        for level, option, value in _PROBES:
            sock.setsockopt(level, option, value)
        if self._on_connected is not None:
            self._on_connected(self)

    def data_received(self, data: bytes) -> None:
        self._queue.put(Chunk(data=data, received_mono_ns=self._clock.mono_ns()))

    def connection_lost(self, error: Exception | None) -> None:
        self._queue.lose(
            PortTrouble(PortCode.CLOSED)
            if error is None
            else PortTrouble(PortCode.BROKEN, {"text": str(error)})
        )

    def _pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


def _dial_trouble(error: OSError) -> PortTrouble:
    if isinstance(error, ConnectionRefusedError):
        return PortTrouble(PortCode.NOTHING_LISTENS)
    if isinstance(error, socket.gaierror):
        return PortTrouble(PortCode.NAME_UNKNOWN)
    return PortTrouble(PortCode.REFUSED, {"text": error.strerror or str(error)})


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
    def waits_for(self) -> PortTrouble:
        return PortTrouble(PortCode.NOBODY_DIALLED, {"number": self._port})

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
            trouble = PortTrouble(PortCode.CANNOT_LISTEN, {"text": error.strerror or str(error)})
            raise BeamLost(port=f"{self._host}:{self._port}", trouble=trouble) from error

    def _welcome(self, line: TcpLine) -> None:
        for older in (self._newest, self._current):
            if older is not None:
                older.close(code=PortCode.REPLACED)
        self._newest = line
        self._arrived.set()
