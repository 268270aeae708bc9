"""Lane timers and ALGE: what the devices measure is made of a start and a finish.

A lane timer prints a heat when it is over. Each lane that came in is a passing of the start and one of the
finish, so far apart on the device's clock as it says. When the heat began nobody tells: it is put where it
fits before the line that came.

Their silence would say nothing, so the start gate is asked each second. During a race they are left alone: a
FastTrack echoes a question into its result, and The Champ prints its result only after `rg`, which any other
command takes back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from firmware_bridge.decoders.alge import IMPULSE_DECIMALS, AlgeDecoder, AlgeImpulse, AlgeNet, AlgeText
from firmware_bridge.decoders.decoder import DAY_US, Event, format_seconds
from firmware_bridge.decoders.device_numbers import SeenBefore
from firmware_bridge.decoders.lane_timers import (
    ChampDecoder,
    FastTrackDecoder,
    HeatResult,
    LaneTimerDecoder,
)
from firmware_bridge.makers.device_clock import DeviceClock
from firmware_bridge.makers.device_maker import (
    UNCLOCKED_UNCERTAINTY_NS,
    DeviceMaker,
    DeviceStart,
    NamedStart,
    Receipt,
)
from firmware_bridge.makers.reading import HoldOff, Reading
from firmware_bridge.makers.time_names import TimedLine, TimeNames
from pitboard.race.bodies.passing_bodies import FINISH, START
from pitboard.unit_api.program_calls import Passing

ASK_EVERY_NS = 1_000_000_000
RACE_MAX_NS = 60_000_000_000
# It gives up at ten seconds itself.
FASTTRACK_RACE_MAX_NS = 12_000_000_000
LINE_MAX_BYTES = 64
DIFFERENCES = "it prints differences to the winner, and no heat can be timed by those: let it print times"
HEAT_BOOT = "heat-"
"""What the `sensor_boot` of a lane timer's passings begins with: each heat is one of its own."""
_GATE_ANSWER = re.compile(rb"(?:RG)*([01X])\*?")
_GATE_WORDS = {b"0": "open", b"1": "closed", b"X": "none"}


class LaneTimerMaker(DeviceMaker):
    """What the device says of its own shows that it lives; the echo of our questions does not."""

    def __init__(self, *, sensor: str, hold_off: HoldOff, decoder: LaneTimerDecoder) -> None:
        super().__init__(sensor=sensor, hold_off=hold_off, decoder=decoder)
        self._timer = decoder
        self._answers = 0
        self._line = b""
        self._latest: HeatResult | None = None

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        if isinstance(event, HeatResult):
            reading.signs["last"] = describe(event)
            if _is_of_differences(event):
                reading.complaint = DIFFERENCES
            elif self._is_print_again(event):
                self.counters.repeats += 1
            else:
                reading.passings += self._passings(event, receipt)
                reading.complaint = ""

    def _is_print_again(self, heat: HeatResult) -> bool:
        """Return whether it is the heat before, printed again: no two heats are alike in two lanes."""
        latest, self._latest = self._latest, heat
        return heat == latest and sum(lane.time_us is not None for lane in heat.lanes) > 1

    def _passings(self, heat: HeatResult, receipt: Receipt) -> Iterator[Passing]:
        """Yield start and finish of each lane that came in; the heat is a start of the device of its own."""
        times_us = {lane.lane: lane.time_us for lane in heat.lanes if lane.time_us}
        longest_us = max(times_us.values(), default=0)
        began_mono_ns = max(0, receipt.received_mono_ns - longest_us * 1_000)
        for lane, time_us in times_us.items():
            for gate, tick_us in ((START, 0), (FINISH, time_us)):
                yield Passing(
                    sensor=self._sensor,
                    sensor_boot=f"{HEAT_BOOT}{receipt.received_mono_ns}-{receipt.boot_id[:8]}",
                    seq=2 * lane + (gate == FINISH),
                    channel=lane,
                    tick_us=tick_us,
                    boot_id=receipt.boot_id,
                    mono_ns=began_mono_ns + tick_us * 1_000,
                    uncertainty_ns=UNCLOCKED_UNCERTAINTY_NS,
                    received_mono_ns=receipt.received_mono_ns,
                    gate=gate,
                    lane=lane,
                )

    def _is_alive(self, data: bytes) -> bool:
        answers, self._answers = self._answers, self._timer.answers_count
        return super()._is_alive(data) or self._answers > answers

    def open_port(self) -> None:
        super().open_port()
        self._line = b""

    def _lines(self, data: bytes) -> list[bytes]:
        """Return the lines that these bytes complete."""
        *lines, rest = (self._line + data).replace(b"\r", b"\n").split(b"\n")
        self._line = rest[-LINE_MAX_BYTES:]
        return lines


