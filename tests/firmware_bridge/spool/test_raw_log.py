"""What was spooled is there after a power cut, in order; a torn line costs only itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from firmware_bridge.spool.raw_log import (
    BRIDGE_STARTED,
    FILE_MAX_BYTES,
    SENSOR_SET,
    RawLog,
    raw_files,
    read_raw_records,
    recent_raw_files,
)
from pitboard.clock import ScriptedClock
from pitboard.errors import RawLogLost

DAY_MS = 86_400_000
ALL_BYTES = bytes(range(256))


def write(folder: Path, clock: ScriptedClock, *datas: bytes) -> None:
    with RawLog.open(folder, clock=clock) as raw_log:
        for data in datas:
            raw_log.append_bytes("beam-1", data, mono_ns=clock.mono_ns())
            raw_log.sync()


def read(folder: Path) -> list[bytes]:
    return [record.data for record in read_raw_records(raw_files(folder)) if record.raw is not None]


def test_every_byte_comes_back_with_its_stamp(tmp_path: Path) -> None:
    clock = ScriptedClock(now_mono_ns=42, boot_id="this boot")
    with RawLog.open(tmp_path / "spool", clock=clock) as raw_log:
        raw_log.append_mark(BRIDGE_STARTED)
        raw_log.append_bytes("beam-1", ALL_BYTES, mono_ns=41)
    mark, chunk = read_raw_records(raw_files(tmp_path / "spool"))
    assert (mark.mark, mark.mono_ns, mark.utc_ms) == (BRIDGE_STARTED, 42, clock.utc_ms())
    assert (chunk.data, chunk.mono_ns, chunk.boot_id, chunk.sensor) == (ALL_BYTES, 41, "this boot", "beam-1")


def test_a_line_torn_at_any_byte_costs_only_itself(tmp_path: Path) -> None:
    clock = ScriptedClock()
    write(tmp_path, clock, b"one\n", b"two\n")
    (path,) = raw_files(tmp_path)
    whole = path.read_bytes()
    second_at = whole.index(b"\n") + 1
    for length in range(second_at, len(whole)):
        path.write_bytes(whole[:length])
        write(tmp_path, clock, b"three\n")
        # Where only the line end was missing, the record itself is whole.
        assert read(tmp_path) in ([b"one\n", b"three\n"], [b"one\n", b"two\n", b"three\n"])


def test_zeros_that_a_power_cut_left_are_skipped(tmp_path: Path) -> None:
    clock = ScriptedClock()
    write(tmp_path, clock, b"one\n")
    with raw_files(tmp_path)[0].open("ab") as file:
        file.write(bytes(4096))
    write(tmp_path, clock, b"two\n")
    assert read(tmp_path) == [b"one\n", b"two\n"]


def test_each_day_has_its_file_and_a_start_reads_the_last_two(tmp_path: Path) -> None:
    clock = ScriptedClock()
    with RawLog.open(tmp_path, clock=clock) as raw_log:
        for day in range(4):
            raw_log.append_bytes("beam-1", b"day %d" % day, mono_ns=0)
            clock.now_utc_ms += DAY_MS
    assert [path.name for path in raw_files(tmp_path)] == [
        f"raw-{number:06}-2023-11-{13 + number}.jsonl" for number in range(1, 5)
    ]
    assert [record.data for record in read_raw_records(recent_raw_files(tmp_path))] == [b"day 2", b"day 3"]


def test_a_clock_that_woke_up_in_1970_does_not_shuffle_the_days(tmp_path: Path) -> None:
    for utc_ms, data in ((0, b"a"), (20_000 * DAY_MS, b"b"), (0, b"c"), (20_000 * DAY_MS, b"d")):
        write(tmp_path, ScriptedClock(now_utc_ms=utc_ms), data)
    assert read(tmp_path) == [b"a", b"b", b"c", b"d"]
    assert len(recent_raw_files(tmp_path)) == 4


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    with (
        pytest.raises(RawLogLost, match="cannot be used: "),
        RawLog.open(tmp_path / "spool", clock=ScriptedClock()),
    ):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_and_the_next_line_is_whole(tmp_path: Path) -> None:
    with RawLog.open(tmp_path, clock=ScriptedClock()) as raw_log:
        raw_log.append_bytes("beam-1", b"one", mono_ns=0)
        good_fd, full_fd = raw_log._fd, os.open("/dev/full", os.O_WRONLY)
        raw_log._fd = full_fd
        with pytest.raises(RawLogLost, match="No space left"):
            raw_log.append_bytes("beam-1", b"two", mono_ns=0)
        raw_log._fd = good_fd
        os.close(full_fd)
        raw_log.append_bytes("beam-1", b"three", mono_ns=0)
    assert read(tmp_path) == [b"one", b"three"]


def test_a_file_has_a_bound_and_the_next_one_explains_itself_too(tmp_path: Path) -> None:
    clock = ScriptedClock()
    with RawLog.open(tmp_path, clock=clock) as raw_log:
        raw_log.append_mark(SENSOR_SET, sensor="beam-1", detail="{}")
        for _ in range(FILE_MAX_BYTES // 100_000 + 1):
            raw_log.append_bytes("beam-1", b"x" * 100_000, mono_ns=0)
    first, second = raw_files(tmp_path)
    assert first.name[-16:] == second.name[-16:]
    assert FILE_MAX_BYTES <= first.stat().st_size < FILE_MAX_BYTES + 101_000
    assert next(iter(read_raw_records([second]))).mark == SENSOR_SET
    write(tmp_path, clock, b"after a restart")
    assert len(raw_files(tmp_path)) == 2


def test_a_start_goes_on_in_a_new_file_where_an_old_version_left_a_long_one(tmp_path: Path) -> None:
    clock = ScriptedClock()
    write(tmp_path, clock, b"one")
    with raw_files(tmp_path)[0].open("ab") as file:
        file.truncate(FILE_MAX_BYTES)
    write(tmp_path, clock, b"two")
    assert len(raw_files(tmp_path)) == 2
    assert read(tmp_path) == [b"one", b"two"]
