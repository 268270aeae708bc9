"""The official takes the time of a car that A missed: one act, calculated by the unit, never B's own."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pitboard.errors import ActRefused
from pitboard.unit_api.official_acts import AttributePassing, InsertPassing, Withdraw
from pitboard.unit_api.program_calls import Delivery
from tests.trackside.unit_story import Unit, with_unit

SECOND_NS = 1_000_000_000


async def cross(unit: Unit, seq: int, *, a: bool = True, b: bool = True) -> None:
    """A car crosses now; B sees it 7 ms later."""
    one = unit.passing(seq)
    two = msgspec.structs.replace(one, sensor="beam-2", system="B", mono_ns=one.mono_ns + 7_000_000)
    passings = [*([one] if a else []), *([two] if b else [])]
    await unit.intake.take(Delivery(passings=passings))


async def driven_with_one_missed(unit: Unit) -> str:
    """Four laps of 5 s; A misses the third of five cars, just now."""
    run = await unit.arm_new()
    for seq in (1, 2, 3):
        unit.clock.advance(ms=5_000)
        await cross(unit, seq, a=seq != 3)
    return run


def test_an_offer_is_taken_with_one_act_and_withdrawn_with_another(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run = await driven_with_one_missed(unit)
        unit.clock.advance(ms=5_000)
        await cross(unit, 4)
        shown = unit.feed.now().run
        assert shown is not None
        (offer,) = shown.offers
        assert (offer.place, offer.is_by_the_book, offer.mark.before_count) == (1, False, 2)
        assert offer.seen_mono_ns - offer.mono_ns == offer.mark.correction_ns == 7_000_000
        take = InsertPassing(run_id=run, from_passing_id=offer.mark.from_passing_id, act_id="tap")
        await unit.run_control.carry_out(take)
        await unit.run_control.carry_out(take)  # the answer was lost: one act
        shown = unit.feed.now().run
        assert shown is not None
        assert shown.offers == ()
        assert [lap.lap_ns for lap in shown.laps] == [5 * SECOND_NS] * 3
        assert [len(lap.calculated) for lap in shown.laps] == [0, 1, 1]
        said = next(act for act in unit.feed.run_detail(run).acts if act.kind == "passing-inserted")
        assert said.said["from_passing_id"] == offer.mark.from_passing_id
        await unit.run_control.carry_out(Withdraw(stream=said.stream, seq=said.seq))
        shown = unit.feed.now().run
        assert shown is not None
        assert [lap.lap_ns for lap in shown.laps] == [5 * SECOND_NS, 10 * SECOND_NS]

    with_unit(tmp_path, story)


def test_a_may_still_tell_of_it_for_three_seconds(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run = await driven_with_one_missed(unit)
        take = InsertPassing(run_id=run, from_passing_id="beam-2/dev/3")
        unit.clock.advance(ms=3_000)
        with pytest.raises(ActRefused) as refused:
            await unit.run_control.carry_out(take)
        assert refused.value.code == "offer-too-soon"
        unit.clock.advance(ms=7)
        await unit.run_control.carry_out(take)
        with pytest.raises(ActRefused) as refused:
            await unit.run_control.carry_out(take)
        assert refused.value.code == "no-offer"

    with_unit(tmp_path, story)


def test_the_time_of_b_never_stands_in_the_place_of_a(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run = await driven_with_one_missed(unit)
        for act in (
            InsertPassing(run_id=run, copy_of="beam-2/dev/3"),
            AttributePassing(run_id=run, passing_id="beam-2/dev/3", to_run_id=run),
        ):
            with pytest.raises(ActRefused) as refused:
                await unit.run_control.carry_out(act)
            assert refused.value.code == "backup-time"
        nobodys = AttributePassing(run_id=run, passing_id="beam-2/dev/3")
        await unit.run_control.carry_out(nobodys)
        shown = unit.feed.now().run
        assert shown is not None
        assert shown.offers == ()

    with_unit(tmp_path, story)


@pytest.mark.parametrize("flag", ["clock-set", "clock-doubt"])
def test_a_lap_over_a_clock_that_was_set_waits_for_a_verdict(tmp_path: Path, flag: str) -> None:
    async def story(unit: Unit) -> None:
        run = await unit.arm_new()
        for seq, clock in ((1, "c/1"), (2, "c/1"), (3, "c/2"), (4, "c/2")):
            unit.clock.advance(ms=5_000)
            one = msgspec.structs.replace(
                unit.passing(seq),
                tick_us=unit.clock.now_mono_ns // 1_000 + (9_000_000 if seq > 2 else 0),
                clock=clock,
                flag=flag if seq == 3 else None,
            )
            await unit.intake.take(Delivery(passings=[one]))
        shown = unit.feed.now().run
        assert shown is not None
        assert [lap.waits_for_verdict for lap in shown.laps] == [False, True, False]
        assert shown.laps[1].flag in ("clock-set", "clock-doubt")
        await unit.acting.stop(run, unit.clock.now_mono_ns)
        with pytest.raises(ActRefused) as refused:
            await unit.acting.confirm(run)
        assert refused.value.code == "short-lap-waits"
        assert "clock that was set, number 2" in str(refused.value)
        await unit.acting.judge(run, shown.laps[1].lap_id, "valid")
        await unit.acting.confirm(run)

    with_unit(tmp_path, story)
