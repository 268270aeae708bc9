"""Typed times become a run under every kind of rules, once, and the desk's unit is as good as any."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import ActRefused
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.event_bodies import EventConfigured, FormatSet
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.ranking.presets import preset
from sync.central.admin.timing.desk_unit import DeskUnit
from sync.central.admin.timing.hand_timing import TimedRun, TypedLap, run_bodies
from tests.race_story import ROOT, UNIT_A

ACT = "0123456789abcdef"


def timed(*times: str, off_tracks: int = 0, short: bool = False, act_id: str = ACT) -> TimedRun:
    laps = [TypedLap(time=one, off_tracks=off_tracks) for one in times]
    return TimedRun(act_id=act_id, competitor_id="c1", track="1", laps=laps, short_is_right=short)


class Central:
    def __init__(self, replica: WritingReplica, unit: DeskUnit) -> None:
        self.replica, self.unit = replica, unit

    async def raced_by(self, rules: Format) -> None:
        await self.say(FormatSet(name="Ours", format=rules), EventConfigured(name="Cup", format="Ours"))

    async def say(self, *bodies: Body) -> None:
        await self.replica.append(*bodies)

    async def time(self, run: TimedRun) -> list[int]:
        """Type the run; return its counting laps in ms."""
        unit = self.unit.made_key()
        await self.unit.say(*run_bodies(run, self.replica.fold, unit))
        laps = self.replica.fold.race.laps(run.run_id(unit))
        return [lap.lap_ns // 1_000_000 for lap in laps if lap.counts]


def at_desk(folder: Path, story: object) -> None:
    async def run() -> None:
        clock = ScriptedClock()
        async with Replica.open(folder / "central.db", root_key=ROOT.key, clock=clock) as replica:
            writing = await replica.open_stream(ROOT, "Central")
            await writing.append(
                EventConfigured(name="Cup"), CompetitorRegistered(competitor_id="c1", name="Ann")
            )
            await story(Central(writing, DeskUnit(writing, folder / "desk.key")))  # type: ignore[operator]

    asyncio.run(run())


@pytest.mark.parametrize("name", ["Best lap", "DeepRacer, total time", "Pinewood derby, times", "Hill climb"])
def test_typed_laps_are_the_runs_laps_whenever_its_time_begins(tmp_path: Path, name: str) -> None:
    async def story(central: Central) -> None:
        rules = preset(name)
        assert rules is not None
        await central.raced_by(rules)
        laps = ["9.5", "9.250", "1:02.5"][: rules.run_laps or 3]
        assert await central.time(timed(*laps)) == [9_500, 9_250, 62_500][: len(laps)]

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("name", "laps", "fits"),
    [
        ("Best lap", ("89.999", "90", "60"), True),  # three minutes: the lap under way may be finished
        ("Best lap", ("90", "90", "60"), False),
        ("DeepRacer, total time", ("10", "10", "10"), True),
        ("DeepRacer, total time", ("10", "10", "10", "10"), False),
        ("Hill climb", ("30", "30"), False),
    ],
)
def test_a_typed_time_behind_the_runs_end_is_told_and_not_dropped(
    tmp_path: Path, name: str, laps: tuple[str, ...], fits: bool
) -> None:
    async def story(central: Central) -> None:
        rules = preset(name)
        assert rules is not None
        await central.raced_by(rules)
        if fits:
            assert len(await central.time(timed(*laps))) == len(laps)
            return
        with pytest.raises(ActRefused, match=f"over after {len(laps) - 1} of these {len(laps)} laps"):
            await central.time(timed(*laps))
        assert len(await central.time(timed(*laps[:-1]))) == len(laps) - 1

    at_desk(tmp_path, story)


def test_a_lap_at_the_bound_counts_and_one_below_it_has_to_be_said_twice(tmp_path: Path) -> None:
    async def story(central: Central) -> None:
        fold = central.replica.fold
        assert await central.time(timed("3.000")) == [3_000]
        with pytest.raises(ActRefused, match=r"2\.999 is shorter than the rules' shortest lap of 3\.000"):
            run_bodies(timed("2.999", act_id="f" * 16), fold, UNIT_A.key)
        assert await central.time(timed("2.999", short=True, act_id="f" * 16)) == [2_999]

    at_desk(tmp_path, story)


def test_off_tracks_are_each_laps_own(tmp_path: Path) -> None:
    async def story(central: Central) -> None:
        rules = preset("DeepRacer, best lap")
        assert rules is not None
        await central.raced_by(rules)
        assert await central.time(timed("10", "11", off_tracks=3)) == [10_000, 11_000]
        assert await central.time(timed("10", "11", off_tracks=4, act_id="f" * 16)) == []

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (timed("abc"), "bad-time"),
        (timed(), "no-laps"),
        (TimedRun(act_id=ACT, competitor_id="zz", track="1", laps=[]), "unknown-competitor"),
        (TimedRun(act_id=ACT, competitor_id="c1", track="\u200b", laps=[TypedLap(time="9")]), "bad-name"),
        (TimedRun(act_id=ACT, competitor_id="c1", track="1", laps=[], stage_id="x"), "no-laps"),
    ],
)
def test_what_cannot_be_a_run_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, run: TimedRun, code: str
) -> None:
    async def story(central: Central) -> None:
        with pytest.raises(ActRefused) as refused:
            await central.time(run)
        assert refused.value.code == code
        assert not central.replica.fold.race.runs

    at_desk(tmp_path, story)


def test_the_desks_unit_writes_on_after_a_restart_and_not_once_it_is_revoked(tmp_path: Path) -> None:
    async def story(central: Central) -> None:
        await central.time(timed("9"))
        again = Central(central.replica, DeskUnit(central.replica, tmp_path / "desk.key"))
        assert again.unit.key() == central.unit.key()
        assert await again.time(timed("8", act_id="f" * 16)) == [8_000]
        assert len(central.replica.streams_by_key()[central.unit.key() or ""]) == 2
        assert not central.replica.notices()
        await central.say(UnitRevoked(key=central.unit.key() or "", heads={}, reason="lost"))
        with pytest.raises(
            ActRefused, match=r"The desk's unit was revoked\. To time here again move desk\.key"
        ):
            await again.time(timed("7", act_id="e" * 16))

    at_desk(tmp_path, story)
