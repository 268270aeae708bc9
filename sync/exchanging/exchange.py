"""The one exchange: say what you have, hand over what the other lacks, get back what you lack.

The receiver says what it has, so the sender keeps no cursor; `have` counts only what is durable and is the
only acknowledgement. A call may wait until there is news, which makes it live. Answers name their event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Annotated, Protocol, overload

import msgspec
from msgspec import Meta

from pitboard.doors.node_client import decode
from pitboard.errors import AnotherEvent, JournalLost, LossCode, PeerLost, RecordRefused
from pitboard.journal.records.record import Record, WireRecord, from_wire, to_wire
from pitboard.journal.replica import BATCH_MAX_COUNT, Replica
from pitboard.journal.taking_in import Acceptance
from pitboard.race.bodies.body import Id, KeyHex, Nanoseconds
from pitboard.race.names import clean_name

WAIT_MAX_MS = 10_000
ANSWER_MAX_BYTES = 2 * 1_024 * 1_024
"""Of an answer: a batch of records as JSON and `HAVE_MAX_COUNT` heads, with room to spare."""
HAVE_MAX_COUNT = 10_000
"""Streams in an answer: every start of a writer opens one, so a crash loop of an hour still fits."""
HEAD_MAX = 2**53

Have = dict[str, Annotated[int, Meta(ge=0)]]


class SyncRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`have` absent means: send me nothing. `wait_ms` bounds the wait for news.

    A `nonce` asks for proof that the answer is made now, see `sync.exchanging.freshness`; with `clock` it
    asks what the node's clock shows too, see `sync.exchanging.clock_reading`.
    """

    have: Have | None = None
    records: Annotated[Sequence[WireRecord], Meta(max_length=BATCH_MAX_COUNT)] = ()
    wait_ms: Annotated[int, Meta(ge=0, le=WAIT_MAX_MS)] = 0
    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")] | None = None
    clock: bool = False


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """The answering node's signature over the nonce and what it has."""

    key: KeyHex
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")]


class ClockReading(msgspec.Struct, frozen=True, kw_only=True):
    """What the answering node's clock showed as the question came and as the answer left, signed."""

    boot_id: Id
    received_mono_ns: Nanoseconds
    answered_mono_ns: Nanoseconds
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")]


class EventSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Which event a node serves: its root key, and what people call it; empty until somebody said."""

    key: KeyHex
    name: Annotated[str, Meta(max_length=200)] = ""


UNITS_TOLD_MAX_COUNT = 16


class UnitPlace(msgspec.Struct, frozen=True):
    """Another unit of the event, and where it proved itself to the answering one just now.

    A hint for who hears no mDNS: the unit has to prove itself there as anybody has.
    """

    url: Annotated[str, Meta(pattern=r"^https://[0-9A-Za-z.:\[\]-]{1,120}\Z")]
    name: Annotated[str, Meta(max_length=200)]
    key: KeyHex


class SyncResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`have` is what the answering node holds durably after taking the request's records.

    `utc_ms` is its wall clock as it answers, 0 where it does not say; only ever compared, never followed.
    `units` are other units that it knows to be there. `is_of_now` is False where nobody vouches that there is
    no more by now; an answer off the wire is of now, or none.
    """

    have: Have
    records: Sequence[WireRecord]
    proof: Proof | None = None
    event: EventSeen | None = None
    utc_ms: int = 0
    clock: ClockReading | None = None
    units: Sequence[UnitPlace] = ()
    is_of_now: bool = True


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer off the wire: bounded, and its records still packed."""

    have: Annotated[
        dict[Annotated[str, Meta(min_length=32, max_length=32)], Annotated[int, Meta(ge=0, le=HEAD_MAX)]],
        Meta(max_length=HAVE_MAX_COUNT),
    ]
    records: msgspec.Raw
    proof: Proof | None = None
    event: EventSeen | None = None
    utc_ms: Annotated[int, Meta(ge=0, le=HEAD_MAX)] = 0
    clock: ClockReading | None = None
    units: Annotated[tuple[UnitPlace, ...], Meta(max_length=UNITS_TOLD_MAX_COUNT)] = ()


class PackedRecords(Sequence[WireRecord]):
    """The records of an answer, unpacked when somebody first looks; raises PeerLost if they are none."""

    def __init__(self, packed: msgspec.Raw, *, peer: str) -> None:
        self._packed = packed
        self._peer = peer
        self._records: list[WireRecord] | None = None

    def _unpacked(self) -> list[WireRecord]:
        if self._records is None:
            self._records = decode(bytes(self._packed), _Records, peer=self._peer)
        return self._records

    def __len__(self) -> int:
        return len(self._unpacked())

    @overload
    def __getitem__(self, index: int) -> WireRecord: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[WireRecord]: ...
    def __getitem__(self, index: int | slice) -> WireRecord | Sequence[WireRecord]:
        return self._unpacked()[index]

    def __iter__(self) -> Iterator[WireRecord]:
        return iter(self._unpacked())


_Records = Annotated[list[WireRecord], Meta(max_length=BATCH_MAX_COUNT)]


def unpack_answer(answer: bytes, *, peer: str) -> SyncResponse:
    """Return the answer, its records still packed; raises PeerLost where it is none within our bounds."""
    said = decode(answer, _Answer, peer=peer)
    return SyncResponse(
        have=said.have,
        records=PackedRecords(said.records, peer=peer),
        proof=said.proof,
        event=said.event,
        utc_ms=said.utc_ms,
        clock=said.clock,
        units=said.units,
    )


def check_event(peer: str, theirs: EventSeen | None, ours: EventSeen | None) -> None:
    """Raise AnotherEvent, which names it, where the peer serves another event than we do."""
    if theirs is not None and ours is not None and theirs.key != ours.key:
        called = clean_name(theirs.name) or f"the one with the key {theirs.key[:8]}"
        raise AnotherEvent(peer=peer, event=called)


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
            raise PeerLost(peer=self.name, code=LossCode.DISK, reason=str(error)) from error


async def answer(
    replica: Replica, request: SyncRequest, take_turn: Callable[[], Awaitable[None]] | None = None
) -> SyncResponse:
    """Take the request's records and return what the asker lacks, waiting for news if there is none yet.

    `take_turn` is awaited when news has come: an answer to each of all who wait is work for a while.
    """
    if request.records:
        await accept_wire(replica, request.records)
    records: list[Record] = []
    if request.have is not None:
        records = await _beyond_or_wait(replica, request.have, request.wait_ms, take_turn)
    return SyncResponse(
        have=replica.have(),
        records=[to_wire(record) for record in records],
        event=event_of(replica),
        utc_ms=max(0, replica.clock.utc_ms()),
    )


def event_of(replica: Replica) -> EventSeen:
    """Return which event the replica belongs to, with its name where it is known here."""
    configured = replica.fold.race.event.value
    return EventSeen(key=replica.journal.root_key, name="" if configured is None else configured.name[:200])


async def accept_wire(replica: Replica, wires: Sequence[WireRecord]) -> Acceptance:
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


async def _beyond_or_wait(
    replica: Replica, have: Have, wait_ms: int, take_turn: Callable[[], Awaitable[None]] | None
) -> list[Record]:
    deadline_s = asyncio.get_running_loop().time() + wait_ms / 1_000
    while True:
        version = replica.version
        records = await replica.beyond(have)
        remaining_s = deadline_s - asyncio.get_running_loop().time()
        if records or remaining_s <= 0:
            return records
        if await replica.wait_for_news(version, remaining_s) and take_turn is not None:
            await take_turn()
