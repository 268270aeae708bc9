"""One sensor's way into the raw log: what a full disk did not take waits here, and goes in first."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from firmware_bridge.lines.chunk_queue import Chunk
from firmware_bridge.spool.raw_log import RawLog, RawLogLost

# Bytes that a full disk did not take yet: an hour or more of them.
UNLOGGED_MAX_COUNT = 10_000

log = logging.getLogger(__name__)


class ChunkSpool:
    """`trouble` is a sentence while the raw log cannot be used; `on_change` is called when that changes."""

    def __init__(self, *, sensor: str, raw_log: RawLog, on_change: Callable[[], None]) -> None:
        self.trouble: str | None = None
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
            self._note(str(lost))
            while len(self._unlogged) > UNLOGGED_MAX_COUNT:
                self._unlogged.popleft()
                log.error("the oldest bytes never reached the raw log: sensor=%s", self._sensor)
        return not self._unlogged

    def mark(self, mark: str, detail: str) -> None:
        try:
            self._raw_log.append_mark(mark, sensor=self._sensor, detail=detail)
        except RawLogLost as lost:
            self._note(str(lost))

    async def sync(self) -> bool:
        """Return whether all that was appended is on the disk."""
        try:
            await asyncio.to_thread(self._raw_log.sync)
        except RawLogLost as lost:
            self._note(str(lost))
            return False
        if not self._unlogged:
            self._note(None)
        return True

    def _note(self, trouble: str | None) -> None:
        if trouble != self.trouble:
            if trouble is None:
                log.info("the raw log is written again")
            else:
                log.error("%s", trouble)
            self.trouble = trouble
            self._on_change()
