"""Tell the troubles of a sensor apart: port gone, silent, flickering, blocked, and what was lost just now.

Pure: whoever reads the port reports what happened; the state follows from that and the time. Codes and
fields only; the words are in `pitboard/unit_api/sensor_sentences.py`."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from firmware_bridge.makers.reading import LineCounters, Reading
from pitboard.errors import PortCode, PortTrouble
from pitboard.unit_api.program_calls import Passing
from pitboard.unit_api.unit_status import SensorNote, SensorState

# Two heartbeats with the beam interrupted; they come a second apart, give or take the device's crystal.
BLOCKED_MIN_US = 950_000
# More than a line or two that noise damaged.
NONSENSE_MIN_BYTES = 300
# Statuses without any noise in a row; a loop that is plugged in always hears some.
QUIET_MIN_COUNT = 3
# How long a loss that is over stays on the screen.
LOSS_SHOWN_NS = 60_000_000_000
LOSSES_MAX_COUNT = 4_096
HOLDERS_MAX_LENGTH = 200
FIELD_MAX_LENGTH = 400


class SensorWatch:
    """Watches one sensor at its place. Where `silent_max_ms` is None its silence tells nothing; only nonsense
    does.
    """

    def __init__(self, *, place: str, silent_max_ms: int | None) -> None:
        self._place = place
        self._silent_max_ns = None if silent_max_ms is None else silent_max_ms * 1_000_000
        self._port_trouble: PortTrouble | None = PortTrouble(PortCode.NOT_OPENED)
        self._heard_mono_ns: int | None = None
        self._noise_bytes = 0
        self._blocked_since_us: dict[int, int] = {}
        self._blocked_channels: list[int] = []
        self._flickering: tuple[int, ...] = ()
        self._uncounted_before = self._uncounted = 0
        self._cousin = ""
        self._complaint = self._stuck_input = ""
        self._holders = ""
        self._is_stale = False
        self._quiet_count = 0
        self._wrong_device: SensorNote | None = None

    @property
    def silent_at_mono_ns(self) -> int | None:
        """When the sensor counts as silent if nothing more is heard; None where that changes nothing."""
        if self._port_trouble is not None or self._heard_mono_ns is None or self._silent_max_ns is None:
            return None
        return self._heard_mono_ns + self._silent_max_ns

    def port_opened(self) -> None:
        self._port_trouble = None
        self._heard_mono_ns = None
        self._noise_bytes = 0
        self._cousin = self._complaint = self._stuck_input = self._holders = ""
        self._wrong_device = None
        self._is_stale = False
        self._quiet_count = 0
        self._forget_levels()

    def port_lost(self, trouble: PortTrouble) -> None:
        self._port_trouble = trouble
        self._flickering = ()

    def heard_line(self, mono_ns: int) -> None:
        self._heard_mono_ns = mono_ns
        self._noise_bytes = 0
        self._cousin = ""
        self._is_stale = False

    def heard_noise(self, byte_count: int) -> None:
        """Bytes came that complete no line."""
        self._noise_bytes += byte_count

    def heard_passing(self, channel: int, tick_us: int) -> None:
        """A beam that sees a passing was clear just before, however the heartbeats happened to find it."""
        if self._blocked_since_us.get(channel, tick_us) < tick_us:
            self._blocked_since_us[channel] = tick_us

    def heard_levels(self, levels: int, tick_us: int) -> None:
        """Take the beam levels of a heartbeat; ticks that go back mean that the device restarted."""
        if any(tick_us < since_us for since_us in self._blocked_since_us.values()):
            self._forget_levels()
        channels = [channel for channel in range(levels.bit_length()) if levels >> channel & 1]
        self._blocked_since_us = {
            channel: self._blocked_since_us.get(channel, tick_us) for channel in channels
        }
        self._blocked_channels = [
            channel
            for channel, since_us in self._blocked_since_us.items()
            if tick_us - since_us >= BLOCKED_MIN_US
        ]

    def heard_flicker(self, channels: Sequence[int], *, uncounted: int) -> None:
        """Take the channels that flicker now, and how many interruptions were not counted so far."""
        if channels and not self._flickering:
            self._uncounted_before = self._uncounted
        self._flickering = tuple(channels)
        self._uncounted = uncounted

    def heard_stale(self) -> None:
        """Only a line came that should have moved on: that is no sign of life."""
        self._is_stale = True

    def heard_loop(self, *, hears_noise: bool) -> None:
        """Take whether a status tells of any noise on the loop."""
        self._quiet_count = 0 if hears_noise else self._quiet_count + 1

    def heard_cousin(self, protocol: str) -> None:
        """Lines came that are sound, but of another protocol than the one configured."""
        self._cousin = protocol

    def heard_complaint(self, text: str) -> None:
        """The device said what is wrong with it; nothing once that is over."""
        self._complaint = text

    def heard_stuck(self, stuck_input: str) -> None:
        """The device named an input that is held; nothing once that is over."""
        self._stuck_input = stuck_input

    def heard_holders(self, holders: Sequence[str]) -> None:
        """Others have the port open too; none once they are gone."""
        self._holders = ", ".join(holders)[:HOLDERS_MAX_LENGTH]

    def heard_device(self, found: str, *, wanted: str) -> None:
        """A device said who it is, where the config wants a certain one."""
        fields: dict[str, int | str] = {"found": found, "wanted": wanted, "place": self._place}
        self._wrong_device = (
            SensorNote(code=SensorState.WRONG_DEVICE, fields=fields) if found != wanted else None
        )

    def health(self, now_mono_ns: int) -> SensorNote:
        """Return the state as a note whose code is a SensorState."""
        if self._port_trouble is not None:
            return SensorNote(code=SensorState.PORT_GONE, fields=self._port_fields(self._port_trouble))
        if self._holders:
            return SensorNote(code=SensorState.PORT_SHARED, fields={"holders": self._holders})
        if self._wrong_device is not None:
            return self._wrong_device
        if self._cousin:
            return SensorNote(code=SensorState.SILENT)
        if self._stuck_input:
            return SensorNote(code=SensorState.BLOCKED, fields={"channels": self._stuck_input})
        if self._silent_max_ns is None:
            if self._noise_bytes >= NONSENSE_MIN_BYTES:
                return SensorNote(code=SensorState.SILENT)
        elif self._heard_mono_ns is None:
            return SensorNote(code=SensorState.SILENT)
        elif now_mono_ns - self._heard_mono_ns >= self._silent_max_ns:
            silent_s = (now_mono_ns - self._heard_mono_ns) // 1_000_000_000
            return SensorNote(code=SensorState.SILENT, fields={"silent_s": silent_s})
        if self._flickering:
            uncounted = self._uncounted - self._uncounted_before
            fields: dict[str, int | str] = {"channels": _named(self._flickering), "uncounted": uncounted}
            return SensorNote(code=SensorState.FLICKERS, fields=fields)
        if self._blocked_channels:
            return SensorNote(code=SensorState.BLOCKED, fields={"channels": _named(self._blocked_channels)})
        return SensorNote(code=SensorState.OK)

    def notes(self) -> list[SensorNote]:
        """Return what is to be said beside the state."""
        if self._port_trouble is not None:
            return []
        notes = []
        if self._cousin:
            notes.append(SensorNote(code="cousin", fields={"protocol": self._cousin}))
        elif self._noise_bytes >= NONSENSE_MIN_BYTES:
            notes.append(SensorNote(code="nonsense"))
        if self._is_stale:
            notes.append(SensorNote(code="stale"))
        if self._quiet_count >= QUIET_MIN_COUNT:
            notes.append(SensorNote(code="loop-quiet"))
        if self._complaint:
            notes.append(SensorNote(code="device-says", fields={"text": self._complaint}))
        return notes

    def _port_fields(self, trouble: PortTrouble) -> dict[str, int | str]:
        """Return the code and what its sentence names; `reason` is the same in English."""
        named: dict[str, int | str] = {**trouble.fields, "reason": trouble.reason, "why": trouble.code.value}
        for name, value in named.items():
            named[name] = value[:FIELD_MAX_LENGTH] if isinstance(value, str) else value
        return named | {"place": self._place}

    def _forget_levels(self) -> None:
        self._blocked_since_us = {}
        self._blocked_channels = []


def _named(channels: Sequence[int]) -> str:
    return ", ".join(map(str, channels))


class LossWatch:
    """Says what was lost in the last minute: a car may be missing, and somebody must look."""

    def __init__(self) -> None:
        self._before = LineCounters()
        self._edges: deque[tuple[int, int]] = deque(maxlen=LOSSES_MAX_COUNT)
        self._uncounted: deque[tuple[int, int]] = deque(maxlen=LOSSES_MAX_COUNT)
        self._channels: tuple[int, ...] = ()

    def take(self, counters: LineCounters, flickering: Sequence[int], now_mono_ns: int) -> None:
        """Compare the counters with those of the last time."""
        if edges_count := counters.overruns - self._before.overruns:
            self._edges.append((now_mono_ns, edges_count))
        if uncounted_count := counters.uncounted - self._before.uncounted:
            self._uncounted.append((now_mono_ns, uncounted_count))
        self._channels = tuple(flickering) or self._channels
        self._before.overruns, self._before.uncounted = counters.overruns, counters.uncounted

    def notes(self, now_mono_ns: int, *, is_flickering: bool) -> list[SensorNote]:
        notes = []
        if edges_count := _latest_sum(self._edges, now_mono_ns):
            notes.append(SensorNote(code="edges-lost", fields={"count": edges_count}))
        if (uncounted := _latest_sum(self._uncounted, now_mono_ns)) and not is_flickering:
            fields: dict[str, int | str] = {"channels": _named(self._channels), "uncounted": uncounted}
            notes.append(SensorNote(code="flickered", fields=fields))
        return notes


def _latest_sum(losses: deque[tuple[int, int]], now_mono_ns: int) -> int:
    while losses and losses[0][0] < now_mono_ns - LOSS_SHOWN_NS:
        losses.popleft()
    return sum(count for _, count in losses)


MINUTE_NS = 60_000_000_000
PASSINGS_MAX_COUNT = 10_000
SIGN_MAX_LENGTH = 200
SIGN_MAX = 2**53 - 1


class SensorSigns:
    """Follows one sensor's readings."""

    def __init__(self) -> None:
        self.blocked: list[int] | None = None
        self.last_edge_mono_ns: int | None = None
        self.rate_ppb: int | None = None
        self.values: dict[str, int | str] = {}
        self._passed_mono_ns: deque[int] = deque(maxlen=PASSINGS_MAX_COUNT)

    def take(self, reading: Reading, received_mono_ns: int) -> None:
        if reading.beam_passings:
            self.last_edge_mono_ns = received_mono_ns
        for passing in reading.passings:
            self._take_passing(passing)
        for beat in reading.heartbeats:
            self.blocked = [n for n in range(beat.levels.bit_length()) if beat.levels >> n & 1]
        if reading.hello is not None:
            self.values |= {"device": reading.hello.device, "firmware": reading.hello.firmware}
        for name, value in reading.signs.items():
            self.values[name] = min(value, SIGN_MAX) if isinstance(value, int) else value[:SIGN_MAX_LENGTH]

    def passings_per_min(self, now_mono_ns: int) -> int:
        """Return how many passings the last minute had."""
        while self._passed_mono_ns and self._passed_mono_ns[0] < now_mono_ns - MINUTE_NS:
            self._passed_mono_ns.popleft()
        return len(self._passed_mono_ns)

    def _take_passing(self, passing: Passing) -> None:
        self._passed_mono_ns.append(passing.received_mono_ns)
        self.last_edge_mono_ns = max(self.last_edge_mono_ns or 0, passing.mono_ns)
        self.rate_ppb = passing.rate_ppb if passing.tick_us is not None else None
