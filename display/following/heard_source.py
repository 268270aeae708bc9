"""A source as the display hears it: bounded in patience, and proven before it is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from display.following.source_choice import Candidate, Rank
from display.following.trouble import Trouble
from pitboard.errors import LossCode, PeerLost, SourceLost
from pitboard.journal.folding.roster import Roster
from sync.exchanging.exchange import EventSeen, Peer, SyncRequest, SyncResponse, UnitPlace, check_event
from sync.exchanging.freshness import Answerer, FreshPeer

PATIENCE_S = 1.3
"""How much longer than it was told to wait a source may take."""
CENTRAL_PATIENCE_S = 3.0  # it may be far away
BROKER_PATIENCE_S = 6.0  # and its beats come once per second
PROOFS_MAX_COUNT = 3
"""Answers after which a source that proves nothing is left: an early one may bring the roster it is in."""
_DOUBTS = {
    Answerer.UNPROVEN: LossCode.UNPROVEN,
    Answerer.STRANGER: LossCode.STRANGER,
    Answerer.REVOKED: LossCode.REVOKED,
}


_PATIENCE_S = {Rank.UNIT: PATIENCE_S, Rank.CENTRAL: CENTRAL_PATIENCE_S, Rank.BROKER: BROKER_PATIENCE_S}


class ClosablePeer(Peer, Protocol):
    def close(self) -> None: ...


class HeardSource:
    """One candidate, connected. Its first failure raises SourceLost, and ends the following of it.

    Without a `roster` it is believed as it is: central, which is known by its certificate.
    """

    def __init__(self, peer: ClosablePeer, candidate: Candidate, roster: Callable[[], Roster] | None) -> None:
        self.name = candidate.name
        self.candidate = candidate
        self.is_proven = roster is None  # as of the last answer
        self.proven_have: Mapping[str, int] = {}
        self.key = candidate.key
        self.units: Sequence[UnitPlace] = ()  # others that it told of in its last proven answer
        self.utc_ms = 0  # its wall clock in the last proven answer, 0 where it did not say
        self._peer = peer
        self._unproven: list[Answerer] = []
        self._asked: Peer = (
            peer if roster is None else FreshPeer(peer, roster=roster, on_answerer=self._take_answerer)
        )
        self.is_of_now = False  # whether somebody vouched with the last answer that there is no more
        self._patience_s = _PATIENCE_S[candidate.rank]

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the source's answer; raises SourceLost when it fails, is silent or proves nothing."""
        try:
            async with asyncio.timeout(request.wait_ms / 1_000 + self._patience_s):
                response = await self._asked.sync(request)
        except TimeoutError as error:
            raise self._lost(LossCode.NO_ANSWER) from error
        except PeerLost as error:
            raise SourceLost(Trouble.of(error, who=self.name)) from error
        self.is_of_now = response.is_of_now
        if self.is_proven:
            self.proven_have, self.utc_ms, self.units = response.have, response.utc_ms, response.units
            if response.proof is not None:
                self.key = response.proof.key
        elif len(self._unproven) >= PROOFS_MAX_COUNT:
            raise self._lost(_DOUBTS[self._unproven[-1]])
        return response

    async def introduce(
        self, target: Peer, have: Callable[[], Mapping[str, int]], event: EventSeen | None
    ) -> None:
        """Return once the source has proved itself; raises SourceLost where it does not.

        A key that nobody enrolled may be new: what its node has is taken, as from anybody, and it is asked
        again. A broker has something that we lack, or lets us hear central now: else it is left.
        """
        if self.candidate.rank == Rank.BROKER:
            await self._hand_over(await self.sync(SyncRequest(have=dict(have()))), target)
            return
        self._check(await self.sync(SyncRequest()), event)
        while not self.is_proven:
            if self._unproven[-1] != Answerer.STRANGER:
                raise self._lost(_DOUBTS[self._unproven[-1]])
            news = await self.sync(SyncRequest(have=dict(have())))
            self._check(news, event)
            await self._hand_over(news, target)

    async def _hand_over(self, news: SyncResponse, target: Peer) -> None:
        try:
            if news.records:
                await target.sync(SyncRequest(records=list(news.records)))
        except PeerLost as error:
            raise SourceLost(Trouble.of(error, who=self.name)) from error

    def close(self) -> None:
        self._peer.close()

    def _check(self, response: SyncResponse, event: EventSeen | None) -> None:
        try:
            check_event(self.name, response.event, event)
        except PeerLost as error:
            raise SourceLost(Trouble.of(error, who=self.name)) from error

    def _take_answerer(self, answerer: Answerer) -> None:
        self.is_proven = answerer == Answerer.PROVEN
        if self.is_proven:
            self._unproven.clear()
        else:
            self._unproven.append(answerer)

    def _lost(self, code: LossCode) -> SourceLost:
        return SourceLost(Trouble(code=code, who=self.name))