class FastTrackMaker(LaneTimerMaker):
    """FastTrack K and Q. It echoes what it is asked, into a result too: once the gate is open it is left
    alone until the result, and where it has no gate switch it is not asked again."""

    def __init__(self, *, sensor: str, hold_off: HoldOff, accept_unchecked: bool = False) -> None:
        super().__init__(sensor=sensor, hold_off=hold_off, decoder=FastTrackDecoder())
        self._due_mono_ns = 0
        self._racing_until_mono_ns: int | None = None
        self._has_gate_switch = True

    @property
    def may_be_quiet(self) -> bool:
        return self._racing_until_mono_ns is not None or not self._has_gate_switch

    def greetings(self) -> tuple[bytes, ...]:
        return (b"RV", b"N1", b"N2")

    def requests_due(self, now_mono_ns: int) -> bytes:
        if not self._has_gate_switch or now_mono_ns < (self._racing_until_mono_ns or 0):
            return b""
        self._racing_until_mono_ns = None
        if now_mono_ns < self._due_mono_ns:
            return b""
        self._due_mono_ns = now_mono_ns + ASK_EVERY_NS
        return b"RG"

    def open_port(self) -> None:
        super().open_port()
        self._racing_until_mono_ns = None
        self._has_gate_switch = True

    def feed(self, data: bytes, *, received_mono_ns: int, boot_id: str) -> Reading:
        reading = super().feed(data, received_mono_ns=received_mono_ns, boot_id=boot_id)
        for line in self._lines(data):
            if match := _GATE_ANSWER.fullmatch(line):
                is_open = match[1] == b"0"
                self._racing_until_mono_ns = received_mono_ns + FASTTRACK_RACE_MAX_NS if is_open else None
                self._has_gate_switch = match[1] != b"X"
                reading.signs["gate"] = _GATE_WORDS[match[1]]
        if "last" in reading.signs:
            self._racing_until_mono_ns = None
        return reading


class ChampMaker(LaneTimerMaker):
    """SmartLine, "The Champ"."""

    def __init__(self, *, sensor: str, hold_off: HoldOff, accept_unchecked: bool = False) -> None:
        super().__init__(sensor=sensor, hold_off=hold_off, decoder=ChampDecoder())
        self._due_mono_ns = 0
        self._racing_until_mono_ns: int | None = None

    @property
    def may_be_quiet(self) -> bool:
        return self._racing_until_mono_ns is not None

    def greetings(self) -> tuple[bytes, ...]:
        return (b"\r", b"v\r", b"ol0\r", b"op3\r")

    def requests_due(self, now_mono_ns: int) -> bytes:
        if self._racing_until_mono_ns is not None and now_mono_ns < self._racing_until_mono_ns:
            return b""
        self._racing_until_mono_ns = None
        if now_mono_ns < self._due_mono_ns:
            return b""
        self._due_mono_ns = now_mono_ns + ASK_EVERY_NS
        return b"rs\r"

    def open_port(self) -> None:
        super().open_port()
        self._racing_until_mono_ns = None

    def feed(self, data: bytes, *, received_mono_ns: int, boot_id: str) -> Reading:
        reading = super().feed(data, received_mono_ns=received_mono_ns, boot_id=boot_id)
        lines = self._lines(data)
        if "last" in reading.signs:
            self._racing_until_mono_ns = None
        elif b"1" in lines and self._racing_until_mono_ns is None:
            self._racing_until_mono_ns = received_mono_ns + RACE_MAX_NS
            reading.request = b"rg\r"
        return reading


def _is_of_differences(heat: HeatResult) -> bool:
    """Return whether the times are behind the winner's, whose own is then nothing: no time of a heat."""
    return any(lane.time_us == 0 and lane.place == 1 for lane in heat.lanes)


