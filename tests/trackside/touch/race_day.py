"""A race day by an official who makes mistakes: every preset has its class, every mistake its turn.

The cars' true stamps, the fingers' presses and what the official means go to an oracle of its own, and at the
end each board of the unit, and of a central that was away for half the day, must be the oracle's. The day is
played by real programs in real_race_day.py (`make race-day`), and here by
`python -m tests.trackside.touch.race_day`: the real touchscreen, tapped by pygame's events, before a real
unit, both in one process on time that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import pairwise
from random import Random
from typing import Literal, Protocol

import click

from pitboard.clock import Clock
from pitboard.journal.folding.fold import Fold
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import view_board
from pitboard.race.bodies.event_bodies import ClassSet, EventConfigured, FormatSet
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.ranking.presets import PRESETS
from pitboard.unit_api.screen_state import Run, ScreenState
from tests.race_story import ROOT
from tests.trackside.touch.day_oracle import TrueDrive, TrueLap, TrueRun, board_of, faults_of
from tests.trackside.touch.virtual_screen import VirtualScreen, before_the_screen
from venue.simulator.world.simulated_disk import SimulatedDisk, SimulatedStorage

CLASSES = {preset.rules.name: f"class-{number}" for number, preset in enumerate(PRESETS)}
BY_LANE = ("Slot heats, lanes", "Pinewood derby, times", "Pinewood derby, points")
BY_TRANSPONDER = "RC heat, transponders"
TWO_RUNS = "Alpine, two runs"
WHOLE_DAY_RUNS = 80
Length = Literal["whole", "short", "shortest"]
Tell = Callable[[str], None]
FINGER_NS = 100_000_000
"""How far a press may lie from when it was read: what published studies of hand timing call typical."""
_NS_PER_S = 1_000_000_000


class DayUnit(Protocol):
    """A unit and its track, of one process on virtual time or of real ones."""

    @property
    def clock(self) -> Clock: ...

    @property
    def has_bridge(self) -> bool: ...

    async def cross(
        self, *, lane: int | None = None, transponder: int | None = None, gate: str = "finish"
    ) -> int: ...

    async def hold_back(self) -> None: ...

    async def let_go(self) -> None: ...

    async def crash(self, *, power: bool) -> None: ...

    async def start(self) -> None: ...

    async def show_a_display(self) -> None: ...


class DayScreen(Protocol):
    """Somebody before a touchscreen: looks, taps what can be tapped, and types."""

    @property
    def now(self) -> ScreenState: ...

    @property
    def unit(self) -> DayUnit: ...

    @property
    def taps(self) -> list[str]: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def sees(self, name: str) -> bool: ...

    async def wait_for(self, name: str, *, enabled: bool | None = None) -> SeenButton: ...

    async def until(self, claim: Callable[[ScreenState], bool], what: str = "it") -> ScreenState: ...

    async def tap(self, *names: str) -> int: ...

    async def type(self, text: str) -> None: ...


class SeenButton(Protocol):
    @property
    def label(self) -> str: ...

    @property
    def enabled(self) -> bool: ...


class RaceDay:
    """`runs_wanted` of them; what is wrong comes in turn, everything at least once."""

    def __init__(
        self,
        screen: DayScreen,
        *,
        runs_wanted: int,
        seed: int = 1,
        length: Length = "whole",
        pace: float = 1,
        tell: Tell = lambda _: None,
    ) -> None:
        self.tell = tell
        self.refused: set[str] = set()
        self.doubt_ns = 0  # how far the laps of the run just confirmed may be off, as the screen says
        self.doubts_count = 0  # runs with such laps
        self.is_short = length != "whole"
        self.is_shortest = length == "shortest"
        self.pace = pace
        self.screen = screen
        self.unit = screen.unit
        self.chance = Random(seed)
        self.runs_wanted = runs_wanted
        self.runs: list[TrueRun] = []
        self.drivers: dict[str, list[str]] = {}  # class -> names
        self.mistakes: list[Callable[[str, str], Awaitable[None]]] = [
            self.plain,
            self.hand_in_the_beam,
            self.missed_car,
            self.wrong_driver,
            self.wrong_driver_seen_late,
            self.start_pressed_late,
            self.start_forgotten,
            self.stopped_too_early,
            self.confirmed_by_mistake,
            self.paused,
            self.short_lap_judged,
            self.penalty_taken_back,
            self.discarded_and_brought_back,
            self.passing_given_away,
            self.start_called_off,
            self.changed_since_confirmed,
            self.unit_killed,
            self.power_cut,
            self.touchscreen_killed,
            self.manual_lap,
        ]
        if self.is_short:  # what test_first_time_use.py does not play
            self.mistakes = [
                self.changed_since_confirmed,
                self.unit_killed,
                self.power_cut,
                self.touchscreen_killed,
                self.passing_given_away,
                self.discarded_and_brought_back,
            ]
        if self.is_shortest:
            self.mistakes = [self.power_cut, self.unit_killed]

    # Cars

    async def wait(self, least_s: float, most_s: float) -> None:
        pause_us = self.chance.randrange(int(least_s * 1e6), int(most_s * 1e6))
        await asyncio.sleep(self.pace * pause_us / 1e6)

    async def car(self, **how: object) -> int:
        """A car crosses; return its true stamp."""
        return await self.unit.cross(**how)  # type: ignore[arg-type]

    async def drive(self, laps: int) -> list[int]:
        stamps = [await self.car()]
        for _ in range(laps):
            await self.wait(5, 9)
            stamps.append(await self.car())
        await asyncio.sleep(0.3)
        return stamps

    # What the official does

    async def start(self, name: str) -> None:
        """Find the name by the search, and start."""
        await self.screen.tap("search")
        await self.screen.type(name)
        await self.screen.tap("found:*", "start")
        await self.screen.until(lambda now: now.phase == "armed", "armed")

    async def begin(self, preset: str, name: str) -> int | None:
        """Start a run of this preset; return when its time began, where that is no car's passing."""
        await self.start(name)
        if preset != "DeepRacer, total time":
            return None
        pressed_ns = await self.screen.tap("go")
        await self.run(lambda run: run.started_mono_ns is not None)
        return pressed_ns

    async def run(self, claim: Callable[[Run], bool] = lambda _: True) -> Run:
        screen = await self.screen.until(lambda now: now.run is not None and claim(now.run), "the run")
        assert screen.run is not None
        return screen.run

    async def stop(self) -> None:
        if self.screen.now.phase != "review":
            await self.screen.tap("stop")
        await self.screen.until(lambda now: now.phase == "review", "review")

    async def confirm(self) -> None:
        self.doubt_ns = 0
        await self.judge_what_waits()
        self.doubts_count += self.doubt_ns > 0
        await self.screen.tap("confirm")
        await self.screen.until(lambda now: now.run is None, "confirmed")

    async def judge_what_waits(self) -> None:
        """Where the machine was so busy that a device's clock is in doubt, the unit says so of the lap: the
        car was there, and the lap may be off by as much as the screen says."""
        run = await self.run()
        several = len(run.places) > 1
        for place in run.places:
            for lap in place.laps:
                if lap.waits_for_verdict:
                    self.doubt_ns = max(self.doubt_ns, lap.uncertainty_ns)
                    look = [f"place:{place.place}"] if several else []
                    await self.screen.tap(*look, f"judge:{lap.lap_id}:valid")
                    await self.until_judged(lap.lap_id)

    async def until_judged(self, lap_id: str) -> None:
        def is_judged(run: Run) -> bool:
            laps = [lap for place in run.places for lap in place.laps]
            return not any(lap.lap_id == lap_id and lap.waits_for_verdict for lap in laps)

        await self.run(is_judged)

    async def undo(self) -> None:
        """Take the last act back."""
        before = self.screen.now.acts
        await self.screen.tap("undo", "unact:*")
        await self.screen.until(lambda now: now.acts != before, "undone")
        await self.until_gone("unact:*")

    async def until_gone(self, name: str) -> None:
        """The page is left by itself once the unit has the act. Where its answer came too late the screen
        says so and stays; the person looks, sees that it was saved, and goes back."""
        for _ in range(100):
            if not await self.screen.sees(name):
                return
            if await self.screen.sees("message") and await self.screen.sees("undo"):
                message = await self.screen.wait_for("message")
                if message.label.startswith("No answer") and await self.screen.sees(name):
                    await self.screen.tap("undo")
            await asyncio.sleep(0.1)
        raise AssertionError(f"{name} stays on the screen")

    def keep(self, name: str, stamps: list[int], *, began_ns: int | None = None, **more: object) -> TrueRun:
        """Write down what was truly driven, and confirm it for the oracle; `began_ns` is a finger's GO."""
        from_ns = stamps[0] if began_ns is None else began_ns
        ends = stamps[1:] if began_ns is None else stamps
        laps, before = [], from_ns
        for end in ends:
            laps.append(TrueLap(end - before, end - from_ns))
            before = end
        for lap in laps:
            lap.unsure_ns = self.doubt_ns
        if began_ns is not None and laps:
            laps[0].unsure_ns += FINGER_NS
        drive = TrueDrive(name, laps, **more)  # type: ignore[arg-type]
        run = TrueRun(self.class_of(name), [drive])
        self.runs.append(run)
        return run

    def class_of(self, name: str) -> str:
        return next(one for one, names in self.drivers.items() if name in names)

    # A run, and what can go wrong with it; each leaves the screen idle

    async def plain(self, preset: str, name: str) -> None:
        """With a car off the track now and then, and a name that was typed wrong."""
        began_ns = await self.begin(preset, name)
        laps = 3
        stamps = await self.drive(0) if began_ns is None else []
        offs = [0] * laps
        await self.screen.tap("off-track")  # a slip
        await self.screen.until(lambda now: now.acts[0].kind == "off-track-noted")
        await self.undo()
        for lap in range(laps):
            await self.wait(5, 7)
            for _ in range(self.chance.choice((0, 0, 1, 4))):
                before = self.screen.now.acts[0]
                await self.screen.tap("off-track")
                await self.screen.until(lambda now, before=before: now.acts[0] != before)  # type: ignore[misc]
                offs[lap] += 1
            stamps.append(await self.car())
        if began_ns is not None:  # three laps, and it is over by itself
            await self.screen.until(lambda now: now.phase == "review", "review")
        await self.stop()
        await self.run(lambda run: len(run.laps) == laps)
        await self.confirm()
        run = self.keep(name, stamps, began_ns=began_ns)
        for driven, count in zip(run.drives[0].laps, offs, strict=True):
            driven.off_tracks = count

    async def hand_in_the_beam(self, preset: str, name: str) -> None:
        await self.start(name)
        stamps = await self.drive(1)
        await self.wait(4, 5)
        await self.car()  # a hand
        await self.wait(4, 5)
        stamps.append(await self.car())
        run = await self.run(lambda run: len(run.laps) == 3)
        await self.screen.tap(f"lap:{run.laps[1].lap_id}", "passing:ignore")
        await self.run(lambda run: len(run.laps) == 2)
        await self.screen.tap("back")
        await self.undo()
        await self.run(lambda run: len(run.laps) == 3)
        await self.undo()  # and the other way round
        await self.run(lambda run: len(run.laps) == 2)
        await self.stop()
        await self.confirm()
        self.keep(name, stamps)

    async def missed_car(self, preset: str, name: str) -> None:
        """The sensor missed one: it is put in, and its lap is somebody's guess; so it is void."""
        await self.start(name)
        stamps = await self.drive(1)
        await self.wait(9, 11)
        stamps.append(await self.car())
        run = await self.run(lambda run: len(run.laps) == 2)
        await self.screen.tap(f"lap:{run.laps[1].lap_id}", "passing:insert", "insert:save")
        await self.run(lambda run: len(run.laps) == 3)
        await self.screen.tap("back")
        await self.undo()
        await self.run(lambda run: len(run.laps) == 2)
        await self.stop()
        await self.confirm()
        self.keep(name, stamps)

    async def wrong_driver(self, preset: str, name: str) -> None:
        other = next(one for one in self.drivers[CLASSES[preset]] if one != name)
        await self.start(other)
        stamps = await self.drive(2)
        await self.screen.tap("put-right", "fix:hand-over", "search")
        await self.screen.type(name)
        await self.screen.tap("found:*")
        await self.run(lambda run: run.name == name)
        await self.undo()
        await self.run(lambda run: run.name == other)
        await self.undo()
        await self.run(lambda run: run.name == name)
        await self.stop()
        await self.confirm()
        self.keep(name, stamps)

    async def start_pressed_late(self, preset: str, name: str) -> None:
        first = await self.car()
        await self.wait(1, 2)
        await self.start(name)
        await self.screen.tap("begin-there")
        await self.run(lambda run: run.started_mono_ns is not None)
        await self.undo()
        await self.run(lambda run: run.started_mono_ns is None)
        await self.undo()
        await self.run(lambda run: run.started_mono_ns is not None)
        await self.wait(4, 6)
        stamps = [first, *await self.drive(1)]
        await self.stop()
        await self.confirm()
        self.keep(name, stamps)

    async def start_forgotten(self, preset: str, name: str) -> None:
        first = await self.car()
        await self.screen.tap("search")
        await self.screen.type(name)
        await self.screen.tap("found:*", "start:stray")
        await self.run(lambda run: run.started_mono_ns is not None)
        await self.wait(4, 6)
        stamps = [first, *await self.drive(1)]
        await self.stop()
        await self.confirm()
        self.keep(name, stamps)

    async def stopped_too_early(self, preset: str, name: str) -> None:
        await self.start(name)
        stamps = await self.drive(1)
        await self.stop()
        await self.screen.tap("put-right", "fix:go-on")
        await self.screen.until(lambda now: now.phase == "running")
        await self.undo()
        await self.screen.until(lambda now: now.phase == "review")
        await self.undo()
        await self.screen.until(lambda now: now.phase == "running")
        await self.wait(5, 6)
        stamps += await self.drive(0)
        await self.stop()
        await self.confirm()
        self.keep(name, stamps)

    async def confirmed_by_mistake(self, preset: str, name: str) -> None:
        await self.start(name)
        stamps = await self.drive(2)
        await self.stop()
        await self.confirm()
        await self.screen.tap("undo", "unact:*")
        await self.screen.until(lambda now: now.phase == "review")
        run = await self.run()
        for verdict in ("void", "valid", "void"):
            await self.screen.tap(f"judge:{run.laps[0].lap_id}:{verdict}")
            await self.run(lambda run, verdict=verdict: run.laps[0].verdict == verdict)  # type: ignore[misc]
        await self.screen.tap(f"judge:{run.laps[1].lap_id}:valid")  # it may begin at the same phantom
        await self.run(lambda run: run.laps[1].verdict == "valid")
        await self.confirm()
        self.keep(name, stamps).drives[0].laps[0].counts = False

    async def paused(self, preset: str, name: str) -> None:
        """A lap over a pause has its time less the pause; one pause was a slip and never was."""
        await self.start(name)
        stamps = await self.drive(1)
        await self.screen.tap("put-right", "fix:pause")
        await self.run(lambda run: run.phase == "paused")
        await self.undo()
        await self.run(lambda run: run.phase == "running")
        paused_ns = await self.screen.tap("put-right", "fix:pause")
        await self.run(lambda run: run.phase == "paused")
        await self.wait(3, 4)
        went_on_ns = await self.screen.tap("continue")
        await self.run(lambda run: run.phase == "running")
        await self.wait(3, 4)
        stamps += await self.drive(1)
        await self.stop()
        await self.run(lambda run: len(run.laps) == len(stamps) - 1)
        await self.confirm()
        true = self.keep(name, stamps).drives[0]
        true.laps[1].lap_ns -= went_on_ns - paused_ns
        true.laps[1].unsure_ns += 2 * FINGER_NS
        for lap in true.laps[1:]:
            lap.closed_ns -= went_on_ns - paused_ns

    async def short_lap_judged(self, preset: str, name: str) -> None:
        await self.start(name)
        stamps = await self.drive(1)
        await self.wait(1, 2)
        stamps += await self.drive(1)
        await self.stop()
        run = await self.run(lambda run: len(run.laps) == 3)
        short = next(lap for lap in run.laps if lap.waits_for_verdict)
        assert not (await self.screen.wait_for("confirm")).enabled
        await self.screen.tap(f"judge:{short.lap_id}:valid")
        await self.run(lambda run: not any(lap.waits_for_verdict for lap in run.laps))
        await self.undo()
        await self.run(lambda run: any(lap.waits_for_verdict for lap in run.laps))
        await self.screen.tap(f"judge:{short.lap_id}:void")
        after = run.laps[run.laps.index(short) + 1]
        await self.screen.tap(f"judge:{after.lap_id}:valid")
        await self.run(lambda run: not any(lap.waits_for_verdict for lap in run.laps))
        await self.confirm()
        self.keep(name, stamps).drives[0].laps[1].counts = False

    async def penalty_taken_back(self, preset: str, name: str) -> None:
        await self.start(name)
        stamps = await self.drive(2)
        await self.stop()
        await self.screen.tap("put-right", "fix:penalty", "penalty:5")
        await self.run(lambda run: run.places[0].penalty_ns == 5 * _NS_PER_S)
        await self.undo()
        await self.run(lambda run: run.places[0].penalty_ns == 0)
        await self.screen.tap("put-right", "fix:penalty", "penalty:false-start")
        await self.run(lambda run: run.places[0].penalty_ns == 5 * _NS_PER_S)
        await self.undo()
        await self.run(lambda run: run.places[0].penalty_ns == 0)
        await self.screen.tap("put-right", "fix:penalty", "status:did-not-start")
        await self.run(lambda run: run.places[0].status == "did-not-start")
        await self.undo()
        await self.run(lambda run: run.places[0].status == "finished")
        await self.screen.tap("put-right", "fix:penalty", "penalty:2")
        await self.run(lambda run: run.places[0].penalty_ns == 2 * _NS_PER_S)
        await self.confirm()
        self.keep(name, stamps, penalty_ns=2 * _NS_PER_S)

    async def discarded_and_brought_back(self, preset: str, name: str) -> None:
        await self.start(name)
        stamps = await self.drive(2)
        await self.stop()
        await self.screen.tap("discard", "discard:no", "discard", "discard:yes")
        await self.screen.until(lambda now: now.phase == "idle")
        await self.screen.tap("undo", "unact:*")
        await self.screen.until(lambda now: now.phase == "review")
        await self.confirm()
        self.keep(name, stamps)

    async def passing_given_away(self, preset: str, name: str) -> None:
        """A stray car is said to be nobody's: given away, and back."""
        await self.start(name)
        stamps = await self.drive(2)
        run = await self.run(lambda run: len(run.laps) == 2)
        await self.screen.tap(f"lap:{run.laps[0].lap_id}", "passing:give", "give:nobody")
        await self.run(lambda run: len(run.laps) == 1)
        await self.screen.tap("back")
        await self.undo()
        await self.run(lambda run: len(run.laps) == 2)
        await self.stop()
        await self.confirm()
        self.keep(name, stamps)

    async def start_called_off(self, preset: str, name: str) -> None:
        await self.start(name)
        await self.screen.tap("discard", "discard:yes")
        await self.screen.until(lambda now: now.phase == "idle")
        await self.plain(preset, name)

    async def wrong_driver_seen_late(self, preset: str, name: str) -> None:
        """Only after the confirmation somebody says who it was."""
        other = next(one for one in self.drivers[CLASSES[preset]] if one != name)
        await self.start(other)
        stamps = await self.drive(2)
        await self.stop()
        await self.confirm()
        await self.screen.tap("undo", "unact:*")
        await self.screen.until(lambda now: now.phase == "review")
        await self.screen.tap("put-right", "fix:hand-over", "search")
        await self.screen.type(name)
        await self.screen.tap("found:*")
        await self.run(lambda run: run.name == name)
        await self.confirm()
        self.keep(name, stamps)

    async def changed_since_confirmed(self, preset: str, name: str) -> None:
        """The sensor's line is dead until after the confirmation: its two cars give another run. The
        official keeps the old one, thinks again, and takes the new."""
        await self.start(name)
        stamps = await self.drive(1)
        await self.run(lambda run: len(run.laps) == 1)
        await self.unit.hold_back()
        for _ in range(2):
            await self.wait(5, 7)
            stamps.append(await self.car())
        await self.stop()
        await self.confirm()
        await self.unit.let_go()
        await self.screen.tap("changed", "changed:keep")
        await self.screen.until(lambda now: not now.runs, "the old version kept")
        await self.undo()
        await self.screen.until(lambda now: bool(now.runs), "asked again")
        await self.screen.tap("changed", "changed:take")
        await self.screen.until(lambda now: not now.runs, "the new version taken")
        self.keep(name, stamps)

    async def unit_killed(self, preset: str, name: str) -> None:
        """A car crosses while the timing program is dead, where there is a bridge that keeps it."""
        await self.start(name)
        stamps = await self.drive(1)
        await self.unit.crash(power=False)
        await self.wait(4, 5)
        if self.unit.has_bridge:
            stamps.append(await self.car())
            await self.wait(4, 5)
        await self.unit.start()
        await self.screen.until(lambda now: now.run is not None and now.run.interruption is not None)
        assert (await self.screen.wait_for("interruption")).label == "The timing program started anew"
        await self.wait(2, 3)
        stamps += await self.drive(1)
        await self.run(lambda run: len(run.laps) == len(stamps) - 1)
        await self.stop()
        await self.confirm()
        self.keep(name, stamps)

    async def power_cut(self, preset: str, name: str) -> None:
        """No lap is timed over the cut: those before count, and those after."""
        await self.start(name)
        before = await self.drive(1)
        await self.unit.crash(power=True)
        await self.screen.stop()
        await self.wait(20, 40)
        await self.unit.start()
        await self.screen.start()
        assert (await self.screen.wait_for("interruption")).label == "The power was off"
        after = await self.drive(2)
        await self.stop()
        await self.confirm()
        run = self.keep(name, before)
        used_ns = before[-1] - before[0]
        for one, other in pairwise(after):
            run.drives[0].laps.append(TrueLap(other - one, used_ns + other - after[0]))

    async def touchscreen_killed(self, preset: str, name: str) -> None:
        await self.start(name)
        stamps = await self.drive(2)
        await self.stop()
        await self.screen.stop()
        await self.screen.start()
        await self.confirm()
        self.keep(name, stamps)

    async def manual_lap(self, preset: str, name: str) -> None:
        """The sensor sees nothing: a thumb starts and closes a lap, one press too many is taken back."""
        await self.start(name)
        await self.screen.tap("start-by-hand")
        await self.run(lambda run: run.started_mono_ns is not None)
        await self.undo()
        await self.run(lambda run: run.started_mono_ns is None)
        began_ns = await self.screen.tap("start-by-hand")
        await self.run(lambda run: run.started_mono_ns is not None)
        await self.wait(5, 6)
        closed_ns = await self.screen.tap("manual")
        await self.run(lambda run: len(run.laps) == 1)
        await self.wait(3.5, 4)
        await self.screen.tap("manual")
        await self.run(lambda run: len(run.laps) == 2)
        await self.undo()
        await self.run(lambda run: len(run.laps) == 1)
        await self.stop()
        await self.confirm()
        self.keep(name, [began_ns, closed_ns]).drives[0].laps[0].unsure_ns += 2 * FINGER_NS

    async def start_to_finish(self, preset: str, name: str) -> None:
        await self.start(name)
        began_ns = await self.car(gate="start")
        await self.wait(5, 12)
        end_ns = await self.car()
        await self.screen.until(lambda now: now.phase == "review", "review")
        await self.confirm()
        self.keep(name, [began_ns, end_ns])

    async def refused_a_third(self, name: str) -> None:
        """The format gives two runs, and the unit refuses one more; once is enough to see it."""
        if name in self.refused:
            return
        self.refused.add(name)
        before = self.screen.now.acts[0]
        await self.screen.tap("search")
        await self.screen.type(name)
        await self.screen.tap("found:*", "start")
        await self.screen.wait_for("message")
        assert (self.screen.now.phase, self.screen.now.acts[0]) == ("idle", before)

    def runs_of(self, name: str) -> int:
        return sum(name in [drive.driver for drive in run.drives] for run in self.runs)

    # Heats

    async def draw(self, kind: str, preset: str) -> None:
        """Draw a stage of the preset's class, taken back once and drawn again."""
        await self.screen.tap("heats")
        await self.screen.wait_for("back")
        if not await self.screen.sees("draw"):
            await self.screen.tap("stages")
        await self.screen.tap("draw", f"draw:{kind}", "seeds:all")
        while (await self.screen.wait_for("draw:class")).label != CLASSES[preset]:
            await self.screen.tap("draw:class")
        while not await self.screen.sees("=4 drivers"):
            await self.screen.tap("count:less")
        await self.screen.tap("draw:now")
        await self.screen.until(lambda now: bool(now.stages), "drawn")

    async def heat(self, preset: str) -> None:
        """Run the next heat of the stage on the screen, whoever is in it."""
        await self.screen.tap("start:heat")
        run = await self.run(lambda run: run.phase == "armed")
        began_ns: dict[int, int] = {}
        if run.clock == "go":
            pressed_ns = await self.screen.tap("go")
            run = await self.run(lambda run: run.started_mono_ns is not None)
            began_ns = {place.place: pressed_ns for place in run.places}
        known = {one.competitor_id: one for one in self.screen.now.competitors}
        how: dict[int, dict[str, object]] = {
            place.place: {"lane": place.lane}
            if place.told_by == "lane"
            else {"transponder": known[place.competitor_id or ""].transponders[0]}
            for place in run.places
        }
        if run.clock == "start-gate":
            began_ns = {number: await self.car(gate="start", **one) for number, one in how.items()}
        stamps: dict[int, list[int]] = {number: [] for number in how}
        for _ in range(1 if run.clock == "start-gate" else 3):
            await self.wait(4, 5)
            for number in self.chance.sample(list(how), len(how)):
                await self.wait(0.1, 0.5)
                stamps[number].append(await self.car(**how[number]))
        if run.clock == "start-gate":
            await self.screen.until(lambda now: now.phase == "review", "review")
        await self.stop()
        await self.run(lambda run: all(len(one.laps) == len(stamps[one.place]) for one in run.places))
        await self.confirm()
        assert began_ns, (preset, run)
        true = TrueRun(CLASSES[preset])
        for place in run.places:
            one = self.keep(place.name, stamps[place.place], began_ns=began_ns[place.place])
            if run.clock != "go":
                one.drives[0].laps[0].unsure_ns -= FINGER_NS  # the start gate's own stamp
            self.runs.pop()
            true.drives += one.drives
        self.runs.append(true)

    async def all_heats(self, kind: str, preset: str) -> None:
        await self.draw(kind, preset)
        while any(heat.phase == "ready" for stage in self.screen.now.stages for heat in stage.heats):
            await self.heat(preset)
        self.tell(f"{kind} of {preset}: driven, {len(self.screen.taps)} taps so far")
        stage = self.screen.now.stages[-1]
        assert all(one.phase in ("driven", "bye") for one in stage.heats)
        await self.screen.tap("stage:remove")
        await self.screen.until(lambda now: not now.stages, "put away")
        await self.screen.tap("back")

    # The day

    async def meet(self) -> None:
        """Three register at the screen, one with a slip; the others came by central."""
        await self.screen.wait_for("search")
        for number, (name, typed) in enumerate((("Zoe", "Zoey"), ("Yann", "Yann"), ("Xaver", "Xaver"))):
            await self.screen.type(f"{typed};{90 + number};{990 + number}\n")
            await self.screen.tap("person:class", "person:save")
            await self.until_known(typed)
            if typed != name:
                await self.screen.tap("rename", "keyboard:backspace", "keyboard:done")
                await self.until_known(name)
                for again in (typed, name):  # taken back, and that taken back
                    await self.screen.tap("undo", "unact:*")
                    await self.until_known(again)
            self.drivers.setdefault(CLASSES["Best lap"], []).append(name)

    async def until_known(self, name: str) -> None:
        await self.screen.until(lambda now: any(one.name == name for one in now.competitors), name)

    async def queue(self) -> None:
        """Who waits, is moved, called, left out, and what is taken back of it."""
        for name in self.drivers[CLASSES["Best lap"]][:3]:
            await self.screen.tap("search")
            await self.screen.type(name)
            await self.screen.tap("found:*", "queue:join")
            await self.screen.until(lambda now, name=name: any(one.name == name for one in now.queue))  # type: ignore[misc]
        await self.screen.tap("queue", "queue:*", "queue-down")
        await self.screen.until(lambda now: now.acts[0].kind == "queue-ordered")
        await self.undo_here()
        await self.screen.tap("queue", "queue:*", "queue-no-show")
        await self.screen.until(lambda now: now.queue[0].state == "no-show")
        await self.undo_here()
        await self.screen.until(lambda now: now.queue[0].state == "waiting")
        for _ in range(3):
            count = len(self.screen.now.queue)
            await self.screen.tap("queue", "queue:*", "queue-left")
            await self.screen.until(lambda now, count=count: len(now.queue) < count)  # type: ignore[misc]
            await self.screen.tap("back")

    async def undo_here(self) -> None:
        await self.screen.tap("undo", "unact:*")
        await self.screen.until(lambda now: now.acts[0].kind == "act-withdrawn")
        await self.until_gone("unact:*")
        await self.screen.wait_for("search")

    async def displays(self) -> None:
        await self.unit.show_a_display()
        await self.screen.until(lambda now: bool(now.displays), "a display")
        await self.screen.tap("light:disk", "displays", "display:1", "scene:podium")
        await self.screen.until(lambda now: bool(now.displays and now.displays[0].playlist))
        await self.screen.tap("undo", "unact:*")
        await self.screen.until(lambda now: bool(now.displays) and not now.displays[0].playlist)

    async def go(self, at_half: Callable[[], Awaitable[None]]) -> None:
        if not self.is_shortest:
            await self.meet()
        if not self.is_short:
            await self.queue()
            await self.displays()
        if not self.is_short:
            for preset in BY_LANE:
                await self.all_heats("heats", preset)
            await self.all_heats("heats", BY_TRANSPONDER)
        await at_half()
        if not self.is_shortest:
            await self.all_heats("knockout", BY_TRANSPONDER)
        one_by_one = [name for name in CLASSES if name not in (*BY_LANE, BY_TRANSPONDER)]
        if self.is_short:
            one_by_one = ["Best lap", "DeepRacer, best average"]
        if self.is_shortest:
            one_by_one = ["DeepRacer, best lap"]
        turn = 0
        while turn < len(self.mistakes) or len(self.runs) < self.runs_wanted:
            for preset in one_by_one:
                for name in self.drivers[CLASSES[preset]]:
                    if len(self.runs) >= self.runs_wanted and turn >= len(self.mistakes):
                        return
                    if preset == TWO_RUNS and self.runs_of(name) == 2:
                        await self.refused_a_third(name)
                        continue
                    if preset in (TWO_RUNS, "Hill climb"):
                        played: Callable[[str, str], Awaitable[None]] = self.start_to_finish
                    elif preset == "DeepRacer, total time":
                        played = self.plain
                    else:
                        played = self.mistakes[turn % len(self.mistakes)]
                        turn += 1
                    taps = len(self.screen.taps)
                    await played(preset, name)
                    what = played.__name__.replace("_", " ")
                    self.tell(f"run {len(self.runs)}: {what}, {len(self.screen.taps) - taps} taps")

    def judge(self, fold: Fold) -> None:
        """Compare every board with the oracle's."""
        for preset, race_class in CLASSES.items():
            shown = view_board(fold, race_class=race_class).entries
            names = {one.competitor_id: one.name for one in shown}
            board = [
                (one.rank, names[one.competitor_id], one.columns[0].value or 0)
                for one in shown
                if one.rank is not None
            ]
            self.judge_class(preset, board)

    def judge_class(self, preset: str, board: list[tuple[int, str, int]]) -> None:
        of_class = [one for one in self.runs if one.race_class == CLASSES[preset]]
        faults = faults_of(preset, of_class, board)
        assert not faults, (faults, board_of(preset, of_class))


