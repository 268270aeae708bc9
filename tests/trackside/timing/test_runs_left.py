"""How many runs a format gives each competitor: shown in the queue, warned of or refused at START."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitboard.errors import ActRefused
from pitboard.race.bodies.event_bodies import ClassSet, FormatSet
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.unit_api.official_acts import Arm, Confirm, Discard, JoinQueue, Stop, Withdraw
from tests.race_story import UNIT_A, central_enrols
from tests.trackside.unit_story import Unit, with_unit
from trackside.touch.scene.screen_layout import lay_out
from trackside.touch.widgets.view import Page, View
from trackside.touch.widgets.widgets import Measures

SIZE = Measures(800, 480, (154, 86))


async def two_runs_each(unit: Unit, *, over: str, is_practice: bool = False) -> None:
    central = central_enrols(UNIT_A)
    rules = Format(name="Two", runs_max_count=2, runs_over=over, is_practice=is_practice)
    central.say(FormatSet(name="Two", format=rules))
    central.say(ClassSet(race_class="kids", name="Kids", format="Two"))
    central.say(CompetitorRegistered(competitor_id="c1", name="Ann", race_class="kids"))
    await unit.replica.accept(central.records)


async def drive(unit: Unit, *, and_then: str = "confirm") -> None:
    run_id = (await unit.run_control.carry_out(Arm(competitor_id="c1")))["run_id"]
    if and_then == "discard":
        await unit.run_control.carry_out(Discard(run_id=run_id))
    else:
        await unit.run_control.carry_out(Stop(run_id=run_id, mono_ns=unit.clock.now_mono_ns))
        await unit.run_control.carry_out(Confirm(run_id=run_id))


def test_one_run_more_than_the_format_gives_is_refused_until_one_of_them_is_discarded(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await two_runs_each(unit, over="refuse")
        await drive(unit, and_then="discard")  # counts as none
        for _ in range(2):
            await drive(unit)
        with pytest.raises(ActRefused) as refused:
            await drive(unit)
        assert (refused.value.code, unit.feed.now().phase) == ("no-run-left", "idle")
        confirmed = unit.feed.now().acts[0]
        await unit.run_control.carry_out(Withdraw(stream=confirmed.stream, seq=confirmed.seq))
        await unit.run_control.carry_out(Discard(run_id=unit.run.run_id))
        await drive(unit)

    with_unit(tmp_path, story, is_enrolled=False)


def test_a_format_that_only_warns_says_at_the_start_that_it_is_one_more(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await two_runs_each(unit, over="warn")
        for number in (1, 2, 3):
            run_id = (await unit.run_control.carry_out(Arm(competitor_id="c1")))["run_id"]
            screen = unit.feed.now()
            assert screen.run is not None
            assert (screen.run.number, screen.run.runs_max) == (number, 2)
            best = lay_out(screen, View(), SIZE, unit.clock.now_mono_ns).widget("run-best")
            assert best is not None
            assert (best.label == "Run 3, but only 2 are allowed") == (number == 3)
            await unit.run_control.carry_out(Stop(run_id=run_id, mono_ns=unit.clock.now_mono_ns))
            await unit.run_control.carry_out(Confirm(run_id=run_id))

    with_unit(tmp_path, story, is_enrolled=False)


def test_practice_uses_up_no_run(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await two_runs_each(unit, over="refuse", is_practice=True)
        for _ in range(3):
            await drive(unit)

    with_unit(tmp_path, story, is_enrolled=False)


def test_the_queue_shows_class_and_runs_left_of_each(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await two_runs_each(unit, over="refuse")
        guest = await unit.acting.register("Guest")
        for competitor_id in ("c1", guest):
            await unit.run_control.carry_out(JoinQueue(competitor_id=competitor_id))
        for left in (2, 1, 0):
            screen = unit.feed.now()
            assert [(one.race_class, one.runs_left) for one in screen.queue] == [("Kids", left), ("", None)]
            if left:
                await drive(unit)
        rows = lay_out(screen, View(page=Page.QUEUE), SIZE, unit.clock.now_mono_ns)
        row = rows.widget(f"queue:{screen.queue[0].entry_id}")
        assert row is not None
        assert row.value == "no run left, Kids"

    with_unit(tmp_path, story, is_enrolled=False)
