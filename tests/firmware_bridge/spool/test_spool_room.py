"""The raw log stays within its bound: oldest finished days first, never today's, never unannounced."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.spool.spool_room import MB, WARNED_MIN_NS, SpoolRoom
from tests.firmware_bridge.device_stage import bridge_with, until

TODAY = "2026-07-04"


def spool(folder: Path, **sizes_mb: int) -> None:
    """Write files of so many megabytes, named `nN_day`."""
    for name, size_mb in sizes_mb.items():
        number, day = name.removeprefix("n").split("_")
        with (folder / f"raw-{int(number):06}-2026-07-{day}.jsonl").open("wb") as file:
            file.truncate(size_mb * MB)


def left(folder: Path) -> list[str]:
    return sorted(path.name[4:] for path in folder.iterdir())


def test_while_there_is_room_nothing_is_said(tmp_path: Path) -> None:
    spool(tmp_path, n1_01=40, n2_04=40)
    assert SpoolRoom(tmp_path, max_mb=100).keep(today=TODAY, now_mono_ns=0) == ""


def test_it_is_loud_before_and_only_whole_days_go_the_oldest_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool(tmp_path, n1_01=30, n2_01=30, n3_02=30, n4_04=30)
    room = SpoolRoom(tmp_path, max_mb=100)
    with caplog.at_level(logging.WARNING):
        assert "Soon the recording of 2026-07-01 is deleted" in room.keep(today=TODAY, now_mono_ns=0)
    assert "takes 120 of 100 MB" in caplog.text
    room.keep(today=TODAY, now_mono_ns=WARNED_MIN_NS - 1)
    assert len(left(tmp_path)) == 4
    room.keep(today=TODAY, now_mono_ns=WARNED_MIN_NS)
    assert left(tmp_path) == ["000003-2026-07-02.jsonl", "000004-2026-07-04.jsonl"]
    assert room.keep(today=TODAY, now_mono_ns=WARNED_MIN_NS + 1) == ""


def test_a_warning_alone_deletes_nothing(tmp_path: Path) -> None:
    spool(tmp_path, n1_01=50, n2_04=45)
    room = SpoolRoom(tmp_path, max_mb=100)
    for now in (0, WARNED_MIN_NS, 2 * WARNED_MIN_NS):
        assert "95 of 100 MB" in room.keep(today=TODAY, now_mono_ns=now)
    assert len(left(tmp_path)) == 2


def test_today_is_kept_whatever_it_takes(tmp_path: Path) -> None:
    spool(tmp_path, n1_01=10, n2_04=150, n3_03=10, n4_04=10)
    room = SpoolRoom(tmp_path, max_mb=100)
    room.keep(today=TODAY, now_mono_ns=0)
    warning = room.keep(today=TODAY, now_mono_ns=WARNED_MIN_NS)
    assert left(tmp_path) == ["000002-2026-07-04.jsonl", "000004-2026-07-04.jsonl"]
    assert "all of it is today's" in warning


def test_the_warning_reaches_trackside(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "spool").mkdir()
        spool(tmp_path / "spool", n1_01=15)
        with PseudoTerminal.open(tmp_path / "tty"):
            async with bridge_with(tmp_path, 'port = "tty"', more="spool_max_mb = 16") as trackside:
                await until(lambda: "15 of 16 MB" in trackside.warning)

    asyncio.run(story())
