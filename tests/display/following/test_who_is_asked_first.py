"""Whoever shouts first or longest is not served first: who proved itself is, then who is known, then any."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from display.following.heard_source import HeardSource
from display.following.source_choice import Candidate, Claim, Rank
from display.following.source_follower import (
    CENTRAL_AFTER_NS,
    STRANGERS_TRIED_AT_ONCE,
    TRIES_AT_ONCE,
    SourceFollower,
)
from pitboard.clock import ScriptedClock
from pitboard.errors import LossCode, PeerLost
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import Record, WireRecord, from_wire, to_wire
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import EventSeen, SyncRequest, SyncResponse, UnitPlace
from sync.exchanging.freshness import prove
from tests.display.jumping_loop import run_jumping
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, Teller, central_enrols

SECOND_NS = 1_000_000_000
RECORDS = central_enrols(UNIT_A, UNIT_B).records
OURS = EventSeen(key=ROOT.key, name="Summer Cup")
CENTRAL = Candidate(url="https://central", name="central", rank=Rank.CENTRAL)


def candidate(url: str, claim: Claim = Claim.NONE) -> Candidate:
    return Candidate(url=url, name=f"box {url}", claim=claim)


A = candidate("https://a")
SILENT = [candidate(f"https://silent{number:02}") for number in range(60)]


@dataclass
class Box:
    """A node on the wire: what it has, who signs for it, how it behaves."""

    signer: Identity | None = None
    records: Sequence[Record] = ()
    is_silent: bool = False
    is_at_once: bool = False
    one_each_s: float | None = None
    code: LossCode | None = None
    event: EventSeen = OURS
    asked: int = 0
    given: list[WireRecord] = field(default_factory=list)
    open_count: int = 0
    open_max_count: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    units: Sequence[UnitPlace] = ()

    async def sync(self, request: SyncRequest) -> SyncResponse:
        self.asked += 1
        if self.is_silent:
            await asyncio.sleep(3_600)
        if self.code is not None:
            raise PeerLost(peer="box", code=self.code)
        self.given += request.records
        have = {record.stream: record.seq for record in self.records}
        lacking = [
            r for r in self.records if request.have is not None and r.seq > request.have.get(r.stream, 0)
        ]
        if lacking and self.one_each_s is not None:
            await asyncio.sleep(self.one_each_s)
            lacking = lacking[:1]
        if not lacking and not self.is_at_once:
            await asyncio.sleep(request.wait_ms / 1_000)
        answer = SyncResponse(have=have, records=[to_wire(r) for r in lacking], event=self.event)
        answer = msgspec.structs.replace(answer, units=self.units)
        if self.signer is None or request.nonce is None:
            return answer
        return msgspec.structs.replace(answer, proof=prove(self.signer, request.nonce, have))


class Connection:
    def __init__(self, box: Box) -> None:
        self.name = "box"
        self._box = box
        box.open_count += 1
        box.open_max_count = max(box.open_max_count, box.open_count)

    async def sync(self, request: SyncRequest) -> SyncResponse:
        return await self._box.sync(request)

    def close(self) -> None:
        self._box.open_count -= 1


class Hall:
    """A display on a scripted clock among boxes, with a replica that is a fold."""

    name = "this display"

    def __init__(self, boxes: dict[str, Box], *, knows_roster: bool = True) -> None:
        self.clock = ScriptedClock()
        self.boxes = boxes
        self.candidates: list[Candidate] = []
        self.fold = Fold(ROOT.key)
        self.held: dict[str, int] = {}
        self.takes_records = True
        self.only_here: list[Record] = []
        self.proven: list[tuple[str, str]] = []
        if knows_roster:
            self._take(RECORDS)

    def _take(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.seq == self.held.get(record.stream, 0) + 1:
                self.fold.add(record)
                self.held[record.stream] = record.seq

    async def sync(self, request: SyncRequest) -> SyncResponse:
        if self.takes_records:
            self._take([from_wire(wire) for wire in request.records])
        have = request.have
        news = [] if have is None else [r for r in self.only_here if r.seq > have.get(r.stream, 0)]
        return SyncResponse(have=dict(self.held), records=[to_wire(r) for r in news], event=OURS)

    def tell(
        self,
        story: Callable[[SourceFollower], Coroutine[Any, Any, None]],
        *,
        proven_before: Sequence[str] = (),
    ) -> None:
        def remember(source: HeardSource) -> None:
            self.proven.append((source.candidate.url, source.key))

        async def run() -> None:
            follower = SourceFollower(
                self,
                self.clock,
                have=lambda: self.held,
                candidates=lambda: [*self.candidates, *follower.told_units()],
                connect=lambda one: Connection(self.boxes[one.url]),
                on_change=lambda: None,
                roster=lambda: self.fold.roster,
                proven_before=proven_before,
                on_proven=remember,
            )
            task = asyncio.create_task(follower.run())
            await story(follower)
            assert not task.done()
            task.cancel()
            await asyncio.wait({task})

        run_jumping(self.clock, run())
        assert all(box.open_count == 0 for box in self.boxes.values()), "every connection was closed"

    async def followed(self, follower: SourceFollower, url: str, *, within_s: float) -> None:
        deadline_ns = self.clock.mono_ns() + round(within_s * SECOND_NS)
        while follower.source is None or follower.source.url != url:
            assert self.clock.mono_ns() < deadline_ns, follower.trouble
            await asyncio.sleep(0.01)


def silent_boxes() -> dict[str, Box]:
    return {one.url: Box(is_silent=True) for one in SILENT}


def test_sixty_silent_adverts_do_not_hold_a_unit_off_that_proved_itself_once() -> None:
    unit = Box(signer=UNIT_A, records=RECORDS)
    hall = Hall({**silent_boxes(), A.url: unit})
    hall.candidates = [*SILENT, A]

    async def story(follower: SourceFollower) -> None:
        unit.code = LossCode.NOTHING_LISTENS  # killed, and back after two seconds
        await asyncio.sleep(2)
        unit.code = None
        await hall.followed(follower, A.url, within_s=2.1)
        unit.code = LossCode.BROKEN
        await asyncio.sleep(2)
        unit.code = None
        await hall.followed(follower, A.url, within_s=2.1)

    hall.tell(story, proven_before=[A.url])


def test_sixty_silent_adverts_do_not_hold_a_unit_off_whose_advert_is_signed() -> None:
    signed = candidate(A.url, Claim.SIGNED)
    hall = Hall({**silent_boxes(), A.url: Box(signer=UNIT_A, records=RECORDS)})
    hall.candidates = [*SILENT, signed]
    hall.tell(lambda follower: hall.followed(follower, A.url, within_s=0.1))


def test_central_gets_its_turn_after_four_seconds_whatever_is_announced() -> None:
    hall = Hall({**silent_boxes(), CENTRAL.url: Box(records=RECORDS)})
    hall.candidates = [*SILENT, CENTRAL]
    hall.tell(lambda follower: hall.followed(follower, CENTRAL.url, within_s=4.1))


def test_two_units_without_power_hide_central_for_four_seconds_at_most() -> None:
    dead = [candidate("https://x", Claim.NAMED), candidate("https://y", Claim.NAMED)]
    hall = Hall({one.url: Box(is_silent=True) for one in dead} | {CENTRAL.url: Box(records=RECORDS)})
    hall.candidates = [*dead, CENTRAL]

    async def story(follower: SourceFollower) -> None:
        await hall.followed(follower, CENTRAL.url, within_s=CENTRAL_AFTER_NS / SECOND_NS + 0.1)
        await asyncio.sleep(120)
        assert follower.source == CENTRAL
        assert follower.contact is not None
        assert hall.clock.mono_ns() - follower.contact.mono_ns < 2 * SECOND_NS

    hall.tell(story, proven_before=[one.url for one in dead])


def test_no_more_than_a_few_are_tried_at_once_and_a_true_unit_behind_them_is_found_without_any_memory() -> (
    None
):
    boxes = silent_boxes()
    hall = Hall({**boxes, A.url: Box(signer=UNIT_A, records=RECORDS)})
    hall.candidates = [*SILENT, A]

    async def story(follower: SourceFollower) -> None:
        await asyncio.sleep(1)
        assert sum(box.open_count for box in boxes.values()) <= TRIES_AT_ONCE
        await hall.followed(follower, A.url, within_s=1.4 * 60 / TRIES_AT_ONCE)

    hall.tell(story)


def test_while_a_unit_is_known_two_strangers_are_tried_at_once() -> None:
    boxes, known = silent_boxes(), candidate("https://known", Claim.SIGNED)
    hall = Hall({**boxes, known.url: Box(code=LossCode.NOTHING_LISTENS)})
    hall.candidates = [*SILENT, known]

    async def story(follower: SourceFollower) -> None:
        await asyncio.sleep(0.5)
        assert sum(box.open_count for box in boxes.values()) == STRANGERS_TRIED_AT_ONCE == 2
        hall.candidates.remove(known)
        follower.candidates_changed()
        await asyncio.sleep(0.5)
        assert sum(box.open_count for box in boxes.values()) == TRIES_AT_ONCE == 4

    hall.tell(story)


def test_who_signs_nothing_or_as_a_stranger_is_left_and_asked_less_and_less() -> None:
    nothing, stranger = Box(is_at_once=True), Box(signer=STRANGER, is_at_once=True)
    hall = Hall({"https://n": nothing, "https://s": stranger, A.url: Box(signer=UNIT_A, records=RECORDS)})
    hall.candidates = [candidate("https://n"), candidate("https://s")]

    async def story(follower: SourceFollower) -> None:
        await asyncio.sleep(60)
        assert follower.trouble is not None
        assert follower.trouble.code in (LossCode.UNPROVEN, LossCode.STRANGER)
        assert nothing.asked < 12
        assert stranger.asked < 40
        hall.candidates.append(A)
        follower.candidates_changed()
        await hall.followed(follower, A.url, within_s=0.1)

    hall.tell(story)


def test_units_tell_a_display_of_one_another_where_no_mdns_comes_through() -> None:
    other = Box(signer=UNIT_B, records=RECORDS)
    told = [
        UnitPlace(url="https://b", name="Track B", key=UNIT_B.key),
        UnitPlace(url="https://s", name="Loud", key=STRANGER.key),
        UnitPlace(url="https://a", name="itself", key=UNIT_A.key),
    ]
    hall = Hall({A.url: Box(signer=UNIT_A, records=RECORDS, units=told), "https://b": other})
    hall.candidates = [A]  # the one that somebody wrote into the config

    async def story(follower: SourceFollower) -> None:
        await hall.followed(follower, A.url, within_s=1)
        assert [(one.url, one.name) for one in follower.told_units()] == [("https://b", "Track B")]
        await asyncio.sleep(5)
        assert other.asked  # looked at beside the one that is followed, and remembered for a later start
        assert ("https://b", UNIT_B.key) in hall.proven
        hall.boxes[A.url].code = LossCode.NO_ANSWER
        await hall.followed(follower, "https://b", within_s=3)

    hall.tell(story)


def test_a_stranger_tells_a_display_of_nobody() -> None:
    told = [UnitPlace(url="https://b", name="Track B", key=UNIT_B.key)]
    hall = Hall({"https://s": Box(signer=STRANGER, records=RECORDS, units=told, is_at_once=True)})
    hall.candidates = [candidate("https://s")]

    async def story(follower: SourceFollower) -> None:
        await asyncio.sleep(20)
        assert follower.told_units() == []

    hall.tell(story)


def test_a_new_display_learns_the_roster_from_the_unit_that_it_is_to_believe() -> None:
    hall = Hall({A.url: Box(signer=UNIT_A, records=RECORDS)}, knows_roster=False)
    hall.candidates = [A]

    async def story(follower: SourceFollower) -> None:
        await hall.followed(follower, A.url, within_s=1)
        assert hall.proven == [(A.url, UNIT_A.key)]

    hall.tell(story)


def test_a_stranger_with_much_more_takes_no_display_off_its_unit() -> None:
    shouting = Box(signer=STRANGER, records=Teller(STRANGER, "Loud").records)
    hall = Hall({A.url: Box(signer=UNIT_A, records=RECORDS), "https://s": shouting})
    hall.candidates = [A]

    async def story(follower: SourceFollower) -> None:
        await hall.followed(follower, A.url, within_s=0.1)
        hall.candidates = [candidate("https://s"), A]
        for _ in range(600):
            await asyncio.sleep(0.1)
            assert follower.source == A

    hall.tell(story)


def test_live_is_said_only_once_everything_has_come() -> None:
    talker = Teller(UNIT_A, "Track A")
    talker.say(CompetitorRegistered(competitor_id="c1", name="Anna"))
    hall = Hall({A.url: Box(signer=UNIT_A, records=[*RECORDS, *talker.records])})
    hall.candidates = [A]
    hall.boxes[A.url].one_each_s = 0.9

    async def story(follower: SourceFollower) -> None:
        await hall.followed(follower, A.url, within_s=0.1)
        assert (follower.contact, follower.lacks_count) == (None, 2)
        await asyncio.sleep(1)
        assert (follower.contact, follower.lacks_count) == (None, 1)
        await asyncio.sleep(1)
        assert follower.contact is not None
        assert follower.lacks_count == 0

    hall.tell(story)


def test_what_another_unit_proved_to_have_is_not_forgotten_when_it_is_gone() -> None:
    talker = Teller(UNIT_A, "Track A")
    talker.say(CompetitorRegistered(competitor_id="c1", name="Anna"))
    unit = Box(signer=UNIT_A, records=[*RECORDS, *talker.records])
    hall = Hall({A.url: unit, CENTRAL.url: Box(records=RECORDS)})
    hall.candidates = [A, CENTRAL]
    hall.takes_records = False

    async def story(follower: SourceFollower) -> None:
        await hall.followed(follower, A.url, within_s=0.1)
        unit.is_silent = True
        await hall.followed(follower, CENTRAL.url, within_s=7)
        assert follower.lacks_count == 0
        assert follower.missing_count == 2

    hall.tell(story)


def test_what_only_the_display_still_has_finds_its_way_back_to_a_unit() -> None:
    lost = Teller(UNIT_B, "Track B")
    lost.say(CompetitorRegistered(competitor_id="c1", name="Anna"))
    unit = Box(signer=UNIT_A, records=RECORDS)
    hall = Hall({A.url: unit})
    hall.candidates = [A]
    hall._take(lost.records)
    hall.only_here = lost.records

    async def story(follower: SourceFollower) -> None:
        await hall.followed(follower, A.url, within_s=0.1)
        await asyncio.sleep(3.2)
        assert [from_wire(wire) for wire in unit.given] == lost.records
        unit.given.clear()
        await asyncio.sleep(600)
        assert 2 * len(lost.records) <= len(unit.given) <= 10 * len(lost.records), "not taken: offered seldom"
        unit.given.clear()
        unit.records = [*RECORDS, *lost.records]
        await asyncio.sleep(600)
        assert unit.given == []

    hall.tell(story)


def test_a_unit_of_another_event_is_named() -> None:
    other = EventSeen(key=STRANGER.key, name="Winter Cup")
    hall = Hall({A.url: Box(signer=UNIT_A, records=RECORDS, event=other)})
    hall.candidates = [A]

    async def story(follower: SourceFollower) -> None:
        await asyncio.sleep(1)
        assert follower.trouble is not None
        assert follower.trouble.sentence == f"{A.name} belongs to another event, Winter Cup"

    hall.tell(story)