def said_before_the_day() -> list[object]:
    """Return what central says: every preset with a class of its own, and who came by central."""
    said: list[object] = [EventConfigured(name="A race day")]
    said += [FormatSet(name=preset.rules.name, format=preset.rules) for preset in PRESETS]
    said += [ClassSet(race_class=one, name=one, format=name) for name, one in CLASSES.items()]
    return said


def drivers_of(preset: str) -> list[str]:
    number = list(CLASSES).index(preset)
    count = 4 if preset in (*BY_LANE, BY_TRANSPONDER) else 0 if preset == "Best lap" else 2
    return [f"{'ABCD'[index]}{'abcdefghijk'[number] * 3} Driver" for index in range(count)]


def people() -> list[CompetitorRegistered]:
    """Return who came by central."""
    return [
        CompetitorRegistered(
            competitor_id=f"id-{name[:4].strip()}",
            name=name,
            race_class=race_class,
            transponders=(101 + number,),
        )
        for number, (race_class, name) in enumerate(
            (race_class, name) for preset, race_class in CLASSES.items() for name in drivers_of(preset)
        )
    ]


def play(*, runs: int, seed: int = 1, length: Length = "whole") -> int:
    """Live through the day, or its short form; return how many runs it had."""
    said = [*said_before_the_day(), *people()]
    driven: list[int] = []

    async def story(screen: VirtualScreen) -> None:
        day = RaceDay(screen, runs_wanted=runs, seed=seed, length=length)
        day.drivers = {race_class: drivers_of(preset) for preset, race_class in CLASSES.items()}
        async with AsyncExitStack() as stack:
            storage = SimulatedStorage(
                SimulatedDisk(), screen.unit.loop, Random(2), root_key=ROOT.key, on_commit=lambda _: None
            )
            central = await stack.enter_async_context(Replica.over(storage, screen.unit.clock))

            async def bring() -> None:
                while records := await screen.unit.replica.beyond(central.have()):
                    await central.accept(records)

            await day.go(at_half=bring)
            day.judge(screen.unit.replica.fold)
            await bring()
            day.judge(central.fold)
        driven.append(len(day.runs))

    before_the_screen(story, *said)  # type: ignore[arg-type]
    return driven[0]


@click.command()
@click.option("--runs", default=WHOLE_DAY_RUNS, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(runs: int, seed: int) -> None:
    """Live through a race day at the touchscreen and compare every board with the oracle's."""
    click.echo(f"{play(runs=runs, seed=seed)} runs, every board as the oracle's")


if __name__ == "__main__":
    main()
