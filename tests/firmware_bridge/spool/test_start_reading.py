"""A start reads little before the sensors are opened, and in the end nothing is left out or said twice."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from firmware_bridge.bridge import run_bridge
from firmware_bridge.config import BridgeConfig
from firmware_bridge.lines.gpio_edge import Edge, GpioSetting, encode_edge
from firmware_bridge.spool.start_reading import SETTLING_BYTES, TAIL_BYTES, StartReading
from pitboard.clock import SystemClock
from tests.firmware_bridge.fake_trackside import FakeTrackside
from tests.firmware_bridge.test_bridge_process import until

CONFIG = """
spool_folder = "spool"
[api]
socket = "api.sock"
[[sensor]]
name = "pins"
kind = "gpio"
pins = [17]
chip = "a-chip-that-nobody-has"
"""
CARS_COUNT = 30_000
LINES_A_CAR = 2


def write_long_log(folder: Path) -> Path:
    """Write a day of cars, some 11 MB, as an old version wrote it: in one file."""
    clock = SystemClock()
    folder.mkdir()
    path = folder / f"raw-000001-{spool_day(clock.utc_ms())}.jsonl"
    with path.open("w") as file:
        for number in range(CARS_COUNT * LINES_A_CAR):
            mono_ns = 10**9 + (number // 2) * 10**9 + number % 2 * 50_000_000
            edge = Edge(channel=1, is_high=number % 2 == 0, mono_ns=mono_ns, kernel_seq=number + 1)
            raw = encode_edge(edge, boot="0badcafe", number=number + 1, setting=GpioSetting(pins=(17,)))
            record = {"mono_ns": mono_ns, "boot_id": clock.boot_id, "sensor": "pins", "raw": raw.decode()}
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
    return path


def test_a_start_reads_the_end_first_and_sends_all_that_trackside_lacks(tmp_path: Path) -> None:
    path = write_long_log(tmp_path / "spool")
    size = path.stat().st_size
    assert size > 2 * TAIL_BYTES
    reading = StartReading.of([path], may_begin_anywhere={"pins"})
    now = list(reading.now())
    assert len(now) < CARS_COUNT * LINES_A_CAR * (TAIL_BYTES + 1_000) // size
    counting = [record for record, counts in now if counts]
    assert len(counting) + len(list(reading.later())) == CARS_COUNT * LINES_A_CAR
    assert len(now) - len(counting) >= SETTLING_BYTES // 250
    # Where no other device is, the rest is not even looked at.
    quick = StartReading.of([path], may_begin_anywhere={"pins"}, has_others=False)
    assert [record for record, counts in quick.now() if counts] == counting
    asyncio.run(_start(tmp_path))


async def _start(folder: Path) -> None:
    (folder / "bridge.toml").write_text(CONFIG)
    stop = asyncio.Event()
    async with FakeTrackside.open(folder / "api.sock") as trackside, asyncio.TaskGroup() as tasks:
        config = BridgeConfig.load(folder / "bridge.toml")
        tasks.create_task(run_bridge(config, stop, clock=SystemClock()))
        await until(lambda: len(trackside.passings) == CARS_COUNT, within_ms=60_000)
        stop.set()
    assert set(trackside.deliveries.values()) == {1}


def test_other_devices_are_read_whole_for_their_starts_are_named_by_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "raw-000001-2026-07-04.jsonl"
    loop = '{"mono_ns":1,"boot_id":"b","sensor":"loop","raw":"x"}\n'
    pins = loop.replace("loop", "pins")
    path.write_text((loop + pins) * 1_000)
    reading = StartReading(
        paths=(path,),
        total_bytes=path.stat().st_size,
        may_begin_anywhere={"pins"},
        tail_bytes=SETTLING_BYTES // 10,
    )
    sensors = [record.sensor for record, _ in reading.now()]
    assert sensors.count("loop") == 1_000
    assert sensors.count("pins") < 1_000


def spool_day(utc_ms: int) -> str:
    return datetime.fromtimestamp(utc_ms // 1000, UTC).strftime("%Y-%m-%d")
