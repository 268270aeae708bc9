"""Where a sensor stands goes with each of its passings, those made anew from the raw log too."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from firmware_bridge.config import BridgeConfig, SensorConfig
from firmware_bridge.replay_command import SensorSetting
from pitboard.errors import ConfigRefused
from pitboard.unit_api.program_calls import Passing

BRIDGE = 'spool_folder = "raw"\n[api]\nsocket = "trackside.sock"\n[[sensor]]\nname = "beam-1"\nport = "x"\n'


def passing(*, gate: str = "finish") -> Passing:
    return Passing(
        sensor="beam-1",
        sensor_boot="dev",
        seq=1,
        channel=0,
        tick_us=None,
        rate_ppb=0,
        boot_id="boot",
        mono_ns=1,
        uncertainty_ns=1,
        received_mono_ns=1,
        gate=gate,
    )


def sensor(folder: Path, keys: str) -> SensorConfig:
    path = folder / "bridge.toml"
    path.write_text(BRIDGE + keys)
    return BridgeConfig.load(path).sensors[0]


def test_a_sensor_without_keys_times_the_finish_of_the_units_track_as_system_a(tmp_path: Path) -> None:
    placed = sensor(tmp_path, "").placed(passing())
    assert (placed.gate, placed.track, placed.system) == ("finish", None, "A")


def test_gate_track_and_system_of_the_config_go_with_the_passing(tmp_path: Path) -> None:
    placed = sensor(tmp_path, 'gate = "start"\ntrack = "2"\nsystem = "B"\n').placed(passing())
    assert (placed.gate, placed.track, placed.system) == ("start", "2", "B")


def test_a_device_that_knows_its_gates_keeps_them_unless_the_config_says_otherwise(tmp_path: Path) -> None:
    assert sensor(tmp_path, "").placed(passing(gate="start")).gate == "start"
    assert sensor(tmp_path, 'gate = "split"\n').placed(passing(gate="start")).gate == "split"


@pytest.mark.parametrize(
    ("gate", "has_lanes", "told", "lane"),
    [("start", False, None, 0), ("start", True, None, None), ("start", False, 2, 2), ("finish", False, 2, 2)],
)
def test_a_start_gate_without_lanes_lets_all_of_them_go(
    tmp_path: Path, gate: str, has_lanes: bool, told: int | None, lane: int | None
) -> None:
    seen = msgspec.structs.replace(passing(gate=gate), lane=told, channel=1)
    for keys in ("", f'gate = "{gate}"\n'):
        assert sensor(tmp_path, keys).placed(seen, has_lanes=has_lanes).lane == lane
    setting = SensorSetting(gate=gate, hold_off_ms=300, has_lanes=has_lanes)
    assert setting.placed(seen).lane == lane


def test_a_system_that_does_not_exist_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match="system"):
        sensor(tmp_path, 'system = "C"\n')
