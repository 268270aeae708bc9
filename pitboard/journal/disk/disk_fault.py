"""What is wrong with a disk, by the name that a person knows it by.

SQLite says "disk I/O error" for a card that became read-only, so the file system itself is asked too."""

from __future__ import annotations

import errno
import os
import sqlite3
from enum import StrEnum
from pathlib import Path


class DiskFault(StrEnum):
    """Why nothing can be written; stable, for programs and catalogues."""

    FULL = "full"
    READ_ONLY = "read-only"
    NOT_PERMITTED = "not-permitted"
    FAULTY = "faulty"


FAULT_REASONS = {
    DiskFault.FULL: "the disk is full; free some space",
    DiskFault.READ_ONLY: "the disk is read-only; its card may be worn out: replace it, or remount it",
    DiskFault.NOT_PERMITTED: "this program may not write there; give the folder to the program's user",
    DiskFault.FAULTY: "the disk fails; replace it",
}
_ERRNO = {
    errno.ENOSPC: DiskFault.FULL,
    errno.EDQUOT: DiskFault.FULL,
    errno.EROFS: DiskFault.READ_ONLY,
    errno.EACCES: DiskFault.NOT_PERMITTED,
    errno.EPERM: DiskFault.NOT_PERMITTED,
}
_SQLITE = {
    sqlite3.SQLITE_FULL: DiskFault.FULL,
    sqlite3.SQLITE_READONLY: DiskFault.NOT_PERMITTED,  # a file system that is read-only was found before
    sqlite3.SQLITE_PERM: DiskFault.NOT_PERMITTED,
}
_SQLITE_PRIMARY = 0xFF


def fault_of(error: BaseException, folder: Path) -> DiskFault:
    """Return what the error of a write in this folder means."""
    status = _file_system(folder)
    if status is not None and status.f_flag & os.ST_RDONLY:
        return DiskFault.READ_ONLY
    if isinstance(error, OSError) and error.errno in _ERRNO:
        return _ERRNO[error.errno]
    code = getattr(error, "sqlite_errorcode", 0) & _SQLITE_PRIMARY
    if code in _SQLITE:
        return _SQLITE[code]
    if status is not None and status.f_bavail == 0:
        return DiskFault.FULL
    if code == sqlite3.SQLITE_CANTOPEN and not os.access(folder, os.W_OK):
        return DiskFault.NOT_PERMITTED
    return DiskFault.FAULTY


def _file_system(folder: Path) -> os.statvfs_result | None:
    try:
        return os.statvfs(folder)
    except OSError:
        return None
