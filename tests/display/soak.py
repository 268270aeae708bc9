"""A long race day on one display, compressed in time: `python -m tests.display.soak --minutes 120`.

Two tracks race without a pause. Each record is folded, laid out and painted at its moment, and so is every
frame that a scene asks for by itself, but for those of the clocks: one a second. It tells the updates that no
frame showed, and how much memory an hour took."""

from __future__ import annotations

import argparse
import gc
import heapq
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import pygame

from display.following.badge import Badge
from display.scene.playlist import lay_out
from display.scene.show import Canvas, Moment
from display.screen.scene_painter import Painter
from display.screen.show_maker import DisplayFacts, ShowMaker
from pitboard.drawing.typeface import Typeface
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import read_body
from pitboard.journal.records.record import Record
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from tests.race_story import ROOT, SECOND_NS, UNIT_A, UNIT_B, Teller, central_enrols, confirmed_run

DRIVERS = 60
LAP_S = 12.0
LAPS = 8
RUN_S = 120.0
FRAME_OF_CLOCK_NS = SECOND_NS
LIVE = Badge(is_live=True, headline="Live")
NAMES = ("Anna Berg", "Łukasz Święty", "Zoë Müller", "Nguyễn Thị Ước", "Søren Ågård")


@dataclass
class Soaked:
    """`memory_kib` is what the process holds, minute by minute, its journal of records taken out."""

    updates: int = 0
    missed: int = 0
    frames: int = 0
    memory_kib: list[int] = field(default_factory=list)

    def slope_kib_per_hour(self) -> int:
        """Return how much memory an hour takes, from the quarter after which all is warm to the end."""
        warm = self.memory_kib[len(self.memory_kib) // 4 :]
        return (warm[-1] - warm[0]) * 60 // max(1, len(warm) - 1)


def day(minutes: int) -> Iterator[tuple[int, Record]]:
    """Yield records with their moments, of both tracks in turn."""
    runs = int(minutes * 60 // RUN_S)
    streams = []
    for number, identity in enumerate((UNIT_A, UNIT_B)):
        teller, timed = Teller(identity, f"Track {number}"), list[tuple[int, Record]]()
        for driver in range(DRIVERS):
            name = f"{NAMES[driver % len(NAMES)]} {driver}"
            teller.say(CompetitorRegistered(competitor_id=f"c{driver}", name=name, number=str(driver)))
        timed += [(0, record) for record in teller.records]
        seq = 1
        for run in range(runs):
            start_s, before = run * RUN_S + number * 5, len(teller.records)
            laps = [LAP_S + (run * 7 + lap * 3) % 11 / 10 for lap in range(LAPS)]
            seq = confirmed_run(
                teller,
                f"run-{number}-{run}",
                f"c{(run * 7 + number) % DRIVERS}",
                start_s=start_s,
                laps_s=laps,
                first_seq=seq,
            )
            at_ns = round(start_s * SECOND_NS)
            for record in teller.records[before:]:
                if (passing := passing_of(record)) is not None:
                    at_ns = passing.mono_ns
                timed.append((at_ns, record))
        streams.append(timed)
    yield from heapq.merge(*streams, key=lambda pair: pair[0])


def soak(minutes: int, size: tuple[int, int] = (1280, 720)) -> Soaked:
    """Show a day of so many minutes."""
    fold, soaked = Fold(ROOT.key), Soaked()
    for record in central_enrols(UNIT_A, UNIT_B).records:
        fold.add(record)
    painter, surface = Painter(Typeface.load()), pygame.Surface(size)
    maker = ShowMaker(DisplayFacts(name="Grandstand"), LIVE)
    canvas = Canvas(size=size, digit_permille=painter.digit_permille)

    def draw(now_ns: int) -> int | None:
        frame = lay_out(maker.with_now(LIVE, (), Moment(now_ns)), Moment(now_ns), canvas)
        soaked.frames += bool(painter.paint(frame.scene, surface))
        return frame.changes_mono_ns

    now_ns, changes, minute = 0, draw(0), 0
    for at_ns, record in day(minutes):
        while changes is not None and changes < at_ns:
            now_ns = max(changes, now_ns + FRAME_OF_CLOCK_NS)
            if now_ns >= at_ns:
                break
            changes = draw(now_ns)
        now_ns = at_ns
        fold.add(record)
        maker.take(fold, Moment(now_ns))
        painted_before = soaked.frames
        changes = draw(now_ns)
        if passing_of(record) is not None:
            soaked.updates += 1
            soaked.missed += soaked.frames == painted_before
        if now_ns // (60 * SECOND_NS) >= minute:
            minute += 1
            gc.collect()
            soaked.memory_kib.append(resident_kib())
    return soaked


def passing_of(record: Record) -> PassingRecorded | None:
    body = read_body(record.header.kind, record.body_bytes or b"")
    return body if isinstance(body, PassingRecorded) else None


def resident_kib() -> int:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1])
    raise AssertionError("the kernel tells no memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=120)
    given = parser.parse_args()
    soaked = soak(given.minutes)
    sys.stdout.write(
        f"{given.minutes} min: {soaked.updates} updates, {soaked.missed} missed, {soaked.frames} frames, "
        f"memory from {soaked.memory_kib[0]} to {soaked.memory_kib[-1]} KiB, "
        f"{soaked.slope_kib_per_hour()} KiB per hour\n"
    )


if __name__ == "__main__":
    main()
