"""What the simulated cars truly did, as JSON lines: the reference against which Pitboard is measured.

One line a crossing, once a sending of its trip has left whole; at the end also for those that never did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec


class Crossed(msgspec.Struct, kw_only=True):
    """`written_mono_ns`: the first sending; `intact_mono_ns`: the first that left undamaged."""

    sensor_boot: str
    seq: int
    channel: int
    true_mono_ns: int
    tick_us: int
    written_mono_ns: int | None = None
    intact_mono_ns: int | None = None


class TruthLog:
    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file
        self._waiting: dict[tuple[str, int], Crossed] = {}

    @classmethod
    @contextmanager
    def open(cls, path: Path | None) -> Iterator[TruthLog]:
        if path is None:
            log = cls(None)
            yield log
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb", buffering=0) as file:
            log = cls(file)
            try:
                yield log
            finally:
                log.finish()

    def note_crossing(self, crossed: Crossed) -> None:
        self._waiting[crossed.sensor_boot, crossed.seq] = crossed

    def note_sending(self, sensor_boot: str, seq: int, *, mono_ns: int, is_intact: bool) -> None:
        """Note that bytes of this trip were written; repeats after the first whole one change nothing."""
        crossed = self._waiting.get((sensor_boot, seq))
        if crossed is None:
            return
        if crossed.written_mono_ns is None:
            crossed.written_mono_ns = mono_ns
        if is_intact:
            crossed.intact_mono_ns = mono_ns
            self._write(crossed)
            del self._waiting[sensor_boot, seq]

    def finish(self) -> None:
        for crossed in self._waiting.values():
            self._write(crossed)
        self._waiting.clear()

    def _write(self, crossed: Crossed) -> None:
        if self._file is not None:
            self._file.write(msgspec.json.encode(crossed) + b"\n")
