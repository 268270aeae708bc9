"""The GPIO pins of one sensor as a line of text, so that all that reads a line reads them too.

An edge is a line at once; the levels are a line each second, which tells a blocked beam from no cars."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from secrets import token_hex

from firmware_bridge.lines.chunk_queue import Chunk, ChunkQueue
from firmware_bridge.lines.gpio_beam import open_gpiozero_edges
from firmware_bridge.lines.gpio_edge import (
    Edge,
    EdgeOpener,
    EdgeSource,
    GpioSetting,
    encode_edge,
    encode_levels,
)
from firmware_bridge.lines.gpiod_edges import open_gpiod_edges
from pitboard.clock import Clock

LEVELS_EVERY_MS = 1_000


class GpioLine:
    """Open pins; use within the loop that opened them. Each opening is a start of its own."""

    def __init__(self, *, setting: GpioSetting, clock: Clock) -> None:
        self._setting = setting
        self._clock = clock
        self._boot = token_hex(4)
        self._edges_count = 0
        self._source: EdgeSource | None = None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._is_full = False
        self._queue = ChunkQueue(port="GPIO", pause=self._pause, resume=self._resume)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, setting: GpioSetting, *, clock: Clock, open_edges: EdgeOpener | None = None
    ) -> AsyncIterator[GpioLine]:
        """Open the pins by the setting's backend. Raises BeamLost."""
        line = cls(setting=setting, clock=clock)
        with (open_edges or _opener(setting, clock))(setting, line._on_edge) as source:
            line._source = source
            line._tell_levels()
            try:
                yield line
            finally:
                if line._timer is not None:
                    line._timer.cancel()

    async def read(self) -> list[Chunk]:
        """Return all lines that have come, at least one. Raises BeamLost once the pins are gone."""
        return await self._queue.read()

    def write(self, data: bytes) -> None:
        """Pins do not listen."""

    def _on_edge(self, edge: Edge) -> None:
        self._edges_count += 1
        # A pin that chatters faster than the disk takes it: the leap of the numbers tells what is missing.
        if self._is_full:
            return
        self._put(encode_edge(edge, boot=self._boot, number=self._edges_count, setting=self._setting))

    def _tell_levels(self) -> None:
        assert self._source is not None
        try:
            levels = self._source.levels()
        except Exception as error:  # each library raises its own kind
            self._queue.lose(f"the pins cannot be read any more ({error})")
            return
        now_mono_ns = self._clock.mono_ns()
        self._put(encode_levels(levels, boot=self._boot, mono_ns=now_mono_ns, setting=self._setting))
        self._timer = self._loop.call_later(LEVELS_EVERY_MS / 1000, self._tell_levels)

    def _pause(self) -> None:
        self._is_full = True

    def _resume(self) -> None:
        self._is_full = False

    def _put(self, line: bytes) -> None:
        self._queue.put(Chunk(data=line, received_mono_ns=self._clock.mono_ns()))


def _opener(setting: GpioSetting, clock: Clock) -> EdgeOpener:
    if setting.backend == "gpiod":
        return open_gpiod_edges
    return partial(open_gpiozero_edges, clock=clock)
