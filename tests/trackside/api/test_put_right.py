"""What the screen offers to put a mistake right, from a real unit's journal."""

from __future__ import annotations

from pathlib import Path

from pitboard.unit_api.official_acts import (
    AttributePassing,
    Confirm,
    Discard,
    IgnorePassing,
    JoinQueue,
    Judge,
    MarkQueue,
    MoveStart,
    Stop,
    Withdraw,
)
from tests.trackside.unit_story import Unit, with_unit
from trackside.touch.scene.act_words import act_word
from trackside.touch.scene.acts_scene import taken_back
from trackside.touch.scene.put_right_scene import late_start
from trackside.touch.widgets.view import View


def test_the_acts_are_there_newest_first_and_can_be_taken_back_and_done_again(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run_id = await unit.arm_new("Ann")
        await unit.cross(1)
        unit.clock.advance(ms=9_000)
        await unit.cross(2)
        await unit.run_control.carry_out(Stop(run_id=run_id, mono_ns=unit.clock.now_mono_ns))
        await unit.run_control.carry_out(Confirm(run_id=run_id))
        acts = unit.feed.now().acts
        assert [(one.kind, one.what, one.who) for one in acts] == [
            ("run-decided", "confirmed", "Ann"),
            ("run-finished", "", "Ann"),
            ("run-armed", "", "Ann"),
            ("competitor-registered", "", "Ann"),
        ]
        assert unit.feed.now().phase == "idle"
        await unit.run_control.carry_out(Withdraw(stream=acts[0].stream, seq=acts[0].seq))
        screen = unit.feed.now()
        assert (screen.phase, screen.acts[1].is_withdrawn) == ("review", True)
        undo = screen.acts[0]
        assert (undo.kind, undo.what, undo.who) == ("act-withdrawn", "run-decided", "Ann")
        await unit.run_control.carry_out(Withdraw(stream=undo.stream, seq=undo.seq))
        screen = unit.feed.now()
        assert (screen.phase, screen.acts[2].is_withdrawn) == ("idle", False)

    with_unit(tmp_path, story)


def test_a_car_that_nobody_was_armed_for_is_offered_and_becomes_the_start(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        ann = await unit.acting.register("Ann")
        await unit.cross(1)
        unit.clock.advance(ms=12_000)
        (stray,) = unit.feed.now().strays
        run_id = await unit.acting.arm(ann)
        assert unit.feed.now().strays == (stray,)
        await unit.run_control.carry_out(MoveStart(run_id=run_id, passing_id=stray.passing_id))
        assert unit.feed.now().strays == ()
        unit.clock.advance(ms=3_000)
        await unit.cross(2)
        run = unit.feed.now().run
        assert run is not None
        assert [one.lap_ns for one in run.laps] == [15_000_000_000]

    with_unit(tmp_path, story)


def test_a_car_that_crossed_while_another_was_armed_by_mistake_is_offered_once_that_is_called_off(
    tmp_path: Path,
) -> None:
    async def story(unit: Unit) -> None:
        wrong = await unit.arm_new("Ben")
        unit.clock.advance(ms=2_000)
        await unit.cross(1)
        assert unit.feed.now().strays == ()
        unit.clock.advance(ms=3_000)
        await unit.run_control.carry_out(Discard(run_id=wrong))
        (stray,) = unit.feed.now().strays
        right = await unit.arm_new("Ann")
        screen = unit.feed.now()
        assert screen.run is not None
        assert late_start(screen, screen.run) == stray
        await unit.run_control.carry_out(MoveStart(run_id=right, passing_id=stray.passing_id))
        unit.clock.advance(ms=6_000)
        await unit.cross(2)
        run = unit.feed.now().run
        assert run is not None
        assert [one.lap_ns for one in run.laps] == [9_000_000_000]
        assert unit.feed.now().strays == ()

    with_unit(tmp_path, story)


def test_what_was_driven_in_a_run_that_was_discarded_is_offered_to_nobody(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run_id = await unit.arm_new("Ben")
        for seq in (1, 2):
            unit.clock.advance(ms=9_000)
            await unit.cross(seq)
        await unit.run_control.carry_out(Discard(run_id=run_id))
        assert unit.feed.now().strays == ()

    with_unit(tmp_path, story)


def test_only_fresh_passings_that_are_no_runs_are_strays(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await unit.cross(1)
        unit.clock.advance(ms=121_000)
        assert unit.feed.now().strays == ()
        await unit.cross(2)
        unit.clock.advance(ms=1)
        run_id = await unit.arm_new("Ann")
        (stray,) = unit.feed.now().strays
        unit.clock.advance(ms=1)
        await unit.cross(3)
        assert unit.feed.now().strays == (stray,)
        await unit.run_control.carry_out(
            AttributePassing(run_id=run_id, passing_id=stray.passing_id, to_run_id=None)
        )
        await unit.run_control.carry_out(IgnorePassing(run_id=run_id, passing_id=stray.passing_id))
        assert unit.feed.now().strays == ()

    with_unit(tmp_path, story)


def test_the_review_says_what_confirming_would_do_and_does_nothing_yet(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        seq = 0

        async def drive(name: str, lap_ms: int) -> str:
            nonlocal seq
            run_id = await unit.arm_new(name)
            for _ in range(2):
                unit.clock.advance(ms=lap_ms)
                seq += 1
                await unit.cross(seq)
            await unit.run_control.carry_out(Stop(run_id=run_id, mono_ns=unit.clock.now_mono_ns))
            return run_id

        for name, lap_ms in (("Ada", 9_000), ("Ben", 9_500)):
            await unit.run_control.carry_out(Confirm(run_id=await drive(name, lap_ms)))
        run_id = await drive("Cy", 9_214)
        before = unit.feed.now()
        assert before.run is not None
        would = before.run.would
        assert would is not None
        assert would.gap is not None
        assert (would.rank, would.ahead, would.gap.value) == (2, "Ada", 214_000_000)
        assert [one.name for one in before.entries] == ["Ada", "Ben"]
        lap_id = before.run.laps[0].lap_id
        await unit.run_control.carry_out(Judge(run_id=run_id, lap_id=lap_id, verdict="void"))
        now = unit.feed.now()
        assert now.run is not None
        assert now.run.would is None
        assert [one.name for one in now.entries] == ["Ada", "Ben"]

    with_unit(tmp_path, story)


def test_what_became_of_a_wait_names_who_waited(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        ann = await unit.acting.register("Ann")
        entry = (await unit.run_control.carry_out(JoinQueue(competitor_id=ann)))["entry_id"]
        await unit.run_control.carry_out(MarkQueue(entry_id=entry, state="no-show"))
        newest = unit.feed.now().acts[0]
        assert (newest.kind, newest.what, newest.who) == ("queue-marked", "no-show", "Ann")

    with_unit(tmp_path, story)


def test_a_run_that_ended_by_itself_was_stopped_by_nobody(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await unit.arm_new("Ann")
        run_ms = unit.run.armed.value.timing.run_ms
        assert run_ms is not None
        for seq in (1, 2):
            await unit.cross(seq)
            unit.clock.advance(ms=run_ms + 1)
            await unit.run_control.follow_time()
        act = unit.feed.now().acts[0]
        assert (act.kind, act_word(act, View())) == ("run-finished", "The time was up")

    with_unit(tmp_path, story)


def test_a_lap_by_hand_is_among_the_acts_and_is_taken_back(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run_id = await unit.arm_new("Ann")
        for _ in range(2):
            unit.clock.advance(ms=9_000)
            await unit.acting.record_manual_passing(run_id, unit.clock.now_mono_ns)
        newest = unit.feed.now().acts[0]
        assert (newest.kind, newest.who, newest.is_withdrawn) == ("passing", "Ann", False)
        back = taken_back(newest, View())
        assert isinstance(back, IgnorePassing)
        await unit.run_control.carry_out(back)
        screen = unit.feed.now()
        assert screen.run is not None
        assert screen.run.laps == ()
        assert [(one.kind, one.is_withdrawn) for one in screen.acts[:2]] == [
            ("passing-judged", False),
            ("passing", True),
        ]

    with_unit(tmp_path, story)
