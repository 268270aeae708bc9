"""Keep the replica fed from one source at a time, and move on as soon as it fails or falls silent.

While a source works, the others are asked every two seconds what they have; it is left for a better one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from display.following.badge import LIVE_MAX_NS, Contact
from display.following.source_choice import Candidate, Rank, SourceChoice
from pitboard.clock import Clock, happened
from pitboard.errors import Loss, PeerBusy, PeerLost
from pitboard.journal.roster import Roster
from sync.exchanging.exchange import Peer, SyncRequest, SyncResponse
from sync.exchanging.freshness import FreshPeer, Standing
from sync.exchanging.pump import Pump

log = logging.getLogger(__name__)

SILENCE_MAX_S = 3.5  # a long poll answers within 2 s
PROBE_EVERY_S = 2.0
BACK_OFF_MAX_S = 2.0
PROMISES_BEFORE_MOVE = 2
UNPROVEN_MAX_COUNT = 3
"""Answers after which a source that proves nothing is left: the first may bring the roster that proves it."""
_DOUBTS = {
    Standing.UNPROVEN: "cannot show that it belongs to this event",
    Standing.STRANGER: "is not enrolled",
    Standing.REVOKED: "is revoked",
}
NO_NETWORK = "no network"


class SourceLost(Loss):
    """The source being followed failed; `sentence` says so to people."""

    def __init__(self, *, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ClosablePeer(Peer, Protocol):
    def close(self) -> None: ...


class HeardPeer:
    """A peer whose proven answers are noted, and whose first failure ends the following of it.

    Without a `roster` it is believed as it is: central, which is known by its certificate.
    """

    def __init__(
        self, peer: Peer, name: str, on_answer: Callable[[], None], roster: Callable[[], Roster] | None = None
    ) -> None:
        self.name = name
        self._on_answer = on_answer
        self._unproven: list[Standing] = []
        self._is_judged = roster is not None
        self._peer = (
            peer if roster is None else FreshPeer(peer, roster=roster, on_standing=self._take_standing)
        )

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the peer's answer; raises SourceLost when it fails, is silent or proves nothing."""
        try:
            async with asyncio.timeout(SILENCE_MAX_S):
                response = await self._peer.sync(request)
        except TimeoutError as error:
            raise SourceLost(sentence=f"{self.name} does not answer") from error
        except PeerBusy as error:
            raise SourceLost(sentence=f"{self.name} is busy") from error
        except PeerLost as error:
            if error.reason == NO_NETWORK:
                raise SourceLost(sentence=NO_NETWORK) from error
            raise SourceLost(sentence=f"{self.name} does not answer") from error
        if not self._is_judged:
            self._on_answer()
        elif len(self._unproven) >= UNPROVEN_MAX_COUNT:
            raise SourceLost(sentence=f"{self.name} {_DOUBTS[self._unproven[-1]]}")
        return response

    def _take_standing(self, standing: Standing) -> None:
        if standing == Standing.PROVEN:
            self._unproven.clear()
            self._on_answer()
        else:
            self._unproven.append(standing)


