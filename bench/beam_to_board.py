"""Beam's edge to painted frame, as JSON: `python -m bench.beam_to_board [--laps N] [--displays N]`

A whole venue of real processes as in `pitboard demo`: a simulated sensor on a real pseudo-terminal, bridge,
unit, sync, central, touchscreen and displays. The reference, measured in the same run and on the same disk,
is the least that the way could cost: two bare fsyncs and one bare frame. `on_the_line_ms` is what the
kernel takes from the sensor's first byte until the bridge may read it; at load its tail is the longest."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.bridge_stage import run_until_ended
from bench.measure import percentile, report
from pitboard.clock import SystemClock
from pitboard.errors import PeerLost
from pitboard.keeping.journal_copy import fold_file
from pitboard.unit_api.official_acts import Arm, Confirm, Register, Stop
from pitboard.unit_api.screen_state import ScreenState
from pitboard.unit_api.unit_client import UnitLink
from venue.demo.audit import Audit, Frame, TruePassing, read_lines
from venue.demo.crew import Crew
from venue.demo.demo_venue import LAP_MIN_MS, SENSOR, DemoVenue

LAP_MS = "350:500"
"""Never 30 passings in 10 s: the bridge would rightly say that the beam flickers, and count none."""
LOOK_EVERY_S = 1.0
"""Looks at the run are rare: each costs the unit as much as a touchscreen's, at the moment it is measured."""
LAPS_EACH_RUN = 20
READY_MAX_S = 30.0
SHORT_LAPS_MS = 100
HOLD_OFF = f'[[gate]]\nname = "{SENSOR}"\nhold_off_ms = 50\n'
REFERENCE_COUNT = 200
RECORD_BYTES = 700
"""About what a passing's line takes in the raw log, or its record in the journal."""
TARGETS_MS = {"p50": 10, "p99": 25}
QUIET = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
NANOSECONDS_PER_MS = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laps", type=int, default=200)
    parser.add_argument("--displays", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".", prefix="bench-") as name:
        report("beam to board", run_until_ended(measure(Path(name).resolve(), given.laps, given.displays)))


