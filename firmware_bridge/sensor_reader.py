"""Reads one sensor for ever: raw log first, then passings to the outbox and the answer to the device."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from firmware_bridge.config import SensorConfig
from firmware_bridge.decoders.beamline import PROTOCOL_VERSION, Hello, encode_acknowledgement
from firmware_bridge.lines.chunk_queue import Chunk
from firmware_bridge.lines.line_source import Line, make_line_source
from firmware_bridge.lines.port_holders import HolderWatch
from firmware_bridge.makers.device_pin import DevicePin
from firmware_bridge.makers.reading import PassingSource, Reading
from firmware_bridge.spool.outbox import BackOff, Outbox
from firmware_bridge.spool.raw_log import HOST_SLEPT, PORT_CLOSED, PORT_OPENED, RawLog
from firmware_bridge.spool.spool_room import ChunkSpool
from firmware_bridge.watch.bridge_reporter import SensorView
from firmware_bridge.watch.clock_watch import ClockWatch
from firmware_bridge.watch.sensor_watch import LossWatch, SensorSigns, SensorWatch
from firmware_bridge.watch.systems_watch import SystemsWatch
from pitboard.clock import Clock, read_slept_ns
from pitboard.errors import BeamLost
from pitboard.tasks import beside
from pitboard.unit_api.sensor_sentences import note_sentence
from pitboard.unit_api.unit_status import SensorNote, SensorState, SensorStatus

GREET_EVERY_MS = 50
# The two clocks are read one after the other; less is that.
SLEEP_MIN_NS = 10_000_000
GREET_AGAIN_NS = 2_000_000_000
LOOK_FOR_OTHERS_EVERY_S = 10
TEXT_MAX_LENGTH = 300
WORD_MAX_LENGTH = 80
ASK_EVERY_MS = 500
# A line that stayed open so long was a good one; a device that hangs up at once is not dialled in a row.
GOOD_LINE_MIN_NS = 2_000_000_000

log = logging.getLogger(__name__)


class SensorReader:
    """Owns one port or connection. `on_change` is called whenever what it has to say changes."""

    def __init__(
        self,
        *,
        config: SensorConfig,
        maker: PassingSource,
        raw_log: RawLog,
        outbox: Outbox,
        clock: Clock,
        on_change: Callable[[], None],
        systems: SystemsWatch,
    ) -> None:
        self._config = config
        self._systems = systems
        self._clock_watch = ClockWatch()
        self._slept_ns = 0
        self._maker = maker
        self._outbox = outbox
        self._clock = clock
        self._on_change = on_change
        self._spool = ChunkSpool(sensor=config.name, raw_log=raw_log, on_change=on_change)
        self._source = make_line_source(
            clock=clock,
            pins=config.gpio_setting if config.pins else None,
            port=config.port,
            serial=config.serial_setting,
            address=config.host_and_port,
            dials_us=config.device.dials_us,
        )
        self._watch = SensorWatch(place=config.place, silent_max_ms=config.silence_ms)
        self._signs = SensorSigns()
        self._losses = LossWatch()
        self._shown: tuple[str, list[int] | None] | None = None
        self._hello: Hello | None = None
        self._line: Line | None = None
        self._wants_greeting = asyncio.Event()
        self._pin = DevicePin(config.device_id) if config.device_id else None
        self._greeted_mono_ns = 0

    @property
    def silent_at_mono_ns(self) -> int | None:
        return self._watch.silent_at_mono_ns

    def status(self) -> SensorStatus:
        """Return what trackside should show now."""
        now_mono_ns = self._clock.mono_ns()
        health = self._watch.health(now_mono_ns)
        counters = self._maker.counters
        strength = self._signs.values.get("strength")
        return SensorStatus(
            sensor=self._config.name,
            kind=self._config.kind,
            gate=self._config.gate_name[:WORD_MAX_LENGTH],
            system=self._config.system,
            device=str(self._signs.values.get("device", ""))[:WORD_MAX_LENGTH],
            firmware=str(self._signs.values.get("firmware", ""))[:WORD_MAX_LENGTH],
            state=SensorState(health.code),
            notes=self._notes(health, now_mono_ns),
            counters={
                "lines_good": counters.lines_good,
                "lines_damaged": counters.lines_damaged,
                "overruns": counters.overruns,
                "gaps": counters.gaps,
                "repeats": counters.repeats,
                "held_off": counters.held_off,
                "uncounted": counters.uncounted,
            },
            blocked=self._signs.blocked,
            strength=strength if isinstance(strength, int) else None,
            passings_per_min=self._signs.passings_per_min(now_mono_ns),
        )

    def _notes(self, health: SensorNote, now_mono_ns: int) -> list[SensorNote]:
        notes = [] if health.code == SensorState.OK else [health]
        notes += self._watch.notes()
        notes += self._losses.notes(now_mono_ns, is_flickering=health.code == SensorState.FLICKERS)
        notes += self._clock_watch.notes(now_mono_ns)
        notes += self._systems.notes(self._config.line, now_mono_ns)
        if self._spool.trouble is not None:
            fields: dict[str, int | str] = {
                "path": str(self._spool.trouble.path),
                "text": self._spool.trouble.reason,
            }
            notes.append(SensorNote(code="raw-log", fields=fields))
        if gaps := self._maker.counters.gaps:
            notes.append(SensorNote(code="passings-lost", fields={"count": gaps}))
        return notes

    def view(self, status: SensorStatus) -> SensorView:
        """Return what `pitboard sensors` shows, where this is the status now."""
        return SensorView(
            sensor=status.sensor,
            kind=self._config.kind,
            place=self._config.place,
            gate=self._config.gate_name,
            state=status.state,
            notes=status.notes,
            counters=status.counters,
            blocked=status.blocked,
            strength=status.strength,
            last_edge_mono_ns=self._signs.last_edge_mono_ns,
            passings_per_min=status.passings_per_min,
            rate_ppb=self._signs.rate_ppb,
            signs=self._signs.values,
        )

    async def run(self) -> None:
        """Read, and open the line anew whenever it is lost."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._greet_for_ever(), name=f"greet {self._config.name}")
            if self._config.device.asks:
                tasks.create_task(self._ask_for_ever(), name=f"ask {self._config.name}")
            try:
                await self._read_for_ever()
            finally:
                self._source.close()

    async def _read_for_ever(self) -> None:
        back_off = BackOff()
        said = ""
        while True:
            if self._source.waits_for is not None:
                self._watch.port_lost(self._source.waits_for)
                self._note_change()
            opened_mono_ns = self._clock.mono_ns()
            try:
                async with self._source.open() as line:
                    log.info("opened: sensor=%s %s", self._config.name, self._config.place)
                    opened_mono_ns = self._clock.mono_ns()
                    await self._read_line(line)
            except BeamLost as lost:
                if lost.reason != said:
                    log.warning("sensor=%s: %s", self._config.name, lost)
                said = lost.reason
                self._watch.port_lost(lost.trouble)
                self._note_change()
            if self._clock.mono_ns() - opened_mono_ns >= GOOD_LINE_MIN_NS:
                back_off.reset()
            await back_off.wait()

    async def _read_line(self, line: Line) -> None:
        """Raises BeamLost once the line is gone."""
        self._spool.mark(PORT_OPENED, self._config.place)
        self._maker.open_port()
        if self._pin is not None:
            self._pin.open_port()
        self._watch.port_opened()
        self._note_change()
        self._wants_greeting.set()
        self._line = line
        try:
            async with beside(self._look_for_others(), name=f"others {self._config.name}"):
                while True:
                    if chunks := self._admitted(await line.read()):
                        await self._take(chunks, line)
        finally:
            self._line = None
            self._spool.mark(PORT_CLOSED, self._config.place)

    async def _look_for_others(self) -> None:
        """Say who else has the port open: a part of the bytes is theirs, and no count of ours shows it."""
        port = self._config.port
        others = None if port is None else HolderWatch(port)
        while others is not None:
            self._watch.heard_holders(await asyncio.to_thread(others.look))
            self._note_change()
            await asyncio.sleep(LOOK_FOR_OTHERS_EVERY_S)

    def _admitted(self, chunks: Sequence[Chunk]) -> Sequence[Chunk]:
        """Return what is of the device that the config wants."""
        pin = self._pin
        if pin is None:
            return chunks
        admitted = [one for chunk in chunks for one in pin.admit(chunk)]
        now_mono_ns = self._clock.mono_ns()
        if pin.found:
            self._watch.heard_device(pin.found, wanted=pin.wanted)
        elif now_mono_ns - self._greeted_mono_ns >= GREET_AGAIN_NS:
            self._greeted_mono_ns = now_mono_ns
            self._wants_greeting.set()
        self._note_change()
        return admitted

    async def _greet_for_ever(self) -> None:
        """Greet the device whenever the line was opened or the device started."""
        while True:
            await self._wants_greeting.wait()
            self._wants_greeting.clear()
            for greeting in self._maker.greetings():
                if self._line is not None:
                    self._line.write(greeting)
                await asyncio.sleep(GREET_EVERY_MS / 1000)

    async def _ask_for_ever(self) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY_MS / 1000)
            if self._line is None:
                continue
            now_mono_ns = self._clock.mono_ns()
            if requests := self._maker.requests_due(now_mono_ns):
                self._line.write(requests)
            if self._maker.may_be_quiet:
                self._watch.heard_line(now_mono_ns)

    async def _take(self, chunks: Sequence[Chunk], line: Line) -> None:
        self._note_sleep()
        is_logged = self._spool.append(chunks)
        readings = [
            self._maker.feed(chunk.data, received_mono_ns=chunk.received_mono_ns, boot_id=self._clock.boot_id)
            for chunk in chunks
        ]
        if request := b"".join(reading.request for reading in readings):
            line.write(request)
        has_lanes = self._maker.hold_off.has_lanes
        passings = [
            self._config.placed(passing, has_lanes=has_lanes)
            for reading in readings
            for passing in reading.passings
        ]
        answer = _answer(readings)
        if passings or answer or self._spool.trouble is not None:
            is_logged = await self._spool.sync() and is_logged
        # Even where the raw log fails the race goes on; the device then keeps its passings too.
        if passings:
            self._outbox.put(passings)
            self._systems.take(passings)
        if answer and is_logged:
            line.write(answer)
        for chunk, reading in zip(chunks, readings, strict=True):
            self._note(chunk, reading)

    def _note_sleep(self) -> None:
        """Tell maker and raw log before the bytes that came after it; a device counts on while we sleep."""
        slept_ns = read_slept_ns()
        if abs(slept_ns - self._slept_ns) >= SLEEP_MIN_NS:
            self._slept_ns = slept_ns
            self._spool.mark(HOST_SLEPT, str(slept_ns))
            self._maker.host_slept(slept_ns)

    def _note(self, chunk: Chunk, reading: Reading) -> None:
        if reading.has_lines:
            self._watch.heard_line(chunk.received_mono_ns)
        elif reading.is_stale:
            self._watch.heard_stale()
        else:
            self._watch.heard_noise(len(chunk.data))
        for passing in reading.beam_passings:
            self._watch.heard_passing(passing.channel, passing.unwrapped_us)
        for beat in reading.heartbeats:
            self._watch.heard_levels(beat.levels, beat.unwrapped_us)
        if reading.has_new_clock:
            self._wants_greeting.set()
        if reading.hello is not None:
            self._take_hello(reading.hello)
        if reading.hears_noise is not None:
            self._watch.heard_loop(hears_noise=reading.hears_noise)
        if reading.cousin:
            self._watch.heard_cousin(reading.cousin)
        if reading.complaint is not None:
            self._watch.heard_complaint(reading.complaint)
        if reading.stuck_input is not None:
            self._watch.heard_stuck(reading.stuck_input)
        flickering = self._maker.flickering
        self._watch.heard_flicker(flickering, uncounted=self._maker.counters.uncounted)
        self._losses.take(self._maker.counters, flickering, chunk.received_mono_ns)
        self._clock_watch.take(reading.clock_steps)
        self._signs.take(reading, chunk.received_mono_ns)
        self._note_change()

    def _take_hello(self, hello: Hello) -> None:
        if hello == self._hello:
            return
        self._hello = hello
        log.info(
            "sensor=%s says hello: device=%s firmware=%s", self._config.name, hello.device, hello.firmware
        )
        if hello.protocol != PROTOCOL_VERSION:
            log.warning(
                "sensor=%s speaks protocol %d, we speak %d: update its firmware or Pitboard",
                self._config.name,
                hello.protocol,
                PROTOCOL_VERSION,
            )

    def _note_change(self) -> None:
        health = self._watch.health(self._clock.mono_ns())
        shown = self._shown
        if shown is None or health.code != shown[0]:
            words = "" if health.code == SensorState.OK else note_sentence(health)
            log.info("sensor=%s state=%s %s", self._config.name, health.code, words)
        if (health.code, self._signs.blocked) != shown:
            self._shown = (health.code, self._signs.blocked)
            self._on_change()


def _answer(readings: Sequence[Reading]) -> bytes:
    """Return what the device should hear; of our own line only the last acknowledgement, which covers all."""
    acknowledgements = [
        reading.acknowledgement for reading in readings if reading.acknowledgement is not None
    ]
    last = encode_acknowledgement(acknowledgements[-1]) if acknowledgements else b""
    return b"".join(reading.answer for reading in readings) + last
