"""One sensor's way into the raw log: what a full disk did not take waits here, and goes in first."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from firmware_bridge.lines.chunk_queue import Chunk
from firmware_bridge.spool.raw_log import FILE_MAX_BYTES, RawLog, date_in_name, raw_files
from pitboard.errors import RawLogLost
from pitboard.unit_api.sensor_sentences import note_sentence
from pitboard.unit_api.unit_status import SensorNote

# Bytes that a full disk did not take yet: an hour or more of them.
UNLOGGED_MAX_COUNT = 10_000

log = logging.getLogger(__name__)


class ChunkSpool:
    """`trouble` is what keeps the raw log from being used; `on_change` is called when that changes."""

    def __init__(self, *, sensor: str, raw_log: RawLog, on_change: Callable[[], None]) -> None:
        self.trouble: RawLogLost | None = None
        self._sensor = sensor
        self._raw_log = raw_log
        self._on_change = on_change
        self._unlogged: deque[Chunk] = deque()

    def append(self, chunks: Sequence[Chunk]) -> bool:
        """Append these after what could not be appended before; return whether nothing is left."""
        self._unlogged.extend(chunks)
        try:
            while self._unlogged:
                chunk = self._unlogged[0]
                self._raw_log.append_bytes(self._sensor, chunk.data, mono_ns=chunk.received_mono_ns)
                self._unlogged.popleft()
        except RawLogLost as lost:
            self._note(lost)
            while len(self._unlogged) > UNLOGGED_MAX_COUNT:
                self._unlogged.popleft()
                log.error("the oldest bytes never reached the raw log: sensor=%s", self._sensor)
        return not self._unlogged

    def mark(self, mark: str, detail: str) -> None:
        try:
            self._raw_log.append_mark(mark, sensor=self._sensor, detail=detail)
        except RawLogLost as lost:
            self._note(lost)

    async def sync(self) -> bool:
        """Return whether all that was appended is on the disk."""
        try:
            await asyncio.to_thread(self._raw_log.sync)
        except RawLogLost as lost:
            self._note(lost)
            return False
        if not self._unlogged:
            self._note(None)
        return True

    def _note(self, trouble: RawLogLost | None) -> None:
        is_news = str(trouble) != str(self.trouble)
        self.trouble = trouble
        if is_news:
            if trouble is None:
                log.info("the raw log is written again")
            else:
                log.error("%s", trouble)
            self._on_change()


WARN_AT_PERCENT = 90
WARNED_MIN_NS = 600_000_000_000
MB = 1_000_000
# What may still come before the next look, so that the bound holds by itself.
SPARE_BYTES = FILE_MAX_BYTES

log = logging.getLogger(__name__)


class SpoolRoom:
    """Keeps one spool folder within `max_mb` megabytes.

    The last of them go only after a warning of ten minutes; at the bound itself nothing waits, for a sensor
    gone mad writes a gigabyte per hour. The file being written is never deleted.
    """

    def __init__(self, folder: Path, *, max_mb: int) -> None:
        self._folder = folder
        self._max_mb = max_mb
        self._warned_mono_ns: int | None = None

    def keep(self, *, written: Path, now_mono_ns: int) -> SensorNote | None:
        """Delete what must go; return the warning that the official should see, or None.

        `written` is the file being written. Raises OSError where the folder cannot be read.
        """
        files = [(path, path.stat().st_size) for path in raw_files(self._folder)]
        used = sum(size for _, size in files)
        if used * 100 < self._max_mb * MB * WARN_AT_PERCENT:
            self._warned_mono_ns = None
            return None
        finished = [(path, size) for path, size in files if path != written]
        if self._warned_mono_ns is None:
            self._warned_mono_ns = now_mono_ns
            log.warning("%s", note_sentence(self._warning(used, finished)))
        bound = self._max_mb * MB
        is_warned = now_mono_ns - self._warned_mono_ns >= WARNED_MIN_NS
        over = used - (bound - SPARE_BYTES if is_warned or used > bound else bound)
        used -= self._delete(finished, over=over)
        return self._warning(used, [(path, size) for path, size in finished if path.exists()])

    def _delete(self, finished: list[tuple[Path, int]], *, over: int) -> int:
        """Delete the oldest files until so many bytes are gone; return how many are."""
        gone = 0
        for path, size in finished:
            if gone >= over:
                break
            path.unlink()
            log.warning("deleted from the raw log, which is full: file=%s bytes=%d", path.name, size)
            gone += size
        return gone

    def _warning(self, used: int, finished: list[tuple[Path, int]]) -> SensorNote:
        fields: dict[str, int | str] = {"used_mb": used // MB, "max_mb": self._max_mb}
        if not finished:
            return SensorNote(code="raw-log-full", fields=fields)
        return SensorNote(code="raw-log-deletes", fields={**fields, "date": date_in_name(finished[0][0])})