async def measure(folder: Path, laps: int, displays: int) -> dict[str, object]:
    venue = DemoVenue.set_up(folder, has_windows=False)
    names = prepare(venue, displays)
    clock = SystemClock()
    socket = venue.socket_folder / "trackside.sock"
    async with Crew.assembled(folder, QUIET) as crew:
        cast(crew, venue, names)
        for member in crew.members:
            await crew.start(member)
        async with UnitLink.open(socket, clock=clock) as unit:
            await until_ready(unit, displays)
            runs = -(-laps // LAPS_EACH_RUN)
            for number in range(runs):
                await drive_run(unit, clock, f"Driver {number + 1}")
        reference_ns = list(bare(folder))
        for member in ("cars", "bridge", *names, "touch", "sync", "central", "trackside"):
            await crew.stop(member)
        exits = crew.unexpected_exits()
    laps_driven = [way for name in names for way in ways(venue, name)]
    from_edge = spread_ms(way.from_edge_ns for way in laps_driven)
    least = spread_ms(reference_ns)
    return {
        "displays": displays,
        "laps_painted": len(laps_driven),
        "edge_to_frame_ms": from_edge,
        "first_byte_to_frame_ms": spread_ms(way.from_first_byte_ns for way in laps_driven),
        "on_the_line_ms": spread_ms(way.on_the_line_ns for way in laps_driven),
        "two_fsyncs_and_a_frame_ms": least,
        "ratio_p50": round(from_edge["p50"] / least["p50"], 2),
        "target_ms": TARGETS_MS,
        "is_met": all(from_edge[key] <= most for key, most in TARGETS_MS.items()),
        "load_1_min": round(os.getloadavg()[0], 1),
        "unexpected_exits": exits,
    }


def prepare(venue: DemoVenue, displays: int) -> list[str]:
    """Let short laps be laps, and write the configs of further displays; return the displays' names."""
    central = Path(venue.config("central"))
    text = central.read_text()
    central.write_text(text.replace(f"lap_min_ms = {LAP_MIN_MS}", f"lap_min_ms = {SHORT_LAPS_MS}"))
    with Path(venue.config("bridge")).open("a") as bridge:
        bridge.write(HOLD_OFF)
    names = ["display"]
    one = Path(venue.config("display")).read_text()
    for number in range(2, displays + 1):
        name = f"display-{number}"
        other = one.replace("Grandstand", f"Grandstand {number}").replace("display.db", f"{name}.db")
        other = other.replace("frames.jsonl", f"{name}-frames.jsonl").replace("board.png", f"{name}.png")
        Path(venue.config(name)).write_text(
            other.replace(f"status_port = {venue.display_port}", "status_port = 0")
        )
        names.append(name)
    return names


def cast(crew: Crew, venue: DemoVenue, displays: Sequence[str]) -> None:
    for program in ("central", "trackside", "sync"):
        crew.add(program, program, "--config", venue.config(program))
    truth = ("--link", str(venue.beam_link), "--log", str(venue.log("truth")))
    crew.add("cars", "simulated-cars", *truth, "--no-noise", "--lap-ms", LAP_MS)
    for program in ("bridge", "touch"):
        crew.add(program, program, "--config", venue.config(program))
    for name in displays:
        crew.add(name, "display", "--config", venue.config(name))


async def until_ready(unit: UnitLink, displays: int) -> None:
    """Return once the unit knows the event, the beam's light is green and every display follows the unit.

    Raises TimeoutError. A display that still looks for its unit would have its start measured, not the way.
    """
    async with asyncio.timeout(READY_MAX_S):
        while True:
            try:
                screen = await unit.screen(after=None)
            except PeerLost:
                screen = None
            if (
                screen is not None
                and screen.event == "Pitboard demo"
                and _sees_cars(screen)
                and sum(one.is_live for one in screen.displays) >= displays
            ):
                return
            await asyncio.sleep(0.1)


def _sees_cars(screen: ScreenState) -> bool:
    return all(light.state == "ok" for light in screen.lights if light.light == "beam")


async def drive_run(unit: UnitLink, clock: SystemClock, name: str) -> None:
    """Arm a run for a new competitor, let the laps of one run be driven, and confirm it."""
    competitor = await unit.act(Register(name=name))
    armed = await unit.act(Arm(competitor_id=str(competitor["competitor_id"])))
    run_id, laps, is_under_way = str(armed["run_id"]), 0, True
    while is_under_way and laps < LAPS_EACH_RUN:
        await asyncio.sleep(LOOK_EVERY_S)
        run = (await unit.screen(after=None)).run
        laps, is_under_way = (0, False) if run is None else (len(run.laps), run.phase in ("armed", "running"))
    if is_under_way:
        await unit.act(Stop(run_id=run_id, mono_ns=clock.mono_ns()))
    await unit.act(Confirm(run_id=run_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Nanoseconds of one lap that a display painted, since the beam's edge, and of its parts."""

    from_edge_ns: int
    from_first_byte_ns: int
    on_the_line_ns: int


def ways(venue: DemoVenue, display: str) -> Iterator[Way]:
    """Yield the way of each lap that the display painted."""
    frames_log = "frames" if display == "display" else f"{display}-frames"
    true_passings: list[TruePassing] = read_lines(venue.log("truth"), TruePassing)  # type: ignore[assignment]
    frames: list[Frame] = read_lines(venue.log(frames_log), Frame)  # type: ignore[assignment]
    fold = fold_file(venue.journal("trackside"))
    audit = Audit(fold, true_passings, frames, sensor=SENSOR)
    for run in audit.runs():
        received_ns = {one.passing_id: one.body.received_mono_ns for one in fold.race.raw_passings(run)}
        for true_passing, frame_mono_ns in audit.painted(run):
            came_ns = received_ns.get(audit.id_of(true_passing))
            if true_passing.written_mono_ns is not None and came_ns is not None:
                yield Way(
                    from_edge_ns=frame_mono_ns - true_passing.true_mono_ns,
                    from_first_byte_ns=frame_mono_ns - true_passing.written_mono_ns,
                    on_the_line_ns=came_ns - true_passing.written_mono_ns,
                )


def bare(folder: Path) -> Iterator[int]:
    """Yield, again and again, the nanoseconds that two appends with fsync and one painted frame take."""
    os.environ.update(QUIET)
    import pygame

    pygame.init()
    surface = pygame.display.set_mode((1920, 1080))
    font = pygame.font.Font(None, 60)
    body = bytes(RECORD_BYTES)
    with (folder / "raw").open("ab", buffering=0) as raw, (folder / "log").open("ab", buffering=0) as log:
        for number in range(REFERENCE_COUNT):
            began_ns = time.perf_counter_ns()
            for file in (raw, log):
                file.write(body)
                os.fsync(file.fileno())
            surface.fill((0, 0, 0), (0, 100, 1920, 80))
            surface.blit(font.render(f"{number} 12.345", True, (255, 255, 255)), (40, 100))
            pygame.display.update((0, 100, 1920, 80))
            yield time.perf_counter_ns() - began_ns
            time.sleep(0.01)


def spread_ms(values_ns: Iterable[int]) -> dict[str, float]:
    values_ms = [value / NANOSECONDS_PER_MS for value in values_ns]
    return {f"p{percent}": round(percentile(values_ms, percent), 3) for percent in (50, 95, 99)}


if __name__ == "__main__":
    main()
