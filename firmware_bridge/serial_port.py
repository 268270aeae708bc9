"""A serial port as chunks of bytes, each stamped the moment it was readable.

Reading never polls and writing never waits: what the device does not take at once is lost, and said again."""

from __future__ import annotations

import asyncio
import errno
import os
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import serial

from pitboard.clock import Clock
from pitboard.errors import BeamLost

BAUD = 115_200
READ_MAX_BYTES = 4096
# A reader that is this far behind no longer listens: the driver then holds the bytes, and drops some.
WAITING_MAX_COUNT = 1_000

_OPEN_TROUBLES = {
    errno.ENOENT: "there is no such port; is the sensor plugged in?",
    errno.EACCES: "we may not open it; is the user in the group 'dialout'?",
    errno.EBUSY: "another program has it open",
    errno.EAGAIN: "another program has it open",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Bytes that were there together."""

    data: bytes
    received_mono_ns: int


class SerialPort:
    """An open port; use within the loop that opened it."""

    def __init__(self, *, path: Path, device: serial.Serial, clock: Clock) -> None:
        self._path = path
        self._fd: int = device.fileno()
        self._clock = clock
        self._chunks: list[Chunk] = []
        self._trouble: str | None = None
        self._news = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, *, clock: Clock) -> AsyncIterator[SerialPort]:
        """Open the port raw and for us alone. Raises BeamLost."""
        try:
            # In a thread: setting up a USB port that is ill may take seconds.
            device = await asyncio.to_thread(
                serial.Serial, str(path), BAUD, timeout=0, write_timeout=0, exclusive=True
            )
        except (OSError, ValueError, termios.error) as error:
            raise BeamLost(port=str(path), reason=_open_trouble(error)) from error
        port = cls(path=path, device=device, clock=clock)
        loop = asyncio.get_running_loop()
        loop.add_reader(port._fd, port._on_readable)
        try:
            yield port
        finally:
            loop.remove_reader(port._fd)
            await asyncio.shield(asyncio.to_thread(_close, device))

    async def read(self) -> list[Chunk]:
        """Return all that has come, at least one chunk. Raises BeamLost once the port is gone."""
        while not self._chunks:
            if self._trouble is not None:
                raise BeamLost(port=str(self._path), reason=self._trouble)
            self._news.clear()
            await self._news.wait()
        chunks, self._chunks = self._chunks, []
        if len(chunks) >= WAITING_MAX_COUNT and self._trouble is None:
            asyncio.get_running_loop().add_reader(self._fd, self._on_readable)
        return chunks

    def write(self, data: bytes) -> None:
        """Write what the device takes now; a port that is gone is noticed by reading."""
        with suppress(OSError):
            os.write(self._fd, data)

    def _on_readable(self) -> None:
        received_mono_ns = self._clock.mono_ns()
        try:
            data = os.read(self._fd, READ_MAX_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(f"it was unplugged or failed ({error.strerror})")
            return
        if not data:
            self._lose("it was unplugged")
            return
        self._chunks.append(Chunk(data=data, received_mono_ns=received_mono_ns))
        if len(self._chunks) >= WAITING_MAX_COUNT:
            asyncio.get_running_loop().remove_reader(self._fd)
        self._news.set()

    def _lose(self, trouble: str) -> None:
        self._trouble = trouble
        asyncio.get_running_loop().remove_reader(self._fd)
        self._news.set()


def _open_trouble(error: Exception) -> str:
    code = error.errno if isinstance(error, OSError) else None
    return _OPEN_TROUBLES.get(code or 0, str(error))


def _close(device: serial.Serial) -> None:
    # Else closing waits for bytes that a dead device never takes.
    with suppress(OSError, termios.error):
        device.reset_output_buffer()
    with suppress(OSError, termios.error):
        device.close()
