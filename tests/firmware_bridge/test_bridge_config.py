"""A wrong key stops the start and says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_bridge.bridge import make_passing_makers
from firmware_bridge.config import HOLD_OFF_DEFAULT_MS, BridgeConfig
from pitboard.errors import ConfigRefused

TWO_BEAMS = """
spool_folder = "raw"
[api]
socket = "/run/pitboard/trackside.sock"
[[sensor]]
name = "left"
port = "/dev/serial/by-id/left"
gate = "finish"
[[sensor]]
name = "right"
port = "/dev/serial/by-id/right"
gate = "finish"
"""


def load(folder: Path, text: str) -> BridgeConfig:
    path = folder / "bridge.toml"
    path.write_text(text)
    return BridgeConfig.load(path)


def test_paths_count_from_the_file_and_defaults_are_set(tmp_path: Path) -> None:
    config = load(tmp_path, TWO_BEAMS)
    assert config.spool_folder == tmp_path / "raw"
    assert config.api.socket == Path("/run/pitboard/trackside.sock")
    assert config.hold_off_ms("finish") == HOLD_OFF_DEFAULT_MS
    assert [sensor.silence_ms for sensor in config.sensors] == [2_500, 2_500]


def test_sensors_of_one_gate_share_its_hold_off(tmp_path: Path) -> None:
    makers = make_passing_makers(load(tmp_path, TWO_BEAMS))
    assert makers["left"].hold_off is makers["right"].hold_off


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (TWO_BEAMS.replace('"right"', '"left"'), "two sensors have the same name"),
        (TWO_BEAMS.replace("by-id/right", "by-id/left"), "'left' and 'right' read the same port"),
        (TWO_BEAMS + '[[gate]]\nname = "start"\n', "no sensor belongs to the gate 'start'"),
        (TWO_BEAMS + '[[gate]]\nname = "finish"\nhold_off_ms = -1\n', "-1 is negative"),
        (TWO_BEAMS + "silent_max_ms = 900\n", "a heartbeat comes each second"),
        (TWO_BEAMS + 'prot = "x"\n', "prot"),
        (TWO_BEAMS.split("[[", maxsplit=1)[0] + "", "sensor"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, changed: str, sentence: str) -> None:
    with pytest.raises(ConfigRefused, match=sentence):
        load(tmp_path, changed)


def test_one_port_under_two_names_is_one_port(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").touch()
    for name in ("by-id", "by-path"):
        (tmp_path / name).symlink_to(tmp_path / "ttyUSB0")
    named = TWO_BEAMS.replace("/dev/serial/by-id/left", f"{tmp_path}/by-id")
    with pytest.raises(ConfigRefused, match="pitboard sensors"):
        load(tmp_path, named.replace("/dev/serial/by-id/right", f"{tmp_path}/by-path"))
