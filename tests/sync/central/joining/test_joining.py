"""Joining the queue by phone: who may, within which bounds, and what becomes of it at the unit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.doors.http_api import bound_unix, serve_bound_unix
from pitboard.errors import CallRefused, ConfigRefused
from pitboard.journal.folding.fold import Fold
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.race.bodies.event_bodies import ClassSet, EventClosed, EventConfigured
from pitboard.race.bodies.people_bodies import CompetitorRegistered, PersonErased
from pitboard.race.bodies.queue_bodies import QueueAsked, QueueJoined, QueueMarked
from sync.central.admin.erasure import bodies_that_erase
from sync.central.ingest.admin_relay import relayed_app
from sync.central.joining.join_box import LETTERS_MAX_COUNT, JoinBox, JoinRelay
from sync.central.joining.join_calls import JoinAnswer, JoinAsk
from sync.central.joining.join_desk import CODE_ASKS_MAX_COUNT, EVENT_ASKS_MAX_COUNT, JoinDesk, JoinRules
from sync.central.joining.refused_words import RefusedWords
from sync.central.public.race_reader import RaceReader
from tests.race_story import ROOT, UNIT_A, central_enrols

ADDRESS = "https://race.example.org"
MINUTE_MS = 60_000


class Venue:
    """A desk on central's replica, a phone that asks, and whether a unit is in touch."""

    def __init__(self, replica: WritingReplica, clock: ScriptedClock, rules: JoinRules | None) -> None:
        self.replica = replica
        self.clock = clock
        self.is_linked = True
        self.box = JoinBox()
        codes = (f"CODE{number}" for number in count(1))
        self.desk = JoinDesk(
            replica,
            clock,
            self.box,
            rules,
            is_linked=lambda: self.is_linked,
            new_code=lambda: next(codes),
        )
        self._entries = count(1)

    @property
    def fold(self) -> Fold:
        return self.replica.fold

    @property
    def code(self) -> str:
        given = self.fold.race.programme.join_code()
        return "" if given is None else given.code

    async def ask(self, name: str, *, code: str | None = None, **more: object) -> JoinAnswer:
        entry_id = str(more.pop("entry_id", f"{next(self._entries):032x}"))
        ask = JoinAsk(entry_id=entry_id, code=self.code if code is None else code, name=name, **more)  # type: ignore[arg-type]
        return await self.desk.ask(ask)

    async def refuses(self, name: str, **more: object) -> str:
        with pytest.raises(CallRefused) as refused:
            await self.ask(name, **more)  # type: ignore[arg-type]
        return refused.value.code


def rules(*, asked_max_count: int = 60, words: RefusedWords | None = None) -> JoinRules:
    return JoinRules(
        address=ADDRESS,
        code_min=10,
        asked_max_count=asked_max_count,
        refused_words=words or RefusedWords.load(None),
    )


@contextlib.asynccontextmanager
async def venue(folder: Path, its: JoinRules | None) -> AsyncIterator[Venue]:
    clock = ScriptedClock()
    async with Replica.open(folder / "central.db", root_key=ROOT.key, clock=clock) as reader:
        await reader.accept(central_enrols(UNIT_A).records)
        replica = await reader.open_stream(ROOT, "Central")
        await replica.append(
            EventConfigured(name="Cup"),
            ClassSet(race_class="2wd", name="2WD"),
            CompetitorRegistered(competitor_id="c1", name="Ada Lovelace", number="7", race_class="2wd"),
        )
        one = Venue(replica, clock, its)
        await one.desk.look()
        yield one


def test_who_has_the_code_asks_and_the_same_ask_sent_again_is_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with venue(tmp_path, rules()) as here:
            entry_id = "a" * 32
            for _ in range(2):
                answer = await here.ask("  Zoë   Ōta ", entry_id=entry_id, race_class="2wd")
                assert answer == JoinAnswer(state="asked")
            (asked,) = here.fold.race.programme.asked()
            assert (asked.name, asked.race_class, asked.track) == ("Zoë Ōta", "2wd", "")
            place = RaceReader(here.fold).join_place(entry_id, is_linked=True)
            assert (place.state, place.ahead) == ("asked", None)

    asyncio.run(story())


