"""Turn the bytes of one sensor of ours into passings: decode, drop repeats, stamp, hold off.

Pure, and the only way from bytes to passings: fed the raw log it makes the same passings as on the day."""

from __future__ import annotations

from collections.abc import Iterable

from firmware_bridge.decoders.beamline import (
    IDENTIFY,
    Acknowledgement,
    BeamlineDecoder,
    BeamPassing,
    Heartbeat,
    Hello,
)
from firmware_bridge.decoders.device_numbers import SeqRanges
from firmware_bridge.lines.flicker import FlickerWatches
from firmware_bridge.makers.reading import HoldOff, LineCounters, Reading, with_sleep
from firmware_bridge.makers.tick_clock import TickClock
from pitboard.race.passings.device_clocks import FLICKERED, PASSING_LOST
from pitboard.unit_api.program_calls import Passing

# More starts of a device than anybody resends from; beyond, the oldest is forgotten.
BOOTS_MAX_COUNT = 64
# Three heartbeats should have come by then; a device that sends none is timed by its passings alone.
HELD_MAX_NS = 3_000_000_000
# The answers are heartbeats: with several, the quickest of them starts the tick clock well.
IDENTIFY_COUNT = 8


class PassingMaker:
    """Reads one sensor. `gate` may be shared with other sensors on the same line across the track."""

    def __init__(self, *, sensor: str, hold_off: HoldOff) -> None:
        self.counters = LineCounters()
        self.hold_off = hold_off
        self._sensor = sensor
        self._decoder = BeamlineDecoder()
        self._seen: dict[str, SeqRanges] = {}
        self._clock = TickClock()
        self._clock_key = ("", "")
        self._slept_ns = 0
        self._has_heartbeat = self._is_settled = False
        self._held: list[tuple[BeamPassing, int]] = []
        self._overruns = 0
        self._beat_us = -1
        self._watches = FlickerWatches()
        self._unseen: str | None = None  # why a car may be missing since the last passing
        self.flickering: tuple[int, ...] = ()

    def open_port(self) -> None:
        """Begin a new stream of bytes; what is known of the device stays."""
        self._decoder = BeamlineDecoder()

    @property
    def may_be_quiet(self) -> bool:
        return False

    def host_slept(self, slept_ns: int) -> None:
        self._clock.host_slept(slept_ns - self._slept_ns)
        self._slept_ns = slept_ns

    def named_starts(self) -> str:
        return ""

    def go_on(self, named_starts: str) -> None:
        """Do nothing: each line says itself which start of its device it belongs to."""

    def greetings(self) -> tuple[bytes, ...]:
        return (IDENTIFY,) * IDENTIFY_COUNT

    def requests_due(self, now_mono_ns: int) -> bytes:
        return b""

    def feed(self, data: bytes, *, received_mono_ns: int, boot_id: str) -> Reading:
        """Return what these bytes complete. Raises nothing, whatever the bytes are."""
        reading = Reading()
        counted = self._decoder.counters
        good, damaged, repeats = counted.frames_good, counted.frames_damaged, counted.duplicates
        events = self._decoder.feed(data)
        self.counters.lines_good += counted.frames_good - good
        self.counters.lines_damaged += counted.frames_damaged - damaged
        self.counters.repeats += counted.duplicates - repeats
        reading.has_lines = counted.frames_good > good
        # A repeat means that our acknowledgement did not arrive, or not yet.
        must_acknowledge = counted.duplicates > repeats
        for event in events:
            if isinstance(event, BeamPassing):
                must_acknowledge = True
                reading.beam_passings.append(event)
                self._take_passing(event, received_mono_ns, boot_id, reading)
            elif isinstance(event, Heartbeat):
                self._take_heartbeat(event, received_mono_ns, boot_id, reading)
                held_to = min(event.last_seq, self._seen_of(event.boot).contiguous_to)
                must_acknowledge |= event.oldest_seq <= held_to
            elif isinstance(event, Hello):
                reading.hello = event
        if reading.is_stale and not reading.beam_passings and not must_acknowledge and reading.hello is None:
            reading.has_lines = False
        device_boot = self._clock_key[1]
        if must_acknowledge and device_boot:
            reading.acknowledgement = Acknowledgement(
                boot=device_boot, seq=self._seen_of(device_boot).contiguous_to
            )
        reading.passings = with_sleep(reading.passings, self._slept_ns)
        return reading

    def _take_passing(
        self, passing: BeamPassing, received_mono_ns: int, boot_id: str, reading: Reading
    ) -> None:
        self._set_clock(boot_id, passing.boot, reading)
        self._clock.observe(passing.unwrapped_us, received_mono_ns)
        if not self._seen_of(passing.boot).add(passing.seq):
            self.counters.repeats += 1
            return
        self._held.append((passing, received_mono_ns))
        # A passing may be minutes old; only a heartbeat, never sent late, tells how old.
        if self._is_settled or received_mono_ns - self._held[0][1] >= HELD_MAX_NS:
            self._is_settled = True
            self._release(reading)

    def _take_heartbeat(self, beat: Heartbeat, received_mono_ns: int, boot_id: str, reading: Reading) -> None:
        self._set_clock(boot_id, beat.boot, reading)
        self._clock.observe(beat.unwrapped_us, received_mono_ns)
        lost = self._seen_of(beat.boot).raise_floor(beat.oldest_seq - 1)
        # What lies before the first heartbeat of a start was acknowledged, perhaps to another log.
        overruns = max(0, beat.overruns - self._overruns)
        self.counters.gaps += lost if self._has_heartbeat else 0
        self.counters.overruns += overruns
        self._overruns = beat.overruns
        if self._has_heartbeat and (lost or overruns):
            self._unseen = PASSING_LOST
        self._has_heartbeat = self._is_settled = True
        self.flickering = self._watches.settle(beat.unwrapped_us * 1000)
        # A device whose clock stands still hangs, however regularly it says so.
        reading.is_stale = beat.unwrapped_us == self._beat_us
        self._beat_us = beat.unwrapped_us
        reading.heartbeats.append(beat)
        self._release(reading)

    def _set_clock(self, boot_id: str, device_boot: str, reading: Reading) -> None:
        if self._clock_key == (boot_id, device_boot):
            return
        self._release(reading)
        self._clock_key = (boot_id, device_boot)
        self._clock = TickClock()
        self._has_heartbeat = self._is_settled = False
        self._overruns = 0
        self._beat_us = -1
        self._watches = FlickerWatches()
        reading.has_new_clock = True

    def _release(self, reading: Reading) -> None:
        if self._held:
            reading.passings += self._stamped(self._held)
            self._held = []

    def _stamped(self, passings: Iterable[tuple[BeamPassing, int]]) -> Iterable[Passing]:
        boot_id, _ = self._clock_key
        for passing, received_mono_ns in passings:
            if self._watches.of(passing.channel).interrupted(passing.unwrapped_us * 1000):
                self.counters.uncounted += 1
                self.flickering = self._watches.settle(passing.unwrapped_us * 1000)
                self._unseen = FLICKERED
                continue
            stamp = self._clock.stamp(passing.unwrapped_us)
            if not self.hold_off.lets_through(stamp.mono_ns, boot_id=boot_id, channel=passing.channel):
                self.counters.held_off += 1
                continue
            unseen, self._unseen = self._unseen, None
            yield Passing(
                sensor=self._sensor,
                sensor_boot=passing.boot,
                seq=passing.seq,
                channel=passing.channel,
                tick_us=passing.unwrapped_us,
                rate_ppb=stamp.rate_ppb,
                boot_id=boot_id,
                # What a device kept from before this boot has no instant in it; its tick still tells.
                mono_ns=max(0, stamp.mono_ns),
                uncertainty_ns=stamp.uncertainty_ns + max(0, -stamp.mono_ns),
                received_mono_ns=received_mono_ns,
                flag=unseen,
            )

    def _seen_of(self, device_boot: str) -> SeqRanges:
        if device_boot not in self._seen:
            if len(self._seen) == BOOTS_MAX_COUNT:
                del self._seen[next(iter(self._seen))]
            self._seen[device_boot] = SeqRanges()
        return self._seen[device_boot]
