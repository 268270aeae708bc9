"""How the bridge comes to a sensor's bytes: a serial port, a connection either way, or pins of our own."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from firmware_bridge.lines.chunk_queue import Chunk
from firmware_bridge.lines.gpio_edge import GpioSetting
from firmware_bridge.lines.gpio_line import GpioLine
from firmware_bridge.lines.serial_port import SerialPort, SerialSetting
from firmware_bridge.lines.tcp_line import TcpDoor, TcpLine
from pitboard.clock import Clock
from pitboard.errors import PortTrouble


class Line(Protocol):
    """An open way to the device."""

    async def read(self) -> list[Chunk]:
        """Return all that has come, at least one chunk. Raises BeamLost once it is gone."""
        ...

    def write(self, data: bytes) -> None:
        """Write what can be written now; never wait, never raise."""
        ...


class LineSource(Protocol):
    """Opens the line, again and again; `waits_for` is what is missing while opening takes for ever."""

    @property
    def waits_for(self) -> PortTrouble | None: ...

    def open(self) -> AbstractAsyncContextManager[Line]:
        """Raises BeamLost."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialSource:
    path: Path
    setting: SerialSetting
    clock: Clock
    waits_for: PortTrouble | None = None

    def open(self) -> AbstractAsyncContextManager[Line]:
        return SerialPort.open(self.path, clock=self.clock, setting=self.setting)

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpSource:
    host: str
    port: int
    clock: Clock
    waits_for: PortTrouble | None = None

    def open(self) -> AbstractAsyncContextManager[Line]:
        return TcpLine.open(self.host, self.port, clock=self.clock)

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioSource:
    setting: GpioSetting
    clock: Clock
    waits_for: PortTrouble | None = None

    def open(self) -> AbstractAsyncContextManager[Line]:
        return GpioLine.open(self.setting, clock=self.clock)

    def close(self) -> None:
        pass


def make_line_source(
    *,
    clock: Clock,
    pins: GpioSetting | None = None,
    port: Path | None = None,
    serial: SerialSetting,
    address: tuple[str, int] | None = None,
    dials_us: bool = False,
) -> LineSource:
    """Return the source of whichever is given: pins of our own, a serial port, or a host and its port.

    Where the device `dials_us`, the address is the one on which we wait for it.
    """
    if pins is not None:
        return GpioSource(setting=pins, clock=clock)
    if port is not None:
        return SerialSource(path=port, setting=serial, clock=clock)
    assert address is not None, "the config was checked"
    if dials_us:
        return TcpDoor(*address, clock=clock)
    return TcpSource(host=address[0], port=address[1], clock=clock)
