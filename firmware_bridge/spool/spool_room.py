"""How much of the disk the raw log may take: over the limit the oldest finished days go, never today's.

Loud before it happens: nothing is deleted until a warning has stood for ten minutes."""

from __future__ import annotations

import logging
from pathlib import Path

from firmware_bridge.spool.raw_log import date_in_name, raw_files

WARN_AT_PERCENT = 90
WARNED_MIN_NS = 600_000_000_000
MB = 1_000_000

log = logging.getLogger(__name__)


class SpoolRoom:
    """Keeps one spool folder within `max_mb` megabytes."""

    def __init__(self, folder: Path, *, max_mb: int) -> None:
        self._folder = folder
        self._max_mb = max_mb
        self._warned_mono_ns: int | None = None

    def keep(self, *, today: str, now_mono_ns: int) -> str:
        """Delete what must go; return the warning that the official should see, or nothing.

        `today` is the date of the file being written. Raises OSError where the folder cannot be read.
        """
        files = [(path, path.stat().st_size) for path in raw_files(self._folder)]
        used = sum(size for _, size in files)
        if used * 100 < self._max_mb * MB * WARN_AT_PERCENT:
            self._warned_mono_ns = None
            return ""
        finished = [(path, size) for path, size in files if date_in_name(path) != today]
        if self._warned_mono_ns is None:
            self._warned_mono_ns = now_mono_ns
            log.warning("%s", self._sentence(used, finished))
        elif now_mono_ns - self._warned_mono_ns >= WARNED_MIN_NS:
            used -= self._delete(finished, over=used - self._max_mb * MB)
            finished = [(path, size) for path, size in finished if path.exists()]
        return self._sentence(used, finished)

    def _delete(self, finished: list[tuple[Path, int]], *, over: int) -> int:
        """Delete the oldest whole days until so many bytes are gone; return how many are."""
        gone = 0
        last_day = ""
        for path, size in finished:
            day = date_in_name(path)
            if gone >= over and day != last_day:
                break
            path.unlink()
            log.warning("deleted from the raw log, which is full: file=%s bytes=%d", path.name, size)
            gone += size
            last_day = day
        return gone

    def _sentence(self, used: int, finished: list[tuple[Path, int]]) -> str:
        full = f"The raw log takes {used // MB} of {self._max_mb} MB"
        if not finished:
            return f"{full}, and all of it is today's, which is kept. Raise spool_max_mb."
        return f"{full}. Soon the recording of {date_in_name(finished[0][0])} is deleted: copy it away."
