"""Heats and brackets drawn at the track, from the draw to the podium, and everything taken back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pitboard.errors import ActRefused
from pitboard.race.bodies.event_bodies import StageSet
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.unit_api.official_acts import (
    Arm,
    Confirm,
    DrawStage,
    JoinQueue,
    RemoveStage,
    Reopen,
    Stop,
    Withdraw,
)
from pitboard.unit_api.program_calls import Delivery
from pitboard.unit_api.screen_state import Heat, Stage
from tests.race_story import ROOT, Teller
from tests.trackside.unit_story import Unit, with_unit


class Official:
    """Runs heats at a track whose one beam tells no cars apart."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.seq = 0

    async def drive(self, driver: str, lap_ms: int, *, stage_id: str = "", heat_id: str = "") -> str:
        """One confirmed run of one lap."""
        self.unit.clock.advance(ms=1_000)
        answer = await self.unit.run_control.carry_out(
            Arm(competitor_id=driver, stage_id=stage_id, heat_id=heat_id)
        )
        run_id = answer["run_id"]
        for wait_ms in (100, lap_ms):
            self.unit.clock.advance(ms=wait_ms)
            self.seq += 1
            await self.unit.cross(self.seq)
        await self.unit.run_control.carry_out(Stop(run_id=run_id, mono_ns=self.unit.clock.now_mono_ns))
        await self.unit.run_control.carry_out(Confirm(run_id=run_id))
        return run_id

    async def heat(self, heat: str, *laps_ms: int) -> list[str]:
        """Let the drivers of the heat drive one after the other; return the runs."""
        found = self.now(heat)
        at = self.stage.stage_id
        return [
            await self.drive(slot.competitor_id, lap_ms, stage_id=at, heat_id=found.heat_id)
            for slot, lap_ms in zip(found.slots, laps_ms, strict=True)
        ]

    @property
    def stage(self) -> Stage:
        (stage,) = self.unit.feed.now().stages
        return stage

    def now(self, heat: str) -> Heat:
        return next(one for one in self.stage.heats if one.heat == heat)

    def met(self, heat: str) -> str:
        """Return the phase and who drives, by their first letters."""
        found = self.now(heat)
        return f"{found.phase} {''.join(slot.name[0] for slot in found.slots)}"


async def qualified(unit: Unit, *names: str) -> Official:
    """Drivers registered, the first named being the fastest."""
    official = Official(unit)
    for number, name in enumerate(names):
        await official.drive(await unit.acting.register(name), 10_000 + 1_000 * number)
    return official


