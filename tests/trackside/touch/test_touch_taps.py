"""Stories of an official's taps: real pygame, real sockets, a unit in memory."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pitboard.unit_api.official_acts import Arm, Confirm, Discard, Judge, ManualPassing, Register, Stop
from tests.trackside.fake_unit import FakeUnit
from tests.trackside.touch.touch_samples import SOME_LAPS, competitors, lap, run
from tests.trackside.touch.touch_stage import Stage, open_stage
from trackside.touch.widgets.buttons import HOLD_TO_STOP_MS

Story = Callable[[Stage[FakeUnit]], Awaitable[None]]


def play(story: Story, *, unit: FakeUnit | None = None, width: int = 1280, height: int = 800) -> FakeUnit:
    async def whole() -> FakeUnit:
        the_unit = unit or FakeUnit()
        async with open_stage(the_unit, width=width, height=height) as stage:
            await story(stage)
        return the_unit

    return asyncio.run(whole())


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (800, 480)])
def test_a_whole_race_by_finger(width: int, height: int) -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.tap("register")
        for key in ("A", "D", "A", "space", "L"):
            await stage.tap(f"keyboard:{key}")
        await stage.tap("keyboard:done")
        await stage.wait_for("message", label="Saved: Ada L is registered")
        await stage.tap("start")
        await stage.tap("start-by-hand")
        await stage.wait_for("countdown", label="3:00")
        await stage.tap("manual")
        await stage.wait_for("lap:r1-1")
        await stage.unit.add_lap(22_000_000_000)
        await stage.tap("stop", hold_ms=HOLD_TO_STOP_MS + 100)
        assert (await stage.wait_for("confirm"))["enabled"] is False
        await stage.tap("judge:r1-1:void")
        await stage.tap("confirm")
        await stage.wait_for("message", label="Saved: run confirmed")
        await stage.wait_for("start", enabled=False)

    unit = play(story, width=width, height=height)
    kinds = [type(act) for act in unit.acts]
    assert kinds == [Register, Arm, ManualPassing, ManualPassing, Stop, Judge, Confirm]
    assert unit.acts[0] == Register(name="Ada L")
    assert unit.decisions == [("r1", "confirmed")]


def test_a_short_touch_of_stop_does_not_end_the_run() -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.unit.change(phase="running", run=run(*SOME_LAPS))
        await stage.tap("stop", hold_ms=HOLD_TO_STOP_MS // 3)
        await asyncio.sleep(0.2)

    assert play(story).acts == []


def test_discard_needs_a_second_tap_elsewhere() -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.unit.change(phase="review", run=run(*SOME_LAPS))
        await stage.tap("discard")
        await stage.tap("discard:no")
        first = await stage.wait_for("discard", enabled=True)
        await stage.tap("discard")
        second = await stage.wait_for("discard:yes", enabled=True)
        assert stage.unit.acts == []
        assert first["rect"][0] >= second["rect"][0] + second["rect"][2]
        await stage.tap("discard:yes")
        await stage.wait_for("register")

    unit = play(story)
    assert (unit.acts, unit.where) == ([Discard(run_id="r1")], ["touchscreen"])


def test_a_second_tap_by_a_jumpy_glove_does_nothing() -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.unit.change(phase="running", run=run(lap(1, 22_000)))
        await stage.tap("manual")
        x, y, width, height = (await stage.wait_for("manual"))["rect"]
        await stage.ask(ask="tap", x=x + width // 2, y=y + height // 2)
        await asyncio.sleep(0.3)

    assert len(play(story).acts) == 1


def test_a_button_that_has_just_come_under_the_finger_is_not_tapped() -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.unit.change(phase="review", run=run(lap(1, 22_000), lap(2, 23_000)))
        x, y, width, height = (await stage.wait_for("judge:l2:void"))["rect"]
        await asyncio.sleep(0.4)
        await stage.unit.change(run=run(lap(1, 22_000), lap(2, 23_000), lap(3, 24_000)))
        await stage.wait_for("judge:l3:void")
        await stage.ask(ask="tap", x=x + width // 2, y=y + height // 2)
        await asyncio.sleep(0.2)

    assert play(story).acts == []


def test_a_manual_lap_carries_the_moment_of_the_touch() -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.unit.change(phase="running", run=run(lap(1, 22_000)))
        await stage.tap("manual", hold_ms=400)
        await asyncio.sleep(0.2)

    unit = play(story)
    (act,) = unit.acts
    assert isinstance(act, ManualPassing)
    assert act.mono_ns > 0


def test_a_refusal_is_shown_in_the_units_own_words() -> None:
    unit = FakeUnit()
    unit.refusal = ("bad-name", "The name has no letter.")

    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.tap("register")
        await stage.ask(ask="text", text="-")
        await stage.tap("keyboard:done")
        await stage.wait_for("message", label="The name has no letter.")
        await stage.wait_for("keyboard:field", label="-")

    play(story, unit=unit)


def test_a_mute_unit_is_told_and_nothing_can_be_tapped() -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.unit.change(phase="review", run=run(lap(1, 22_000)))
        await stage.wait_for("confirm", enabled=True)
        stage.unit.is_mute = True
        await stage.wait_for("banner", label="The timing unit does not answer.")
        widgets = await stage.widgets()
        assert not any(widgets[name]["enabled"] for name in ("confirm", "discard", "judge:l1:void"))
        stage.unit.is_mute = False
        await stage.wait_for("confirm", enabled=True)

    assert play(story).acts == []


def test_an_act_without_answer_is_never_called_saved() -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.unit.change(phase="review", run=run(lap(1, 22_000)))
        await stage.wait_for("confirm", enabled=True)
        await asyncio.sleep(0.4)
        stage.unit.is_mute = True
        await stage.tap("confirm")
        await stage.wait_for("confirm", label="Sending")
        await stage.wait_for("confirm", enabled=False, label="CONFIRM")
        assert "Saved" not in (await stage.widgets()).get("message", {"label": ""})["label"]

    assert play(story).decisions == []


def test_a_name_in_any_script_can_be_typed_on_a_real_keyboard() -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.tap("register")
        await stage.wait_for("keyboard:field")
        await stage.ask(ask="text", text="  हिन्दी   क्षत्रिय ")
        await stage.tap("keyboard:done")
        await stage.wait_for("picked", label="हिन्दी क्षत्रिय")

    assert play(story).acts == [Register(name="हिन्दी क्षत्रिय")]


def test_one_name_of_two_hundred_is_found_by_searching() -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.unit.change(competitors=competitors(200))
        await stage.tap("search")
        await stage.ask(ask="text", text="overgard luk")
        await stage.tap("keyboard:done")
        await stage.tap("pick:c198")
        await stage.wait_for("picked", label="Žižka")

    play(story)


def test_the_control_socket_is_for_this_user_alone_and_takes_pictures(tmp_path: Path) -> None:
    async def story(stage: Stage[FakeUnit]) -> None:
        await stage.wait_for("start")
        mode = (stage.folder / "control.sock").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
        assert (await stage.ask(ask="picture", path=str(tmp_path / "touch.png"))) == {"ok": True}
        assert "error" in await stage.ask(ask="nonsense")
        assert "error" in await stage.ask(ask="picture", path="/nowhere/touch.png")

    play(story)
    assert (tmp_path / "touch.png").stat().st_size > 1_000