def describe(result: HeatResult) -> str:
    """Return the heat as one line for a person."""
    parts = []
    for lane in result.lanes:
        if lane.time_us is None:
            parts.append(f"lane {lane.lane} no time")
        else:
            place = f" ({lane.place}.)" if lane.place is not None else ""
            parts.append(f"lane {lane.lane} {format_seconds(lane.time_us, decimals=4)} s{place}")
    return ", ".join(parts)


# What the device prints as it happens; `?` is an impulse that no racer was ready for.
LIVE_FLAGS = frozenset(" ?t")
# Put in by hand, or read from the device's memory: true impulses, but printed late.
LATE_FLAGS = frozenset("im")
# A live impulse further from where the device's clock should stand means that the clock was set.
LIVE_WITHIN_US = 60_000_000
# What the device says when a car would not be seen.
_COMPLAINT = re.compile("PULSE HOLD|ERROR|BATT", re.IGNORECASE)
_STUCK = re.compile(r"PULSE HOLD\W*(C\d)?", re.IGNORECASE)
CHANNELS_COUNT = 10
SEEN_MAX_COUNT = 16_384
MANUAL_UNCERTAINTY_NS = 10_000_000  # a key pressed on the device is printed to a hundredth


ALGE_GATES = {"C0": ("start", 1), "C1": ("finish", 1), "C3": ("start", 2), "C4": ("finish", 2)}
"""Where a channel stands, and the lane in a parallel race; any other channel is a sector's gate."""
ALGE_LANES = {"r": 1, "b": 2}


def _place_of(event: AlgeImpulse) -> tuple[str, int]:
    gate, lane = ALGE_GATES.get(event.channel, (event.channel.lower(), 1))
    return gate, ALGE_LANES.get(event.lane or "", lane)


