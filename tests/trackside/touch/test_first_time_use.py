"""Somebody who never saw the screen: how many taps a run and each mistake take, on the real unit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.people_bodies import OfficialAppointed
from pitboard.race.runs.run_parts import Lap
from pitboard.trust.pin import pin_verifier
from pitboard.unit_api.screen_state import Entry, Run, ScreenState
from tests.trackside.touch.real_unit import LAP_MIN_MS, RealUnit
from tests.trackside.touch.touch_stage import PATIENCE_S, Stage, open_stage
from tests.trackside.touch.virtual_screen import VirtualScreen, before_the_screen
from trackside.touch.widgets.buttons import HOLD_TO_STOP_MS

NEW_MAX_TAPS = 6
NEXT_MAX_TAPS = 1
MISTAKE_MAX_TAPS = 4


class Volunteer:
    """Taps as a person does: what is enabled and has stood still; counts the taps of one task."""

    def __init__(self, stage: Stage[RealUnit]) -> None:
        self.stage = stage
        self.unit = stage.unit

    async def taps(self, *names: str) -> int:
        """Tap one after the other; return how many taps that took."""
        before = len(self.stage.taps)
        for name in names:
            found = await self._find(name)
            await self.stage.tap(found, hold_ms=HOLD_TO_STOP_MS + 100 if found == "stop" else 0)
        return len(self.stage.taps) - before

    async def register(self, name: str) -> None:
        await self.taps("register")
        await self.stage.wait_for("keyboard:field")
        await self.stage.ask(ask="text", text=name)
        await self.taps("keyboard:done")
        await self.stage.wait_for("picked", label=name)

    async def until(self, claim: Callable[[ScreenState], bool]) -> ScreenState:
        async with asyncio.timeout(PATIENCE_S):
            while not claim(self.unit.feed.now()):
                await asyncio.sleep(0.01)
        return self.unit.feed.now()

    async def until_run(self, claim: Callable[[Run], bool]) -> Run:
        screen = await self.until(lambda now: now.run is not None and claim(now.run))
        assert screen.run is not None
        return screen.run

    async def drive(self, laps: int) -> None:
        """A car drives while the clock runs."""
        for _ in range(laps + 1):
            await self.unit.cross()
            await asyncio.sleep(0.08)

    async def _find(self, name: str) -> str:
        """Return the widget of that name, or the first whose name begins so or whose label is it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                widgets = await self.stage.widgets()
                for widget in widgets.values():
                    fits = widget["name"] == name or (
                        name.endswith("*") and widget["name"].startswith(name[:-1])
                    )
                    if widget["enabled"] and (fits or name == f"={widget['label']}"):
                        return str(widget["name"])
                await asyncio.sleep(0.02)


def play(
    folder: Path,
    story: Callable[[Volunteer], Awaitable[None]],
    *,
    officials: tuple[OfficialAppointed, ...] = (),
) -> None:
    async def whole() -> None:
        unit = RealUnit(folder / "unit.db", officials=officials)
        async with open_stage(unit, width=800, height=480) as stage:
            await story(Volunteer(stage))

    asyncio.run(whole())


class Person:
    """The same on time that jumps, before the same unit."""

    def __init__(self, screen: VirtualScreen) -> None:
        self.screen = screen
        self.unit = screen.unit
        self.until = screen.until
        self.register = screen.register

    async def taps(self, *names: str) -> int:
        before = len(self.screen.taps)
        await self.screen.tap(*names)
        return len(self.screen.taps) - before

    async def until_run(self, claim: Callable[[Run], bool]) -> Run:
        now = await self.until(lambda now: now.run is not None and claim(now.run))
        assert now.run is not None
        return now.run

    async def drive(self, laps: int) -> None:
        for _ in range(laps + 1):
            await self.unit.cross()
            await asyncio.sleep(0.08)


def before(story: Callable[[Person], Awaitable[None]]) -> None:
    before_the_screen(
        lambda screen: story(Person(screen)), EventConfigured(name="Test race", lap_min_ms=LAP_MIN_MS)
    )


Counted = dict[str, int]
"""How many taps put each mistake right."""


def best_of(entries: tuple[Entry, ...], name: str) -> int | None:
    return next(one.best_ns for one in entries if one.name == name)


def test_a_new_driver_starts_in_few_taps() -> None:
    async def story(person: Person) -> None:
        await person.register("Ada")
        await person.taps("start")
        await person.until(lambda now: now.phase == "armed")
        assert len(person.screen.taps) <= NEW_MAX_TAPS

    before(story)


