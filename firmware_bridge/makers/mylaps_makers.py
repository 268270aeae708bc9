"""Passings of AMB/MyLaps P3 decoders: `seq` is the passing number, the tick is the decoder's own clock.

Missing numbers are asked for again. A gate or beam passing carries a reserved transponder that is no car."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from firmware_bridge.decoders.amb_text import AmbTextDecoder, AmbTextPassing, AmbTextStatus
from firmware_bridge.decoders.decoder import DAY_US, Event, Gap
from firmware_bridge.decoders.device_numbers import MissingNumbers
from firmware_bridge.decoders.p3 import (
    P3Decoder,
    P3Passing,
    P3Status,
    P3Time,
    P3Version,
    request_resend,
    request_time,
    request_version,
)
from firmware_bridge.decoders.tns import TnsDecoder
from firmware_bridge.decoders.tns_messages import TnsMarker, TnsMessage, TnsPassing, acknowledgement
from firmware_bridge.makers.device_clock import DeviceClock
from firmware_bridge.makers.device_maker import (
    DeviceMaker,
    DeviceStart,
    NamedStart,
    Receipt,
    seq_of,
    usable_tick,
)
from firmware_bridge.makers.reading import HoldOff, LineCounters, Reading
from firmware_bridge.makers.time_names import TimedLine, TimeNames, number_of
from pitboard.unit_api.program_calls import NAMED_BY_TIME, Passing

TIME_EVERY_NS = 30_000_000_000
# An answer that does not fit the passings so closely is not what we take it for.
TIME_FITS_WITHIN_US = 2_000_000
BEAM_CHANNELS = {9991: 1, 9992: 2, 9995: 5}
DECODERS_MAX_COUNT = 64
# What we ask comes back from a cable that is looped or a port server that echoes: no decoder asks so.
_OUR_QUESTIONS = frozenset(
    event
    for question in (request_version(), request_time(), request_resend(1, 1))
    for event in P3Decoder().feed(question)
)


def _tell(
    passing: Passing | None, event: P3Passing | AmbTextPassing, reading: Reading, counters: LineCounters
) -> None:
    """Put into the reading what came of the event, None where it was held off, and how well it was heard."""
    if passing is None:
        counters.held_off += 1
    else:
        reading.passings.append(passing)
    for name, value in (("strength", event.strength), ("hits", event.hits)):
        if value is not None:
            reading.signs[name] = value


class P3Maker(DeviceMaker):
    """Any number of decoders on one line, each with its own numbers and starts."""

    def __init__(self, *, sensor: str, hold_off: HoldOff, accept_unchecked: bool = False) -> None:
        self._p3 = P3Decoder(accept_unchecked=accept_unchecked)
        super().__init__(sensor=sensor, hold_off=hold_off, decoder=self._p3)
        self._starts: dict[int | None, tuple[int, DeviceStart]] = {}
        self._missing = MissingNumbers()
        self._gap: Gap | None = None  # just before the passing that showed it
        self._time_due_mono_ns = 0

    def greetings(self) -> tuple[bytes, ...]:
        return (request_version(), request_time())

    def requests_due(self, now_mono_ns: int) -> bytes:
        requests = [request_resend(first, last) for first, last in self._missing.due(now_mono_ns)]
        if now_mono_ns >= self._time_due_mono_ns:
            self._time_due_mono_ns = now_mono_ns + TIME_EVERY_NS
            requests.append(request_time())
        return b"".join(requests)

    def _clocks(self) -> Iterable[DeviceClock]:
        return [start.clock for _, start in self._starts.values()]

    def _named_starts(self) -> list[NamedStart]:
        return [start.named(decoder=decoder) for decoder, (_, start) in self._starts.items()]

    def _go_on(self, named: NamedStart) -> None:
        _, start = self._starts.get(named.decoder, (0, None))
        if start is None or start.name != named.name:
            start = DeviceStart.going_on(named, sensor=self._sensor)
            self._starts[named.decoder] = (self._p3.starts_of(named.decoder), start)

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        self._echoes += event in _OUR_QUESTIONS
        match event:
            case P3Passing():
                self._take_passing(event, receipt, reading)
            case P3Time(rtc_us=int(rtc_us)) if event.decoder in self._starts:
                self._take_time(event.decoder, rtc_us, receipt)
            case P3Status():
                for name, value in (("noise", event.noise), ("temperature", event.temperature)):
                    if value is not None:
                        reading.signs[name] = value
                if event.noise is not None:
                    reading.hears_noise = event.noise > 0
            case P3Version():
                for name, said in (("device", event.device), ("firmware", event.firmware)):
                    if said:
                        reading.signs[name] = said
            case Gap():
                self.counters.gaps += self._missing.add(event.first_missing, event.last_missing)
                self._gap = event
        self.counters.gaps += self._missing.give_up(receipt.received_mono_ns)
        reading.signs["awaited"] = self._missing.awaited_count

    def _take_passing(self, event: P3Passing, receipt: Receipt, reading: Reading) -> None:
        tick_us = usable_tick(event.rtc_us)
        seq = self._seq(event, receipt)
        if event.passing_number is not None:
            self._missing.came(event.passing_number)
        start = self._start(event.decoder, seq, tick_us, receipt)
        gap, self._gap = self._gap, None
        if gap is not None:
            start.misses(gap.first_missing, gap.last_missing)
        is_live = start.is_live(seq)
        beam_channel = BEAM_CHANNELS.get(event.transponder or 0)
        passing = start.passing(
            seq,
            tick_us,
            channel=beam_channel or 0,
            transponder=event.transponder if beam_channel is None else None,
            received_mono_ns=receipt.received_mono_ns,
            boot_id=receipt.boot_id,
            hold_off=self.hold_off,
            is_live=is_live,
        )
        _tell(passing, event, reading, self.counters)

    def _seq(self, event: P3Passing, receipt: Receipt) -> int:
        if event.passing_number is not None:
            return seq_of(event.passing_number)
        # Without a number its time must tell it from others.
        return seq_of(usable_tick(event.rtc_us) or receipt.received_mono_ns // 1000)

    def _start(self, decoder: int | None, seq: int, tick_us: int | None, receipt: Receipt) -> DeviceStart:
        starts_count, start = self._starts.get(decoder, (-1, None))
        now_count = self._p3.starts_of(decoder)
        if (
            start is None
            or starts_count != now_count
            or not start.is_of_it(
                seq, tick_us, received_mono_ns=receipt.received_mono_ns, boot_id=receipt.boot_id
            )
        ):
            if start is None and len(self._starts) >= DECODERS_MAX_COUNT:
                del self._starts[next(iter(self._starts))]
            elif starts_count != now_count:
                self.counters.gaps += self._missing.forget()
            name = self._start_name(f"p3-{decoder}-{seq}-{tick_us}", receipt)
            before, start = start, DeviceStart(sensor=self._sensor, name=name)
            if before is not None and before.is_gone_on_with(seq) and tick_us is not None:
                expected_us = before.clock.tick_at(receipt.received_mono_ns, boot_id=receipt.boot_id)
                start.clock.say_set(tick_us - (expected_us or tick_us), receipt.received_mono_ns)
            self._starts[decoder] = (now_count, start)
        return start

    def _take_time(self, decoder: int | None, rtc_us: int, receipt: Receipt) -> None:
        """The answer tells of the clock between passings; one of another kind of time tells nothing."""
        _, start = self._starts[decoder]
        if start.clock.is_near(rtc_us, receipt.received_mono_ns, within_us=TIME_FITS_WITHIN_US):
            start.clock.observe(rtc_us, receipt.received_mono_ns, boot_id=receipt.boot_id)


# A leap beyond is another decoder, or a damaged number that its checksum happened to fit.
GAP_MAX_COUNT = 1_000_000


class AmbTextMaker(DeviceMaker):
    """One decoder on one line."""

    def __init__(self, *, sensor: str, hold_off: HoldOff, accept_unchecked: bool = False) -> None:
        self._amb = AmbTextDecoder(accept_unchecked=accept_unchecked)
        super().__init__(sensor=sensor, hold_off=hold_off, decoder=self._amb)
        self._start: DeviceStart | None = None
        self._starts_count = 0

    def _clocks(self) -> Iterable[DeviceClock]:
        return () if self._start is None else (self._start.clock,)

    def _named_starts(self) -> list[NamedStart]:
        return [] if self._start is None else [self._start.named()]

    def _go_on(self, named: NamedStart) -> None:
        if self._start is None or self._start.name != named.name:
            self._start = DeviceStart.going_on(named, sensor=self._sensor)
            self._starts_count = self._amb.starts

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        match event:
            case AmbTextPassing():
                self._take_passing(event, receipt, reading)
            case AmbTextStatus(noise=int(noise)):
                reading.signs["noise"] = noise
                reading.hears_noise = noise > 0
            case Gap():
                self.counters.gaps += min(event.last_missing - event.first_missing + 1, GAP_MAX_COUNT)
                if self._start is not None:
                    self._start.misses(event.first_missing, event.last_missing)

    def feed(self, data: bytes, *, received_mono_ns: int, boot_id: str) -> Reading:
        cousins_count, repeats_count = self._amb.cousin_lines_count, self.counters.repeats
        good_count = self._good
        reading = super().feed(data, received_mono_ns=received_mono_ns, boot_id=boot_id)
        if self._amb.cousin_lines_count > cousins_count:
            reading.cousin = "I-Lap"
        # Every line has a number of its own: one that comes again and again is of a decoder that hangs.
        if reading.has_lines and self._good - good_count == self.counters.repeats - repeats_count:
            reading.has_lines, reading.is_stale = False, True
        return reading

    def _take_passing(self, event: AmbTextPassing, receipt: Receipt, reading: Reading) -> None:
        seq, tick_us = seq_of(event.seq), usable_tick(event.time_us)
        start = self._start_of(seq, tick_us, receipt)
        is_live = start.is_live(seq)
        passing = start.passing(
            seq,
            tick_us,
            channel=0,
            transponder=event.transponder,
            received_mono_ns=receipt.received_mono_ns,
            boot_id=receipt.boot_id,
            hold_off=self.hold_off,
            is_live=is_live,
        )
        _tell(passing, event, reading, self.counters)

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
            start = DeviceStart(sensor=self._sensor, name=self._start_name(f"amb-{seq}-{tick_us}", receipt))
            self._start, self._starts_count = start, self._amb.starts
        return start


OUR_NAME = "Pitboard"
# What we ask V2 for: time, chip, date, lap, device, bib.
FIELDS = ("t", "c", "d", "l", "dv", "n")
DATES_MAX_COUNT = 16
_EPOCH = date(1970, 1, 1)


class TnsMaker(DeviceMaker):
    """A start is a date of the device's clock, so that a passing has the same name whenever it comes again.

    The clock goes on over midnight: the record carries its date.
    """

    def __init__(self, *, sensor: str, hold_off: HoldOff, accept_unchecked: bool = False) -> None:
        super().__init__(sensor=sensor, hold_off=hold_off, decoder=TnsDecoder(gives_again=True))
        self._names = TimeNames()
        self._starts: dict[str | None, DeviceStart] = {}
        self._dated = DeviceClock("tns", repeats=True)
        self._undated = DeviceClock("tns-undated", repeats=True)

    def _clocks(self) -> Iterable[DeviceClock]:
        return (self._dated, self._undated)

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        match event:
            case TnsPassing():
                self._take_passing(event, receipt, reading)
            case TnsMarker():
                reading.signs["last"] = f"marker {event.type} {event.name}".strip()
            case TnsMessage() if event.source == OUR_NAME:
                self._echoes += 1
            case TnsMessage():
                reading.answer += acknowledgement(event, our_name=OUR_NAME, fields=FIELDS) or b""

    def _take_passing(self, event: TnsPassing, receipt: Receipt, reading: Reading) -> None:
        reading.signs["last"] = f"chip {event.chip}"
        line = self._timed(event, receipt)
        is_known = self._names.is_known(line.key)
        if is_known and not self._names.is_another(line):
            self.counters.repeats += 1
            return
        is_in_time = self._name(line, reading, is_another=is_known)
        for other in self._names.found(is_in_time=is_in_time, boot_id=receipt.boot_id):
            self.counters.repeats -= 1
            self._name(other, reading, is_another=True, is_live=False)

    def _timed(self, event: TnsPassing, receipt: Receipt) -> TimedLine:
        return TimedLine(
            # Not the lap nor the number: V1 and V2 say other things of the same passing there.
            key=f"{event.chip}|{event.date}|{event.time_of_day_us}|{event.device}",
            event=event,
            tick_us=self._tick_us(event, receipt),
            clock=self._start_of(event.date).clock,
            received_mono_ns=receipt.received_mono_ns,
            boot_id=receipt.boot_id,
        )

    def _name(self, line: TimedLine, reading: Reading, *, is_another: bool, is_live: bool = True) -> bool:
        """Take the line as a passing; return whether it was in time."""
        event = line.event
        assert isinstance(event, TnsPassing)
        passing = self._start_of(event.date).passing(
            line.number if is_another else number_of(str(line.key)),
            usable_tick(line.tick_us),
            channel=event.device or 0,
            transponder=event.chip,
            received_mono_ns=line.received_mono_ns,
            boot_id=line.boot_id,
            hold_off=self.hold_off,
            is_live=is_live,
        )
        if passing is None:
            self.counters.held_off += 1
            self._names.remember(line, line.clock.setting)
            return False
        self._names.remember(line, passing.clock)
        reading.passings.append(passing)
        return passing.flag is None

    def _start_of(self, day: str | None) -> DeviceStart:
        if day not in self._starts:
            if len(self._starts) >= DATES_MAX_COUNT:
                del self._starts[next(iter(self._starts))]
            clock = self._undated if day is None else self._dated
            self._starts[day] = DeviceStart(
                sensor=self._sensor, name=f"{NAMED_BY_TIME}{day or 'undated'}", clock=clock
            )
        return self._starts[day]

    def _tick_us(self, event: TnsPassing, receipt: Receipt) -> int:
        if event.date is not None:
            return _day_us(event.date) + event.time_of_day_us
        expected_us = self._undated.tick_at(receipt.received_mono_ns, boot_id=receipt.boot_id)
        if expected_us is None:
            return event.time_of_day_us
        # Without a date, the day that is nearest to where the clock should stand.
        half_day_us = DAY_US // 2
        return expected_us + (event.time_of_day_us - expected_us + half_day_us) % DAY_US - half_day_us


def _day_us(day: str | None) -> int:
    """Return midnight of the date as microseconds since 1970, 0 where there is none or no such day."""
    if day is None:
        return 0
    try:
        midnight = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return 0
    return (midnight - _EPOCH).days * 86_400_000_000
