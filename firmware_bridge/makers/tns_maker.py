"""Passings that MyLaps Timing & Scoring sends us, acknowledged once they are on the disk.

Its records have no number that is sure to be unique, so `seq` is drawn from what the record says: the same
passing has the same number whenever and however often it comes, and trackside counts it once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256

from firmware_bridge.decoders.decoder import Event
from firmware_bridge.decoders.tns import TnsDecoder
from firmware_bridge.decoders.tns_messages import TnsMarker, TnsMessage, TnsPassing, acknowledgement
from firmware_bridge.makers.device_maker import DeviceMaker, Receipt
from firmware_bridge.makers.device_start import DeviceStart, usable_tick
from firmware_bridge.makers.gate import Gate
from firmware_bridge.makers.reading import Reading

OUR_NAME = "Pitboard"
# What we ask V2 for: time, chip, date, lap, device, bib.
FIELDS = ("t", "c", "d", "l", "dv", "n")
SEQ_BYTES = 6
DATES_MAX_COUNT = 16
_EPOCH = date(1970, 1, 1)


class TnsMaker(DeviceMaker):
    """A start is a date of the device's clock: its ticks are comparable within one."""

    def __init__(self, *, sensor: str, gate: Gate, accept_unchecked: bool = False) -> None:
        super().__init__(sensor=sensor, gate=gate, decoder=TnsDecoder())
        self._starts: dict[str | None, DeviceStart] = {}

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        match event:
            case TnsPassing():
                self._take_passing(event, receipt, reading)
            case TnsMarker():
                reading.signs["last"] = f"marker {event.type} {event.name}".strip()
            case TnsMessage():
                reading.answer += acknowledgement(event, our_name=OUR_NAME, fields=FIELDS) or b""

    def _take_passing(self, event: TnsPassing, receipt: Receipt, reading: Reading) -> None:
        passing = self._start_of(event.date).passing(
            _seq(event),
            usable_tick(_day_us(event.date) + event.time_of_day_us),
            channel=event.device or 0,
            transponder=event.chip,
            received_mono_ns=receipt.received_mono_ns,
            boot_id=receipt.boot_id,
            gate=self.gate,
        )
        if passing is None:
            self.counters.held_off += 1
        else:
            reading.passings.append(passing)
        reading.signs["last"] = f"chip {event.chip}"

    def _start_of(self, day: str | None) -> DeviceStart:
        if day not in self._starts and len(self._starts) >= DATES_MAX_COUNT:
            del self._starts[next(iter(self._starts))]
        return self._starts.setdefault(day, DeviceStart(sensor=self._sensor, name=f"tns-{day or 'undated'}"))


def _seq(event: TnsPassing) -> int:
    # Not the lap nor the number: V1 and V2 say other things of the same passing there.
    said = f"{event.chip}|{event.date}|{event.time_of_day_us}|{event.device}"
    return int.from_bytes(sha256(said.encode()).digest()[:SEQ_BYTES], "big") + 1


def _day_us(day: str | None) -> int:
    """Return midnight of the date as microseconds since 1970, 0 where there is none or no such day."""
    if day is None:
        return 0
    try:
        midnight = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return 0
    return (midnight - _EPOCH).days * 86_400_000_000
