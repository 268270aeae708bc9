"""Two admins on one thing: who saves second is told what changed and by whom, and may save over it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.errors import ActRefused, ChangedMeanwhile
from pitboard.program.event_rules import StageConfig
from pitboard.race.bodies.event_bodies import ScheduleItem
from sync.central.admin.act_plan import signed
from sync.central.admin.actor import Actor, acting_as
from sync.central.admin.admin_act import (
    AnyAct,
    Change,
    Correct,
    Decide,
    HandOver,
    Judge,
    JudgePlace,
    Penalise,
    Withdraw,
)
from sync.central.admin.admin_app import AdminApi
from sync.central.admin.desk.desk_document import desk_document
from sync.central.admin.desk.events_api import EventsApi
from sync.central.admin.programme.rule_acts import (
    AnyRuleAct,
    RemoveFormat,
    SetClass,
    SetFormat,
    SetSchedule,
    SetStage,
    UseFormat,
    plan_rule,
)
from tests.sync.central.admin.test_admin_acts import Desk, desk_at

ANNA, BEA = Actor("anna", "desk"), Actor("bea", "desk")


async def overtaken(desk: Desk, act: AnyAct) -> list[tuple[str, object, object, str]]:
    """Return what stands in the act's way, which has changed nothing."""
    before = desk.replica.have()
    with pytest.raises(ChangedMeanwhile) as told:
        await desk.acts.carry_out(act, BEA)
    assert desk.replica.have() == before
    assert all(one.utc_ms > 0 for one in told.value.changed if one.who)
    return [(one.field, one.seen, one.now, one.who) for one in told.value.changed]


def lap_of(desk: Desk, *, reference: str = "anna berg/1/2") -> dict[str, Any]:
    lap = desk.acts.reference.lap(reference)[2]
    return {"lap_ns": lap.lap_ns, "verdict": lap.verdict}