class SourceFollower:
    """Carries records to `target`, which holds what `have` says; `on_change` tells of every change.

    `source` is whom it follows, `contact` the last answer, `trouble` why none comes.
    """

    def __init__(
        self,
        target: Peer,
        clock: Clock,
        *,
        have: Callable[[], Mapping[str, int]],
        candidates: Callable[[], Sequence[Candidate]],
        connect: Callable[[Candidate], ClosablePeer],
        on_change: Callable[[], None],
        contact: Contact | None = None,
        roster: Callable[[], Roster] | None = None,
    ) -> None:
        self.source: Candidate | None = None
        self.contact = contact
        self.trouble: str | None = None
        self.has_followed = False
        self._target = target
        self._have = have
        self._roster = roster
        self._clock = clock
        self._candidates = candidates
        self._connect = connect
        self._on_change = on_change
        self._choice = SourceChoice()
        self._recheck = asyncio.Event()

    def candidates_changed(self) -> None:
        """Look at the candidates again now."""
        self._recheck.set()

    async def run(self) -> None:
        """Follow whatever can be followed until cancelled."""
        better: Candidate | None = None
        while True:
            candidates = self._candidates()
            chosen = better or self._choice.choose(candidates, now_mono_ns=self._clock.mono_ns())
            if chosen is None:
                await self._rest(candidates)
                continue
            try:
                better = await self._follow(chosen)
            except SourceLost as error:
                better = None
                self._take_loss(chosen, error.sentence)

    async def _follow(self, candidate: Candidate) -> Candidate | None:
        """Follow until somebody better answers, and return them; raises SourceLost."""
        async with self._connected(candidate) as peer:
            roster = self._roster if candidate.rank == Rank.UNIT else None
            heard = HeardPeer(peer, candidate.name, lambda: self._take_answer(candidate), roster)
            await heard.sync(SyncRequest())  # answered at once, where a long poll may take its time
            pump = Pump(heard, self._target, back_off_max_s=BACK_OFF_MAX_S)
            carrying = asyncio.create_task(pump.run(), name=f"follow {candidate.name}")
            looking = asyncio.create_task(self._find_better(candidate), name="look for a better source")
            try:
                await asyncio.wait({carrying, looking}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (carrying, looking):
                    if not task.done():
                        task.cancel()
                await asyncio.wait({carrying, looking})
            if not carrying.cancelled():
                carrying.result()
            better = looking.result()
            log.info("moves to a better source: from=%s to=%s", candidate.name, better.name)
            return better

    async def _find_better(self, current: Candidate) -> Candidate:
        """Return a candidate to leave the current one for, once one answers."""
        promised: dict[str, int] = {}
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            for other in self._candidates():
                if other.url == current.url or other.rank > current.rank:
                    continue
                have = await self._ask(other)
                if have is None:
                    continue
                lacks_some = other.rank == current.rank and any(
                    head > self._have().get(stream, 0) for stream, head in have.items()
                )
                promised[other.url] = promised.get(other.url, 0) + 1 if lacks_some else 0
                if lacks_some and promised[other.url] < PROMISES_BEFORE_MOVE:
                    continue  # the current source may be about to bring it
                if self._choice.is_better(other, current, others_have=have, have=self._have()):
                    return other

    async def _ask(self, candidate: Candidate) -> Mapping[str, int] | None:
        """Return what the candidate has; None if it does not answer."""
        async with self._connected(candidate) as peer:
            try:
                async with asyncio.timeout(SILENCE_MAX_S):
                    return (await peer.sync(SyncRequest())).have
            except (PeerLost, TimeoutError):
                return None

    @contextlib.asynccontextmanager
    async def _connected(self, candidate: Candidate) -> AsyncIterator[ClosablePeer]:
        peer = self._connect(candidate)
        try:
            yield peer
        finally:
            peer.close()

    def _take_answer(self, candidate: Candidate) -> None:
        now_mono_ns, former = self._clock.mono_ns(), self.contact
        was_live = (
            self.source == candidate and former is not None and now_mono_ns - former.mono_ns < LIVE_MAX_NS
        )
        self._choice.take_success(candidate.url)
        self.contact = Contact(boot_id=self._clock.boot_id, mono_ns=now_mono_ns, utc_ms=self._clock.utc_ms())
        self.has_followed = True
        self.trouble = None
        if self.source != candidate:
            log.info("follows: source=%s url=%s", candidate.name, candidate.url)
            self.source = candidate
        if not was_live:  # what a live source brings wakes the screen by itself
            self._on_change()

    def _take_loss(self, candidate: Candidate, sentence: str) -> None:
        """Note the loss; the first one after an answer stays the reason, however many others fail then."""
        self._choice.take_failure(candidate.url, now_mono_ns=self._clock.mono_ns())
        if self.source is not None or self.trouble is None:
            log.warning("source lost: %s", sentence)
        if self.source is not None or self.trouble is None or NO_NETWORK in (sentence, self.trouble):
            self.trouble = sentence
        self.source = None
        self._on_change()

    async def _rest(self, candidates: Sequence[Candidate]) -> None:
        """Wait until a candidate may be tried again, or until there are others."""
        ready_mono_ns = self._choice.next_ready_mono_ns(candidates)
        pause_s = None
        if ready_mono_ns is not None:
            pause_s = max(0, ready_mono_ns - self._clock.mono_ns()) / 1_000_000_000
        self._recheck.clear()
        await happened(self._recheck, pause_s)
