"""The bridge: rebuild from the raw log, read every sensor, send what trackside lacks, say how it goes."""

from __future__ import annotations

import asyncio
import logging

from firmware_bridge.config import BridgeConfig
from firmware_bridge.gate import Gate
from firmware_bridge.outbox import Outbox
from firmware_bridge.passing_maker import LineCounters, PassingMaker
from firmware_bridge.raw_log import (
    BRIDGE_STARTED,
    SENSOR_SET,
    RawLog,
    RawLogLost,
    read_raw_records,
    recent_raw_files,
)
from firmware_bridge.replay import SensorSetting, make_passings
from firmware_bridge.sensor_reader import SensorReader
from firmware_bridge.trackside_client import PassingsRefused, TracksideClient
from pitboard.clock import Clock
from pitboard.errors import PeerLost

STATUS_EVERY_MS = 1_000
RAW_LOG_SYNC_EVERY_MS = 10_000

log = logging.getLogger(__name__)


async def run_bridge(config: BridgeConfig, stop: asyncio.Event, *, clock: Clock) -> None:
    """Run until `stop` is set. Raises RawLogLost where the spool cannot be opened."""
    makers = make_passing_makers(config)
    with RawLog.open(config.spool_folder, clock=clock) as raw_log:
        recent = recent_raw_files(config.spool_folder)
        rebuilt = await asyncio.to_thread(lambda: list(make_passings(read_raw_records(recent), makers)))
        for maker in makers.values():
            maker.counters = LineCounters()
        _mark_start(raw_log, config)
        async with TracksideClient.open(config.api.socket) as trackside, asyncio.TaskGroup() as tasks:
            outbox = Outbox(trackside=trackside, rebuilt=rebuilt)
            changed = asyncio.Event()
            readers = [
                SensorReader(
                    config=sensor,
                    maker=makers[sensor.name],
                    raw_log=raw_log,
                    outbox=outbox,
                    clock=clock,
                    on_change=changed.set,
                )
                for sensor in config.sensors
            ]
            running = [
                tasks.create_task(outbox.run(), name="outbox"),
                tasks.create_task(_report(readers, trackside, changed, clock), name="status"),
                tasks.create_task(_sync_raw_log(raw_log), name="raw log"),
            ]
            for reader, sensor in zip(readers, config.sensors, strict=True):
                running.append(tasks.create_task(reader.run(), name=f"sensor {sensor.name}"))
                running.append(tasks.create_task(reader.identify(), name=f"identify {sensor.name}"))
            await stop.wait()
            for task in running:
                task.cancel()


def make_passing_makers(config: BridgeConfig) -> dict[str, PassingMaker]:
    """Return one maker a sensor; sensors of one gate share its hold-off."""
    gates = {
        sensor.gate_name: Gate(hold_off_ms=config.hold_off_ms(sensor.gate_name)) for sensor in config.sensors
    }
    return {
        sensor.name: PassingMaker(sensor=sensor.name, gate=gates[sensor.gate_name])
        for sensor in config.sensors
    }


def _mark_start(raw_log: RawLog, config: BridgeConfig) -> None:
    try:
        raw_log.append_mark(BRIDGE_STARTED)
        for sensor in config.sensors:
            setting = SensorSetting(gate=sensor.gate_name, hold_off_ms=config.hold_off_ms(sensor.gate_name))
            raw_log.append_mark(SENSOR_SET, sensor=sensor.name, detail=setting.as_detail())
    except RawLogLost as lost:
        log.error("%s; the race goes on without it", lost)


async def _report(
    readers: list[SensorReader], trackside: TracksideClient, changed: asyncio.Event, clock: Clock
) -> None:
    is_lost = False
    while True:
        changed.clear()
        try:
            await trackside.send_status([reader.status() for reader in readers])
            if is_lost:
                log.info("trackside answers again")
            is_lost = False
        except (PeerLost, PassingsRefused) as lost:
            if not is_lost:
                log.warning("status not delivered: %s", lost)
            is_lost = True
            # A change must not make us knock without pause at a door that is shut.
            await asyncio.sleep(STATUS_EVERY_MS / 1000)
            continue
        try:
            async with asyncio.timeout(_wait_ms(readers, clock) / 1000):
                await changed.wait()
        except TimeoutError:
            pass


def _wait_ms(readers: list[SensorReader], clock: Clock) -> int:
    """Until the next report is due: a second, or sooner where a sensor counts as silent before."""
    now = clock.mono_ns()
    waits = [
        (silent_at - now) // 1_000_000 + 1
        for reader in readers
        if (silent_at := reader.silent_at_mono_ns) is not None and silent_at > now
    ]
    return min([STATUS_EVERY_MS, *waits])


async def _sync_raw_log(raw_log: RawLog) -> None:
    """Heartbeats reach the disk now and then; trips do at once, before they are acknowledged."""
    while True:
        await asyncio.sleep(RAW_LOG_SYNC_EVERY_MS / 1000)
        try:
            await asyncio.to_thread(raw_log.sync)
        except RawLogLost as lost:
            log.error("%s", lost)