def test_a_lap_that_somebody_corrected_meanwhile_is_not_corrected_unseen(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            seen = lap_of(desk)
            lap = "anna berg/1/2"
            await desk.acts.carry_out(Correct(lap=lap, time="9.5", reason="video", seen=seen), ANNA)
            mine = Correct(lap=lap, time="9.7", reason="my video", seen=seen)
            assert await overtaken(desk, mine) == [("lap_ns", 10 * 10**9, 9_500_000_000, "admin anna")]
            void = Judge(lap=lap, verdict="void", reason="cut", seen=seen)
            assert [one[0] for one in await overtaken(desk, void)] == ["lap_ns"]
            knowingly = Correct(
                lap=lap, time="9.7", reason="my video", seen={**seen, "lap_ns": 9_500_000_000}
            )
            done = await desk.acts.carry_out(knowingly, BEA)
            assert done.now == {"lap_ns": 9_700_000_000, "verdict": None}
            undo = Correct(lap=lap, undo=True, reason="no", seen={"lap_ns": 9_500_000_000})
            assert await overtaken(desk, undo) == [("lap_ns", 9_500_000_000, 9_700_000_000, "admin bea")]
            # Taken back, the official's word counts again: that is a change too, by who took it back.
            run = desk.acts.reference.lap(lap)[1]
            said = desk.replica.fold.race.statements.in_force(("run", run.run_id))[-1]
            stream, seq = said.record
            back = Withdraw(stream=stream, seq=seq, reason="wrong car")
            await desk.acts.carry_out(back, ANNA)
            told = await overtaken(desk, Judge(lap=lap, verdict="valid", reason="x", seen=done.now))
            assert told == [("lap_ns", 9_700_000_000, 9_500_000_000, "admin anna")]

    asyncio.run(story())


def test_a_runs_place_and_a_person_are_weighed_field_by_field(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            run = desk.acts.reference.run("ben/1")[1].run_id + "@1"
            place = {
                "phase": "confirmed", "status": "finished", "penalty_ns": 0, "penalty_laps": 0,
                "driver": ["c2", "Ben"], "laps": [[11 * 10**9, True]],
            }  # fmt: skip
            await desk.acts.carry_out(Penalise(run=run, time="2", reason="false start", seen=place), ANNA)
            penalty = Penalise(run=run, time="5", reason="too low", seen={"penalty_ns": 0, "penalty_laps": 0})
            assert await overtaken(desk, penalty) == [("penalty_ns", 0, 2 * 10**9, "admin anna")]
            # Who changes another field overwrites nothing.
            status = {"status": "finished"}
            ended = JudgePlace(run=run, status="did-not-finish", reason="stopped", seen=status)
            await desk.acts.carry_out(ended, BEA)
            told = await overtaken(desk, Decide(run=run, decision="discarded", reason="x", seen=place))
            assert told == [
                ("status", "finished", "did-not-finish", "admin bea"),
                ("penalty_ns", 0, 2 * 10**9, "admin anna"),
            ]
            driver = {"driver": ["c2", "Ben"]}
            await desk.acts.carry_out(HandOver(run=run, competitor="c3", reason="c", seen=driver), ANNA)
            mine = HandOver(run=run, competitor="c1", reason="d", seen=driver)
            assert await overtaken(desk, mine) == [
                ("driver", ["c2", "Ben"], ["c3", "Anna Vogel"], "admin anna")
            ]
            person = {"name": "Ben", "number": "", "race_class": "", "team": ""}
            await desk.acts.carry_out(Change(competitor="c2", name="Benno", reason="x", seen=person), ANNA)
            told = await overtaken(
                desk, Change(competitor="c2", number="7", name="Benjamin", reason="y", seen=person)
            )
            assert told == [("name", "Ben", "Benno", "admin anna")]
            await desk.acts.carry_out(
                Change(competitor="c2", number="7", reason="y", seen={"number": "", "team": ""}), BEA
            )

    asyncio.run(story())


RULES: Mapping[str, tuple[AnyRuleAct, AnyRuleAct, dict[str, Any], tuple[str, Any, Any]]] = {
    "a format that both write": (
        SetFormat(name="Sprint", table={"lap_min_ms": 4_000}),
        SetFormat(name="Sprint", table={"lap_min_ms": 5_000}),
        {"lap_min_ms": 3_000, "ranking": "best-lap"},
        ("lap_min_ms", 3_000, 4_000),
    ),
    "a new format under one name": (
        SetFormat(name="Fresh", table={"lap_min_ms": 4_000}),
        SetFormat(name="Fresh", table={"lap_min_ms": 5_000}),
        {"name": None},
        ("name", None, "Fresh"),
    ),
    "a format that is changed and removed": (
        SetFormat(name="Sprint", table={"lap_min_ms": 4_000}),
        RemoveFormat(name="Sprint"),
        {"lap_min_ms": 3_000},
        ("lap_min_ms", 3_000, 4_000),
    ),
    "the event's format": (
        UseFormat(format="Hill climb"),
        UseFormat(format="Sprint"),
        {"format": ""},
        ("format", "", "Hill climb"),
    ),
    "a class": (
        SetClass(race_class="kids", name="Children"),
        SetClass(race_class="kids", name="Kids under 12"),
        {"name": "Kids", "format": ""},
        ("name", "Kids", "Children"),
    ),
    "a class that is gone": (
        SetClass(race_class="kids", is_gone=True),
        SetClass(race_class="kids", name="Kids under 12"),
        {"name": "Kids"},
        ("name", "Kids", None),
    ),
    "a stage": (
        SetStage(stage_id="finals", stage=StageConfig(kind="knockout", count=4)),
        SetStage(stage_id="finals", stage=StageConfig(kind="knockout", count=16)),
        {"kind": "knockout", "count": 2},
        ("count", 2, 4),
    ),
    "the plan": (
        SetSchedule(items=[ScheduleItem(starts_utc_ms=5, title="Lunch")]),
        SetSchedule(items=[ScheduleItem(starts_utc_ms=6, title="Final")]),
        {"items": []},
        ("items", [], [{"starts_utc_ms": 5, "title": "Lunch"}]),
    ),
}  # fmt: skip


BEFORE_EACH: list[AnyRuleAct] = [
    SetFormat(name="Sprint", table={"lap_min_ms": 3_000}),
    SetClass(race_class="kids", name="Kids"),
    SetStage(stage_id="finals", stage=StageConfig(kind="knockout", count=2)),
    SetSchedule(items=[]),
    UseFormat(format=""),
]


def test_rules_that_somebody_changed_meanwhile_are_told(tmp_path: Path) -> None:
    async def say(desk: Desk, act: AnyRuleAct, actor: Actor) -> None:
        with acting_as(actor):
            plan = plan_rule(act, desk.replica.fold)
        await desk.replica.append(*signed(plan.bodies, actor, ""))

    async def tell(desk: Desk, case: str) -> None:
        first, second, seen, (field, was, now) = RULES[case]
        plan_rule(reading(second, seen), desk.replica.fold)  # nobody was faster
        await say(desk, reading(first, seen), ANNA)
        with pytest.raises(ChangedMeanwhile) as told:
            plan_rule(reading(second, seen), desk.replica.fold)
        [one] = told.value.changed
        assert (one.field, one.seen, one.now, one.who) == (field, was, now, "admin anna"), case
        assert "admin anna changed this meanwhile" in str(told.value)
        await say(desk, reading(second, {**seen, field: now}), BEA)  # knowingly
        if not isinstance(second, RemoveFormat):  # it is so already: the same once more is no clash
            assert code_of(reading(second, seen), desk) in ("", "no-change"), case

    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            for case in RULES:
                for known in BEFORE_EACH:
                    with contextlib.suppress(ActRefused):  # it is so already
                        await say(desk, known, ANNA)
                await tell(desk, case)

    asyncio.run(story())


def code_of(act: AnyRuleAct, desk: Desk) -> str:
    """Return the code by which it is refused, empty where it is not."""
    try:
        plan_rule(act, desk.replica.fold)
    except ActRefused as error:
        return error.code
    return ""


def reading(act: AnyRuleAct, seen: dict[str, Any]) -> AnyRuleAct:
    return msgspec.structs.replace(act, seen=seen)


@contextlib.asynccontextmanager
async def door_of(desk: Desk) -> AsyncIterator[Any]:
    """The admin's calls on a socket; yields one that posts."""
    app = new_app()
    AdminApi(desk.replica).add_to(app)
    EventsApi(desk.replica, tuple, None).add_to(app)
    async with serve_tcp(app, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:

        async def call(path: str, body: object = None) -> tuple[int, Any]:
            method = "GET" if body is None else "POST"
            async with session.request(method, f"http://127.0.0.1:{port}{path}", json=body) as answer:
                return answer.status, await answer.json()

        yield call


def test_at_the_door_it_is_one_code_for_every_form(tmp_path: Path) -> None:
    """The code is stable; `changed` holds what each field was and is, and by whom."""
    pin = ["checked against this", "checked against that"]
    picture = base64.b64encode(PNG).decode()
    forms: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
        ("/v1/admin/rules", {"rule": "class", "race_class": "k"}, {"race_class": None}, "race_class"),
        ("/v1/admin/displays", {"display": "Hall", "track": "A"}, {"track": "", "playlist": []}, "track"),
        ("/v1/admin/displays", {"display": "all", "is_on": False}, {"is_on": True}, "is_on"),
        ("/v1/admin/officials", {"name": "Olga", "pin": pin[0]}, {"pin_utc_ms": None}, "pin_utc_ms"),
        ("/v1/desk/events/plan", {"name": "Next", "day": "2027-01-02"}, {"name": "Cup"}, "name"),
        ("/v1/admin/sponsors", {"name": "Tyre", "content": picture}, {"picture": None}, "picture"),
    ]  # fmt: skip
    others: list[dict[str, Any]] = [
        {"name": "Children"}, {"track": "B"}, {"is_on": True, "brightness_percent": 50}, {"pin": pin[1]},
        {"name": "Later"}, {"content": base64.b64encode(OTHER_PNG).decode()},
    ]  # fmt: skip

    async def story() -> None:
        async with desk_at(tmp_path) as desk, door_of(desk) as call:
            assert (await call("/v1/desk/events/plan", {"name": "Cup", "day": "2027-01-02"}))[0] == 200
            [planned] = desk.replica.fold.race.programme.planned()
            for (path, form, seen, field), other in zip(forms, others, strict=True):
                form = {**form, "seen": seen}
                if path.endswith("plan"):
                    form["event_id"] = planned.event_id
                first = await call(path, form)
                assert first[0] == 200, first
                status, told = await call(path, {**form, **other})
                assert (status, told["error"]) == (409, "changed-by-another"), (path, told)
                [changed] = told["changed"]
                assert (changed["field"], changed["seen"], changed["who"]) == (field, seen[field], "admin")
                assert changed["now"] != seen[field]
                again = {**form, **other, "seen": {**seen, field: changed["now"]}}
                assert (await call(path, again))[0] == 200
            assert (await call("/v1/admin/rules", {"rule": "event", "format": "", "seen": [1]}))[0] == 400

    asyncio.run(story())


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
OTHER_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def test_every_form_that_carries_what_it_was_read_from_stands_in_the_document() -> None:
    document = desk_document()
    modules = (
        "admin_act",
        "display_desk",
        "sponsor_desk",
        "official_desk",
        "desk.officials_api",
        "desk.events_api",
    )
    found = {
        name
        for module in (*modules, "programme.rule_acts")
        for name, one in vars(import_module(f"sync.central.admin.{module}")).items()
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and "seen" in one.__struct_fields__
    }
    bases_and_terminal = {"AdminAct", "RuleAct", "AppointOfficial"}
    assert found - bases_and_terminal <= set(document["components"]["schemas"])
    for path, calls in document["paths"].items():
        answers = calls["post"]["responses"]
        assert "changed-by-another" in answers["409"]["description"], path
    refused = document["components"]["schemas"]["RefusedForm"]["properties"]
    assert set(refused) >= {"error", "detail", "changed"}
