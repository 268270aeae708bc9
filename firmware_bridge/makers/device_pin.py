"""A sensor of ours, known by its device id: what another one sends in its place counts for nothing.

Two adapters may change their names at the next boot, and start and finish would swap in silence. Until the
device has said who it is its bytes are kept back; it is not acknowledged, so its passings stay in it."""

from __future__ import annotations

from collections import deque

from firmware_bridge.decoders.beamline import BeamlineDecoder, Hello
from firmware_bridge.lines.chunk_queue import Chunk

KEPT_MAX_COUNT = 1_000


class DevicePin:
    """`found` is who said hello last, nothing until somebody does."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.found = ""
        self._decoder = BeamlineDecoder()
        self._kept: deque[Chunk] = deque(maxlen=KEPT_MAX_COUNT)

    def open_port(self) -> None:
        """Begin anew: another device may be plugged in now."""
        self.found = ""
        self._decoder = BeamlineDecoder()
        self._kept.clear()

    def admit(self, chunk: Chunk) -> list[Chunk]:
        """Return what may be read now: this and what was kept, once it is known to be of the right device."""
        for event in self._decoder.feed(chunk.data):
            if isinstance(event, Hello):
                self.found = event.device
        if self.found and self.found != self.wanted:
            self._kept.clear()
            return []
        self._kept.append(chunk)
        if not self.found:
            return []
        admitted = list(self._kept)
        self._kept.clear()
        return admitted