def test_the_code_changes_and_the_one_before_is_taken_for_three_minutes(tmp_path: Path) -> None:
    async def story() -> None:
        async with venue(tmp_path, rules()) as here:
            assert here.code == "CODE1"
            await here.ask("Ben", code=" code1 ")
            here.clock.advance(ms=10 * MINUTE_MS - 1)
            await here.desk.look()
            assert here.code == "CODE1"
            here.clock.advance(ms=1)
            await here.desk.look()
            assert here.code == "CODE2"
            here.clock.advance(ms=3 * MINUTE_MS)
            await here.ask("Carla", code="CODE1")
            here.clock.advance(ms=1)
            assert await here.refuses("Dora", code="CODE1") == "wrong-code"
            assert await here.refuses("Dora", code="") == "wrong-code"
            await here.ask("Dora")

    asyncio.run(story())


def test_without_a_unit_in_touch_nobody_asks_and_no_code_is_written(tmp_path: Path) -> None:
    async def story() -> None:
        async with venue(tmp_path, rules()) as here:
            here.is_linked = False
            here.clock.advance(ms=600 * MINUTE_MS)
            await here.desk.look()
            assert here.code == "CODE1"
            assert await here.refuses("Ben") == "no-link"
            here.is_linked = True
            await here.desk.look()
            assert here.code == "CODE2"
            await here.ask("Ben")

    asyncio.run(story())


def test_without_rules_the_code_is_taken_back_and_nobody_joins(tmp_path: Path) -> None:
    async def story() -> None:
        async with venue(tmp_path, rules()) as here:
            closed = Venue(here.replica, here.clock, None)
            await closed.desk.look()
            assert here.code == ""
            assert await closed.refuses("Ben", code="CODE1") == "join-closed"
            assert not RaceReader(here.fold).join_info(is_linked=True).is_open

    asyncio.run(story())


def test_nobody_joins_an_event_that_is_over_until_it_is_open_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with venue(tmp_path, rules()) as here:
            await here.replica.append(EventClosed())
            assert await here.refuses("Ben", code="CODE1") == "join-closed"
            await here.desk.look()
            assert here.code == ""
            await here.replica.append(EventClosed(is_closed=False))
            await here.desk.look()
            assert here.code == "CODE2"
            await here.ask("Ben")

    asyncio.run(story())


def test_somebody_registered_is_asked_about_and_waits_only_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with venue(tmp_path, rules()) as here:
            asked = await here.ask("ada lovelace")
            assert (asked.state, [one.number for one in asked.alike]) == ("alike", ["7"])
            assert here.fold.race.programme.asked() == []
            assert await here.refuses("Ben", competitor_id="c1") == "unknown-competitor"
            await here.ask("Ada Lovelace", competitor_id="c1")
            assert [(one.competitor_id, one.name) for one in here.fold.race.programme.asked()] == [("c1", "")]
            assert await here.refuses("Ada Lovelace", competitor_id="c1") == "waits-already"
            await here.ask("Ada Lovelace", is_new=True)
            assert await here.refuses("Ada  LOVELACE", is_new=True) == "waits-already"
            await here.replica.append(QueueJoined(entry_id="q", track="1", competitor_id="c1"))
            for one in here.fold.race.programme.asked():
                await here.replica.append(QueueMarked(entry_id=one.entry_id, state="refused"))
            assert await here.refuses("Ada Lovelace", competitor_id="c1") == "waits-already"
            await here.replica.append(QueueMarked(entry_id="q", state="left"))
            await here.ask("Ada Lovelace", competitor_id="c1")

    asyncio.run(story())


