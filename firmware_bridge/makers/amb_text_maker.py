"""Passings of AMBrc and RC-4 decoders: `seq` is the line's number, the tick counts from the decoder's start.

Nothing can be asked again; a missing line is counted, though it may have been a heartbeat."""

from __future__ import annotations

from firmware_bridge.decoders.amb_text import AmbTextDecoder, AmbTextPassing, AmbTextStatus
from firmware_bridge.decoders.decoder import Event, Gap
from firmware_bridge.makers.device_maker import DeviceMaker, Receipt
from firmware_bridge.makers.device_start import DeviceStart, seq_of, usable_tick
from firmware_bridge.makers.gate import Gate
from firmware_bridge.makers.reading import Reading

# A leap beyond is another decoder, or a damaged number that its checksum happened to fit.
GAP_MAX_COUNT = 1_000_000


class AmbTextMaker(DeviceMaker):
    """One decoder on one line."""

    def __init__(self, *, sensor: str, gate: Gate, accept_unchecked: bool = False) -> None:
        self._amb = AmbTextDecoder(accept_unchecked=accept_unchecked)
        super().__init__(sensor=sensor, gate=gate, decoder=self._amb)
        self._start: DeviceStart | None = None
        self._starts_count = 0

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        match event:
            case AmbTextPassing():
                self._take_passing(event, receipt, reading)
            case AmbTextStatus(noise=int(noise)):
                reading.signs["noise"] = noise
            case Gap():
                self.counters.gaps += min(event.last_missing - event.first_missing + 1, GAP_MAX_COUNT)

    def _take_passing(self, event: AmbTextPassing, receipt: Receipt, reading: Reading) -> None:
        seq, tick_us = seq_of(event.seq), usable_tick(event.time_us)
        passing = self._start_of(seq, tick_us, receipt).passing(
            seq,
            tick_us,
            channel=0,
            transponder=event.transponder,
            received_mono_ns=receipt.received_mono_ns,
            boot_id=receipt.boot_id,
            gate=self.gate,
        )
        if passing is None:
            self.counters.held_off += 1
        else:
            reading.passings.append(passing)
        for name, value in (("strength", event.strength), ("hits", event.hits)):
            if value is not None:
                reading.signs[name] = value

    def _start_of(self, seq: int, tick_us: int | None, receipt: Receipt) -> DeviceStart:
        start = self._start
        if (
            start is None
            or self._starts_count != self._amb.starts
            or not start.is_of_it(
                seq, tick_us, received_mono_ns=receipt.received_mono_ns, boot_id=receipt.boot_id
            )
        ):
            # A decoder whose numbers began anew may give the same first ones again; its time then differs.
            start = DeviceStart(sensor=self._sensor, name=f"amb-{seq}-{tick_us}")
            self._start, self._starts_count = start, self._amb.starts
        return start
