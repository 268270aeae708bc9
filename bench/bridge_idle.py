"""What the bridge costs while no car comes: `python -m bench.bridge_idle [--seconds N]` prints JSON.

Processor time in per cent of a core, with a heartbeat a second and a trackside that takes the reports. The
reference is a plain loop that reads the same lines from a pseudo-terminal of its own, in the same run."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

from bench.bridge_stage import CONFIG, cpu_ms, ends_with_us, run_until_ended, running
from bench.measure import report
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.simulated.simulated_sensor import SimulatedSensor
from pitboard.clock import SystemClock
from tests.firmware_bridge.fake_trackside import FakeTrackside

WARM_UP_S = 5
TARGET_PERCENT = 1.0
_READER = (
    "import os, sys\nfd = os.open(sys.argv[1], os.O_RDONLY | os.O_NOCTTY)\nwhile os.read(fd, 4096): pass\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    report("idle bridge", run_until_ended(measure(parser.parse_args().seconds)))


async def measure(seconds: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="pitboard-bench-") as name:
        folder = Path(name)
        (folder / "bridge.toml").write_text(CONFIG)
        with PseudoTerminal.open(folder / "beam-1") as terminal, PseudoTerminal.open() as copy:
            async with (
                FakeTrackside.open(folder / "trackside.sock") as trackside,
                living_sensor(terminal, copy),
                running(folder, "bridge", "--config", "bridge.toml") as bridge,
                plain_reader(copy.path) as reader,
            ):
                await asyncio.sleep(WARM_UP_S)
                before = cpu_ms(bridge.pid), cpu_ms(reader.pid)
                await asyncio.sleep(seconds)
                assert trackside.states[-1] == "ok", "the bridge does not hear its sensor"
                bridge_ms, reader_ms = cpu_ms(bridge.pid) - before[0], cpu_ms(reader.pid) - before[1]
    percent = bridge_ms / seconds / 10
    return {
        "seconds": seconds,
        "bridge_percent_of_a_core": round(percent, 2),
        "plain_loop_percent_of_a_core": round(reader_ms / seconds / 10, 2),
        "target_percent": TARGET_PERCENT,
        "is_met": percent <= TARGET_PERCENT,
    }


@asynccontextmanager
async def living_sensor(terminal: PseudoTerminal, copy: PseudoTerminal) -> AsyncIterator[None]:
    """Let a sensor without cars live on the terminal; what it says goes to the copy too."""
    clock = SystemClock()
    sensor = SimulatedSensor(random=Random(1), now_mono_ns=clock.mono_ns())

    async def live() -> None:
        while True:
            sensor.receive(terminal.read())
            for line in sensor.lines_due(clock.mono_ns()):
                terminal.write(line.data)
                copy.write(line.data)
            await asyncio.sleep(0.01)

    living = asyncio.create_task(live(), name="sensor")
    try:
        yield
    finally:
        living.cancel()
        with suppress(asyncio.CancelledError):
            await living


@asynccontextmanager
async def plain_reader(path: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _READER, path, preexec_fn=ends_with_us
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


if __name__ == "__main__":
    main()
