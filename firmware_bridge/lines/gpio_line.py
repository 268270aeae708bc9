"""The GPIO pins of one sensor as a line of text, so that all that reads a line reads them too.

An edge is a line at once; the levels are a line each second, which tells a blocked beam from no cars. The
edges of a beam that flickers are summed up each second, else they would fill the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from secrets import token_hex

from firmware_bridge.lines.chunk_queue import Chunk, ChunkQueue
from firmware_bridge.lines.flicker import FlickerWatch
from firmware_bridge.lines.gpio_beam import open_gpiozero_edges
from firmware_bridge.lines.gpio_edge import (
    Edge,
    EdgeOpener,
    EdgeSource,
    GpioSetting,
    encode_edge,
    encode_flicker,
    encode_levels,
    is_interruption,
)
from firmware_bridge.lines.gpiod_edges import open_gpiod_edges
from pitboard.clock import Clock
from pitboard.errors import PortCode, PortTrouble

LEVELS_EVERY_MS = 1_000


@dataclass(slots=True, kw_only=True)
class _Flicker:
    """What one flickering channel did since it was last told."""

    last: Edge
    number: int
    edges_count: int = 0
    interruptions_count: int = 0


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
        self._watches: dict[int, FlickerWatch] = {}
        self._levels: dict[int, bool] = {}
        self._flickers: dict[int, _Flicker] = {}
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
        watch = self._watches.setdefault(edge.channel, FlickerWatch())
        was_flickering = watch.settle(edge.mono_ns)
        if not was_flickering and edge.channel in self._flickers:
            self._tell_flickers(edge.mono_ns)
        # Cleared twice: what interrupted the beam between them the kernel never saw.
        is_again = self._setting.edge == "both" and self._levels.get(edge.channel) == edge.is_high
        self._levels[edge.channel] = edge.is_high
        interrupts = is_again or is_interruption(edge, self._setting)
        if interrupts:
            watch.interrupted(edge.mono_ns)
        if was_flickering:
            told = self._flickers.setdefault(edge.channel, _Flicker(last=edge, number=self._edges_count))
            told.last, told.number = edge, self._edges_count
            told.edges_count += 1
            told.interruptions_count += interrupts
            return
        # A pin that chatters faster than the disk takes it: the leap of the numbers tells what is missing.
        if self._is_full:
            return
        # Lines stand in the order of their edges' numbers.
        self._tell_flickers(edge.mono_ns)
        self._put(encode_edge(edge, boot=self._boot, number=self._edges_count, setting=self._setting))

    def _tell_flickers(self, now_mono_ns: int) -> None:
        """Tell what was summed up since the last time, and of each beam that is steady again."""
        for channel, told in sorted(self._flickers.items(), key=lambda item: item[1].number):
            is_over = not self._watches[channel].settle(now_mono_ns)
            if told.edges_count or is_over:
                self._put(
                    encode_flicker(
                        told.last,
                        boot=self._boot,
                        number=told.number,
                        edges_count=told.edges_count,
                        interruptions_count=told.interruptions_count,
                        is_over=is_over,
                    )
                )
            if is_over:
                del self._flickers[channel]
            else:
                told.edges_count = told.interruptions_count = 0

    def _tell_levels(self) -> None:
        assert self._source is not None
        try:
            levels = self._source.levels()
        except Exception as error:  # each library raises its own kind, and the line is then opened anew
            self._queue.lose(PortTrouble(PortCode.PINS_UNREADABLE, {"text": str(error)}))
            return
        now_mono_ns = self._clock.mono_ns()
        self._tell_flickers(now_mono_ns)
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
