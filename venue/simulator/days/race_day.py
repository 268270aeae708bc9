"""One simulated day from one seed: an unsafe phase, then everything heals and must converge."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

import pitboard.journal.folding.fold
import pitboard.journal.records.record
import pitboard.journal.streams.ledger
import pitboard.journal.streams.witness
import sync.exchanging.exchange
import sync.exchanging.freshness
from display.following.source_choice import Rank
from pitboard.errors import StreamTaken
from venue.simulator.cast.display_node import DisplayNode
from venue.simulator.cast.simulated_venue import Venue
from venue.simulator.days.mishaps import Mishaps, heal_disk
from venue.simulator.days.plants import Override, overridden
from venue.simulator.judging.day_contents import contents_of
from venue.simulator.judging.inspection import inspect, lagging
from venue.simulator.world.day_plan import LONG, DayLength, DayPlan
from venue.simulator.world.network import Weather
from venue.simulator.world.signature_memory import forget_signatures, sealed_signature_holds
from venue.simulator.world.truth import Violation
from venue.simulator.world.virtual_loop import Deadlock, LeakedTasks, VirtualLoop, run_virtual
from venue.simulator.world.wire_memory import (
    forget_wires,
    remembered_body,
    remembered_record,
    remembered_wire,
)
from venue.simulator.world.world import World

CONVERGE_MAX_S = 60.0
LOOK_S = 0.5
MOVE_MAX_S = 8.0
FAIL_OVER_MAX_S = 3.5
"""From when the unit is started again: before central gets its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """What came of one seed."""

    seed: int
    length: DayLength
    records: int
    crashes: int
    restores: int
    violations: list[Violation]
    trace: bytes
    contents: Counter[str] = field(default_factory=Counter)
    """What went wrong, by name and how often; all that the day had, where that was asked for."""

    def without_trace(self) -> DayReport:
        return replace(self, trace=b"")


def run_day(
    seed: int,
    overrides: list[Override] | None = None,
    *,
    plan: DayPlan = LONG,
    tells_contents: bool = False,
) -> DayReport:
    """Run the day of this seed as planned; the same seed and plan give the same trace, byte for byte."""
    collects = gc.isenabled()
    gc.disable()  # a day ends after a tenth of a second, and looking for garbage in it costs a tenth
    try:
        report = _run_day(seed, overrides or [], plan, tells_contents)
        gc.collect(0)  # now that all of the day is garbage: once, and what was there before is not looked at
        return report
    finally:
        if collects:
            gc.enable()


def _run_day(seed: int, overrides: list[Override], plan: DayPlan, tells_contents: bool) -> DayReport:
    forget_signatures()
    forget_wires()
    worlds: list[World] = []

    async def story(loop: VirtualLoop) -> None:
        world = World(loop, Random(seed), seed, plan, tells_contents=tells_contents)
        worlds.append(world)
        await _live_through(world)

    memory: list[Override] = [
        (pitboard.journal.records.record, "signature_holds", sealed_signature_holds),
        (sync.exchanging.freshness, "signature_holds", sealed_signature_holds),
        (pitboard.journal.folding.fold, "read_body", remembered_body),
        (pitboard.journal.streams.ledger, "read_body", remembered_body),
        (pitboard.journal.streams.witness, "read_body", remembered_body),
        (sync.exchanging.exchange, "from_wire", remembered_record),
        (sync.exchanging.exchange, "to_wire", remembered_wire),
    ]
    logging.disable(logging.CRITICAL)
    try:
        with overridden([*memory, *overrides]):
            try:
                run_virtual(story)
            except (Deadlock, LeakedTasks) as error:
                worlds[0].truth.violate(type(error).__name__.lower(), str(error))
            except StreamTaken as error:
                worlds[0].truth.violate("no-process-ends-by-error", str(error))
    finally:
        logging.disable(logging.NOTSET)
    world = worlds[0]
    return DayReport(
        seed=seed,
        length=plan.length,
        records=world.truth.records_count,
        crashes=world.crashes,
        restores=world.restores,
        violations=world.truth.violations,
        trace=world.trace.encode(),
        contents=world.happened,
    )


async def _live_through(world: World) -> None:
    venue = Venue(world)
    venue.open()
    if world.plan.subject:
        world.trace.say("TRUTH", f"a short day, its subject: {world.plan.subject}")
    mishaps = Mishaps(venue)
    storm = venue.people.spawn(mishaps.work(), name="mishaps")
    await asyncio.sleep(world.chance.uniform(*world.plan.storm_s))
    storm.cancel()
    await _heal(venue)
    if await _settle(venue):
        inspect(venue)
        if world.tells_contents:
            world.happened = contents_of(venue)
        if world.plan.has_fail_over:
            await _fail_over(venue)
    await _close(venue)


async def _heal(venue: Venue) -> None:
    """No more mishaps, no more new runs: every node up, every disk and link as it should be."""
    world = venue.world
    venue.people.kill()
    world.trace.say("TRUTH", "everything heals")
    world.network.weather = Weather()
    world.network.mend()
    for node in venue.nodes:
        heal_disk(node.disk)
        if node.process.has_ended:
            node.is_powered = True
            node.start()


async def _settle(venue: Venue) -> bool:
    """Let everybody catch up and officials decide what is left; return whether nothing is left to say."""
    world = venue.world
    deadline_ns = world.loop.now_ns + round(CONVERGE_MAX_S * 1e9)
    while True:
        late = lagging(venue)
        undecided = [unit for unit in venue.units if unit.run_control is not None and unit.run_control.runs()]
        undecided = [unit for unit in undecided if unit.identity.key not in venue.revoked]
        if late is None and not undecided and not any(unit.has_passings_under_way for unit in venue.units):
            return True
        if world.loop.now_ns > deadline_ns:
            if late is not None:
                world.truth.violate("converges", f"{CONVERGE_MAX_S:.0f} s after everything healed {late}")
            elif undecided:
                world.truth.violate("runs-can-be-decided", f"{undecided[0].name} cannot decide its run")
            else:
                world.truth.violate("converges", "passings of a sensor are still under way")
            return False
        if late is None and undecided:
            for unit in undecided:
                await venue.officials[unit.name].settle()
        await asyncio.sleep(LOOK_S)


async def _fail_over(venue: Venue) -> None:
    """Let each display move from central to a unit, and restart that one: it is found again soon.

    All the time new boxes are announced that prove nothing.
    """
    for display in venue.displays:
        enrolled = venue.central.replica.fold.roster.enrolled()
        units = {
            unit.name: unit
            for unit in venue.units
            if unit.identity.key in enrolled and unit.name in display.sources
        }
        if not units:
            continue
        await _follows_unit(display, venue, within_s=MOVE_MAX_S)
        if display.source is not None and display.source.url in units:
            await venue.restart(units[display.source.url], down_s=0.5)
            await _follows_unit(display, venue, within_s=FAIL_OVER_MAX_S)


async def _follows_unit(display: DisplayNode, venue: Venue, *, within_s: float) -> None:
    world = venue.world
    deadline_ns = world.loop.now_ns + round(within_s * 1e9)
    while display.source is None or display.source.rank != Rank.UNIT:
        if world.loop.now_ns > deadline_ns:
            world.truth.violate("proven-before-unproven", f"{display.name} finds no unit in {within_s} s")
            return
        await asyncio.sleep(0.1)


async def _close(venue: Venue) -> None:
    """End every process; whoever does not end is a leaked task."""
    for node in venue.nodes:
        node.crash()
    await asyncio.sleep(1.0)
