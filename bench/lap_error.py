"""How far laps are off the simulated truth: `python -m bench.lap_error [--seconds N]` prints JSON.

The real bridge on a real pseudo-terminal, once on an idle host and once beside two spinning processes. The
reference is the same laps stamped when the host read the line, as a bridge without device ticks would."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.bridge_stage import CONFIG, run_until_ended, running, spinning
from bench.measure import percentile, report
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.passings.attribution import recorded_passing
from pitboard.race.runs.laps import lap_between
from pitboard.race.words.word import Authority, Word
from pitboard.unit_api.program_calls import Passing
from tests.firmware_bridge.fake_trackside import FakeTrackside

LAP_MS = "350:750"
# The bridge takes the device's rate as 0 until it has seen 20 s.
WARM_UP_S = 22
SPINNING_COUNT = 2
NANOSECONDS_PER_S = 1_000_000_000
LONG_LAP_COUNT = 16
PASSING_FIELDS = tuple(Passing.__struct_fields__)
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="length of each of the two measurements")
    seconds = parser.parse_args().seconds
    figures: dict[str, object] = {"lap_ms": LAP_MS, "seconds_each": seconds, "unit": "us"}
    figures["idle"] = run_until_ended(measure(seconds, busy_count=0))
    figures["busy"] = run_until_ended(measure(seconds, busy_count=SPINNING_COUNT))
    report("lap error", figures)


async def measure(seconds: int, *, busy_count: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="pitboard-bench-") as name:
        folder = Path(name)
        (folder / "bridge.toml").write_text(CONFIG)
        cars = (
            "simulated-cars",
            "--link",
            "beam-1",
            "--log",
            "truth.jsonl",
            "--no-noise",
            "--lap-ms",
            LAP_MS,
        )
        async with (
            FakeTrackside.open(folder / "trackside.sock") as trackside,
            running(folder, *cars),
            running(folder, "bridge", "--config", "bridge.toml"),
            spinning(busy_count),
        ):
            await asyncio.sleep(WARM_UP_S + seconds)
        crossed = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    truth = {(row["sensor_boot"], row["seq"]): row for row in crossed}
    passings = sorted(
        ({**truth[key], **passing} for key, passing in trackside.passings.items()), key=lambda row: row["seq"]
    )
    first_ns = passings[0]["true_mono_ns"]
    return compare(
        [row for row in passings if row["true_mono_ns"] - first_ns >= WARM_UP_S * NANOSECONDS_PER_S]
    )


def compare(passings: Sequence[Row]) -> dict[str, object]:
    laps = list(pairwise(passings))
    published_us = errors_us(laps, published_lap_ns)
    read_us = errors_us(laps, lambda start, end: end["received_mono_ns"] - start["received_mono_ns"])
    return {
        "laps": len(laps),
        "published": spread(published_us),
        f"published, laps {LONG_LAP_COUNT} times as long": spread(
            errors_us(list(zip(passings, passings[LONG_LAP_COUNT:], strict=False)), published_lap_ns)
        ),
        "stamps on the host's clock": spread(
            errors_us(laps, lambda start, end: end["mono_ns"] - start["mono_ns"])
        ),
        "stamped when read (reference)": spread(read_us),
        "reference over published at p99": round(
            percentile(read_us, 99) / max(percentile(published_us, 99), 1e-3), 1
        ),
    }


def published_lap_ns(start: Row, end: Row) -> int:
    """Return the lap by the core's own rule."""
    word = Word(Authority.TIMEKEEPER, 0, "", 0)
    return lap_between(
        recorded_passing(recorded(start), word, "bench"), recorded_passing(recorded(end), word, "bench")
    ).lap_ns


def recorded(row: Row) -> PassingRecorded:
    return PassingRecorded(**({name: row[name] for name in PASSING_FIELDS} | {"track": "bench"}))


def errors_us(laps: Sequence[tuple[Row, Row]], lap_ns: Callable[[Row, Row], int]) -> list[float]:
    return [
        abs(lap_ns(start, end) - (end["true_mono_ns"] - start["true_mono_ns"])) / 1000 for start, end in laps
    ]


def spread(errors: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(errors, 50), 1),
        "p99": round(percentile(errors, 99), 1),
        "max": round(max(errors), 1),
    }


if __name__ == "__main__":
    main()