def test_floods_end_at_each_bound_and_an_answer_makes_room(tmp_path: Path) -> None:
    async def story() -> None:
        async with venue(tmp_path, rules(asked_max_count=CODE_ASKS_MAX_COUNT + 1)) as here:
            for number in range(CODE_ASKS_MAX_COUNT):
                await here.ask(f"Racer {number}")
            assert await here.refuses("One more") == "list-full"  # by this code
            here.clock.advance(ms=10 * MINUTE_MS)
            await here.desk.look()
            await here.ask("One more")
            assert await here.refuses("Two more") == "list-full"  # waiting for an answer
            first = here.fold.race.programme.asked()[0]
            await here.replica.append(QueueMarked(entry_id=first.entry_id, state="refused"))
            await here.ask("Two more")
            answered = [
                QueueAsked(entry_id=f"old-{n}", competitor_id=f"old-{n}", name="x") for n in range(2_958)
            ]
            await here.replica.append(*answered)
            for start in range(0, 2_958, 500):
                marks = [
                    QueueMarked(entry_id=one.entry_id, state="refused")
                    for one in answered[start : start + 500]
                ]
                await here.replica.append(*marks)
            programme = here.fold.race.programme
            await here.replica.append(QueueMarked(entry_id=programme.asked()[0].entry_id, state="refused"))
            assert programme.asks_count() == EVENT_ASKS_MAX_COUNT
            assert await here.refuses("The last") == "list-full"  # of the whole event

    asyncio.run(story())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "bad-name"),
        ("\u202e\u200b", "bad-name"),
        ("F.U.C.K", "refused-name"),
        ("sh1t happens", "refused-name"),
        ("Árschlochkind", "refused-name"),
        ("Dick Van Dyke", None),
        ("Scunthorpe", None),
        ("Ana Shitake", None),
        ("<script>alert(1)</script>", None),
        ("李小龍", None),
    ],
)
def test_names_are_cleaned_and_rude_ones_refused(tmp_path: Path, name: str, code: str | None) -> None:
    async def story() -> None:
        async with venue(tmp_path, rules()) as here:
            if code is None:
                assert (await here.ask(name)).state == "asked"
            else:
                assert await here.refuses(name) == code
            assert await here.refuses("Ben", race_class="no such") == "unknown-class"

    asyncio.run(story())


def test_the_organisers_own_words_take_the_place_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# not here\nturtle\nwin*\n", encoding="utf-8")
    words = RefusedWords.load(path)
    assert [words.has_one(one) for one in ("Turtle!", "turtles", "Darwin", "shit")] == [
        True,
        False,
        True,
        False,
    ]
    with pytest.raises(ConfigRefused, match="refused words cannot be read"):
        RefusedWords.load(tmp_path / "none.txt")


def test_a_refused_name_is_erased_like_any_other(tmp_path: Path) -> None:
    async def story() -> None:
        async with venue(tmp_path, rules()) as here:
            await here.ask("Ben Secret")
            (asked,) = here.fold.race.programme.asked()
            erasing = bodies_that_erase(here.fold, asked.competitor_id, "asked for it")
            assert isinstance(erasing[0], PersonErased)
            assert erasing[0].records
            await here.replica.append(*erasing)
            assert here.fold.race.programme.asked() == []
        assert b"Ben Secret" not in (tmp_path / "central.db").read_bytes()

    asyncio.run(story())


def test_asks_beyond_the_box_are_told_to_come_back_and_a_relay_without_an_admin_too(tmp_path: Path) -> None:
    async def story() -> None:
        box = JoinBox()
        ask = JoinAsk(entry_id="0" * 32, code="", name="x")
        waiting = [asyncio.ensure_future(box.ask(ask)) for _ in range(LETTERS_MAX_COUNT)]
        await asyncio.sleep(0)
        with pytest.raises(CallRefused) as refused:
            await box.ask(ask)
        assert (refused.value.code, refused.value.status) == ("busy", 503)
        for _ in waiting:
            letter = await box.next_letter(0.1)
            assert letter is not None
            letter.answer(JoinAnswer(state="asked"))
        assert {(await one).state for one in waiting} == {"asked"}
        with bound_unix(tmp_path / "ingest.sock") as listener:
            async with serve_bound_unix(relayed_app(box), listener):
                box.linked = True
                relay = JoinRelay(tmp_path / "ingest.sock", ScriptedClock())
                assert await relay.is_linked()
                for outcome in (JoinAnswer(state="asked"), CallRefused("no-link", "Cut.", status=409)):
                    asking = asyncio.ensure_future(relay.ask(ask))
                    letter = await box.next_letter(5)
                    assert letter is not None
                    assert letter.ask == ask
                    letter.outcome = outcome
                    letter.answered.set()
                    if isinstance(outcome, JoinAnswer):
                        assert await asking == outcome
                    else:
                        with pytest.raises(CallRefused, match="Cut") as refused:
                            await asking
                        assert (refused.value.code, refused.value.status) == ("no-link", 409)
        relay = JoinRelay(tmp_path / "none.sock", ScriptedClock())
        assert not await relay.is_linked()
        with pytest.raises(CallRefused, match="no time"):
            await relay.ask(ask)

    asyncio.run(story())
