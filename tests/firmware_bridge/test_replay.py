"""A raw log explains itself: its passings come out again without any other file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from firmware_bridge.bridge import make_passing_makers
from firmware_bridge.config import BridgeConfig
from firmware_bridge.decoders.beamline import encode_beam_passing
from firmware_bridge.makers.device_kinds import Kind
from firmware_bridge.makers.reading import HoldOff
from firmware_bridge.replay_command import SensorSetting, replay, replay_command
from firmware_bridge.spool.raw_log import (
    BRIDGE_STARTED,
    PORT_OPENED,
    SENSOR_SET,
    RawLog,
    RawRecord,
    raw_files,
    read_raw_records,
    recent_raw_files,
)
from pitboard.clock import ScriptedClock
from pitboard.errors import RawLogRefused
from pitboard.unit_api.program_calls import Passing
from tests.firmware_bridge.decoders.test_beamline import beam_passing
from tests.firmware_bridge.makers.test_passing_maker import beat
from tests.firmware_bridge.test_lap_replay import NOON, Say, alge, amb, p3

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
            raw_log.append_bytes(
                sensor, encode_beam_passing(beam_passing(1, unwrapped_us=tick_us)), mono_ns=tick_us * 1000
            )


def test_the_second_beam_of_a_gate_is_held_off_as_on_the_day(tmp_path: Path) -> None:
    race(tmp_path)
    assert [passing.sensor for passing in replay(read_raw_records(raw_files(tmp_path)))] == ["left"]


def test_two_lanes_of_a_gate_are_told_apart_as_on_the_day(tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text(
        'spool_folder = "spool"\n[api]\nsocket = "api.sock"\n[[sensor]]\nname = "beam"\nport = "tty"\n'
        'gate = "finish"\n[[gate]]\nname = "finish"\nlanes = true\n'
    )
    (maker,) = make_passing_makers(BridgeConfig.load(config)).values()
    setting = SensorSetting(gate="finish", hold_off_ms=300, has_lanes=True)
    side_by_side = [
        replace(beam_passing(number, unwrapped_us=3_000_000 + number), channel=number) for number in (1, 2)
    ]
    lines = beat() + b"".join(map(encode_beam_passing, side_by_side))
    clock = ScriptedClock()
    with RawLog.open(tmp_path / "raw", clock=clock) as raw_log:
        raw_log.append_mark(SENSOR_SET, sensor="beam", detail=setting.as_detail())
        raw_log.append_bytes("beam", lines, mono_ns=3 * 10**9)
    of_the_day = maker.feed(lines, received_mono_ns=3 * 10**9, boot_id=clock.boot_id).passings
    later = list(replay(read_raw_records(raw_files(tmp_path / "raw"))))
    assert [one.channel for one in of_the_day] == [one.channel for one in later] == [1, 2]


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


@pytest.mark.parametrize(("kind", "say"), [("p3", p3), ("amb-text", amb), ("alge", alge)])
def test_a_device_that_is_never_switched_off_has_one_name_on_the_third_day(
    tmp_path: Path, kind: Kind, say: Say
) -> None:
    """A start reads two days; on the third day what was sent on the second must not come again anew."""
    clock = ScriptedClock(now_mono_ns=10**9)
    setting = SensorSetting(gate="g", hold_off_ms=300, kind=kind)
    maker = setting.make_maker(sensor="s", hold_off=HoldOff(hold_off_ms=300))
    made: list[Passing] = []
    with RawLog.open(tmp_path, clock=clock) as raw_log:
        raw_log.names_starts = lambda: [("s", maker.named_starts())] if maker.named_starts() else []
        raw_log.append_mark(SENSOR_SET, sensor="s", detail=setting.as_detail())
        for number in range(1, 13):
            clock.now_mono_ns += 6 * 3600 * 10**9
            clock.now_utc_ms += 6 * 3600 * 1000
            step = timedelta(seconds=20 if number >= 3 else 0)  # set in between: its clock has another name
            data = say(number, NOON + timedelta(hours=6 * number) + step)
            raw_log.append_bytes("s", data, mono_ns=clock.mono_ns())
            made += maker.feed(data, received_mono_ns=clock.mono_ns(), boot_id=clock.boot_id).passings
    recent = recent_raw_files(tmp_path)
    assert len(raw_files(tmp_path)) > len(recent) == 2
    again = list(replay(read_raw_records(recent)))
    assert len(made) == 12
    assert len(again) >= 4
    assert [_name(one) for one in again] == [_name(one) for one in made[-len(again) :]]
    assert [_name(one) for one in replay(read_raw_records(raw_files(tmp_path)))] == [
        _name(one) for one in made
    ]


def _name(passing: Passing) -> tuple[str, int, str]:
    return passing.sensor_boot, passing.seq, passing.clock


def test_starts_named_by_another_version_are_passed_over() -> None:
    maker = SensorSetting(gate="g", hold_off_ms=300, kind="p3").make_maker(
        sensor="s", hold_off=HoldOff(hold_off_ms=300)
    )
    maker.go_on('{"v": 9}')
    assert maker.named_starts() == ""