def test_a_bracket_is_driven_from_the_draw_to_the_podium(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        official = await qualified(unit, "Ann", "Ben", "Cleo", "Dan", "Eva")
        await unit.run_control.carry_out(DrawStage(kind="knockout", name="Finals", count=4))
        assert (official.met("r1-1"), official.met("r1-2")) == ("ready AD", "ready BC")
        assert official.met("final") == "waits "
        await official.heat("r1-1", 12_000, 11_000)
        assert official.met("r1-1") == "driven AD"
        assert [slot.rank for slot in official.now("r1-1").slots] == [2, 1]
        assert official.met("final") == "waits D"
        await official.heat("r1-2", 9_000, 9_000)
        assert official.met("r1-2") == "tie BC"
        (first,) = [slot for slot in official.now("r1-2").slots if slot.name == "Ben"]
        await official.drive(
            first.competitor_id, 8_500, stage_id=official.stage.stage_id, heat_id=official.now("r1-2").heat_id
        )
        assert official.met("r1-2") == "ready BC"  # the other one has to drive once more too
        (second,) = [slot for slot in official.now("r1-2").slots if slot.name == "Cleo"]
        await official.drive(
            second.competitor_id,
            8_000,
            stage_id=official.stage.stage_id,
            heat_id=official.now("r1-2").heat_id,
        )
        assert (official.met("small-final"), official.met("final")) == ("ready AB", "ready DC")
        await official.heat("small-final", 10_000, 10_500)
        runs = await official.heat("final", 9_000, 9_500)
        assert list(official.stage.podium) == ["Dan", "Cleo", "Ann", "Ben"]
        await unit.run_control.carry_out(Reopen(run_id=runs[0]))
        assert list(official.stage.podium) == [None, None, "Ann", "Ben"]
        await unit.run_control.carry_out(Confirm(run_id=runs[0]))
        assert official.stage.podium[0] == "Dan"

    with_unit(tmp_path, story)


def test_a_draw_is_one_act_and_is_taken_back_as_one(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await qualified(unit, "Ann", "Ben", "Cleo", "Dan")
        await unit.run_control.carry_out(DrawStage(kind="heats", name="Heats", heat_size=2, act_id="a1"))
        screen = unit.feed.now()
        assert [[slot.name for slot in heat.slots] for heat in screen.stages[0].heats] == [
            ["Ann", "Dan"],
            ["Ben", "Cleo"],
        ]
        newest, before = screen.acts[:2]
        assert (newest.kind, newest.who, before.kind) == ("stage-set", "Heats", "run-decided")
        again = await unit.run_control.carry_out(
            DrawStage(kind="heats", name="Heats", heat_size=2, act_id="a1")
        )
        assert again == {"stage_id": screen.stages[0].stage_id}
        await unit.run_control.carry_out(Withdraw(stream=newest.stream, seq=newest.seq))
        assert unit.feed.now().stages == ()

    with_unit(tmp_path, story)


def test_a_stage_that_the_admin_set_up_is_drawn_here_by_the_admins_numbers(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        official = await qualified(unit, "Ann", "Ben", "Cleo")
        central = Teller(ROOT, "Central")
        for kind in ("knockout", "heats"):
            central.say(StageSet(stage_id=kind, kind=kind, name=kind, settings={"count": 2, "heat_size": 2}))
        await unit.replica.accept(central.records)
        assert [(one.stage_id, one.is_drawn) for one in unit.feed.now().stages] == [
            ("heats", False),
            ("knockout", False),
        ]
        for kind in ("knockout", "heats"):
            answer = await unit.run_control.carry_out(DrawStage(kind=kind, name=kind, stage_id=kind))
            assert answer == {"stage_id": kind}
        heats, bracket = unit.feed.now().stages
        assert [[slot.name for slot in heat.slots] for heat in (*heats.heats, *bracket.heats)] == [
            ["Ann", "Ben"],
            ["Ann", "Ben"],
        ]
        for act in unit.feed.now().acts[:2]:
            await unit.run_control.carry_out(Withdraw(stream=act.stream, seq=act.seq))
        assert [one.is_drawn for one in unit.feed.now().stages] == [False, False]
        assert official.seq == 6

    with_unit(tmp_path, story)


def test_a_stage_that_is_over_is_put_away_and_comes_back(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await qualified(unit, "Ann", "Ben")
        await unit.run_control.carry_out(DrawStage(kind="knockout", name="Duel", count=2))
        (stage,) = unit.feed.now().stages
        await unit.run_control.carry_out(RemoveStage(stage_id=stage.stage_id))
        assert unit.feed.now().stages == ()
        undo = unit.feed.now().acts[0]
        await unit.run_control.carry_out(Withdraw(stream=undo.stream, seq=undo.seq))
        assert unit.feed.now().stages == (stage,)

    with_unit(tmp_path, story)


def test_who_is_equal_for_the_last_place_is_named_and_nothing_is_drawn(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        official = Official(unit)
        for name, lap_ms in (("Ann", 9_000), ("Ben", 9_500), ("Cleo", 9_500)):
            await official.drive(await unit.acting.register(name), lap_ms)
        with pytest.raises(ActRefused, match="Ben, Cleo are equal") as refused:
            await unit.run_control.carry_out(DrawStage(kind="knockout", name="Finals", count=2))
        assert refused.value.code == "equal-at-the-border"
        assert unit.feed.now().stages == ()
        await unit.run_control.carry_out(DrawStage(kind="knockout", name="Finals", count=3))
        assert official.met("r1-1") == "bye A"

    with_unit(tmp_path, story)


def test_those_who_wait_are_drawn_by_lot(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        for name in ("Ann", "Ben", "Cleo"):
            driver = await unit.acting.register(name)
            if name != "Ann":
                await unit.run_control.carry_out(JoinQueue(competitor_id=driver))
        with pytest.raises(ActRefused, match="two drivers"):
            await unit.run_control.carry_out(DrawStage(kind="knockout", name="Finals"))  # nobody has a time
        await unit.run_control.carry_out(DrawStage(kind="knockout", name="Finals", seeds="queue"))
        (stage,) = unit.feed.now().stages
        assert {slot.name for slot in stage.heats[0].slots} == {"Ben", "Cleo"}
        with pytest.raises(ActRefused, match="kind of stage"):
            await unit.run_control.carry_out(DrawStage(kind="swiss", name="Finals", seeds="queue"))

    with_unit(tmp_path, story)


def test_in_a_heat_of_several_cars_one_run_decides_and_who_was_not_there_has_no_place(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        official = await qualified(unit, "Ann", "Ben", "Cleo")
        await unit.run_control.carry_out(
            DrawStage(kind="heat-knockout", name="Heats", count=3, heat_size=3, advance=1)
        )
        heat = official.now("final")
        places = tuple(
            RunPlace(place=number, competitor_id=slot.competitor_id, told_by="lane", lane=number)
            for number, slot in enumerate(heat.slots[:2], start=1)
        )
        unit.clock.advance(ms=1_000)
        answer = await unit.run_control.carry_out(
            Arm(places=places, stage_id=official.stage.stage_id, heat_id=heat.heat_id)
        )
        for wait_ms, lanes in ((100, (1, 2)), (9_000, (2,)), (500, (1,))):
            unit.clock.advance(ms=wait_ms)
            for lane in lanes:
                official.seq += 1
                crossed = msgspec.structs.replace(unit.passing(official.seq), lane=lane)
                await unit.intake.take(Delivery(passings=[crossed]))
        await unit.run_control.carry_out(Stop(run_id=answer["run_id"], mono_ns=unit.clock.now_mono_ns))
        await unit.run_control.carry_out(Confirm(run_id=answer["run_id"]))
        assert [(slot.name, slot.rank) for slot in official.now("final").slots] == [
            ("Ann", 2),
            ("Ben", 1),
            ("Cleo", None),
        ]
        assert official.stage.podium[:2] == ("Ben", "Ann")

    with_unit(tmp_path, story)
