"""Turn what a bought timing device sends into passings; a class a protocol says what its events mean.

The decoder lives as long as the maker, over reconnects too, so that a gap or a repeat across one is seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from firmware_bridge.decoders.decoder import Decoder, Event
from firmware_bridge.decoders.device_numbers import CarNumbers, SeqRanges
from firmware_bridge.makers.device_clock import ClockStamp, DeviceClock
from firmware_bridge.makers.reading import (
    TRANSPONDERS_MAX_COUNT,
    HoldOff,
    LineCounters,
    Reading,
    with_sleep,
)
from pitboard.errors import NOT_UNDERSTOOD
from pitboard.race.passings.device_clocks import CLOCK_DOUBT, CLOCK_LOST, PASSING_LOST, with_unseen
from pitboard.unit_api.program_calls import Passing


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """When and under which boot of this machine some bytes came."""

    received_mono_ns: int
    boot_id: str


class NamedStart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A start of a device, named by lines of an earlier file of the raw log.

    `latest_us` is the tick that came last, at `received_mono_ns`, where ticks are counted on over midnight.
    """

    name: str
    setting: str
    runs_count: int = 1
    decoder: int | None = None
    latest_us: int = 0
    received_mono_ns: int = 0
    boot_id: str = ""


class DeviceMaker:
    """See PassingSource for the contract."""

    def __init__(self, *, sensor: str, hold_off: HoldOff, decoder: Decoder) -> None:
        self.counters = LineCounters()
        self.hold_off = hold_off
        self._sensor = sensor
        self._decoder = decoder
        self._left_over: list[Event] = []
        self._last_receipt = Receipt(received_mono_ns=0, boot_id="")
        self._good = self._damaged = self._duplicates = 0
        self._echoes = 0
        self._slept_ns = 0
        self._names_given: dict[str, None] = {}

    @property
    def flickering(self) -> tuple[int, ...]:
        return ()

    @property
    def may_be_quiet(self) -> bool:
        return False

    def open_port(self) -> None:
        self._left_over += self._decoder.finish()
        for clock in self._clocks():
            clock.opened()

    def host_slept(self, slept_ns: int) -> None:
        for clock in self._clocks():
            clock.host_slept(slept_ns - self._slept_ns)
        self._slept_ns = slept_ns

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
        self._echoes = 0
        for clock in self._clocks():
            clock.heard(received_mono_ns, boot_id=boot_id)
        for event in self._decoder.feed(data):
            self._take(event, receipt, reading)
        reading.has_lines = self._is_alive(data)
        self._count()
        reading.passings = with_sleep(reading.passings, self._slept_ns)
        for clock in self._clocks():
            reading.clock_steps += clock.steps
            clock.steps = []
        return reading

    def named_starts(self) -> str:
        starts = self._named_starts()
        return msgspec.json.encode(starts).decode() if starts else ""

    def go_on(self, named_starts: str) -> None:
        try:
            starts = msgspec.json.decode(named_starts, type=list[NamedStart])
        except NOT_UNDERSTOOD:
            return  # of another version: the starts are then named by the lines that follow
        for start in starts:
            self._names_given[start.name] = None
            self._go_on(start)

    def _named_starts(self) -> list[NamedStart]:
        """Return the starts whose names the lines that follow do not tell."""
        return []

    def _go_on(self, named: NamedStart) -> None:
        """Take the start as the one that is under way, unless it is already."""

    def _start_name(self, said: str, receipt: Receipt) -> str:
        """Return the name of a start that these words tell; one that is taken goes on with when it began."""
        name = f"{said}-{receipt.received_mono_ns}" if said in self._names_given else said
        if len(self._names_given) >= NAMES_MAX_COUNT:
            del self._names_given[next(iter(self._names_given))]
        self._names_given[name] = None
        return name

    def _clocks(self) -> Iterable[DeviceClock]:
        """Return the clocks of the devices on this line, as far as they are known."""
        return ()

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        """Add to the reading what this event means."""
        raise NotImplementedError

    def _is_alive(self, data: bytes) -> bool:
        """Return whether these bytes show that the device lives: what we asked, come back, does not."""
        return self._decoder.counters.frames_good - self._echoes > self._good

    def _count(self) -> None:
        counted = self._decoder.counters
        self.counters.lines_good += counted.frames_good - self._good
        self.counters.lines_damaged += counted.frames_damaged - self._damaged
        self.counters.repeats += counted.duplicates - self._duplicates
        self._good, self._damaged = counted.frames_good, counted.frames_damaged
        self._duplicates = counted.duplicates


