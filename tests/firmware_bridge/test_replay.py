"""A raw log explains itself: its passings come out again without any other file."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from firmware_bridge.decoders.beamline import encode_trip
from firmware_bridge.replay_command import SensorSetting, replay, replay_command
from firmware_bridge.spool.raw_log import (
    BRIDGE_STARTED,
    PORT_OPENED,
    SENSOR_SET,
    RawLog,
    RawRecord,
    raw_files,
    read_raw_records,
)
from pitboard.clock import ScriptedClock
from pitboard.errors import RawLogRefused
from pitboard.unit_api.unit_calls import Passing
from tests.firmware_bridge.decoders.test_beamline import trip
from tests.firmware_bridge.makers.test_passing_maker import beat

DAY_MS = 86_400_000


def race(folder: Path, *, hold_off_ms: int = 300) -> None:
    """Two beams of one gate, one car at 3 s, over midnight; the right beam sees it 2 ms later."""
    clock = ScriptedClock()
    setting = SensorSetting(gate="finish", hold_off_ms=hold_off_ms)
    with RawLog.open(folder, clock=clock) as raw_log:
        raw_log.append_mark(BRIDGE_STARTED)
        for sensor in ("left", "right"):
            raw_log.append_mark(SENSOR_SET, sensor=sensor, detail=setting.as_detail())
            raw_log.append_mark(PORT_OPENED, sensor=sensor)
        clock.now_utc_ms += DAY_MS
        for sensor, tick_us in (("left", 3_000_000), ("right", 3_002_000)):
            raw_log.append_bytes(sensor, beat(), mono_ns=10**9)
            raw_log.append_bytes(sensor, encode_trip(trip(1, unwrapped_us=tick_us)), mono_ns=tick_us * 1000)


def test_the_second_beam_of_a_gate_is_held_off_as_on_the_day(tmp_path: Path) -> None:
    race(tmp_path)
    assert [passing.sensor for passing in replay(read_raw_records(raw_files(tmp_path)))] == ["left"]


def test_a_file_begun_at_midnight_explains_itself(tmp_path: Path) -> None:
    race(tmp_path, hold_off_ms=1)
    _, second_day = raw_files(tmp_path)
    assert [passing.sensor for passing in replay(read_raw_records([second_day]))] == ["left", "right"]


def test_the_command_prints_one_object_a_passing(tmp_path: Path) -> None:
    race(tmp_path)
    result = CliRunner().invoke(replay_command, [str(path) for path in raw_files(tmp_path)])
    (line,) = result.output.splitlines()
    assert msgspec.json.decode(line, type=Passing).tick_us == 3_000_000
    assert result.exit_code == 0


def test_files_without_a_passing_are_said_to_have_none(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\x00\xff no log\n")
    result = CliRunner().invoke(replay_command, [str(tmp_path / "empty")])
    assert (result.exit_code, result.output) == (1, "no passing in these files\n")


def test_a_changed_setting_is_refused_with_a_sentence() -> None:
    with pytest.raises(RawLogRefused, match="makes no sense"):
        list(replay([RawRecord(mono_ns=0, boot_id="b", sensor="left", mark=SENSOR_SET, detail="{}")]))
