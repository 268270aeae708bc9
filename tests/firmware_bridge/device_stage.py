"""A real bridge with one device on a real socket or pseudo-terminal, for tests that tell a story."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket as new_socket
from typing import Protocol

from firmware_bridge.bridge import run_bridge
from firmware_bridge.config import BridgeConfig
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from pitboard.clock import SystemClock
from tests.firmware_bridge.fake_trackside import FakeTrackside

PAUSE_S = 0.01


class Device(Protocol):
    def receive(self, data: bytes) -> bytes:
        """Return what the device answers."""
        ...


class Mute:
    """Says nothing of itself."""

    def receive(self, data: bytes) -> bytes:
        return b""


class Socket:
    """A device that listens on a port of this machine; `cut` breaks its connections."""

    def __init__(self, device: Device) -> None:
        self.port = 0
        self.heard = b""
        self._device = device
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, device: Device, *, port: int = 0) -> AsyncIterator[Socket]:
        socket = cls(device)
        socket._server = await asyncio.start_server(socket._serve, "127.0.0.1", port)
        socket.port = socket._server.sockets[0].getsockname()[1]
        try:
            yield socket
        finally:
            await socket.close()

    @property
    def is_dialled(self) -> bool:
        return bool(self._writers)

    def send(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    async def close(self) -> None:
        """Listen no more, as a decoder that is switched off."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.sleep(PAUSE_S)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while data := await reader.read(4096):
                self.heard += data
                writer.write(self._device.receive(data))
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


@asynccontextmanager
async def living(terminal: PseudoTerminal, device: Device) -> AsyncIterator[None]:
    """Let the device answer on the terminal until left."""

    async def live() -> None:
        while True:
            if data := terminal.read():
                terminal.write(device.receive(data))
            await asyncio.sleep(PAUSE_S)

    task = asyncio.create_task(live())
    try:
        yield
    finally:
        task.cancel()


async def write_all(terminal: PseudoTerminal, data: bytes) -> None:
    """Write more than the terminal holds, as fast as it is read."""
    while data:
        written = terminal.write(data[:4096])
        data = data[written:]
        await asyncio.sleep(0 if written else PAUSE_S)


@asynccontextmanager
async def bridge_with(folder: Path, sensor: str, *, more: str = "") -> AsyncIterator[FakeTrackside]:
    """Run a bridge with one [[sensor]] of these keys and yield what it talks to."""
    (folder / "bridge.toml").write_text(
        f'spool_folder = "spool"\n{more}\n[api]\nsocket = "trackside.sock"\n'
        f'[[sensor]]\nname = "s"\n{sensor}\n'
    )
    config = BridgeConfig.load(folder / "bridge.toml")
    async with FakeTrackside.open(folder / "trackside.sock") as trackside:
        stop = asyncio.Event()
        running = asyncio.create_task(run_bridge(config, stop, clock=SystemClock()))
        try:
            yield trackside
        finally:
            stop.set()
            await running


async def until(is_so: Callable[[], bool], *, within_ms: int = 5_000) -> None:
    async with asyncio.timeout(within_ms / 1000):
        while not is_so():
            await asyncio.sleep(PAUSE_S)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with new_socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
