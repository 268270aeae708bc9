"""A disk's trouble is called by its name, whatever SQLite or the kernel say."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import subprocess
from pathlib import Path

import pytest

from pitboard.clock import SystemClock
from pitboard.errors import JournalLost
from pitboard.journal.disk.disk_fault import FAULT_REASONS, DiskFault, fault_of
from pitboard.journal.replica import Replica
from pitboard.sentences.language import language
from tests.race_story import ROOT


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OSError(errno.ENOSPC, "x"), DiskFault.FULL),
        (OSError(errno.EDQUOT, "x"), DiskFault.FULL),
        (OSError(errno.EROFS, "x"), DiskFault.READ_ONLY),
        (OSError(errno.EACCES, "x"), DiskFault.NOT_PERMITTED),
        (OSError(errno.EIO, "x"), DiskFault.FAULTY),
        (sqlite_error(sqlite3.SQLITE_FULL), DiskFault.FULL),
        (sqlite_error(sqlite3.SQLITE_READONLY | 3 << 8), DiskFault.NOT_PERMITTED),
        (sqlite_error(sqlite3.SQLITE_IOERR | 4 << 8), DiskFault.FAULTY),
    ],
)
def test_errors_become_faults(error: Exception, fault: DiskFault, tmp_path: Path) -> None:
    assert fault_of(error, tmp_path) == fault


def test_a_read_only_file_system_is_called_read_only_whatever_the_error_says(tmp_path: Path) -> None:
    folder = tmp_path / "card"
    folder.mkdir()

    async def write() -> None:
        async with Replica.open(folder / "unit.db", root_key=ROOT.key, clock=SystemClock()):
            pass

    asyncio.run(write())
    mounted = subprocess.run(["mount", "--bind", "-o", "ro", str(folder), str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting needs root")
    try:
        assert fault_of(sqlite_error(sqlite3.SQLITE_IOERR), folder) == DiskFault.READ_ONLY
        with pytest.raises(JournalLost, match="the disk is read-only"):
            asyncio.run(write())
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_each_fault_has_its_reason_and_its_light() -> None:
    for fault in DiskFault:
        assert FAULT_REASONS[fault]
        for code in ("en", "de"):
            assert f"light.disk.{fault}" in language(code).codes
