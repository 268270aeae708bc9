"""A sensor pinned by its device id: another one in its place is said, and counts for nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from firmware_bridge.config import BridgeConfig
from firmware_bridge.decoders.beamline import Hello, encode_beam_passing, encode_heartbeat, encode_hello
from firmware_bridge.lines.chunk_queue import Chunk
from firmware_bridge.makers.device_pin import DevicePin
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from pitboard.errors import ConfigRefused
from tests.firmware_bridge.decoders.test_beamline import beam_passing, heartbeat
from tests.firmware_bridge.device_stage import bridge_with, until


def hello(device: str) -> bytes:
    return encode_hello(Hello(boot="9f3a01c2", protocol=1, firmware="1.0", device=device))


def chunk(data: bytes) -> Chunk:
    return Chunk(data=data, received_mono_ns=0)


def test_what_came_before_the_hello_is_kept_and_read_in_order() -> None:
    pin = DevicePin("e6")
    first, second, third = chunk(b"T,1"), chunk(hello("e6")), chunk(b"T,2")
    assert pin.admit(first) == []
    assert pin.admit(second) == [first, second]
    assert pin.admit(third) == [third]


def test_another_device_is_not_read_and_a_new_port_is_asked_anew() -> None:
    pin = DevicePin("e6")
    assert pin.admit(chunk(b"T,1\n")) == []
    assert pin.admit(chunk(hello("f7"))) == []
    assert (pin.found, pin.admit(chunk(b"T,2\n"))) == ("f7", [])
    pin.open_port()
    right = chunk(hello("e6"))
    assert pin.admit(right) == [right]


def test_two_sensors_that_changed_places_are_red_and_lose_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        with PseudoTerminal.open(tmp_path / "tty") as terminal:
            async with bridge_with(tmp_path, 'port = "tty"\ndevice_id = "e6"') as trackside:
                said = heartbeat(last_seq=0, unwrapped_us=1_000_000)
                await until(lambda: terminal.read() != b"")
                terminal.write(hello("f7") + encode_heartbeat(said) + encode_beam_passing(beam_passing(1)))
                await until(lambda: trackside.states[-1:] == ["wrong-device"])
                assert "has the sensor f7, not e6" in trackside.details[-1]
                assert b"A," not in terminal.read()  # not acknowledged: the passing stays in the sensor
                assert trackside.passings == {}

    asyncio.run(story())


def test_only_a_sensor_of_ours_has_an_id(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(
        'spool_folder = "s"\n[api]\nsocket = "a"\n[[sensor]]\nname = "x"\nkind = "p3"\n'
        'address = "127.0.0.1"\ndevice_id = "e6"\n'
    )
    with pytest.raises(ConfigRefused, match="only a sensor of kind 'beamline' says its id"):
        BridgeConfig.load(path)
