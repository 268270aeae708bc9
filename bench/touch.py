"""How quick the touchscreen answers and what it costs: `python -m bench.touch [--taps N]` prints JSON.

The real `pitboard touch` under SDL's dummy driver, before a unit in memory that answers at once. A time ends
when the pixels are in the window, as the touchscreen itself stamps it; what a panel adds is not in it."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

import msgspec

from bench.bridge_stage import cpu_ms, running
from bench.measure import percentile, report
from pitboard.race.runs.run_parts import Lap
from pitboard.unit_api.screen_state import Competitor, Entry, Run
from tests.trackside.fake_unit import FakeUnit
from venue.official.control_client import ControlClient

WARM_UP_S = 8  # longer than a screen takes to come to rest
TAP_PAUSE_S = 0.5
LAP_PAUSE_S = 0.1
BURST = 200
PEOPLE = 60
TARGET_MS = 50
TARGET_BURST_MS = 200
TARGET_IDLE_PERCENT = 0.5
TARGET_RUN_PERCENT = 2.0
TARGET_MIB = 70
_CONFIG = (
    'socket = "api.sock"\nwidth = 800\nheight = 480\npanel_mm = [154, 86]\ncontrol_socket = "control.sock"\n'
)


class _Painted(msgspec.Struct, frozen=True):
    painted_version: int | None = None
    painted_mono_ns: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taps", type=int, default=60)
    parser.add_argument("--seconds", type=int, default=15)
    given = parser.parse_args()
    report("touch", asyncio.run(measure(given.taps, given.seconds)))


async def measure(taps: int, seconds: int) -> dict[str, object]:
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    with tempfile.TemporaryDirectory(prefix="pitboard-bench-") as name:
        folder = Path(name)
        (folder / "touch.toml").write_text(_CONFIG)
        unit = FakeUnit()
        unit.screen = msgspec.structs.replace(unit.screen, competitors=_people(), entries=_entries())
        async with (
            unit.serve(folder / "api.sock"),
            running(folder, "touch", "--config", "touch.toml") as touch,
        ):
            eye = _Eye(folder / "control.sock")
            await eye.until(unit.screen.version)
            await asyncio.sleep(WARM_UP_S)
            idle = await _percent(touch.pid, seconds)
            started_mono_ns = time.monotonic_ns()
            run = Run(
                run_id="r1", competitor_id="c1", name="Ada", run_ms=600_000, started_mono_ns=started_mono_ns
            )
            await unit.change(phase="running", run=run)
            await eye.until(unit.screen.version)
            in_run = await _percent(touch.pid, seconds)
            lap_ms = [await _lap(unit, eye) for _ in range(taps)]
            tap_ms = [await _tap(unit, eye, folder) for _ in range(taps)]
            burst_ms = await _burst(unit, eye)
            mib = _memory_mib(touch.pid)
    return {
        "people": PEOPLE,
        "tap_to_painted_ms": _spread(tap_ms),
        "passing_to_painted_ms": _spread(lap_ms),
        "burst_of_200_painted_ms": round(burst_ms, 1),
        "idle_percent_of_a_core": round(idle, 2),
        "in_a_run_percent_of_a_core": round(in_run, 2),
        "memory_mib": mib,
        "targets": {
            "ms": TARGET_MS,
            "burst_ms": TARGET_BURST_MS,
            "idle_percent": TARGET_IDLE_PERCENT,
            "run_percent": TARGET_RUN_PERCENT,
            "mib": TARGET_MIB,
        },
        "is_met": percentile(tap_ms, 99) <= TARGET_MS
        and percentile(lap_ms, 99) <= TARGET_MS
        and burst_ms <= TARGET_BURST_MS
        and idle <= TARGET_IDLE_PERCENT
        and in_run <= TARGET_RUN_PERCENT
        and mib <= TARGET_MIB,
    }


class _Eye:
    """Sees when a version of the screen was painted."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def until(self, version: int) -> int:
        """Return when the first frame of this version, or of a later one, was painted."""
        async with asyncio.timeout(20):
            while True:
                try:
                    painted = await self._look()
                except OSError:
                    painted = _Painted()
                if painted.painted_version is not None and painted.painted_version >= version:
                    return painted.painted_mono_ns
                await asyncio.sleep(0.002)

    async def _look(self) -> _Painted:
        reader, writer = await asyncio.open_unix_connection(str(self._socket))
        try:
            writer.write(b'{"ask": "painted"}\n')
            return msgspec.json.decode(await reader.readline(), type=_Painted)
        finally:
            writer.close()


async def _lap(unit: FakeUnit, eye: _Eye) -> float:
    await asyncio.sleep(LAP_PAUSE_S)
    passed_mono_ns = time.monotonic_ns()
    await unit.add_lap(9_000_000_000)
    return (await eye.until(unit.screen.version) - passed_mono_ns) / 1e6


async def _tap(unit: FakeUnit, eye: _Eye, folder: Path) -> float:
    """Tap Manual lap; the lap that comes of it is the answer."""
    await asyncio.sleep(TAP_PAUSE_S)
    client = ControlClient(folder / "control.sock")
    manual = (await client.look()).find("manual")
    assert manual is not None
    version = unit.screen.version
    tapped_mono_ns = time.monotonic_ns()
    await client.tap(manual)
    return (await eye.until(version + 1) - tapped_mono_ns) / 1e6


async def _burst(unit: FakeUnit, eye: _Eye) -> float:
    run = unit.screen.run
    assert run is not None
    passed_mono_ns = time.monotonic_ns()
    laps = tuple(
        Lap(lap_id=f"b{number}", number=len(run.laps) + number, lap_ns=9_000_000_000)
        for number in range(1, BURST + 1)
    )
    await unit.change(run=msgspec.structs.replace(run, laps=(*run.laps, *laps)))
    return (await eye.until(unit.screen.version) - passed_mono_ns) / 1e6


async def _percent(pid: int, seconds: int) -> float:
    before = cpu_ms(pid)
    await asyncio.sleep(seconds)
    return (cpu_ms(pid) - before) / seconds / 10


def _memory_mib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) // 1024


def _spread(values_ms: list[float]) -> dict[str, float]:
    return {f"p{percent}": round(percentile(values_ms, percent), 1) for percent in (50, 99)}


def _people() -> tuple[Competitor, ...]:
    return tuple(
        Competitor(competitor_id=f"c{n}", name=f"Driver {n}", best_ns=9_000_000_000 + n)
        for n in range(PEOPLE)
    )


def _entries() -> tuple[Entry, ...]:
    return tuple(
        Entry(rank=n + 1, competitor_id=f"c{n}", name=f"Driver {n}", best_ns=9_000_000_000 + n)
        for n in range(PEOPLE)
    )


if __name__ == "__main__":
    main()