def test_who_waits_first_starts_by_one_tap() -> None:
    async def story(person: Person) -> None:
        await person.register("Ada")
        await person.taps("queue:join")
        await person.until(lambda now: len(now.queue) == 1)
        await person.taps("start")
        await person.until(lambda now: now.phase == "armed")
        await person.drive(1)
        await person.taps("stop", "put-right", "fix:rename")  # a slip: the ways back lead to the review
        await person.taps("keyboard:cancel", "back", "confirm")
        await person.until(lambda now: now.phase == "idle" and not now.queue)
        await person.register("Ben")
        await person.taps("queue:join")
        await person.until(lambda now: len(now.queue) == 1)
        await person.taps("queue", "back")
        assert await person.taps("start") <= NEXT_MAX_TAPS
        run = await person.until_run(lambda run: run.phase == "armed")
        assert run.name == "Ben"

    before(story)


async def name_and_start(person: Person, done: Counted) -> None:
    await person.register("Bem")
    taps = await person.taps("rename")
    assert (await person.screen.wait_for("keyboard:field")).label == "Bem"
    await person.taps("keyboard:backspace")
    await person.screen.type("n")
    done["a name is misspelt"] = taps + await person.taps("keyboard:done")
    await person.until(lambda now: {one.name for one in now.competitors} == {"Ada", "Ben"})
    await person.unit.cross(ms_ago=3_000)
    await person.screen.wait_for("start:stray", enabled=True)
    done["START forgotten"] = await person.taps("=Ben", "start:stray")
    run = await person.until_run(lambda run: run.started_mono_ns is not None)
    assert run.name == "Ben"
    assert person.unit.clock.mono_ns() - (run.started_mono_ns or 0) > 3_000_000_000


async def while_it_runs(person: Person, done: Counted) -> None:
    done["START was for the wrong driver"] = await person.taps("put-right", "fix:hand-over", "=Ada")
    await person.until_run(lambda run: run.name == "Ada")
    await person.drive(2)
    run = await person.until_run(lambda run: len(run.laps) == 3)
    done["a hand in the beam"] = await person.taps(f"lap:{run.laps[1].lap_id}", "passing:ignore")
    await person.until_run(lambda run: len(run.laps) == 2)
    await person.taps("back")
    lap = f"lap:{run.laps[2].lap_id}"
    done["the sensor missed a car"] = await person.taps(lap, "passing:insert", "insert:save")
    await person.until_run(lambda run: len(run.laps) == 3)
    await person.taps("back")
    done["another driver's passing"] = await person.taps(lap, "passing:give", "give:nobody")
    await person.until_run(lambda run: len(run.laps) == 2)
    await person.taps("back")
    done["the sensor sees no car"] = await person.taps("manual")
    await person.until_run(lambda run: len(run.laps) == 3)
    done["the last tap was wrong"] = await person.taps("undo", "unact:*")
    await person.until_run(lambda run: len(run.laps) == 2)
    done["the car left the track"] = await person.taps("off-track")
    await person.until(lambda now: now.acts[0].kind == "off-track-noted")
    taps = await person.taps("put-right", "fix:pause")
    await person.until_run(lambda run: run.phase == "paused")
    done["an interruption"] = taps + await person.taps("continue")
    await person.until_run(lambda run: run.phase == "running")
    await person.taps("stop")
    done["Stop by mistake"] = await person.taps("put-right", "fix:go-on")
    await person.until_run(lambda run: run.phase == "running")
    await person.taps("stop")


async def in_the_review(person: Person, done: Counted) -> None:
    run = await person.until_run(lambda run: run.phase == "review")
    penalty = ("put-right", "fix:penalty", "penalty:false-start")
    done["false start, penalty, not finished"] = await person.taps(*penalty)
    await person.until_run(lambda run: run.places[0].penalty_ns == 5_000_000_000)
    for lap in run.laps:
        done["a lap must not count, or must"] = await person.taps(f"judge:{lap.lap_id}:void")
        await person.until_run(lambda run, at=lap.lap_id: of(run, at).verdict == "void")  # type: ignore[misc]
        await person.taps(f"judge:{lap.lap_id}:valid")
        await person.until_run(lambda run, at=lap.lap_id: of(run, at).verdict == "valid")  # type: ignore[misc]
    await person.taps("confirm")
    await person.until(lambda now: now.phase == "idle")
    done["confirmed by mistake"] = await person.taps("undo", "unact:*")
    await person.until(lambda now: now.phase == "review")
    await person.taps("confirm")
    await person.until(lambda now: now.phase == "idle")
    taps = await person.taps("undo", "hand-over:*", "=Ben")
    await person.until_run(lambda run: run.name == "Ben")
    done["the wrong driver was confirmed"] = taps + await person.taps("confirm")
    screen = await person.until(lambda now: now.phase == "idle")
    assert best_of(screen.entries, "Ben") is not None
    assert [one.best_ns for one in screen.entries if one.name == "Ada"] in ([], [None])


