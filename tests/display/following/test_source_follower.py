"""A display moves from source to source; every pause is jumped over."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from display.following.badge import LIVE_MAX_NS, Contact
from display.following.source_choice import Candidate, Claim, Rank
from display.following.source_follower import PROBE_EVERY_S, SourceFollower
from display.following.trouble import Trouble
from pitboard.clock import ScriptedClock
from pitboard.errors import LossCode, PeerLost
from sync.exchanging.exchange import SyncRequest, SyncResponse
from tests.display.jumping_loop import run_jumping

A = Candidate(url="http://a", name="Track A", claim=Claim.NAMED)
B = Candidate(url="http://b", name="Track B", claim=Claim.NAMED)
CENTRAL = Candidate(url="http://central", name="central", rank=Rank.CENTRAL)
SECOND_NS = 1_000_000_000


@dataclass
class ScriptedSource:
    """Answers each long poll after its wait, unless it is down or silent."""

    name: str
    code: LossCode | None = None  # why it is down; None while it is up
    is_silent: bool = False
    have: dict[str, int] = field(default_factory=dict)
    fails_after_s: Callable[[], float] = lambda: 0.0

    async def sync(self, request: SyncRequest) -> SyncResponse:
        if self.is_silent:
            await asyncio.sleep(3_600)
        if self.code is not None:
            await asyncio.sleep(self.fails_after_s())
            raise PeerLost(peer=self.name, code=self.code, reason="in whatever words")
        await asyncio.sleep(request.wait_ms / 1_000)
        if self.is_silent:
            await asyncio.sleep(3_600)
        return SyncResponse(have=self.have, records=[])

    def close(self) -> None:
        """Nothing is held."""


class Venue:
    """A display among scripted sources, with what it holds itself."""

    def __init__(self, *candidates: Candidate, clock: ScriptedClock | None = None) -> None:
        self.clock = clock or ScriptedClock()
        self.candidates = list(candidates)
        self.sources = {one.url: ScriptedSource(one.name) for one in (A, B, CENTRAL)}
        self.held: dict[str, int] = {}
        self.changes = 0

    async def sync(self, request: SyncRequest) -> SyncResponse:
        return SyncResponse(have=self.held, records=[])

    name = "this display"

    def follower(self, contact: Contact | None = None) -> SourceFollower:
        return SourceFollower(
            self,
            self.clock,
            have=lambda: self.held,
            candidates=lambda: self.candidates,
            connect=lambda candidate: self.sources[candidate.url],
            on_change=self._count,
            contact=contact,
        )

    def _count(self) -> None:
        self.changes += 1

    def tell(self, story: Callable[[SourceFollower], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            follower = self.follower()
            task = asyncio.create_task(follower.run())
            await story(follower)
            assert not task.done()
            task.cancel()
            await asyncio.wait({task})

        run_jumping(self.clock, run())

    async def wait_until(self, holds: Callable[[], bool], *, within_s: float) -> None:
        deadline_ns = self.clock.mono_ns() + round(within_s * SECOND_NS)
        while not holds():
            assert self.clock.mono_ns() < deadline_ns
            await asyncio.sleep(0.05)


def test_a_source_that_breaks_is_left_for_another_at_once() -> None:
    venue = Venue(A, B)

    async def story(follower: SourceFollower) -> None:
        await venue.wait_until(lambda: follower.source == A, within_s=0.1)
        venue.sources[A.url].code = LossCode.NOTHING_LISTENS
        await venue.wait_until(lambda: follower.source == B, within_s=3)
        assert follower.trouble is None

    venue.tell(story)


def test_a_source_that_falls_silent_is_left_before_its_board_looks_old_for_long() -> None:
    venue = Venue(A, B)

    async def story(follower: SourceFollower) -> None:
        await venue.wait_until(lambda: follower.source == A, within_s=0.1)
        venue.sources[A.url].is_silent = True
        await venue.wait_until(lambda: follower.source == B, within_s=3)

    venue.tell(story)


def test_when_all_are_gone_the_first_reason_stays_and_the_return_is_noticed_within_seconds() -> None:
    venue = Venue(A, B)

    async def story(follower: SourceFollower) -> None:
        await venue.wait_until(lambda: follower.source == A, within_s=0.1)
        for source in venue.sources.values():
            source.code = LossCode.NOTHING_LISTENS
        await asyncio.sleep(60)
        assert follower.source is None
        assert follower.trouble == Trouble(code=LossCode.NOTHING_LISTENS, who="Track A")
        assert follower.trouble.sentence == "Track A does not answer"
        assert follower.contact is not None
        assert venue.clock.mono_ns() - follower.contact.mono_ns > 55 * SECOND_NS
        venue.sources[B.url].code = None
        await venue.wait_until(lambda: follower.source == B, within_s=4.1)
        assert venue.clock.mono_ns() - follower.contact.mono_ns < LIVE_MAX_NS

    venue.tell(story)


class SlowMachinesClock(ScriptedClock):
    """Some time is over from one look at it to the next, as where others have the processor."""

    def mono_ns(self) -> int:
        self.advance(ns=20_000_000)
        return super().mono_ns()


def test_a_rest_that_ends_between_two_looks_at_the_clock_is_not_slept_through() -> None:
    """A display beside a unit that booted anew asked nobody any more, for good: seen in a virtual machine."""
    venue = Venue(A, CENTRAL, clock=SlowMachinesClock())

    async def story(follower: SourceFollower) -> None:
        await venue.wait_until(lambda: follower.source == A, within_s=1)
        waits = random.Random(1)
        for source in venue.sources.values():
            source.fails_after_s = lambda: waits.uniform(0, 2)
        for _ in range(20):
            for source in venue.sources.values():
                source.code = LossCode.NOTHING_LISTENS
            await asyncio.sleep(60)
            venue.sources[A.url].code = None
            await venue.wait_until(lambda: follower.source == A, within_s=5)

    venue.tell(story)


def test_whoever_is_alone_is_tried_for_ever_whenever_its_place_is_told_again() -> None:
    """A turn of the follower may begin just before a rest ends, and look for the next one just after."""
    venue = Venue(A, clock=SlowMachinesClock())
    tries_count = 0

    def count() -> float:
        nonlocal tries_count
        tries_count += 1
        return 0.0

    async def story(follower: SourceFollower) -> None:
        venue.sources[A.url].code, venue.sources[A.url].fails_after_s = LossCode.NOTHING_LISTENS, count
        waits = random.Random(2)
        for _ in range(300):
            await asyncio.sleep(waits.uniform(0, 2))
            follower.candidates_changed()
            former = tries_count
            await asyncio.sleep(3)
            assert tries_count > former

    venue.tell(story)


def test_no_network_is_called_by_its_name() -> None:
    venue = Venue(A, B)

    async def story(follower: SourceFollower) -> None:
        for source in venue.sources.values():
            source.code = LossCode.NO_NETWORK
        await asyncio.sleep(10)
        assert follower.trouble is not None
        assert follower.trouble.code == LossCode.NO_NETWORK

    venue.tell(story)


def test_central_serves_until_a_unit_answers_again() -> None:
    venue = Venue(A, CENTRAL)
    venue.sources[A.url].code = LossCode.NOTHING_LISTENS

    async def story(follower: SourceFollower) -> None:
        await venue.wait_until(lambda: follower.source == CENTRAL, within_s=0.1)
        await asyncio.sleep(30)
        assert follower.source == CENTRAL
        assert follower.contact is not None
        assert venue.clock.mono_ns() - follower.contact.mono_ns < LIVE_MAX_NS
        venue.sources[A.url].code = None
        await venue.wait_until(lambda: follower.source == A, within_s=4.1)

    venue.tell(story)


def test_a_source_that_says_nothing_new_is_left_for_one_that_has_more() -> None:
    venue = Venue(A, B)

    async def story(follower: SourceFollower) -> None:
        await venue.wait_until(lambda: follower.source == A, within_s=0.1)
        venue.sources[B.url].have = {"stream of B": 7}
        await venue.wait_until(lambda: follower.source == B, within_s=8)

    venue.tell(story)


def test_units_that_appear_later_are_followed_at_once() -> None:
    venue = Venue()

    async def story(follower: SourceFollower) -> None:
        await asyncio.sleep(0)
        assert follower.source is None
        assert follower.trouble is None
        venue.candidates.append(A)
        follower.candidates_changed()
        await venue.wait_until(lambda: follower.source == A, within_s=0.1)

    venue.tell(story)


def test_a_live_source_does_not_wake_the_screen_at_each_answer() -> None:
    venue = Venue(A)

    async def story(follower: SourceFollower) -> None:
        await venue.wait_until(lambda: follower.source == A, within_s=0.1)
        changes = venue.changes
        await asyncio.sleep(60)
        assert venue.changes == changes

    venue.tell(story)


def test_a_second_unit_that_comes_while_one_is_followed_is_asked_as_soon_as_it_is_known() -> None:
    """While nobody else is there nobody is looked for: the word that somebody came must be heard."""
    venue = Venue(A)
    venue.sources[B.url].have = {"stream of B": 7}

    async def story(follower: SourceFollower) -> None:
        await venue.wait_until(lambda: follower.source == A, within_s=0.1)
        await asyncio.sleep(1)
        venue.candidates.append(B)
        follower.candidates_changed()
        await venue.wait_until(lambda: follower.source == B, within_s=2 * PROBE_EVERY_S + 0.2)

    venue.tell(story)
