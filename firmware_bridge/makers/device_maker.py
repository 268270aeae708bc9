"""Turn what a bought timing device sends into passings; a class a protocol says what its events mean.

The decoder lives as long as the maker, over reconnects too, so that a gap or a repeat across one is seen."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.decoders.decoder import Decoder, Event
from firmware_bridge.makers.gate import Gate
from firmware_bridge.makers.reading import LineCounters, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """When and under which boot of this machine some bytes came."""

    received_mono_ns: int
    boot_id: str


class DeviceMaker:
    """See PassingSource for the contract."""

    def __init__(self, *, sensor: str, gate: Gate, decoder: Decoder) -> None:
        self.counters = LineCounters()
        self.gate = gate
        self._sensor = sensor
        self._decoder = decoder
        self._left_over: list[Event] = []
        self._last_receipt = Receipt(received_mono_ns=0, boot_id="")
        self._good = self._damaged = self._duplicates = 0

    @property
    def may_be_quiet(self) -> bool:
        return False

    def open_port(self) -> None:
        self._left_over += self._decoder.finish()

    def greetings(self) -> tuple[bytes, ...]:
        return ()

    def requests_due(self, now_mono_ns: int) -> bytes:
        return b""

    def feed(self, data: bytes, *, received_mono_ns: int, boot_id: str) -> Reading:
        reading = Reading()
        for event in self._left_over:
            self._take(event, self._last_receipt, reading)
        receipt = Receipt(received_mono_ns=received_mono_ns, boot_id=boot_id)
        self._left_over, self._last_receipt = [], receipt
        for event in self._decoder.feed(data):
            self._take(event, receipt, reading)
        reading.has_lines = self._is_alive(data)
        self._count()
        return reading

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        """Add to the reading what this event means."""
        raise NotImplementedError

    def _is_alive(self, data: bytes) -> bool:
        """Return whether these bytes show that the device lives, as far as its decoder can tell."""
        return self._decoder.counters.frames_good > self._good

    def _count(self) -> None:
        counted = self._decoder.counters
        self.counters.lines_good += counted.frames_good - self._good
        self.counters.lines_damaged += counted.frames_damaged - self._damaged
        self.counters.repeats += counted.duplicates - self._duplicates
        self._good, self._damaged = counted.frames_good, counted.frames_damaged
        self._duplicates = counted.duplicates
