"""The real port adapter on a real pseudo-terminal: nobody ever waits for the other side."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from firmware_bridge.lines.serial_port import SerialPort
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from pitboard.clock import SystemClock
from pitboard.errors import BeamLost

ALL_BYTES = bytes(range(256))


async def read_all(port: SerialPort, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += b"".join(chunk.data for chunk in await port.read())
    return data


def test_every_byte_passes_both_ways_unchanged(tmp_path: Path) -> None:
    async def story() -> None:
        with PseudoTerminal.open(tmp_path / "beam") as terminal:
            async with SerialPort.open(tmp_path / "beam", clock=SystemClock()) as port:
                terminal.write(ALL_BYTES)
                assert await read_all(port, 256) == ALL_BYTES
                port.write(ALL_BYTES)
                await asyncio.sleep(0.01)
                assert terminal.read() == ALL_BYTES

    asyncio.run(story())


def test_a_chunk_is_stamped_when_it_came_not_when_it_was_asked_for(tmp_path: Path) -> None:
    async def story() -> None:
        clock = SystemClock()
        with PseudoTerminal.open(tmp_path / "beam") as terminal:
            async with SerialPort.open(tmp_path / "beam", clock=clock) as port:
                before = clock.mono_ns()
                terminal.write(b"x")
                await asyncio.sleep(0.05)
                (chunk,) = await port.read()
                assert before < chunk.received_mono_ns < before + 40_000_000

    asyncio.run(story())


def test_neither_side_waits_for_one_that_does_not_read(tmp_path: Path) -> None:
    async def story() -> None:
        with PseudoTerminal.open(tmp_path / "beam") as terminal:
            written = sum(terminal.write(bytes(1000)) for _ in range(1000))
            assert written < 1_000_000
            async with SerialPort.open(tmp_path / "beam", clock=SystemClock()) as port:
                for _ in range(1000):
                    port.write(bytes(1000))

    asyncio.run(story())


def test_a_port_that_goes_is_lost_after_its_last_bytes(tmp_path: Path) -> None:
    async def story() -> None:
        with PseudoTerminal.open(tmp_path / "beam") as terminal:
            opened = SerialPort.open(tmp_path / "beam", clock=SystemClock())
            port = await opened.__aenter__()
            terminal.write(b"last")
            assert await read_all(port, 4) == b"last"
        with pytest.raises(BeamLost, match="unplugged"):
            await port.read()
        await opened.__aexit__(None, None, None)

    asyncio.run(story())


def test_a_port_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    async def story() -> None:
        clock = SystemClock()
        with pytest.raises(BeamLost, match="there is no such port; is the sensor plugged in"):
            await SerialPort.open(tmp_path / "none", clock=clock).__aenter__()
        (tmp_path / "ttyACM1").touch()
        with pytest.raises(BeamLost, match="Beside it there is ttyACM1"):
            await SerialPort.open(tmp_path / "ttyACM0", clock=clock).__aenter__()
        (tmp_path / "file").write_text("")
        with pytest.raises(BeamLost):
            await SerialPort.open(tmp_path / "file", clock=clock).__aenter__()
        with PseudoTerminal.open(tmp_path / "beam"):
            async with SerialPort.open(tmp_path / "beam", clock=clock):
                with pytest.raises(BeamLost, match="another program has it open"):
                    await SerialPort.open(tmp_path / "beam", clock=clock).__aenter__()

    asyncio.run(story())
