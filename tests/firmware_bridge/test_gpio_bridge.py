"""GPIO pins as a sensor of the bridge: configured, opened, logged and replayed like every other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from firmware_bridge.bridge import make_passing_makers
from firmware_bridge.config import BridgeConfig
from firmware_bridge.lines.gpio_edge import Edge, GpioSetting, encode_edge
from firmware_bridge.makers.gpio_maker import GpioMaker
from firmware_bridge.replay_command import SensorSetting, replay
from firmware_bridge.spool.raw_log import SENSOR_SET, RawRecord
from pitboard.errors import ConfigRefused
from tests.firmware_bridge.fake_trackside import FakeTrackside
from tests.firmware_bridge.test_bridge_process import running_bridge, until

PINS = """
spool_folder = "spool"
[api]
socket = "trackside.sock"
[[sensor]]
name = "pins"
kind = "gpio"
pins = [17, 27]
active = "low"
edge = "both"
pull = "up"
clear_ms = 30
chip = "a-chip-that-nobody-has"
"""


def test_where_there_are_no_pins_the_state_says_why_in_one_sentence(tmp_path: Path) -> None:
    asyncio.run(no_pins(tmp_path))


async def no_pins(folder: Path) -> None:
    config = load(folder, PINS.replace("kind", 'backend = "gpiozero"\nkind'))
    async with FakeTrackside.open(folder / "trackside.sock") as trackside, running_bridge(config):
        await until(lambda: "no GPIO chip" in "".join(trackside.details[-1:]), within_ms=3_000)
    assert trackside.states[-1] == "port-gone"
    assert trackside.details[-1].startswith("GPIO 17, 27: ")


def test_the_keys_of_pins_are_read(tmp_path: Path) -> None:
    config = load(tmp_path, PINS)
    assert config.sensors[0].gpio_setting == GpioSetting(
        pins=(17, 27), active="low", clear_ms=30, chip="a-chip-that-nobody-has"
    )
    assert isinstance(make_passing_makers(config)["pins"], GpioMaker)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (PINS.replace("[17, 27]", "[]"), "needs 1 to 31 GPIO numbers"),
        (PINS.replace("[17, 27]", "[17, 17]"), "names a pin twice"),
        (PINS + 'port = "/dev/ttyACM0"\n', "neither port nor address"),
        (PINS.replace('kind = "gpio"', 'port = "/dev/ttyACM0"'), "pins are for kind 'gpio'"),
        (PINS.replace('"low"', '"lo"'), "active"),
    ],
)
def test_what_does_not_fit_pins_is_named(tmp_path: Path, changed: str, sentence: str) -> None:
    with pytest.raises(ConfigRefused, match=sentence):
        load(tmp_path, changed)


def test_the_raw_log_alone_gives_the_passings_again() -> None:
    setting = GpioSetting(pins=(17, 27), active="low", clear_ms=30)
    edges = [(0, 1, False), (90, 1, True), (92, 2, False), (500, 1, False)]
    records = [
        RawRecord(
            mono_ns=0,
            boot_id="boot",
            sensor="pins",
            mark=SENSOR_SET,
            detail=SensorSetting(gate="finish", hold_off_ms=100, kind="gpio").as_detail(),
        )
    ]
    for number, (ms, channel, is_high) in enumerate(edges, 1):
        edge = Edge(channel=channel, is_high=is_high, mono_ns=10**9 + ms * 10**6)
        line = encode_edge(edge, boot="0badcafe", number=number, setting=setting)
        records.append(
            RawRecord(mono_ns=5 * 10**9, boot_id="boot", sensor="pins", raw=line.decode("latin-1"))
        )
    assert [(passing.seq, passing.mono_ns) for passing in replay(records)] == [
        (1, 1_000_000_000),
        (4, 1_500_000_000),
    ]


def load(folder: Path, text: str) -> BridgeConfig:
    path = folder / "bridge.toml"
    path.write_text(text)
    return BridgeConfig.load(path)
