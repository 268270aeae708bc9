"""The raw log stays within its bound, on any day: the oldest files first, never the one being written."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.spool.spool_room import MB, WARNED_MIN_NS, SpoolRoom
from pitboard.unit_api.sensor_sentences import note_sentence
from pitboard.unit_api.unit_status import SensorNote
from tests.firmware_bridge.device_stage import bridge_with, until


def spool(folder: Path, **sizes_mb: int) -> None:
    """Write files of so many megabytes, named `nN_day`."""
    for name, size_mb in sizes_mb.items():
        number, day = name.removeprefix("n").split("_")
        with (folder / f"raw-{int(number):06}-2026-07-{day}.jsonl").open("wb") as file:
            file.truncate(size_mb * MB)


def left(folder: Path) -> list[str]:
    return sorted(path.name[4:] for path in folder.iterdir())


def writing(folder: Path) -> Path:
    """Return the file being written, the last."""
    return sorted(folder.iterdir())[-1]


def test_while_there_is_room_nothing_is_said(tmp_path: Path) -> None:
    spool(tmp_path, n1_01=40, n2_04=40)
    assert SpoolRoom(tmp_path, max_mb=100).keep(written=writing(tmp_path), now_mono_ns=0) is None


def test_within_the_bound_it_is_loud_for_ten_minutes_before_the_oldest_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool(tmp_path, n1_01=30, n2_01=30, n3_02=30, n4_04=8)
    room = SpoolRoom(tmp_path, max_mb=100)
    with caplog.at_level(logging.WARNING):
        warning = room.keep(written=writing(tmp_path), now_mono_ns=0)
    assert warning == SensorNote(
        code="raw-log-deletes", fields={"used_mb": 98, "max_mb": 100, "date": "2026-07-01"}
    )
    assert "takes 98 of 100 MB" in caplog.text
    room.keep(written=writing(tmp_path), now_mono_ns=WARNED_MIN_NS - 1)
    assert len(left(tmp_path)) == 4
    room.keep(written=writing(tmp_path), now_mono_ns=WARNED_MIN_NS)
    assert left(tmp_path) == ["000002-2026-07-01.jsonl", "000003-2026-07-02.jsonl", "000004-2026-07-04.jsonl"]
    assert room.keep(written=writing(tmp_path), now_mono_ns=WARNED_MIN_NS + 1) is None


def test_a_warning_alone_deletes_nothing(tmp_path: Path) -> None:
    spool(tmp_path, n1_01=50, n2_04=45)
    room = SpoolRoom(tmp_path, max_mb=100)
    for now in (0, WARNED_MIN_NS, 2 * WARNED_MIN_NS):
        warning = room.keep(written=writing(tmp_path), now_mono_ns=now)
        assert warning is not None
        assert "95 of 100 MB" in note_sentence(warning)
    assert len(left(tmp_path)) == 2


def test_the_bound_holds_for_a_day_on_which_a_sensor_goes_mad(tmp_path: Path) -> None:
    """A gigabyte per hour, looked at each ten seconds: files of today go at once, never the one written."""
    room = SpoolRoom(tmp_path, max_mb=16)
    for look in range(60):
        spool(tmp_path, **{f"n{look}_04": 3})
        room.keep(written=writing(tmp_path), now_mono_ns=look * 10_000_000_000)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 16 * MB
        assert writing(tmp_path).name == f"raw-{look:06}-2026-07-04.jsonl"


def test_the_file_being_written_is_never_deleted(tmp_path: Path) -> None:
    spool(tmp_path, n1_04=150)
    warning = SpoolRoom(tmp_path, max_mb=100).keep(written=writing(tmp_path), now_mono_ns=0)
    assert warning is not None
    assert warning.code == "raw-log-full"
    assert len(left(tmp_path)) == 1


def test_the_warning_reaches_trackside(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "spool").mkdir()
        spool(tmp_path / "spool", n1_01=15)
        with PseudoTerminal.open(tmp_path / "tty"):
            async with bridge_with(tmp_path, 'port = "tty"', more="spool_max_mb = 16") as trackside:
                await until(lambda: "15 of 16 MB" in trackside.said)

    asyncio.run(story())
