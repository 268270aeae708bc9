"""Nonsense on the line, over the real adapters: afterwards the next good record is a passing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from firmware_bridge.decoders.alge import AlgeImpulse, encode_impulse
from firmware_bridge.decoders.amb_text import AmbTextPassing, encode_passing
from firmware_bridge.decoders.beamline import encode_beam_passing, encode_heartbeat
from firmware_bridge.simulated.p3_simulator import SimulatedP3
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.simulated.simulated_sensor import SimulatedSensor
from firmware_bridge.simulated.tns_simulator import SimulatedTimingSoftware
from pitboard.clock import SystemClock
from tests.firmware_bridge.decoders.recorded_samples import TNS_STORE_PASSING
from tests.firmware_bridge.decoders.test_beamline import beam_passing, heartbeat
from tests.firmware_bridge.device_stage import Mute, Socket, bridge_with, free_port, until, write_all
from tests.firmware_bridge.fake_trackside import FakeTrackside
from tests.firmware_bridge.test_bridge_process import answering


def beamline() -> bytes:
    return encode_heartbeat(heartbeat(last_seq=0, unwrapped_us=1_000_000)) + encode_beam_passing(
        beam_passing(1, unwrapped_us=1_500_000)
    )


def amb_text() -> bytes:
    return encode_passing(AmbTextPassing(seq=1, transponder=7, time_us=1_000, hits=1, strength=2, status=3))


def alge() -> bytes:
    return b"\r" + encode_impulse(
        AlgeImpulse(flag=" ", number=1, channel="C0", manual=False, time_of_day_us=36_000_000_000)
    )


SERIAL_GOOD = {"beamline": beamline, "amb-text": amb_text, "alge": alge}
NO_HOLD_OFF = 'port = "tty"\n[[gate]]\nname = "s"\nhold_off_ms = 0'
BAD = {
    "a line of 1 MB": b"x" * 1_000_000,
    "a NUL storm": bytes(1_000_000),
    "a baud mismatch": Random(1).randbytes(50_000).replace(b"\n", b"\xf0").replace(b"\r", b"\x80"),
    "half a frame": b"",
}


def half(record: bytes) -> bytes:
    return record[: len(record) // 2]


@pytest.mark.parametrize("trouble", BAD)
@pytest.mark.parametrize("kind", SERIAL_GOOD)
def test_serial(tmp_path: Path, kind: str, trouble: str) -> None:
    async def story() -> None:
        good = SERIAL_GOOD[kind]()
        with PseudoTerminal.open(tmp_path / "tty") as terminal:
            async with bridge_with(tmp_path, f'kind = "{kind}"\nport = "tty"') as trackside:
                await until(lambda: bool(trackside.states) and trackside.states[-1] != "port-gone")
                await write_all(terminal, BAD[trouble] or half(good))
                await asyncio.sleep(0.05)
                # The end of a line at last, whatever the protocol ends its lines with.
                await write_all(terminal, b"\r\n" + good)
                await until(lambda: len(trackside.passings) == 1)

    asyncio.run(story())


@pytest.mark.parametrize("trouble", BAD)
def test_p3_over_tcp(tmp_path: Path, trouble: str) -> None:
    async def story() -> None:
        good = SimulatedP3().passing(transponder=7, rtc_us=1_000_000_000)
        async with (
            Socket.open(Mute()) as socket,
            bridge_with(tmp_path, f'kind = "p3"\naddress = "127.0.0.1:{socket.port}"') as trackside,
        ):
            await until(lambda: socket.is_dialled)
            socket.send(BAD[trouble] or half(good))
            socket.send(good)
            await until(lambda: len(trackside.passings) == 1)

    asyncio.run(story())


@pytest.mark.parametrize("trouble", BAD)
def test_timing_software(tmp_path: Path, trouble: str) -> None:
    async def story() -> None:
        port = free_port()
        async with bridge_with(tmp_path, f'kind = "tns"\naddress = "127.0.0.1:{port}"') as trackside:
            await until(lambda: bool(trackside.states))
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            good = SimulatedTimingSoftware().deliver([TNS_STORE_PASSING])
            writer.write((BAD[trouble] or half(good)) + b"$" + good)
            await until(lambda: len(trackside.passings) == 1)
            writer.transport.abort()
            await asyncio.sleep(0.05)

    asyncio.run(story())


def test_nonsense_is_called_nonsense(tmp_path: Path) -> None:
    async def story(kind: str) -> None:
        folder = tmp_path / kind
        folder.mkdir()
        with PseudoTerminal.open(folder / "tty") as terminal:
            async with bridge_with(folder, f'kind = "{kind}"\nport = "tty"') as trackside:
                await until(lambda: bool(trackside.states) and trackside.states[-1] != "port-gone")
                await write_all(terminal, BAD["a baud mismatch"][:2_000])
                await until(lambda: "wrong speed" in trackside.details[-1], within_ms=3_000)
                assert trackside.states[-1] == "silent"

    async def stories() -> None:
        async with asyncio.TaskGroup() as tasks:
            for kind in SERIAL_GOOD:
                tasks.create_task(story(kind))

    asyncio.run(stories())


def test_a_device_that_resends_for_ever_counts_once_and_does_not_starve_others(tmp_path: Path) -> None:
    async def story() -> None:
        with PseudoTerminal.open(tmp_path / "tty") as terminal:
            async with bridge_with(tmp_path, NO_HOLD_OFF) as trackside:
                await until(lambda: trackside.states[-1:] == ["silent"])
                await write_all(terminal, beamline() + beamline().splitlines(keepends=True)[1] * 20_000)
                await write_all(terminal, encode_beam_passing(beam_passing(2, unwrapped_us=9_000_000)))
                await until(lambda: len(trackside.passings) == 2)
                assert set(trackside.deliveries.values()) == {1}

    asyncio.run(story())


def test_replugged_under_another_tty_name_it_goes_on_by_itself(tmp_path: Path) -> None:
    device = SimulatedSensor(random=Random(1), now_mono_ns=SystemClock().mono_ns())

    async def passes(trackside: FakeTrackside, terminal: PseudoTerminal, count: int) -> None:
        async with answering(terminal, device) as sensor:
            await until(lambda: trackside.states[-1:] == ["ok"], within_ms=3_000)
            sensor.cross(SystemClock().mono_ns())
            await until(lambda: len(trackside.passings) == count)

    async def story() -> None:
        by_id = tmp_path / "by-id"
        with PseudoTerminal.open() as other_name:
            async with bridge_with(tmp_path, 'port = "by-id"') as trackside:
                with PseudoTerminal.open(by_id) as first:
                    await passes(trackside, first, 1)
                await until(lambda: trackside.states[-1:] == ["port-gone"], within_ms=3_000)
                by_id.symlink_to(other_name.path)
                await passes(trackside, other_name, 2)

    asyncio.run(story())
