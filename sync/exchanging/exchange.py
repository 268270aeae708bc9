"""The one exchange: say what you have, hand over what the other lacks, get back what you lack.

The receiver says what it has, so the sender keeps no cursor; `have` counts only what is durable and is the
only acknowledgement. A call may wait until there is news, which makes it live."""

from __future__ import annotations

import asyncio
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from pitboard.errors import JournalLost, PeerLost, RecordRefused
from pitboard.journal.record import Record, WireRecord, from_wire, to_wire
from pitboard.journal.replica import BATCH_MAX_COUNT, Acceptance, Replica
from pitboard.race.bodies import KeyHex

WAIT_MAX_MS = 10_000

Have = dict[str, Annotated[int, Meta(ge=0)]]


class SyncRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`have` absent means: send me nothing. `wait_ms` bounds the wait for news.

    A `nonce` asks for proof that the answer is made now, see `sync.exchanging.freshness`.
    """

    have: Have | None = None
    records: Annotated[list[WireRecord], Meta(max_length=BATCH_MAX_COUNT)] = []
    wait_ms: Annotated[int, Meta(ge=0, le=WAIT_MAX_MS)] = 0
    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")] | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """The answering node's signature over the nonce and what it has."""

    key: KeyHex
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]


class SyncResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`have` is what the answering node holds durably after taking the request's records."""

    have: Have
    records: list[WireRecord]
    proof: Proof | None = None


class Peer(Protocol):
    """A node that answers the exchange; raises PeerLost when it cannot be reached."""

    @property
    def name(self) -> str: ...

    async def sync(self, request: SyncRequest) -> SyncResponse: ...


class ReplicaPeer:
    """A replica in this process, asked like any other node."""

    def __init__(self, replica: Replica, *, name: str = "this node") -> None:
        self.name = name
        self._replica = replica

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the answer; raises PeerLost while the journal cannot be used, as a node far away would."""
        try:
            return await answer(self._replica, request)
        except JournalLost as error:
            raise PeerLost(peer=self.name, reason=str(error)) from error


async def answer(replica: Replica, request: SyncRequest) -> SyncResponse:
    """Take the request's records and return what the asker lacks, waiting for news if there is none yet."""
    if request.records:
        await accept_wire(replica, request.records)
    records: list[Record] = []
    if request.have is not None:
        records = await _beyond_or_wait(replica, request.have, request.wait_ms)
    return SyncResponse(have=replica.have(), records=[to_wire(record) for record in records])


async def accept_wire(replica: Replica, wires: list[WireRecord]) -> Acceptance:
    """Hand parsed records to the replica; one that does not parse is counted refused and blocks nothing."""
    records = []
    malformed = 0
    for wire in wires:
        try:
            records.append(from_wire(wire))
        except RecordRefused:
            malformed += 1
            replica.strangers.refused_count += 1
    acceptance = await replica.accept(records)
    acceptance.refused += malformed
    return acceptance


async def _beyond_or_wait(replica: Replica, have: Have, wait_ms: int) -> list[Record]:
    deadline_s = asyncio.get_running_loop().time() + wait_ms / 1_000
    while True:
        version = replica.version
        records = await replica.beyond(have)
        remaining_s = deadline_s - asyncio.get_running_loop().time()
        if records or remaining_s <= 0:
            return records
        await replica.wait_for_news(version, remaining_s)
