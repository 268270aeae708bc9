"""The admin's acts: found by what an organiser types, above the official, with a reason, undoable."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from pitboard.clock import SystemClock
from pitboard.errors import ActRefused
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.journal.views.views import encode_view, view_board, view_competitor
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.race.bodies.verdict_bodies import LapJudged, PenaltyGiven, RunDecided
from sync.central.admin.act_history import ActHistory
from sync.central.admin.actor import Actor
from sync.central.admin.admin_act import (
    AdminAct,
    AnyAct,
    Change,
    Correct,
    Decide,
    Disqualify,
    Erase,
    HandOver,
    Join,
    Judge,
    JudgePlace,
    Keep,
    Penalise,
    Reinstate,
    TakeOffer,
    Withdraw,
)
from sync.central.admin.admin_acts import AdminActs, Done
from tests.race_story import ROOT, UNIT_A, armed, central_enrols, finished, passing
from tests.sync.central.central_stage import TrackStory

SECOND_NS = 1_000_000_000


class Desk:
    """An organiser at central, with a unit's race on the board."""

    def __init__(self, replica: WritingReplica, track: TrackStory) -> None:
        self.replica = replica
        self.track = track
        self.acts = AdminActs(replica)

    async def do(self, act: AnyAct) -> Done:
        return await self.acts.carry_out(act)

    async def refused(self, act: AnyAct) -> str:
        """Return why the act is refused, having changed nothing."""
        before = self.replica.have()
        with pytest.raises(ActRefused) as refused:
            await self.acts.carry_out(act)
        assert self.replica.have() == before
        return str(refused.value)

    async def hand_in(self) -> None:
        await self.replica.accept(self.track.news())

    @property
    def ranks(self) -> list[tuple[int | None, str, int | None]]:
        board = view_board(self.replica.fold)
        return [
            (entry.rank, entry.name, entry.best_ns and entry.best_ns // SECOND_NS) for entry in board.entries
        ]

    def history(self, competitor: str) -> list[tuple[str, str, str]]:
        acts = ActHistory(self.replica.fold, self.acts.reference).of(competitor)
        return [(act.who, act.what, act.why) for act in acts]


@contextlib.asynccontextmanager
async def desk_at(folder: Path) -> AsyncIterator[Desk]:
    """Anna Berg leads with 10 and 12 s, then Ben with 11 s, then Anna Vogel with 13 s."""
    async with Replica.open(folder / "central.db", root_key=ROOT.key, clock=SystemClock()) as replica:
        await replica.accept(central_enrols(UNIT_A).records)
        replica = await replica.open_stream(ROOT, "Central")
        track = TrackStory()
        track.drives("c1", "Anna Berg", 12.0, 10.0).drives("c2", "Ben", 11.0).drives("c3", "Anna Vogel", 13.0)
        desk = Desk(replica, track)
        await desk.hand_in()
        yield desk


START = [(1, "Anna Berg", 10), (2, "Ben", 11), (3, "Anna Vogel", 13)]


@pytest.mark.parametrize(
    ("act", "ranks"),
    [
        (
            Judge(lap="anna berg/1/2", verdict="void", reason="cut the corner"),
            [(1, "Ben", 11), (2, "Anna Berg", 12), (3, "Anna Vogel", 13)],
        ),
        (
            Correct(lap="ben 1 1", time="9,5", reason="video"),
            [(1, "Ben", 9), (2, "Anna Berg", 10), (3, "Anna Vogel", 13)],
        ),
        (Decide(run="berg/1", decision="discarded", reason="x"), [(1, "Ben", 11), (2, "Anna Vogel", 13)]),
        (
            Disqualify(competitor="Anna Berg", reason="underweight"),
            [(1, "Ben", 11), (2, "Anna Vogel", 13), (None, "Anna Berg", 10)],
        ),
    ],
    ids=["void", "correct", "discard", "disqualify"],
)
def test_an_act_changes_the_board_and_its_undoing_brings_it_back(
    tmp_path: Path, act: AnyAct, ranks: list[tuple[int | None, str, int | None]]
) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            assert desk.ranks == START
            done = await desk.do(act)
            assert desk.ranks == ranks
            assert done.sentence
            assert done.change.moved_count > 0
            refused = await desk.refused(act)
            assert "already" in refused
            await desk.do(undone(act))
            assert desk.ranks == START
            refused = await desk.refused(undone(act))
            assert refused
        async with Replica.open(tmp_path / "central.db", root_key=ROOT.key, clock=SystemClock()) as again:
            assert [entry.name for entry in view_board(again.fold).entries] == [name for _, name, _ in START]

    asyncio.run(story())


def undone(act: AnyAct) -> AnyAct:
    fields = {name: getattr(act, name) for name in act.__struct_fields__}
    return type(act)(**{**fields, "undo": True, "reason": "decided otherwise"})


def test_the_admins_word_stands_above_what_the_official_says_later(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            run = desk.acts.reference.runs_of("c1")[0]
            lap = desk.replica.fold.race.laps(run.run_id)[1].lap_id
            await desk.do(Judge(lap="c1/1/2", verdict="void", reason="cut the corner"))
            desk.track.teller.say(LapJudged(run_id=run.run_id, lap_id=lap, verdict="valid"))
            desk.track.teller.say(RunDecided(run_id=run.run_id, decision="confirmed"))
            await desk.hand_in()
            assert desk.ranks[0] == (1, "Ben", 11)
            await desk.do(Judge(lap="c1/1/2", verdict="void", reason="seen on video", undo=True))
            assert desk.ranks[0] == (1, "Anna Berg", 10)

    asyncio.run(story())


def test_a_reinstated_competitor_is_back_and_that_can_be_undone_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            assert await desk.refused(Reinstate(competitor="ben", reason="x")) == ("Ben is not disqualified.")
            assert await desk.refused(Reinstate(competitor="ben", reason="x", undo=True)) == (
                "Ben was not reinstated."
            )
            await desk.do(Disqualify(competitor="ben", reason="late"))
            await desk.do(Reinstate(competitor="ben", reason="was in time"))
            assert desk.ranks == START
            await desk.do(Reinstate(competitor="ben", reason="no, he was not", undo=True))
            assert desk.ranks[-1] == (None, "Ben", 11)

    asyncio.run(story())


def test_a_corrected_lap_keeps_its_measured_time_and_counts_though_it_was_short(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            desk.track.drives("c4", "Dora", 2.0)
            await desk.hand_in()
            assert desk.ranks[-1] == (None, "Dora", None)
            done = await desk.do(Correct(lap="dora/1/1", time="0:09.000", reason="beam was blocked"))
            assert done.sentence == "Run 1, lap 1 of Dora is 9.000 now; 2.000 was measured."
            assert desk.ranks[0] == (1, "Dora", 9)
            lap = desk.replica.fold.race.laps(desk.acts.reference.runs_of("c4")[0].run_id)[0]
            assert (lap.measured_ns, lap.is_corrected) == (2 * SECOND_NS, True)

    asyncio.run(story())


def test_a_short_lap_that_waits_is_called_valid_and_the_run_confirmed_by_the_admin(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            say = desk.track.teller.say
            say(CompetitorRegistered(competitor_id="c4", name="Dora"))
            say(armed("r4", "c4", s=500))
            say(passing(101, s=501))
            say(passing(102, s=503))
            say(finished("r4", s=504))
            await desk.hand_in()
            confirm = Decide(run="dora/1", decision="confirmed", reason="the official had left")
            assert await desk.refused(confirm) == "Say valid or void for the short lap 1 first."
            await desk.do(Judge(lap="dora/1/1", verdict="valid", reason="a short track"))
            await desk.do(confirm)
            assert desk.ranks[0] == (1, "Dora", 2)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (
            Disqualify(competitor="zoe", reason="x"),
            "Nobody is called 'zoe'; type another part of the name, or the id.",
        ),
        (
            Disqualify(competitor="anna", reason="x"),
            "'anna' may be Anna Berg (c1), Anna Vogel (c3); type the whole name, or the id in brackets.",
        ),
        (
            Judge(lap="ben/2/1", verdict="void", reason="x"),
            "Ben has 1 run, no run 2.",
        ),
        (Judge(lap="ben/1/9", verdict="void", reason="x"), "Run 1 has 1 lap, no lap 9."),
        (
            Judge(lap="ben", verdict="void", reason="x"),
            "'ben' names no lap; type competitor/run/lap, like anna/2/3.",
        ),
        (
            Decide(run="ben", decision="discarded", reason="x"),
            "'ben' names no run; type competitor/run, like anna/2.",
        ),
        (
            Correct(lap="ben/1/1", time="fast", reason="x"),
            "'fast' is not a lap time; type it like 12.345 or 1:02.345.",
        ),
        (Correct(lap="ben/1/1", reason="x"), "Say the lap's time, with --time 12.345."),
        (
            Correct(lap="ben/1/1", time="0.000", reason="x"),
            "A lap takes longer than zero; type its time like 12.345.",
        ),
        (Correct(lap="ben/1/1", reason="x", undo=True), "Run 1, lap 1 of Ben was not corrected."),
        (Disqualify(competitor="ben", reason=" \n"), "Say why; it is kept with the act."),
        (Disqualify(competitor="ben", reason="x" * 401), "Say why in at most 400 characters."),
        (
            Disqualify(competitor="ben", reason="pushed anna   BERG, twice"),
            "Leave the name 'Anna Berg' out of the reason: it would stay after that person is erased.",
        ),
        (
            Erase(competitor="ben", reason="x", undo=True),
            "An erasure cannot be undone: the name is in no journal any more.",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(tmp_path: Path, act: AdminAct, sentence: str) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            assert await desk.refused(act) == sentence  # type: ignore[arg-type]

    asyncio.run(story())


def test_a_whole_name_is_meant_though_it_begins_another(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            desk.track.drives("c4aa", "Anna", 20.0).drives("c4ab", "Anna", 21.0)
            await desk.hand_in()
            assert "(c4aa)" in await desk.refused(Disqualify(competitor="anna", reason="x"))
            done = await desk.do(Disqualify(competitor="c4ab", reason="x"))
            assert done.change.competitor_id == "c4ab"
            done = await desk.do(Disqualify(competitor="ÄNNA vogel".replace("Ä", "A"), reason="x"))
            assert done.change.competitor_id == "c3"

    asyncio.run(story())


def test_the_history_tells_who_did_what_when_and_why(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            await desk.do(Judge(lap="anna berg/1/2", verdict="void", reason="cut the corner"))
            await desk.do(Correct(lap="anna berg/1/1", time="11.5", reason="video"))
            await desk.do(Judge(lap="anna berg/1/2", verdict="void", reason="other car", undo=True))
            assert desk.history("c1") == [
                ("Track 0", "registered as Anna Berg", ""),
                ("Track 0", "run 1 armed on track 1", ""),
                ("Track 0", "run 1 ended: the official stopped it", ""),
                ("Track 0", "run 1 confirmed", ""),
                ("admin", "run 1, lap 2 (measured 10.000): void", "cut the corner"),
                ("admin", "run 1, lap 1 (measured 12.000): set to 11.500", "video"),
                ("admin", "run 1, lap 2 (measured 10.000): verdict withdrawn", "other car"),
            ]
            await desk.do(Erase(competitor="c1", reason="asked for it"))
            assert desk.history("c1")[-1] == ("admin", "name erased", "asked for it")
            assert not any("Anna" in what for _, what, _ in desk.history("c1"))

    asyncio.run(story())


def test_an_erased_person_keeps_the_results_and_loses_the_name(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            done = await desk.do(Erase(competitor="anna berg", reason="asked for it"))
            assert done.change.name == "Erased"
            assert desk.ranks == [(1, "Erased", 10), (2, "Ben", 11), (3, "Anna Vogel", 13)]
            assert await desk.refused(Erase(competitor="c1", reason="x")) == "c1 was erased already."
            view = view_competitor(desk.replica.fold, "c1")
            assert view is not None
            assert b"Anna Berg" not in encode_view(view)
            await desk.do(Judge(lap="c1/1/2", verdict="void", reason="the id still names the laps"))

    asyncio.run(story())


def test_what_a_missed_is_put_in_at_central_once_the_run_is_over(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            teller = desk.track.teller
            teller.say(CompetitorRegistered(competitor_id="c9", name="Cid"))
            teller.say(armed("m", "c9", s=500))
            for number in range(5):
                a = passing(900 + number, s=510 + 10 * number)
                b = msgspec.structs.replace(a, sensor="beam-2", system="B", mono_ns=a.mono_ns + 7_000_000)
                for seen in [b] if number == 2 else [a, b]:
                    teller.say(seen)
            await desk.hand_in()
            take = TakeOffer(run="cid/1", reason="B saw the car")
            assert "is under way" in await desk.refused(take)
            teller.say(finished("m", s=560))
            await desk.hand_in()
            other = TakeOffer(run="cid/1", passing="beam-2/dev/7", reason="x")
            assert "Nothing that A missed is offered" in await desk.refused(other)
            done = await desk.do(take)
            assert "calculated from B, ±" in done.sentence
            laps = desk.replica.fold.race.laps("m")
            assert [lap.lap_ns for lap in laps] == [10 * SECOND_NS] * 4
            assert [len(lap.calculated) for lap in laps] == [0, 1, 1, 0]
            assert desk.history("c9")[-1][0::2] == ("admin", "B saw the car")
            assert "Nothing that A missed is offered" in await desk.refused(take)
            await desk.do(undone(take))
            assert [lap.lap_ns // SECOND_NS for lap in desk.replica.fold.race.laps("m")] == [10, 20, 10]

    asyncio.run(story())


def test_an_act_names_who_did_it_and_a_repeated_request_is_one_act(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            act = Penalise(run="anna berg/1", time="5", code="false-start", reason="video", act_id="click-1")
            twice = await asyncio.gather(
                *(desk.acts.carry_out(act, Actor("zoe", "desk")) for _ in range(2)), return_exceptions=True
            )
            assert [type(one) for one in twice] == [Done, ActRefused]
            [said] = [body for _, body, _ in desk.replica.fold.statements() if isinstance(body, PenaltyGiven)]
            assert (said.by, said.where, said.act_id) == ("zoe", "desk", "click-1")
            assert ("admin zoe", "run 1: a penalty of 5.000 s, false-start", "video") in desk.history("c1")

    asyncio.run(story())


@pytest.mark.parametrize(
    "act",
    [
        Penalise(run="ben/1", time="5", reason="video"),
        JudgePlace(run="ben/1", status="disqualified", reason="video"),
        HandOver(run="ben/1", competitor="c3", reason="swapped cars"),
    ],
    ids=["penalty", "status", "hand-over"],
)
def test_an_act_on_a_place_of_a_confirmed_run_is_published_at_once_and_undone(
    tmp_path: Path, act: AnyAct
) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            run = desk.acts.reference.run("ben/1").run
            await desk.do(Decide(run="ben/1", decision="reopened", reason="x"))
            await desk.do(Decide(run="ben/1", decision="confirmed", reason="x"))
            published = desk.replica.fold.race.published(desk.replica.fold.race.runs[run.run_id])
            await desk.do(act)
            race = desk.replica.fold.race
            assert not race.has_changed(race.runs[run.run_id])
            assert race.published(race.runs[run.run_id]) != published
            back = type(act)(
                **{name: getattr(act, name) for name in act.__struct_fields__ if name != "undo"}
                | {"run": run.run_id},
                undo=True,
            )
            await desk.do(back)
            assert race.published(race.runs[run.run_id]) == published
            assert not race.has_changed(race.runs[run.run_id])
            assert await desk.refused(back)

    asyncio.run(story())


def test_what_was_taken_back_can_count_again_and_an_erasure_cannot_be_taken_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            await desk.do(Disqualify(competitor="ben", reason="underweight"))
            act = ActHistory(desk.replica.fold, desk.acts.reference).of("c2")[-1]
            back = Withdraw(stream=act.stream, seq=act.seq, reason="scale was off")
            await desk.do(back)
            assert desk.ranks == START
            assert await desk.refused(back) == "This was taken back already."
            await desk.do(Withdraw(stream=act.stream, seq=act.seq, reason="it was right", undo=True))
            assert desk.ranks[-1] == (None, "Ben", 11)
            await desk.do(Erase(competitor="ben", reason="asked for it"))
            act = ActHistory(desk.replica.fold, desk.acts.reference).of("c2")[-1]
            erased = Withdraw(stream=act.stream, seq=act.seq, reason="x")
            assert "Nothing that could be taken back" in await desk.refused(erased)

    asyncio.run(story())


def test_a_phase_that_allows_no_such_act_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            desk.track.teller.say(armed("live", "c2", s=900.0))
            await desk.hand_in()
            refused = await desk.refused(Decide(run="ben/2", decision="reopened", reason="x"))
            assert refused == "Run 2 of Ben is armed; that cannot be done to it now."
            assert "armed" in await desk.refused(Decide(run="ben/2", decision="confirmed", reason="x"))
            assert "not changed" in await desk.refused(Keep(run="ben/1", reason="x"))

    asyncio.run(story())


def test_names_change_and_two_entries_of_one_person_are_joined(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            await desk.do(Change(competitor="ben", name="Benjamin", number="7", reason="spelling"))
            assert desk.ranks[1] == (2, "Benjamin", 11)
            assert ("admin", "name: Ben → Benjamin, number: none → 7", "spelling") in desk.history("c2")
            assert "Nothing" in await desk.refused(Change(competitor="c2", number="7", reason="x"))
            await desk.do(Join(competitor="c2", into="c3", reason="same person"))
            assert desk.ranks == [(1, "Anna Berg", 10), (2, "Anna Vogel", 11)]
            assert "already" in await desk.refused(Join(competitor="c2", into="c3", reason="x"))

    asyncio.run(story())


def test_a_lap_of_a_run_of_several_is_the_competitors_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            body = msgspec.structs.replace(
                armed("two", "c1", s=900.0),
                places=(
                    RunPlace(place=1, competitor_id="c1", told_by="lane", lane=1),
                    RunPlace(place=2, competitor_id="c2", told_by="lane", lane=2),
                ),
            )
            desk.track.teller.say(body)
            for seq, at_s, lane in ((500, 901.0, 1), (501, 902.0, 2), (502, 911.0, 1), (503, 922.0, 2)):
                desk.track.teller.say(msgspec.structs.replace(passing(seq, s=at_s), lane=lane))
            desk.track.teller.say(finished("two", s=930.0))
            await desk.hand_in()
            done = await desk.do(Judge(lap="ben/2/1", verdict="void", reason="cut the corner"))
            assert done.sentence == "Run 2, lap 1 of Ben (20.000) is void now."
            assert await desk.refused(Judge(lap="ben/2/2", verdict="void", reason="x")) == (
                "Run 2 has 1 lap, no lap 2."
            )
            lap = desk.replica.fold.race.laps("two", 1)[0].lap_id
            done = await desk.do(Judge(lap=f"two@1#{lap}", verdict="void", reason="cut the corner"))
            assert done.sentence == "Run 2, lap 1 of Anna Berg (10.000) is void now."

    asyncio.run(story())