NAMES_MAX_COUNT = 1_024
TICK_MAX_US = 2**62 - 1
SEQ_MAX = 2**53 - 1
TRANSPONDER_MAX_LENGTH = 80
# A device counts from 1, or from 0; trackside's numbers begin with 1.
SEQ_OF_ZERO = 2**32
# Where no tick tells: as much as a busy line and a busy host may delay a record.
UNCLOCKED_UNCERTAINTY_NS = 100_000_000
# A record with a higher number is never older than this; else the clock was set back.
DISORDER_MAX_US = 1_000_000
# Less may be records that were held up on their way; more is a clock that was set forward.
LEAD_MAX_NS = 60_000_000_000
# Sixty years; what lies further from this boot is no time of a race.
SENSIBLE_MAX_NS = 2 * 10**18
_UNSURE_FLAGS = (CLOCK_DOUBT, CLOCK_LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passed:
    """The latest record of a car, whether it became a passing or not."""

    tick_us: int
    received_mono_ns: int
    stamp: ClockStamp


class DeviceStart:
    """`name` becomes the passings' `sensor_boot`; `clock` is by default one of its own."""

    def __init__(self, *, sensor: str, name: str, clock: DeviceClock | None = None) -> None:
        self.name = name
        self.clock = clock or DeviceClock(name)
        self._sensor = sensor
        self._seen = SeqRanges()
        self._numbers = CarNumbers()
        self._latest_seq = 0
        self._latest_us: int | None = None
        self._passed: dict[int | str | None, _Passed] = {}

    @classmethod
    def going_on(cls, named: NamedStart, *, sensor: str) -> DeviceStart:
        """Return the start that an earlier file of the raw log named."""
        clock = DeviceClock(named.name, setting=named.setting, runs_count=named.runs_count)
        return cls(sensor=sensor, name=named.name, clock=clock)

    def named(self, *, decoder: int | None = None) -> NamedStart:
        clock = self.clock
        return NamedStart(name=self.name, setting=clock.setting, runs_count=clock.runs_count, decoder=decoder)

    def is_of_it(self, seq: int, tick_us: int | None, *, received_mono_ns: int, boot_id: str) -> bool:
        """Return whether a record that the decoder never gave before can come from this start."""
        if seq in self._seen:
            return False
        if tick_us is None or self._latest_us is None:
            return True
        self.clock.heard(received_mono_ns, boot_id=boot_id)
        if self.clock.leads_by_ns(tick_us, received_mono_ns) > LEAD_MAX_NS:
            return False
        return seq < self._latest_seq or tick_us >= self._latest_us - DISORDER_MAX_US

    def is_gone_on_with(self, seq: int) -> bool:
        """Return whether the number goes on behind those of this start: the device was not switched off."""
        return seq > self._latest_seq

    def misses(self, first: int, last: int) -> None:
        """Note that these numbers are missing, for now or for good."""
        self._numbers.miss(first, last)

    def is_live(self, seq: int) -> bool:
        """Return whether a record with this number tells of now: all do but those that were missing before.

        A lower number that never was missing is of a decoder that numbers anew, and its clock with it.
        """
        return seq > self._latest_seq or not self._numbers.was_missing(seq)

    def passing(
        self,
        seq: int,
        tick_us: int | None,
        *,
        channel: int,
        transponder: int | str | None,
        received_mono_ns: int,
        boot_id: str,
        hold_off: HoldOff | None,
        least_uncertainty_ns: int = 0,
        is_live: bool = True,
    ) -> Passing | None:
        """Stamp a record of this start; None where the gate holds it off.

        `is_live` says that the device sent it as it happened, though it may come late or again.
        """
        self._seen.add(seq)
        transponder = car_of(transponder)
        unseen = PASSING_LOST if self._numbers.lacks_one_before(seq, transponder) else None
        stamp = self._stamp(tick_us, received_mono_ns, boot_id, is_live=is_live)
        if stamp is None:
            tick_us = None
            stamp = ClockStamp(
                mono_ns=received_mono_ns, rate_ppb=0, uncertainty_ns=UNCLOCKED_UNCERTAINTY_NS, clock=""
            )
        elif seq > self._latest_seq:
            self._latest_us = tick_us
        mono_ns, uncertainty_ns = stamp.mono_ns, stamp.uncertainty_ns
        self._latest_seq = max(self._latest_seq, seq)
        if hold_off is not None and not self._is_let_through(
            hold_off, stamp, tick_us, transponder, received_mono_ns=received_mono_ns, boot_id=boot_id
        ):
            return None
        return Passing(
            sensor=self._sensor,
            sensor_boot=self.name,
            seq=seq,
            channel=channel,
            tick_us=tick_us,
            rate_ppb=stamp.rate_ppb,
            boot_id=boot_id,
            # What a device kept from before this boot has no instant in it; its tick still tells.
            mono_ns=max(0, mono_ns),
            uncertainty_ns=max(least_uncertainty_ns, uncertainty_ns) + max(0, -mono_ns),
            received_mono_ns=received_mono_ns,
            transponder=transponder,
            flag=with_unseen(stamp.flag, unseen),
            clock=stamp.clock,
        )

    def _stamp(
        self, tick_us: int | None, received_mono_ns: int, boot_id: str, *, is_live: bool
    ) -> ClockStamp | None:
        """Return the tick on the host's clock, or None where there is none or it lies beyond all sense."""
        if tick_us is None:
            return None
        stamp_of = self.clock.stamp_live if is_live else self.clock.stamp_old
        stamp = stamp_of(tick_us, received_mono_ns, boot_id=boot_id)
        return stamp if max(abs(stamp.mono_ns), stamp.uncertainty_ns) < SENSIBLE_MAX_NS else None

    def _is_let_through(
        self,
        hold_off: HoldOff,
        stamp: ClockStamp,
        tick_us: int | None,
        transponder: int | str | None,
        *,
        received_mono_ns: int,
        boot_id: str,
    ) -> bool:
        """Records that were held up on their way have stamps too close together; their ticks still tell."""
        is_let_through = hold_off.lets_through(stamp.mono_ns, boot_id=boot_id, transponder=transponder)
        before = self._passed.pop(transponder, None)
        if tick_us is None:
            return is_let_through
        if len(self._passed) >= TRANSPONDERS_MAX_COUNT:
            del self._passed[next(iter(self._passed))]
        self._passed[transponder] = _Passed(tick_us=tick_us, received_mono_ns=received_mono_ns, stamp=stamp)
        if before is None or is_let_through:
            return is_let_through
        is_near = abs(stamp.mono_ns - before.stamp.mono_ns) < hold_off.span_ns
        are_ticks_apart = abs(tick_us - before.tick_us) * 1000 >= hold_off.span_ns
        if stamp.flag in _UNSURE_FLAGS or before.stamp.flag in _UNSURE_FLAGS:
            # Where it is not known when it passed, a stamp near another's proves nothing.
            return are_ticks_apart or received_mono_ns - before.received_mono_ns >= hold_off.span_ns
        # Of two settings of the clock not even the ticks tell.
        return is_near and (are_ticks_apart or stamp.clock != before.stamp.clock)


def seq_of(number: int) -> int:
    """Return the number as trackside takes it, at least 1."""
    return min(number, SEQ_MAX) if number else SEQ_OF_ZERO


def car_of(transponder: int | str | None) -> int | str | None:
    """Return the transponder as trackside takes it; a number too large for it becomes text."""
    if isinstance(transponder, int) and 0 <= transponder <= SEQ_MAX:
        return transponder
    return str(transponder)[:TRANSPONDER_MAX_LENGTH] or None if transponder is not None else None


def usable_tick(tick_us: int | None) -> int | None:
    return tick_us if tick_us is not None and 0 <= tick_us <= TICK_MAX_US else None
