"""Boxes on the venue's network that answer rubbish or never; every display hears of new ones all the time."""

from __future__ import annotations

import asyncio

from display.following.source_choice import Candidate
from pitboard.errors import LossCode, PeerLost
from pitboard.journal.records.record import WireRecord
from sync.exchanging.exchange import Proof, SyncRequest, SyncResponse
from sync.exchanging.freshness import prove
from venue.simulator.world.signature_memory import identity_named
from venue.simulator.world.world import World

PREFIX = "stranger-"
AT_ONCE = 24
RENEWED_EVERY_NS = 3_000_000_000
_KINDS = ("silent", "silent", "silent", "silent", "silent", "nothing", "foreign", "replays", "broken")
_RUBBISH = WireRecord(h='{"stream":"' + "e" * 32 + '"}', s="", b="")


def strangers_now(now_ns: int) -> list[Candidate]:
    """Return who is announced at this moment; nobody stays for long, so no failure counts."""
    wave = now_ns // RENEWED_EVERY_NS
    return [Candidate(url=f"{PREFIX}{wave}-{number}", name="a box") for number in range(AT_ONCE)]


class StrangerPeer:
    """One of them, as a display reaches it."""

    def __init__(self, world: World, url: str, overheard: dict[str, Proof]) -> None:
        self.name = url
        self._world = world
        self._kind = _KINDS[int(url.rpartition("-")[2]) % len(_KINDS)]
        self._overheard = overheard

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Answer as its kind does; raises PeerLost."""
        if self._kind == "silent":
            await asyncio.sleep(3_600)
        await asyncio.sleep(0.01)
        if self._kind == "broken":
            raise PeerLost(peer=self.name, code=LossCode.NOT_UNDERSTOOD)
        have = {"e" * 32: 9_000}
        response = SyncResponse(have=have, records=[_RUBBISH] * 3)
        if self._kind == "foreign" and request.nonce is not None:
            proof = prove(identity_named("a stranger"), request.nonce, have)
            return SyncResponse(have=have, records=[_RUBBISH] * 3, proof=proof)
        if self._kind == "replays":
            proof_once = next(iter(self._overheard.values()), None)
            return SyncResponse(have=have, records=[_RUBBISH] * 3, proof=proof_once)
        return response

    def close(self) -> None:
        """Nothing is held."""
