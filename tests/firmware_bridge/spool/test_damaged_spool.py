"""A spool damaged anywhere costs the lines it hits, and nothing else: no end, no traceback, nothing twice."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from random import Random

import pytest

from firmware_bridge.bridge import run_bridge
from firmware_bridge.config import BridgeConfig
from firmware_bridge.lines.gpio_edge import Edge, GpioSetting, encode_edge
from firmware_bridge.spool.raw_log import raw_files, read_raw_records
from pitboard.clock import SystemClock
from tests.firmware_bridge.fake_trackside import FakeTrackside
from tests.firmware_bridge.spool.test_start_reading import CONFIG, spool_day
from tests.firmware_bridge.test_bridge_process import until

CARS_COUNT = 24
REGION_BYTES = 700
"""Less than five lines: each lies wholly in some region, or in two that touch it."""


def write_spool(folder: Path) -> list[tuple[int, int, int]]:
    """Write the lines of some cars; return of each car its stamp, and where its lines begin and end."""
    clock = SystemClock()
    folder.mkdir()
    text, cars = b"", []
    for car in range(CARS_COUNT):
        began = len(text)
        for number in (2 * car, 2 * car + 1):
            mono_ns = 10**9 + car * 10**9 + number % 2 * 50_000_000
            edge = Edge(channel=1, is_high=number % 2 == 0, mono_ns=mono_ns, kernel_seq=number + 1)
            raw = encode_edge(edge, boot="0badcafe", number=number + 1, setting=GpioSetting(pins=(17,)))
            record = {"mono_ns": mono_ns, "boot_id": clock.boot_id, "sensor": "pins", "raw": raw.decode()}
            text += json.dumps(record, separators=(",", ":")).encode() + b"\n"
        cars.append((10**9 + car * 10**9, began, len(text)))
    (folder / f"raw-000001-{spool_day(clock.utc_ms())}.jsonl").write_bytes(text)
    return cars


def damage(kind: str, length: int, seed: int) -> bytes:
    match kind:
        case "zeros":
            return b"\0" * length
        case "random":
            return Random(seed).randbytes(length)
        case "newlines":
            return b"\n" * length
        case _:
            return b'{"mono_ns":1,"sensor":"pins",'.ljust(length, b"[")


@pytest.mark.parametrize("kind", ["zeros", "random", "newlines", "half a line"])
def test_what_lies_outside_of_the_damage_reaches_trackside_once(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    cars = write_spool(tmp_path / "spool")
    (tmp_path / "bridge.toml").write_text(CONFIG)
    (path,) = raw_files(tmp_path / "spool")
    sound = path.read_bytes()
    for start in range(0, len(sound), REGION_BYTES):
        region = sound[start : start + REGION_BYTES]
        for one in raw_files(tmp_path / "spool"):
            one.unlink()
        path.write_bytes(sound[:start] + damage(kind, len(region), start) + sound[start + len(region) :])
        whole = {at for at, began, ended in cars if ended <= start or began >= start + len(region)}
        got = asyncio.run(_sent_after_a_start(tmp_path, len(whole)))
        assert whole <= got.keys(), f"{start}: lost {sorted(whole - got.keys())}"
        assert got.keys() <= {at for at, _, _ in cars}, f"{start}: made up"
        assert set(got.values()) == {1}
        records = list(read_raw_records(raw_files(tmp_path / "spool")))
        assert records[-1].mark is not None, "the start wrote below the damage"
    assert not [one for one in caplog.records if one.exc_info]


async def _sent_after_a_start(folder: Path, count: int) -> dict[int, int]:
    """Start the bridge on the spool; return {stamp: how often it came}."""
    stop = asyncio.Event()
    async with FakeTrackside.open(folder / "api.sock") as trackside, asyncio.TaskGroup() as tasks:
        config = BridgeConfig.load(folder / "bridge.toml")
        tasks.create_task(run_bridge(config, stop, clock=SystemClock()))
        await until(lambda: len(trackside.passings) >= count)
        stop.set()
    return {one["mono_ns"]: trackside.deliveries[key] for key, one in trackside.passings.items()}