async def another_run(person: Person, done: Counted) -> None:
    await person.taps("=Ada", "start")
    await person.until(lambda now: now.phase == "armed")
    done["START for somebody who is not there"] = await person.taps("discard", "discard:yes")
    await person.until(lambda now: now.phase == "idle")
    await person.taps("=Ada", "start")
    await person.until(lambda now: now.phase == "armed")
    await person.unit.cross(ms_ago=6_000)
    done["START pressed late"] = await person.taps("begin-there")
    await person.until_run(lambda run: run.started_mono_ns is not None)
    await person.unit.cross()
    run = await person.until_run(lambda run: len(run.laps) == 1)
    assert run.laps[0].lap_ns > 6_000_000_000
    await person.unit.hold_back()
    await asyncio.sleep(4)
    await person.unit.cross()
    await person.taps("stop", "discard", "discard:yes")
    await person.until(lambda now: now.phase == "idle")
    done["discarded by mistake"] = await person.taps("undo", "unact:*")
    await person.until(lambda now: now.phase == "review")
    await person.taps("confirm")
    await person.until(lambda now: now.phase == "idle")
    await person.unit.let_go()
    await person.until(lambda now: bool(now.runs))
    done["*has changed since it was confirmed*"] = await person.taps("changed", "changed:take")
    await person.until(lambda now: not now.runs)


def of(run: Run, lap_id: str) -> Lap:
    return next(one for one in run.laps if one.lap_id == lap_id)


def test_each_mistake_is_put_right_in_as_few_taps_as_the_page_says() -> None:
    """Every row of docs/touch.md's table, made and put right; the page's figures are those counted here."""

    async def story(person: Person) -> None:
        done: Counted = {}
        await person.register("Ada")
        for part in (name_and_start, while_it_runs, in_the_review, another_run):
            await part(person, done)
        assert {what: taps for what, taps in done.items() if taps > MISTAKE_MAX_TAPS} == {}
        assert done == {what: taps for what, taps in told_taps().items() if what not in TRIED_ELSEWHERE}

    before(story)


TRIED_ELSEWHERE = ("system A missed a car that B saw",)
"""By tests/trackside/timing/test_calculated_passing.py: it needs two systems."""


def told_taps() -> Counted:
    """Return what docs/touch.md says of each mistake: how many taps put it right."""
    page = (Path(__file__).parents[3] / "docs" / "touch.md").read_text(encoding="utf-8")
    table = page.partition("| what happened | you do | taps |")[2].partition("\n\n")[0]
    rows = [line.strip("|").split("|") for line in table.strip().splitlines()[1:]]
    return {what.strip(): int(taps) for what, _, taps in rows}


def test_two_of_one_name_are_asked_about() -> None:
    async def story(person: Person) -> None:
        await person.register("Ada")
        await person.taps("register")
        await person.screen.wait_for("keyboard:field")
        await person.screen.type("ada")
        await person.taps("keyboard:done")
        await person.screen.wait_for("=Another person")
        assert len(person.unit.feed.now().competitors) == 1
        assert await person.taps("found:*") <= MISTAKE_MAX_TAPS
        await person.screen.wait_for("=Ada")
        assert len(person.unit.feed.now().competitors) == 1

    before(story)


def test_the_first_official_is_appointed_on_the_spot_and_is_signed_in(tmp_path: Path) -> None:
    async def story(person: Volunteer) -> None:
        await person.taps("light:disk", "appoint")
        await person.stage.wait_for("keyboard:field")
        await person.stage.ask(ask="text", text="Olga")
        await person.taps("keyboard:done", *(f"pin:{digit}" for digit in "112233112233"))
        screen = await person.until(lambda now: bool(now.officials))
        assert [one.name for one in screen.officials] == ["Olga"]
        await person.register("Ada")
        assert person.unit.feed.now().acts[0].by_name == "Olga"

    play(tmp_path, story)


def test_an_official_signs_in_by_pin_and_what_is_done_carries_the_name(tmp_path: Path) -> None:
    olga = OfficialAppointed(official_id="o1", name="Olga", pin=pin_verifier("112233", memory_kib=64))

    async def story(person: Volunteer) -> None:
        await person.taps("official:o1", *(f"pin:{digit}" for digit in "112234"))
        await person.stage.wait_for("message", label="This is not the PIN")
        await person.taps(*(f"pin:{digit}" for digit in "112233"))
        await person.register("Ada")
        assert person.unit.feed.now().acts[0].by_name == "Olga"
        await person.taps("light:disk", "sign-off", "official:o1")
        assert person.stage.unit.feed.now().phase == "idle"

    play(tmp_path, story, officials=(olga,))
