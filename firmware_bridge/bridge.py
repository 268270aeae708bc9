"""The bridge: rebuild from the raw log, read every sensor, send what trackside lacks, say how it goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from itertools import islice

from firmware_bridge.box.track_box import TrackBox
from firmware_bridge.config import BridgeConfig, SensorConfig
from firmware_bridge.makers.reading import HoldOff, LineCounters, PassingSource
from firmware_bridge.replay_command import SensorSetting, make_passings
from firmware_bridge.sensor_reader import SensorReader
from firmware_bridge.spool.outbox import Outbox
from firmware_bridge.spool.raw_log import BRIDGE_STARTED, SENSOR_SET, RawLog, recent_raw_files
from firmware_bridge.spool.spool_room import SpoolRoom
from firmware_bridge.spool.start_reading import StartReading
from firmware_bridge.watch.bridge_reporter import BridgeReporter
from firmware_bridge.watch.systems_watch import SystemsWatch
from pitboard.clock import Clock
from pitboard.errors import RawLogLost
from pitboard.program.program import only_one
from pitboard.program.service import SERVICE
from pitboard.unit_api.program_calls import Passing
from pitboard.unit_api.unit_client import TracksideClient

RAW_LOG_SYNC_EVERY_MS = 10_000
OLDER_BATCH_COUNT = 2_000

log = logging.getLogger(__name__)


async def run_bridge(config: BridgeConfig, stop: asyncio.Event, *, clock: Clock) -> None:
    """Run until `stop` is set. Raises RawLogLost where the spool cannot be opened."""
    makers = make_passing_makers(config)
    with only_one(config.spool_folder, "bridge"), RawLog.open(config.spool_folder, clock=clock) as raw_log:
        reading = _start_reading(config)
        rebuilt = await asyncio.to_thread(_rebuild, reading, makers)
        for maker in makers.values():
            maker.counters = LineCounters()
        raw_log.names_starts = lambda: _named_starts(makers)
        _mark_start(raw_log, config)
        room = SpoolRoom(config.spool_folder, max_mb=config.spool_max_mb)
        async with TracksideClient.open(config.api.socket) as trackside, asyncio.TaskGroup() as tasks:
            outbox = Outbox(trackside=trackside, rebuilt=_placed(config, rebuilt))
            reporter = BridgeReporter(
                trackside=trackside, socket=config.api.socket, status_path=config.status_path, clock=clock
            )
            systems = SystemsWatch([sensor.line for sensor in config.sensors])
            reporter.systems = systems
            readers = [
                SensorReader(
                    config=sensor,
                    maker=makers[sensor.name],
                    raw_log=raw_log,
                    outbox=outbox,
                    clock=clock,
                    on_change=reporter.note_change,
                    systems=systems,
                )
                for sensor in config.sensors
            ]
            running = [
                tasks.create_task(outbox.run(), name="outbox"),
                tasks.create_task(reporter.run(readers), name="status"),
                tasks.create_task(_keep_raw_log(raw_log, room, reporter, clock), name="raw log"),
                tasks.create_task(_send_older(config, reading, outbox), name="older passings"),
            ]
            for reader, sensor in zip(readers, config.sensors, strict=True):
                running.append(tasks.create_task(reader.run(), name=f"sensor {sensor.name}"))
            if config.box.pins:
                box = TrackBox(config.box, trackside, clock)
                running.append(tasks.create_task(box.run(), name="box"))
            SERVICE.say_ready("bridge")
            await stop.wait()
            for task in running:
                task.cancel()


def _start_reading(config: BridgeConfig) -> StartReading:
    anywhere = {sensor.name for sensor in config.sensors if sensor.device.may_begin_anywhere}
    return StartReading.of(
        recent_raw_files(config.spool_folder),
        may_begin_anywhere=anywhere,
        has_others=len(anywhere) < len(config.sensors),
    )


def _rebuild(reading: StartReading, makers: dict[str, PassingSource]) -> list[Passing]:
    """Bring the makers to where they were; return the passings that trackside may lack."""
    rebuilt: list[Passing] = []
    for record, counts in reading.now():
        passings = list(make_passings([record], makers))
        rebuilt += passings if counts else []
    return rebuilt


def _placed(config: BridgeConfig, passings: Sequence[Passing]) -> list[Passing]:
    sensors = {sensor.name: sensor for sensor in config.sensors}
    placed: list[Passing] = []
    for passing in passings:
        sensor = sensors[passing.sensor]
        placed.append(sensor.placed(passing, has_lanes=config.has_lanes(sensor.gate_name)))
    return placed


async def _send_older(config: BridgeConfig, reading: StartReading, outbox: Outbox) -> None:
    """Make the passings of what the start left out, beside the race; return when trackside has them."""
    passings = make_passings(reading.later(), make_passing_makers(config))
    try:
        while batch := await asyncio.to_thread(lambda: list(islice(passings, OLDER_BATCH_COUNT))):
            await outbox.put_missing(_placed(config, batch))
    except RawLogLost as lost:
        log.warning("what was in it and not sent before is not sent now: %s", lost)


def make_passing_makers(config: BridgeConfig) -> dict[str, PassingSource]:
    """Return one maker a sensor; sensors of one gate and system share its hold-off."""
    gates = {
        (sensor.gate_name, sensor.system): HoldOff(
            hold_off_ms=config.hold_off_ms(sensor.gate_name), has_lanes=config.has_lanes(sensor.gate_name)
        )
        for sensor in config.sensors
    }
    return {
        sensor.name: _setting(config, sensor).make_maker(
            sensor=sensor.name, hold_off=gates[sensor.gate_name, sensor.system]
        )
        for sensor in config.sensors
    }


def _setting(config: BridgeConfig, sensor: SensorConfig) -> SensorSetting:
    return SensorSetting(
        gate=sensor.gate_name,
        hold_off_ms=config.hold_off_ms(sensor.gate_name),
        has_lanes=config.has_lanes(sensor.gate_name),
        kind=sensor.kind,
        accept_unchecked=sensor.accept_unchecked,
        system=sensor.system,
    )


def _named_starts(makers: Mapping[str, PassingSource]) -> list[tuple[str, str]]:
    named = [(sensor, maker.named_starts()) for sensor, maker in makers.items()]
    return [(sensor, detail) for sensor, detail in named if detail]


def _mark_start(raw_log: RawLog, config: BridgeConfig) -> None:
    try:
        raw_log.append_mark(BRIDGE_STARTED)
        for sensor in config.sensors:
            detail = _setting(config, sensor).as_detail()
            raw_log.append_mark(SENSOR_SET, sensor=sensor.name, detail=detail)
        raw_log.append_starts()
    except RawLogLost as lost:
        log.error("%s; the race goes on without it", lost)


async def _keep_raw_log(raw_log: RawLog, room: SpoolRoom, reporter: BridgeReporter, clock: Clock) -> None:
    """Heartbeats reach the disk now and then; passings do at once, before they are acknowledged."""
    while True:
        try:
            reporter.warn(room.keep(written=raw_log.path, now_mono_ns=clock.mono_ns()))
        except OSError as error:
            log.error("the raw log's folder cannot be kept in bounds: %s", error)
        await asyncio.sleep(RAW_LOG_SYNC_EVERY_MS / 1000)
        try:
            await asyncio.to_thread(raw_log.sync)
        except RawLogLost as lost:
            log.error("%s", lost)
