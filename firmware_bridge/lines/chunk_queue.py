"""Bytes on their way from a port or socket to its reader, each chunk stamped the moment it was readable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pitboard.errors import BeamLost, PortTrouble

# A reader that is this far behind no longer listens: the driver or the peer then holds the bytes.
WAITING_MAX_COUNT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Bytes that were there together."""

    data: bytes
    received_mono_ns: int


class ChunkQueue:
    """Filled as bytes come; `pause` and `resume` are called where the reader falls behind and catches up."""

    def __init__(self, *, port: str, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._port = port
        self._pause = pause
        self._resume = resume
        self._chunks: list[Chunk] = []
        self._trouble: PortTrouble | None = None
        self._news = asyncio.Event()

    def put(self, chunk: Chunk) -> None:
        self._chunks.append(chunk)
        if len(self._chunks) == WAITING_MAX_COUNT:
            self._pause()
        self._news.set()

    def lose(self, trouble: PortTrouble) -> None:
        """The port is gone; what came before is still read."""
        self._trouble = self._trouble or trouble
        self._news.set()

    async def read(self) -> list[Chunk]:
        """Return all that has come, at least one chunk. Raises BeamLost once the port is gone."""
        while not self._chunks:
            if self._trouble is not None:
                raise BeamLost(port=self._port, trouble=self._trouble)
            self._news.clear()
            await self._news.wait()
        chunks, self._chunks = self._chunks, []
        if len(chunks) >= WAITING_MAX_COUNT and self._trouble is None:
            self._resume()
        return chunks
