"""Reads one sensor's port for ever: raw log first, then passings to the outbox and the acknowledgement."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from firmware_bridge.beamline_encoder import (
    IDENTIFY,
    PROTOCOL_VERSION,
    Acknowledgement,
    encode_acknowledgement,
)
from firmware_bridge.config import SensorConfig
from firmware_bridge.decoders.beamline import Hello
from firmware_bridge.outbox import BackOff, Outbox
from firmware_bridge.passing_maker import PassingMaker, Reading
from firmware_bridge.raw_log import PORT_CLOSED, PORT_OPENED, RawLog, RawLogLost
from firmware_bridge.sensor_watch import SensorHealth, SensorWatch
from firmware_bridge.serial_port import Chunk, SerialPort
from firmware_bridge.trackside_client import SensorStatus
from pitboard.clock import Clock
from pitboard.errors import BeamLost

# The answers are heartbeats: with several, the quickest of them starts the tick clock well.
IDENTIFY_COUNT = 8
IDENTIFY_EVERY_MS = 50
# Bytes that a full disk did not take yet: an hour or more of them.
UNLOGGED_MAX_COUNT = 10_000

log = logging.getLogger(__name__)


class SensorReader:
    """Owns one port. `on_change` is called whenever the sensor's health changes."""

    def __init__(
        self,
        *,
        config: SensorConfig,
        maker: PassingMaker,
        raw_log: RawLog,
        outbox: Outbox,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._config = config
        self._maker = maker
        self._raw_log = raw_log
        self._outbox = outbox
        self._clock = clock
        self._on_change = on_change
        self._watch = SensorWatch(silent_max_ms=config.silent_max_ms)
        self._shown: SensorHealth | None = None
        self._raw_log_trouble: str | None = None
        self._hello: Hello | None = None
        self._unlogged: deque[Chunk] = deque()
        self._port: SerialPort | None = None
        self._wants_identify = asyncio.Event()

    @property
    def silent_at_mono_ns(self) -> int | None:
        return self._watch.silent_at_mono_ns

    def status(self) -> SensorStatus:
        """Return what trackside should show now."""
        health = self._watch.health(self._clock.mono_ns())
        counters = self._maker.counters
        return SensorStatus(
            sensor=self._config.name,
            state=health.state,
            detail="; ".join(sentence for sentence in (health.detail, self._raw_log_trouble) if sentence),
            counters={
                "lines_good": counters.lines_good,
                "lines_damaged": counters.lines_damaged,
                "overruns": counters.overruns,
                "gaps": counters.gaps,
                "repeats": counters.repeats,
                "held_off": counters.held_off,
            },
        )

    async def run(self) -> None:
        """Read, and open the port anew whenever it is lost."""
        back_off = BackOff()
        reason = ""
        while True:
            try:
                async with SerialPort.open(self._config.port, clock=self._clock) as port:
                    back_off.reset()
                    log.info("port opened: sensor=%s port=%s", self._config.name, self._config.port)
                    await self._read_port(port)
            except BeamLost as lost:
                if lost.reason != reason:
                    log.warning("sensor=%s: %s", self._config.name, lost)
                reason = lost.reason
                self._watch.port_lost(f"{self._config.port}: {lost.reason}")
                self._note_change()
            await back_off.wait()

    async def _read_port(self, port: SerialPort) -> None:
        """Raises BeamLost once the port is gone."""
        self._mark(PORT_OPENED, str(self._config.port))
        self._maker.open_port()
        self._watch.port_opened()
        self._note_change()
        self._wants_identify.set()
        self._port = port
        try:
            while True:
                await self._take(await port.read(), port)
        finally:
            self._port = None
            self._mark(PORT_CLOSED, str(self._config.port))

    async def identify(self) -> None:
        """Ask the device who it is, whenever the port was opened or the device started."""
        while True:
            await self._wants_identify.wait()
            self._wants_identify.clear()
            for _ in range(IDENTIFY_COUNT):
                if self._port is not None:
                    self._port.write(IDENTIFY)
                await asyncio.sleep(IDENTIFY_EVERY_MS / 1000)

    async def _take(self, chunks: Sequence[Chunk], port: SerialPort) -> None:
        is_logged = self._log(chunks)
        readings = [
            self._maker.feed(chunk.data, received_mono_ns=chunk.received_mono_ns, boot_id=self._clock.boot_id)
            for chunk in chunks
        ]
        passings = [passing for reading in readings for passing in reading.passings]
        acknowledgement = _last_acknowledgement(readings)
        if passings or acknowledgement is not None or self._raw_log_trouble is not None:
            is_logged = await self._sync() and is_logged
        # Even where the raw log fails the race goes on; the device then keeps its trips too.
        if passings:
            self._outbox.put(passings)
        if acknowledgement is not None and is_logged:
            port.write(encode_acknowledgement(acknowledgement))
        for chunk, reading in zip(chunks, readings, strict=True):
            self._note(chunk, reading)

    def _note(self, chunk: Chunk, reading: Reading) -> None:
        if reading.has_lines:
            self._watch.heard_line(chunk.received_mono_ns)
        else:
            self._watch.heard_noise(len(chunk.data))
        for trip in reading.trips:
            self._watch.heard_trip(trip.channel, trip.unwrapped_us)
        for beat in reading.heartbeats:
            self._watch.heard_levels(beat.levels, beat.unwrapped_us)
        if reading.has_new_clock:
            self._wants_identify.set()
        if reading.hello is not None:
            self._greet(reading.hello)
        self._note_change()

    def _greet(self, hello: Hello) -> None:
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
        if self._shown is None or health.state != self._shown.state:
            log.info("sensor=%s state=%s %s", self._config.name, health.state, health.detail)
            self._shown = health
            self._on_change()

    def _log(self, chunks: Sequence[Chunk]) -> bool:
        """Append these after what could not be appended before; return whether nothing is left."""
        self._unlogged.extend(chunks)
        try:
            while self._unlogged:
                chunk = self._unlogged[0]
                self._raw_log.append_bytes(self._config.name, chunk.data, mono_ns=chunk.received_mono_ns)
                self._unlogged.popleft()
        except RawLogLost as lost:
            self._note_raw_log(str(lost))
            while len(self._unlogged) > UNLOGGED_MAX_COUNT:
                self._unlogged.popleft()
                log.error("the oldest bytes never reached the raw log: sensor=%s", self._config.name)
        return not self._unlogged

    def _mark(self, mark: str, detail: str) -> None:
        try:
            self._raw_log.append_mark(mark, sensor=self._config.name, detail=detail)
        except RawLogLost as lost:
            self._note_raw_log(str(lost))

    async def _sync(self) -> bool:
        try:
            await asyncio.to_thread(self._raw_log.sync)
        except RawLogLost as lost:
            self._note_raw_log(str(lost))
            return False
        if not self._unlogged:
            self._note_raw_log(None)
        return True

    def _note_raw_log(self, trouble: str | None) -> None:
        if trouble != self._raw_log_trouble:
            if trouble is None:
                log.info("the raw log is written again")
            else:
                log.error("%s", trouble)
            self._raw_log_trouble = trouble
            self._on_change()


def _last_acknowledgement(readings: Sequence[Reading]) -> Acknowledgement | None:
    given = [reading.acknowledgement for reading in readings if reading.acknowledgement is not None]
    return given[-1] if given else None
