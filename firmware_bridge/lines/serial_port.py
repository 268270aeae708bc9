"""A serial port as chunks of bytes, each stamped the moment it was readable.

Reading never polls and writing never waits: what the device does not take at once is lost, and said again."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import serial

from firmware_bridge.lines.chunk_queue import Chunk, ChunkQueue
from firmware_bridge.lines.port_holders import other_holders
from pitboard.clock import Clock
from pitboard.errors import BeamLost, PortCode, PortTrouble

READ_MAX_BYTES = 4096
Handshake = Literal["none", "rts-cts", "xon-xoff"]

_OPEN_TROUBLES = {
    errno.ENOENT: PortCode.NO_SUCH_PORT,
    errno.EACCES: PortCode.NOT_PERMITTED,
    errno.EPERM: PortCode.FORBIDDEN,
    errno.ENXIO: PortCode.NO_DEVICE,
    errno.EIO: PortCode.NO_DEVICE,
}
_PORT_NAMES = ("ttyACM*", "ttyUSB*", "usb-*")
BESIDE_MAX_COUNT = 3
_BUSY = (errno.EBUSY, errno.EAGAIN)
_PTY_MAJORS = range(136, 144)


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialSetting:
    """Speed and handshake; always 8 data bits, no parity, one stop bit."""

    baud: int = 115_200
    handshake: Handshake = "none"


class SerialPort:
    """An open port; use within the loop that opened it."""

    def __init__(self, *, path: Path, device: serial.Serial, clock: Clock) -> None:
        self._fd: int = device.fileno()
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._queue = ChunkQueue(port=str(path), pause=self._ignore, resume=self._listen)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, clock: Clock, setting: SerialSetting | None = None
    ) -> AsyncIterator[SerialPort]:
        """Open the port raw and for us alone. Raises BeamLost."""
        try:
            # In a thread: setting up a USB port that is ill may take seconds.
            device = await asyncio.to_thread(open_device, path, setting or SerialSetting())
        except (OSError, ValueError, termios.error) as error:
            raise BeamLost(port=str(path), trouble=open_trouble(error, path)) from error
        port = cls(path=path, device=device, clock=clock)
        port._listen()
        try:
            yield port
        finally:
            port._ignore()
            await asyncio.shield(asyncio.to_thread(close_device, device))

    async def read(self) -> list[Chunk]:
        """Return all that has come, at least one chunk. Raises BeamLost once the port is gone."""
        return await self._queue.read()

    def write(self, data: bytes) -> None:
        """Write what the device takes now; a port that is gone is noticed by reading."""
        with suppress(OSError):
            os.write(self._fd, data)

    def _listen(self) -> None:
        self._loop.add_reader(self._fd, self._on_readable)

    def _ignore(self) -> None:
        self._loop.remove_reader(self._fd)

    def _on_readable(self) -> None:
        received_mono_ns = self._clock.mono_ns()
        try:
            data = os.read(self._fd, READ_MAX_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(failed(error))
            return
        if not data:
            self._lose(PortTrouble(PortCode.UNPLUGGED))
            return
        self._queue.put(Chunk(data=data, received_mono_ns=received_mono_ns))

    def _lose(self, trouble: PortTrouble) -> None:
        self._ignore()
        self._queue.lose(trouble)


def open_device(path: Path, setting: SerialSetting) -> serial.Serial:
    """Open the port raw, for us alone, never waiting. Raises what the system raises."""
    device = serial.Serial(
        str(path),
        setting.baud,
        timeout=0,
        write_timeout=0,
        exclusive=True,
        rtscts=setting.handshake == "rts-cts",
        xonxoff=setting.handshake == "xon-xoff",
    )
    # A simulated device holds its port open, so there the mode would outlive us and shut us out.
    if os.major(os.fstat(device.fileno()).st_rdev) not in _PTY_MAJORS:
        claim_alone(device.fileno())
    return device


def claim_alone(fd: int) -> None:
    """Let nobody but root open the port any more: the lock keeps out only those who look at it."""
    with suppress(OSError):
        fcntl.ioctl(fd, termios.TIOCEXCL)


def open_trouble(error: Exception, path: Path) -> PortTrouble:
    """Return why a port cannot be opened."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _BUSY:
        holders = ", ".join(other_holders(path))
        return (
            PortTrouble(PortCode.HELD, {"holders": holders}) if holders else PortTrouble(PortCode.HELD_UNSEEN)
        )
    if number == errno.ENOENT and (beside := _beside(path)):
        return PortTrouble(PortCode.OTHER_PORT, {"beside": ", ".join(beside)})
    code = _OPEN_TROUBLES.get(number or 0)
    return PortTrouble(PortCode.REFUSED, {"text": str(error)}) if code is None else PortTrouble(code)


def failed(error: Exception) -> PortTrouble:
    """Return that an open port failed: the device is gone, or ill."""
    text = error.strerror if isinstance(error, OSError) else None
    return PortTrouble(PortCode.FAILED, {"text": text or str(error)})


def _beside(path: Path) -> list[str]:
    """Return which other ports are there, if few: a sensor that was plugged in anew may have another name."""
    found = sorted(one.name for pattern in _PORT_NAMES for one in path.parent.glob(pattern))
    return found if len(found) <= BESIDE_MAX_COUNT else []


def close_device(device: serial.Serial) -> None:
    # Else closing waits for bytes that a dead device never takes.
    with suppress(OSError, termios.error):
        device.reset_output_buffer()
    with suppress(OSError):
        fcntl.ioctl(device.fileno(), termios.TIOCNXCL)
    with suppress(OSError, termios.error):
        device.close()
