"""The real bridge on a real pseudo-terminal: whatever is killed or unplugged, each passing arrives, once."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from firmware_bridge.bridge import run_bridge
from firmware_bridge.config import BridgeConfig
from firmware_bridge.decoders.beamline import encode_heartbeat
from firmware_bridge.replay_command import replay
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.simulated.simulated_sensor import SimulatedSensor
from firmware_bridge.spool.raw_log import raw_files, read_raw_records
from pitboard.clock import SystemClock
from pitboard.unit_api.sensor_sentences import OK_SENTENCE
from tests.firmware_bridge.decoders.test_beamline import heartbeat
from tests.firmware_bridge.fake_trackside import FakeTrackside

# Faster cars than these look like a beam that flickers.
LAP_MS = "350:450"
CONFIG = """
spool_folder = "spool"
[api]
socket = "trackside.sock"
[[sensor]]
name = "beam-1"
port = "beam-1"
[[gate]]
name = "beam-1"
hold_off_ms = 50
"""


def test_kills_refusals_and_noise_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    asyncio.run(race_with_kills(tmp_path))


async def race_with_kills(folder: Path) -> None:
    (folder / "bridge.toml").write_text(CONFIG)
    cars = await start(
        folder,
        "simulated-cars",
        "--link",
        "beam-1",
        "--log",
        "truth.jsonl",
        "--seed",
        "3",
        "--lap-ms",
        LAP_MS,
    )
    async with FakeTrackside.open(folder / "trackside.sock") as trackside:
        bridge = await start(folder, "bridge", "--config", "bridge.toml")
        await arrive(trackside, 4)
        for _ in range(2):
            bridge.kill()
            await bridge.wait()
            await asyncio.sleep(0.3)
            bridge = await start(folder, "bridge", "--config", "bridge.toml")
            await arrive(trackside, 4)
        trackside.is_down = True
        await asyncio.sleep(1)
        # What waits in its memory only is in the raw log, and acknowledged: it must come from there.
        bridge.kill()
        await bridge.wait()
        bridge = await start(folder, "bridge", "--config", "bridge.toml")
        await asyncio.sleep(0.5)
        trackside.is_down = False
        await asyncio.sleep(1)
        assert await stop(cars) == 0
        truth = read_truth(folder / "truth.jsonl")
        await until(lambda: len(trackside.passings) >= len(truth))
        assert await stop(bridge) == 0
    assert set(trackside.passings) == set(truth)
    late_ns = [passing["mono_ns"] - truth[key]["true_mono_ns"] for key, passing in trackside.passings.items()]
    assert max(late_ns) - min(late_ns) < 50_000_000
    assert all(passing["tick_us"] == truth[key]["tick_us"] for key, passing in trackside.passings.items())
    replayed = list(replay(read_raw_records(raw_files(folder / "spool"))))
    assert len(replayed) == len(truth)
    assert all(
        msgspec.structs.asdict(passing) == trackside.passings[passing.sensor_boot, passing.seq]
        for passing in replayed
    )


def test_with_a_full_disk_the_race_goes_on_and_nothing_is_missing_afterwards(tmp_path: Path) -> None:
    asyncio.run(race_with_full_disk(tmp_path))


async def race_with_full_disk(folder: Path) -> None:
    (folder / "bridge.toml").write_text(CONFIG)
    cars = await start(
        folder,
        "simulated-cars",
        "--link",
        "beam-1",
        "--log",
        "truth.jsonl",
        "--no-noise",
        "--lap-ms",
        LAP_MS,
    )
    async with FakeTrackside.open(folder / "trackside.sock") as trackside:
        bridge = await start(folder, "bridge", "--config", "bridge.toml")
        await arrive(trackside, 3)
        # No file of this process may grow any more, which writing meets as it meets a full disk.
        unlimited = resource.prlimit(bridge.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        await arrive(trackside, 6)
        assert "cannot be written" in trackside.details[-1]
        resource.prlimit(bridge.pid, resource.RLIMIT_FSIZE, unlimited)
        await until(lambda: trackside.details[-1] == OK_SENTENCE)
        assert await stop(cars) == 0
        truth = read_truth(folder / "truth.jsonl")
        await until(lambda: len(trackside.passings) >= len(truth))
        assert await stop(bridge) == 0
    assert set(trackside.passings) == set(truth)
    replayed = replay(read_raw_records(raw_files(folder / "spool")))
    assert {(passing.sensor_boot, passing.seq) for passing in replayed} == set(truth)


def test_the_three_troubles_are_told_apart_within_three_seconds(tmp_path: Path) -> None:
    asyncio.run(troubles(tmp_path))


async def troubles(folder: Path) -> None:
    (folder / "bridge.toml").write_text(CONFIG)
    port = folder / "beam-1"
    async with (
        FakeTrackside.open(folder / "trackside.sock") as trackside,
        running_bridge(BridgeConfig.load(folder / "bridge.toml")),
    ):
        await until(lambda: trackside.states[-1:] == ["port-gone"], within_ms=3_000)
        with PseudoTerminal.open(port) as terminal:
            async with answering(terminal):
                await until(lambda: trackside.states[-1:] == ["ok"], within_ms=3_000)
            await until(lambda: trackside.states[-1:] == ["silent"], within_ms=3_000)
            for second in range(3):
                terminal.write(encode_heartbeat(heartbeat(last_seq=0, unwrapped_us=second * 1_000_000)))
                await asyncio.sleep(0.01)
            await until(lambda: trackside.states[-1:] == ["blocked"], within_ms=3_000)
        await until(lambda: trackside.states[-1:] == ["port-gone"], within_ms=3_000)
        with PseudoTerminal.open(port) as terminal:
            async with answering(terminal):
                await until(lambda: trackside.states[-1:] == ["ok"], within_ms=3_000)


def test_one_refused_passing_does_not_hold_up_the_others(tmp_path: Path) -> None:
    asyncio.run(refusal(tmp_path))


async def refusal(folder: Path) -> None:
    (folder / "bridge.toml").write_text(CONFIG)
    async with FakeTrackside.open(folder / "trackside.sock") as trackside:
        trackside.is_down = True
        trackside.refused_seqs = {2}
        with PseudoTerminal.open(folder / "beam-1") as terminal:
            async with (
                answering(terminal) as sensor,
                running_bridge(BridgeConfig.load(folder / "bridge.toml")),
            ):
                await until(lambda: trackside.states[-1:] == ["ok"])
                for number in range(1, 5):
                    sensor.cross(SystemClock().mono_ns() - (5 - number) * 100_000_000)
                await until(lambda: sensor.is_ring_empty)
                trackside.is_down = False
                await until(lambda: {seq for _, seq in trackside.passings} == {1, 3, 4})


@asynccontextmanager
async def running_bridge(config: BridgeConfig) -> AsyncIterator[None]:
    """Run the bridge in this process until left."""
    stop = asyncio.Event()
    running = asyncio.create_task(run_bridge(config, stop, clock=SystemClock()))
    try:
        yield
    finally:
        stop.set()
        await running


@asynccontextmanager
async def answering(
    terminal: PseudoTerminal, sensor: SimulatedSensor | None = None
) -> AsyncIterator[SimulatedSensor]:
    """Let a simulated sensor, by default a new one, live on the terminal until left."""
    clock = SystemClock()
    sensor = sensor or SimulatedSensor(random=Random(1), now_mono_ns=clock.mono_ns())

    async def live() -> None:
        while True:
            sensor.receive(terminal.read())
            for line in sensor.lines_due(clock.mono_ns()):
                terminal.write(line.data)
            await asyncio.sleep(0.01)

    living = asyncio.create_task(live())
    try:
        yield sensor
    finally:
        living.cancel()


async def start(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    with (folder / f"{arguments[0]}.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pitboard", *arguments, cwd=folder, stderr=log
        )


async def stop(process: asyncio.subprocess.Process) -> int:
    process.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(process.wait(), timeout=10)


async def until(is_so: Callable[[], bool], *, within_ms: int = 20_000) -> None:
    async with asyncio.timeout(within_ms / 1000):
        while not is_so():
            await asyncio.sleep(0.02)


async def arrive(trackside: FakeTrackside, count: int) -> None:
    before = len(trackside.passings)
    await until(lambda: len(trackside.passings) >= before + count)


def read_truth(path: Path) -> dict[tuple[str, int], dict[str, Any]]:
    crossed = [json.loads(line) for line in path.read_text().splitlines()]
    return {(true_passing["sensor_boot"], true_passing["seq"]): true_passing for true_passing in crossed}
