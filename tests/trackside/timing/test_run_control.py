"""One run from idle to the board, and every wrong turn an official may take."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import ActRefused
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.records.kinds import UnitRevoked, read_body
from pitboard.journal.records.record import Record
from pitboard.journal.views.views import view_board
from pitboard.race.bodies.event_bodies import ClassSet, FormatSet, StageSet
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunArmed, RunContinued, RunFinished, RunPaused
from pitboard.race.runs.run_ids import may_arm
from pitboard.unit_api.official_acts import Arm, ContinueRun, ManualPassing, PauseRun, PostMessage, Stop
from pitboard.unit_api.program_calls import Delivery
from pitboard.unit_api.screen_state import Interruption
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller, central_enrols
from tests.trackside.unit_story import Unit, with_unit


def test_a_run_is_named_after_the_unit_that_arms_it(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await unit.arm_new()
        assert may_arm(unit.run.run_id, unit.run.unit)
        assert not may_arm(unit.run.run_id, UNIT_B.key)

    with_unit(tmp_path, story)


def phase_of(unit: Unit) -> str:
    return unit.run_control.phase


def test_a_run_from_start_to_the_board(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        assert phase_of(unit) == "idle"
        run = await unit.arm_new()
        assert phase_of(unit) == "armed"
        await unit.cross(1)
        assert phase_of(unit) == "running"
        for seq in (2, 3):
            unit.clock.advance(ms=5_000)
            await unit.cross(seq)
        await unit.acting.stop(run, unit.clock.now_mono_ns)
        assert phase_of(unit) == "review"
        assert view_board(unit.replica.fold).entries == []
        await unit.acting.confirm(run)
        assert phase_of(unit) == "idle"
        entry = view_board(unit.replica.fold).entries[0]
        assert (entry.name, entry.best_ns, entry.laps) == ("Ann", 5_000_000_000, 2)

    with_unit(tmp_path, story)


def test_time_up_lets_the_lap_under_way_finish_and_then_ends_the_run(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await unit.arm_new()
        await unit.cross(1)
        unit.clock.advance(ms=179_000)
        await unit.cross(2)
        unit.clock.advance(ms=1_000)
        assert phase_of(unit) == "time-up"
        await unit.run_control.follow_time()
        assert unit.run.is_timed_up
        unit.clock.advance(ms=9_000)
        await unit.cross(3)
        assert phase_of(unit) == "review"
        assert len(unit.replica.fold.race.laps(unit.run.run_id)) == 2
        unit.clock.advance(ms=5_000)
        await unit.cross(4)
        assert len(unit.replica.fold.race.laps(unit.run.run_id)) == 2

    with_unit(tmp_path, story)


def test_a_killed_unit_goes_on_with_the_run_where_it_was(tmp_path: Path) -> None:
    clock = ScriptedClock()

    async def before(unit: Unit) -> None:
        await unit.arm_new()
        await unit.cross(1)
        clock.advance(ms=5_000)

    async def after(unit: Unit) -> None:
        assert phase_of(unit) == "running"
        await unit.cross(2)
        laps = unit.replica.fold.race.laps(unit.run.run_id)
        assert [lap.lap_ns for lap in laps] == [5_000_000_000]

    with_unit(tmp_path, before, clock=clock)
    with_unit(tmp_path, after, clock=clock)


def test_after_a_power_cut_the_run_goes_on_and_no_lap_is_timed_across_the_boots(tmp_path: Path) -> None:
    first_boot = ScriptedClock(now_mono_ns=500_000_000_000)

    async def before(unit: Unit) -> None:
        await unit.arm_new()
        await unit.cross(1)
        first_boot.advance(ms=100_000)
        await unit.cross(2)

    async def after(unit: Unit) -> None:
        assert phase_of(unit) == "armed" or phase_of(unit) == "running"
        await unit.cross(3)
        unit.clock.advance(ms=6_000)
        await unit.cross(4)
        laps = unit.replica.fold.race.laps(unit.run.run_id)
        assert [lap.lap_ns for lap in laps] == [100_000_000_000, 6_000_000_000]
        remaining_ns = unit.run_control.time.remaining_ns(unit.run)
        assert remaining_ns == (180 - 100 - 6) * 1_000_000_000

    with_unit(tmp_path, before, clock=first_boot)
    with_unit(tmp_path, after, clock=ScriptedClock(boot_id="second-boot", now_mono_ns=7_000_000_000))


def test_after_a_crash_what_is_certain_is_said_and_what_is_not(tmp_path: Path) -> None:
    first_boot = ScriptedClock(now_mono_ns=500_000_000_000)

    async def before(unit: Unit) -> None:
        await unit.arm_new()
        for number in range(3):
            await unit.cross(number + 1)
            first_boot.advance(ms=20_000)
        run = unit.feed.now().run
        assert run is not None
        assert run.interruption is None

    async def same_boot(unit: Unit) -> None:
        run = unit.feed.now().run
        assert run is not None
        assert run.interruption == Interruption(kind="restart")
        await unit.cross(4)
        assert [lap.lap_ns for lap in unit.replica.fold.race.laps(run.run_id)] == [20_000_000_000] * 3

    async def other_boot(unit: Unit) -> None:
        await unit.cross(5)
        unit.clock.advance(ms=7_000)
        await unit.cross(6)
        run = unit.feed.now().run
        assert run is not None
        assert run.interruption == Interruption(kind="power", laps=3, used_ns=60_000_000_000)
        assert len(run.laps) == 4

    with_unit(tmp_path, before, clock=first_boot)
    with_unit(tmp_path, same_boot, clock=first_boot)
    with_unit(tmp_path, other_boot, clock=ScriptedClock(boot_id="second-boot", now_mono_ns=7_000_000_000))


def test_a_paused_run_that_comes_back_from_others_after_the_start_goes_on_by_continue(
    tmp_path: Path,
) -> None:
    kept: list[Record] = []

    async def before(unit: Unit) -> None:
        run_id = await unit.arm_new()
        await unit.cross(1)
        await unit.run_control.carry_out(PauseRun(run_id=run_id, mono_ns=unit.clock.now_mono_ns))
        kept.extend(await unit.replica.beyond({}))

    async def with_a_new_card(unit: Unit) -> None:
        await unit.replica.accept(kept)
        assert unit.run_control.now(unit.run).phase == "paused"
        mono_ns = unit.clock.now_mono_ns
        await unit.run_control.carry_out(ContinueRun(run_id=unit.run.run_id, mono_ns=mono_ns))
        assert unit.run_control.now(unit.run).phase == "running"
        for seq in (1, 2):
            unit.clock.advance(ms=10_000)
            await unit.cross(seq, sensor_boot="dev-2")
        assert [lap.lap_ns for lap in unit.replica.fold.race.laps(unit.run.run_id)] == [10_000_000_000]

    (tmp_path / "old").mkdir()
    with_unit(tmp_path / "old", before)
    with_unit(tmp_path, with_a_new_card, clock=ScriptedClock(boot_id="boot-2"))


YEAR_MS = 365 * 86_400_000


async def paused(unit: Unit) -> None:
    run_id = await unit.arm_new()
    await unit.run_control.carry_out(PauseRun(run_id=run_id, mono_ns=unit.clock.now_mono_ns))


def test_the_next_boot_ends_a_pause_though_the_wall_clock_was_a_year_ahead_in_it(tmp_path: Path) -> None:
    async def on_the_right_clock(unit: Unit) -> None:
        assert unit.run_control.now(unit.run).phase == "armed"

    ahead = ScriptedClock(now_utc_ms=ScriptedClock().now_utc_ms + YEAR_MS)
    with_unit(tmp_path, paused, clock=ahead)
    with_unit(tmp_path, on_the_right_clock, clock=ScriptedClock(boot_id="boot-2"))


def test_a_pause_of_a_year_ahead_that_comes_back_to_a_new_card_ends_by_continue(tmp_path: Path) -> None:
    """The new card did not know of that boot, so it stays the latest whatever is said later."""
    kept: list[Record] = []

    async def before(unit: Unit) -> None:
        await paused(unit)
        kept.extend(await unit.replica.beyond({}))

    async def with_a_new_card(unit: Unit) -> None:
        await unit.replica.accept(kept)
        run_id = unit.run.run_id
        assert unit.run_control.now(unit.run).phase == "paused"
        await unit.run_control.carry_out(ContinueRun(run_id=run_id, mono_ns=unit.clock.now_mono_ns))
        assert unit.run_control.now(unit.run).phase != "paused"
        for seq in (1, 2):
            unit.clock.advance(ms=10_000)
            await unit.cross(seq, sensor_boot="dev-2")
        assert [lap.lap_ns for lap in unit.replica.fold.race.laps(run_id)] == [10_000_000_000]

    (tmp_path / "old").mkdir()
    ahead = ScriptedClock(now_utc_ms=ScriptedClock().now_utc_ms + YEAR_MS)
    with_unit(tmp_path / "old", before, clock=ahead)
    with_unit(tmp_path, with_a_new_card, clock=ScriptedClock(boot_id="boot-2"))


def test_the_time_used_before_a_second_power_cut_is_not_forgotten(tmp_path: Path) -> None:
    async def drive(unit: Unit, *, first_seq: int, lap_ms: int) -> None:
        if unit.run_control.run is None:
            await unit.arm_new()
        await unit.cross(first_seq)
        unit.clock.advance(ms=lap_ms)
        await unit.cross(first_seq + 1)

    async def after(unit: Unit) -> None:
        await drive(unit, first_seq=5, lap_ms=6_000)
        assert unit.run_control.time.remaining_ns(unit.run) == (180 - 100 - 50 - 6) * 1_000_000_000

    with_unit(tmp_path, lambda unit: drive(unit, first_seq=1, lap_ms=100_000))
    clock = ScriptedClock(boot_id="second-boot")
    with_unit(tmp_path, lambda unit: drive(unit, first_seq=3, lap_ms=50_000), clock=clock)
    with_unit(tmp_path, after, clock=ScriptedClock(boot_id="third-boot"))


def test_nobody_stamps_the_future_by_hand(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run_id = await unit.arm_new()
        now_mono_ns = unit.clock.now_mono_ns
        later_ns = now_mono_ns + 3_600_000_000_000
        await unit.run_control.carry_out(ManualPassing(run_id=run_id, mono_ns=later_ns))
        await unit.run_control.carry_out(PauseRun(run_id=run_id, mono_ns=later_ns))
        await unit.run_control.carry_out(ContinueRun(run_id=run_id, mono_ns=later_ns))
        await unit.run_control.carry_out(Stop(run_id=run_id, mono_ns=later_ns))
        records = await unit.replica.beyond({})
        bodies = [read_body(one.header.kind, one.body_bytes or b"") for one in records]
        stamped = PassingRecorded | RunArmed | RunPaused | RunContinued | RunFinished
        stamps = [one.mono_ns for one in bodies if isinstance(one, stamped)]
        assert len(stamps) == 5
        assert max(stamps) <= unit.clock.now_mono_ns

    with_unit(tmp_path, story)


def test_a_passing_delivered_twice_counts_once(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await unit.arm_new()
        delivery = Delivery(passings=[unit.passing(1), unit.passing(2, mono_ns=unit.clock.now_mono_ns + 5)])
        assert await unit.intake.take(delivery) == 2
        assert await unit.intake.take(delivery) == 0
        assert unit.intake.known("beam-1", "dev") == [(1, 2)]

    with_unit(tmp_path, story)


def test_known_passings_are_told_as_ranges(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await unit.cross(1, 2, 3, 7, 9, 8)
        await unit.cross(1, sensor_boot="other")
        assert unit.intake.known("beam-1", "dev") == [(1, 3), (7, 9)]
        assert unit.intake.known("beam-1", "never seen") == []

    with_unit(tmp_path, story)


def test_a_unit_that_is_not_enrolled_says_so_and_writes_each_passing_once(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        assert await unit.intake.take(Delivery(passings=[unit.passing(1)])) == 1
        assert await unit.intake.take(Delivery(passings=[unit.passing(1)])) == 0
        with pytest.raises(ActRefused, match="not enrolled"):
            await unit.acting.register("Ann")
        with pytest.raises(ActRefused, match="not enrolled"):
            await unit.acting.arm("c1")

    async def after_a_restart(unit: Unit) -> None:
        assert unit.intake.known("beam-1", "dev") == [(1, 1)]
        assert await unit.intake.take(Delivery(passings=[unit.passing(1)])) == 0

    with_unit(tmp_path, story, is_enrolled=False)
    with_unit(tmp_path, after_a_restart, is_enrolled=False)


def test_a_short_lap_waits_for_a_verdict_before_the_run_can_be_confirmed(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run = await unit.arm_new()
        await unit.cross(1)
        unit.clock.advance(ms=500)
        await unit.cross(2)
        await unit.acting.stop(run, unit.clock.now_mono_ns)
        with pytest.raises(ActRefused, match="short lap 1"):
            await unit.acting.confirm(run)
        await unit.acting.judge(run, unit.passing(2).sensor + "/dev/2", "void")
        await unit.acting.confirm(run)
        assert view_board(unit.replica.fold).entries[0].best_ns is None

    with_unit(tmp_path, story)


def test_a_manual_lap_counts_with_a_thumbs_uncertainty_and_once(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run = await unit.arm_new()
        await unit.cross(1)
        unit.clock.advance(ms=4_000)
        tapped_mono_ns = unit.clock.now_mono_ns
        unit.clock.advance(ms=300)
        await unit.acting.record_manual_passing(run, tapped_mono_ns)
        await unit.acting.record_manual_passing(run, tapped_mono_ns)
        laps = unit.replica.fold.race.laps(run)
        assert [(lap.lap_ns, lap.uncertainty_ns) for lap in laps] == [(4_000_000_000, 100_001_000)]

    with_unit(tmp_path, story)


def test_repeating_an_act_changes_nothing(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        competitor = await unit.acting.register("Ann")
        run = await unit.acting.arm(competitor)
        assert await unit.acting.arm(competitor) == run
        await unit.cross(1)
        for _ in range(2):
            await unit.acting.stop(run, unit.clock.now_mono_ns)
        for _ in range(2):
            await unit.acting.confirm(run)
        kinds = [record.header.kind for record in await unit.replica.beyond({})]
        assert kinds.count("run-armed") == kinds.count("run-finished") == kinds.count("run-decided") == 1

    with_unit(tmp_path, story)


def test_what_cannot_be_done_now_is_refused_with_a_reason(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        acting = unit.acting
        with pytest.raises(ActRefused, match="not registered"):
            await acting.arm("nobody")
        with pytest.raises(ActRefused, match="at least one letter"):
            await acting.register(" \u202e\t ")
        run = await unit.arm_new()
        other = await acting.register("Bob")
        with pytest.raises(ActRefused, match="under way"):
            await acting.arm(other)
        with pytest.raises(ActRefused, match="Stop the run"):
            await acting.confirm(run)
        with pytest.raises(ActRefused, match="not part of the run"):
            await acting.judge(run, "no/such/lap", "void")
        with pytest.raises(ActRefused, match="not known"):
            await acting.confirm("no-such-run")
        await acting.discard(run)
        with pytest.raises(ActRefused, match="decided"):
            await acting.judge(run, "no/such/lap", "void")

    with_unit(tmp_path, story)


def test_discarding_a_running_run_frees_the_track(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        run = await unit.arm_new()
        await unit.cross(1)
        await unit.acting.discard(run)
        assert phase_of(unit) == "idle"
        unit.clock.advance(ms=5_000)
        second = await unit.arm_new("Bob")
        await unit.cross(2)
        unit.clock.advance(ms=5_000)
        await unit.cross(3)
        assert len(unit.replica.fold.race.laps(second)) == 1
        assert unit.replica.fold.race.laps(run) == []

    with_unit(tmp_path, story)


def test_start_tapped_again_while_the_disk_refuses_makes_one_run(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        ann, bob = await unit.acting.register("Ann"), await unit.acting.register("Bob")
        journal = unit.replica.journal
        assert isinstance(journal, Journal)
        async with journal._transacting:  # a disk that takes nothing: the record waits to be written
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await unit.acting.arm(ann)
            with pytest.raises(ActRefused):
                async with asyncio.timeout(0.02):
                    await unit.acting.arm(bob)
        run = await unit.acting.arm(ann)
        assert unit.run.run_id == run
        assert len(unit.replica.fold.race.runs) == 1

    with_unit(tmp_path, story)


def test_a_revoked_units_clock_says_once_that_the_time_is_up(tmp_path: Path) -> None:
    """Found by the venue simulator: its word does not count, so it was said for ever."""

    async def story(unit: Unit) -> None:
        await unit.arm_new()
        await unit.cross(1)
        central = Teller(ROOT, "Central")
        central.clock.advance(ms=1_000)
        central.say(UnitRevoked(key=UNIT_A.key, heads=unit.replica.have()))
        await unit.replica.accept(central.records)
        unit.clock.advance(ms=200_000)
        before = sum(unit.replica.have().values())
        for _ in range(5):
            await unit.run_control.follow_time()
        assert sum(unit.replica.have().values()) == before + 1
        await unit.cross(2)
        for _ in range(5):
            await unit.run_control.follow_time()
        assert sum(unit.replica.have().values()) == before + 2

    with_unit(tmp_path, story)


def test_a_name_entered_again_while_the_disk_refuses_is_registered_once(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        journal = unit.replica.journal
        assert isinstance(journal, Journal)
        async with journal._transacting:
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await unit.acting.register("Ann")
        ann = await unit.acting.register("Ann")
        assert list(unit.replica.fold.race.competitors) == [ann]
        assert await unit.acting.register("Ann") != ann  # somebody else may have the same name

    with_unit(tmp_path, story)


@pytest.mark.parametrize("words", [3, 25])
def test_a_message_holds_nothing_hidden_however_long_it_is(tmp_path: Path, words: int) -> None:
    async def story(unit: Unit) -> None:
        await unit.run_control.carry_out(PostMessage(text="\u202ebreak\x07 \u2800" * words))
        said = [one.text for one in unit.replica.fold.race.programme.messages()]
        assert said == [" ".join(["break"] * words)]

    with_unit(tmp_path, story)


def test_start_on_a_revoked_unit_is_refused_and_not_called_saved(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        ann = await unit.acting.register("Ann")
        central = Teller(ROOT, "Central")
        central.clock.advance(ms=1_000)
        central.say(UnitRevoked(key=UNIT_A.key, heads=unit.replica.have()))
        await unit.replica.accept(central.records)
        async with asyncio.timeout(5):
            for _ in range(2):
                with pytest.raises(ActRefused, match="is revoked"):
                    await unit.acting.arm(ann)
        assert phase_of(unit) == "idle"

    with_unit(tmp_path, story)


@pytest.mark.parametrize(
    ("race_class", "stage", "run_ms"),
    [("", "", 180_000), ("guests", "", 180_000), ("kids", "", 60_000), ("kids", "finals", 30_000)],
)
def test_a_run_is_timed_by_the_format_of_its_stage_else_of_its_drivers_class(
    tmp_path: Path, race_class: str, stage: str, run_ms: int
) -> None:
    async def story(unit: Unit) -> None:
        central = central_enrols(UNIT_A)
        for name, long_ms in (("Short", 60_000), ("Shorter", 30_000)):
            central.say(FormatSet(name=name, format=Format(name=name, run_ms=long_ms)))
        central.say(ClassSet(race_class="kids", name="Kids", format="Short"))
        central.say(ClassSet(race_class="guests", name="Guests", format="Not here"))
        central.say(StageSet(stage_id="finals", kind="knockout", name="Finals", format="Shorter"))
        central.say(CompetitorRegistered(competitor_id="c1", name="Ann", race_class=race_class))
        await unit.replica.accept(central.records)
        await unit.run_control.carry_out(Arm(competitor_id="c1", stage_id=stage))
        assert unit.run.armed.value.timing.run_ms == run_ms

    with_unit(tmp_path, story, is_enrolled=False)
