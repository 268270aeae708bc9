"""The exchange as an HTTP call, `POST /v1/sync`, for any node that serves it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec
from aiohttp import web

from pitboard.clock import Clock
from pitboard.doors.caller import HELD_BODY_MAX_BYTES, Caller, busy, take_body, the_caller
from pitboard.doors.door_proof import Doorkeeper
from pitboard.doors.fair_room import FairRoom
from pitboard.doors.http_api import json_response
from pitboard.journal.records.record import WireRecord
from pitboard.journal.replica import Replica
from pitboard.journal.taking_in import BAD_MAX_COUNT
from pitboard.trust.identity import Identity
from sync.exchanging.clock_reading import read_clock
from sync.exchanging.exchange import (
    UNITS_TOLD_MAX_COUNT,
    SyncRequest,
    SyncResponse,
    UnitPlace,
    accept_wire,
    answer,
)
from sync.exchanging.freshness import prove

WAITING_MAX_COUNT = 128
"""Calls of strangers that wait for news; another one ends the longest wait of who holds most. The proven
have as many places of their own."""
DELIVERIES_MAX_COUNT = 16
"""Of strangers, that wait for their records to be checked."""
UNIT_DELIVERIES_MAX_COUNT = 4
"""Of one unit, of more than a few bytes, that come in or wait for each other."""
SLICE_MAX_COUNT = 32
"""Of a stranger's records checked at a time: whoever proved itself waits no longer than that."""

_decoder = msgspec.json.Decoder(SyncRequest)


def doorkeeper_of(replica: Replica, clock: Clock, *, fingerprint: str | None) -> Doorkeeper:
    """Return who knows the event's nodes at a door that shows this certificate."""
    return Doorkeeper(
        fingerprint=fingerprint,
        knows=lambda key: replica.fold.roster.admits(key),
        now_mono_ns=clock.mono_ns,
    )


class ExchangeApi:
    """Serves one replica; a caller beyond the bound is told when to come back.

    With an `identity` its answers prove that they are made now.
    """

    def __init__(self, replica: Replica, identity: Identity | None = None) -> None:
        self.others: Callable[[], Sequence[UnitPlace]] = tuple
        """Which other units are told to who asks for a proof."""
        self._replica = replica
        self._identity = identity
        self._strange_waits = FairRoom(WAITING_MAX_COUNT)
        self._proven_waits = FairRoom(WAITING_MAX_COUNT)
        self._checking = asyncio.Lock()
        self._deliveries = 0
        self._turns: dict[str, asyncio.Lock] = {}  # of the units of the event
        self._delivering_of: Counter[str] = Counter()

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/sync", self._sync)

    async def _sync(self, http_request: web.Request) -> web.Response:
        caller = the_caller()
        received_mono_ns = self._replica.clock.mono_ns()
        with self._delivering(caller, http_request.content_length):
            request = _decoder.decode(await take_body(http_request))
            if request.records:
                await self._take(caller, request.records)
                request = msgspec.structs.replace(request, records=[])
        if request.have is not None:
            # What we never heard of cannot change the answer, and would be held for the whole wait.
            known = {
                stream: request.have[stream] for stream in self._replica.have() if stream in request.have
            }
            request = msgspec.structs.replace(request, have=known)
        response = await self._answer(caller, request)
        if request.nonce is not None and self._identity is not None:
            proof = prove(self._identity, request.nonce, response.have)
            told = tuple(self.others())[:UNITS_TOLD_MAX_COUNT]
            response = msgspec.structs.replace(response, proof=proof, units=told)
            if request.clock and not request.wait_ms:
                reading = read_clock(
                    self._identity, self._replica.clock, request.nonce, received_mono_ns=received_mono_ns
                )
                response = msgspec.structs.replace(response, clock=reading)
        return json_response(response)

    async def _take(self, caller: Caller, records: Sequence[WireRecord]) -> None:
        if caller.key is not None and self._replica.fold.roster.knows(caller.key):  # a display writes nothing
            await self._take_in_turn(caller.key, records)
            return
        caller.pay(len(records))
        if self._deliveries >= DELIVERIES_MAX_COUNT:
            raise busy()
        self._deliveries += 1
        try:
            async with self._checking:
                for start in range(0, len(records), SLICE_MAX_COUNT):
                    acceptance = await accept_wire(self._replica, records[start : start + SLICE_MAX_COUNT])
                    if acceptance.refused >= BAD_MAX_COUNT:
                        break
        finally:
            self._deliveries -= 1

    @contextlib.contextmanager
    def _delivering(self, caller: Caller, length: int | None) -> Iterator[None]:
        """Bound the large bodies of one unit before the first byte is read; raises CallRefused."""
        key = caller.key
        if key is None or (length is not None and length <= HELD_BODY_MAX_BYTES):
            yield
            return
        if self._delivering_of[key] >= UNIT_DELIVERIES_MAX_COUNT:
            raise busy()
        self._delivering_of[key] += 1
        try:
            yield
        finally:
            self._delivering_of[key] -= 1
            if not self._delivering_of[key]:
                del self._delivering_of[key]

    async def _take_in_turn(self, key: str, records: Sequence[WireRecord]) -> None:
        """Take a unit's records, one delivery at a time: another unit waits for one of them and no more."""
        turn = self._turns.setdefault(key, asyncio.Lock())
        async with turn:
            await accept_wire(self._replica, records)

    async def _answer(self, caller: Caller, request: SyncRequest) -> SyncResponse:
        """Answer, after a wait for news where one was asked for; it ends early where others need room."""
        if request.have is None or not request.wait_ms:
            return await answer(self._replica, request)
        room = self._proven_waits if caller.is_proven else self._strange_waits
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None) as patience:
                place = room.enter(caller.name, lambda: patience.reschedule(loop.time()))
                if place is None:
                    raise busy()
                try:
                    return await answer(self._replica, request, caller.let_others_see_first)
                finally:
                    room.leave(place)
        return await answer(self._replica, msgspec.structs.replace(request, wait_ms=0))