def _off_us(time_of_day_us: int, expected_us: int) -> int:
    """Return by how much a time of day is off, on the day that is nearest."""
    return (time_of_day_us - expected_us + DAY_US // 2) % DAY_US - DAY_US // 2


def _cut_to_ns(event: AlgeImpulse) -> int:
    """Return what the time is cut to, where that is more than its digits show by themselves."""
    if event.decimals < IMPULSE_DECIMALS:
        return int(10 ** (9 - event.decimals))
    return MANUAL_UNCERTAINTY_NS if event.manual else 0


class AlgeMaker(DeviceMaker):
    """Start and finish impulses, with the racer's number for a transponder where the device gave it one.

    The device holds off by itself (its dead time), so the gate is not asked. What it takes back (`c`) stays
    an impulse: whose it is, and whether it counts, is said by officials.
    """

    def __init__(self, *, sensor: str, hold_off: HoldOff, accept_unchecked: bool = False) -> None:
        super().__init__(sensor=sensor, hold_off=hold_off, decoder=AlgeDecoder())
        self._start: DeviceStart | None = None
        self._names = TimeNames()  # of the start
        self._printed = SeenBefore(max_count=SEEN_MAX_COUNT)
        self._latest_us = 0
        self._latest_receipt = Receipt(received_mono_ns=0, boot_id="")

    def _clocks(self) -> Iterable[DeviceClock]:
        return () if self._start is None else (self._start.clock,)

    def _named_starts(self) -> list[NamedStart]:
        if self._start is None:
            return []
        latest = self._latest_receipt
        named = msgspec.structs.replace(
            self._start.named(),
            latest_us=self._latest_us,
            received_mono_ns=latest.received_mono_ns,
            boot_id=latest.boot_id,
        )
        return [named]

    def _go_on(self, named: NamedStart) -> None:
        if self._start is None or self._start.name != named.name:
            self._start = DeviceStart.going_on(named, sensor=self._sensor)
            self._latest_us = named.latest_us
            self._latest_receipt = Receipt(received_mono_ns=named.received_mono_ns, boot_id=named.boot_id)

    def _take(self, event: Event, receipt: Receipt, reading: Reading) -> None:
        if isinstance(event, AlgeText):
            reading.signs["says"] = event.text
            if _COMPLAINT.search(event.text):
                reading.complaint = event.text
            if match := _STUCK.search(event.text):
                reading.stuck_input = match[1] or "of the device"
        elif isinstance(event, AlgeNet):
            reading.signs["last"] = f"{event.number} {event.channel} {event.time_us} us"
        elif isinstance(event, AlgeImpulse) and event.time_of_day_us < DAY_US:
            reading.signs["last"] = f"{event.flag}{event.number} {event.channel} {event.time_of_day_us} us"
            if event.flag in LIVE_FLAGS:
                reading.complaint = reading.stuck_input = ""  # its inputs work again
                self._take_impulse(event, receipt, reading, is_live=True)
            elif event.flag in LATE_FLAGS and self._start is not None:
                self._take_impulse(event, receipt, reading, is_live=False)

    def _take_impulse(self, event: AlgeImpulse, receipt: Receipt, reading: Reading, *, is_live: bool) -> None:
        tick_us = self._tick(event.time_of_day_us, receipt, is_live=is_live)
        start = self._start
        was_printed = self._printed.add((receipt.boot_id, event.channel, event.time_of_day_us))
        if tick_us is None and was_printed:
            self.counters.repeats += 1  # long ago; no clock is set back to the very time of a line
            return
        if start is None or tick_us is None:
            tick_us = event.time_of_day_us
            name = self._start_name(f"alge-{event.channel}-{tick_us}-{receipt.boot_id[:8]}", receipt)
            before, start = start, DeviceStart(sensor=self._sensor, name=name)
            expected_us = (
                None
                if before is None
                else before.clock.tick_at(receipt.received_mono_ns, boot_id=receipt.boot_id)
            )
            if expected_us is not None:
                start.clock.say_set(_off_us(tick_us, expected_us), receipt.received_mono_ns)
            self._start, self._names = start, TimeNames()
        line = TimedLine(
            key=(start.name, tick_us * CHANNELS_COUNT + int(event.channel[1]) + 1),
            event=event,
            tick_us=tick_us,
            clock=start.clock,
            received_mono_ns=receipt.received_mono_ns,
            boot_id=receipt.boot_id,
        )
        is_known = self._names.is_known(line.key)
        if is_known and not (is_live and self._names.is_another(line)):
            self.counters.repeats += 1
            return
        if is_live:
            self._latest_us, self._latest_receipt = tick_us, receipt
        is_in_time = self._name(line, start, reading, is_another=is_known, is_live=is_live) and is_live
        for other in self._names.found(is_in_time=is_in_time, boot_id=receipt.boot_id):
            self.counters.repeats -= 1
            self._name(other, start, reading, is_another=True, is_live=False)

    def _name(
        self, line: TimedLine, start: DeviceStart, reading: Reading, *, is_another: bool, is_live: bool
    ) -> bool:
        """Take the line as a passing; return whether nothing about its time is in doubt."""
        event = line.event
        assert isinstance(event, AlgeImpulse)
        gate, lane = _place_of(event)
        channel = int(event.channel[1])
        passing = start.passing(
            line.number if is_another else line.tick_us * CHANNELS_COUNT + channel + 1,
            line.tick_us,
            channel=channel,
            transponder=event.number if event.number and event.flag != "?" else None,
            received_mono_ns=line.received_mono_ns,
            boot_id=line.boot_id,
            hold_off=None,
            least_uncertainty_ns=_cut_to_ns(event),
            is_live=is_live,
        )
        if passing is None:
            return False
        self._names.remember(line, passing.clock)
        reading.passings.append(msgspec.structs.replace(passing, gate=gate, lane=lane))
        return passing.flag is None

    def _tick(self, time_of_day_us: int, receipt: Receipt, *, is_live: bool) -> int | None:
        """Return the time of day counted on over midnight; None where the clock was set."""
        latest = self._latest_receipt
        if self._start is None or latest.boot_id != receipt.boot_id:
            return None
        expected_us = self._latest_us + (receipt.received_mono_ns - latest.received_mono_ns) // 1000
        if is_live:
            tick_us = expected_us + _off_us(time_of_day_us, expected_us)
            return tick_us if abs(tick_us - expected_us) <= LIVE_WITHIN_US and tick_us >= 0 else None
        # Late lines lie in the past, by less than a day.
        tick_us = expected_us + LIVE_WITHIN_US
        tick_us -= (tick_us - time_of_day_us) % DAY_US
        return tick_us if tick_us >= 0 else time_of_day_us
