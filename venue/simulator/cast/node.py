"""One machine of the venue: its disk and clocks outlive its process, which holds a real replica."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

import msgspec

from pitboard.journal.disk.storage import Storage
from pitboard.journal.records.record import Record, StreamWriter
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.body import Body
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import ReplicaPeer, SyncRequest, SyncResponse
from sync.exchanging.freshness import prove
from venue.simulator.cast.beam import RawLog
from venue.simulator.world.process import Process
from venue.simulator.world.signature_memory import identity_named
from venue.simulator.world.simulated_disk import SimulatedDisk, SimulatedStorage
from venue.simulator.world.virtual_loop import MachineClock
from venue.simulator.world.world import World

ROOT_NAME = "central"
BATCH_COUNT = 12
BATCH_BYTES = 6 * 1_024


class PromisingReplica(WritingReplica):
    """The real one, which tells its node what it said is saved."""

    node: Node

    async def append(self, *bodies: Body) -> list[Record]:
        records = await super().append(*bodies)
        self.node.take_promise(records)
        return records

    async def beyond(
        self, have: Mapping[str, int], *, max_count: int = BATCH_COUNT, max_bytes: int = BATCH_BYTES
    ) -> list[Record]:
        return await super().beyond(have, max_count=max_count, max_bytes=max_bytes)


class SmallBatchReplica(Replica):
    """The real replica with small batches, so that a short day meets their bounds."""

    node: Node

    def writing(self, writer: StreamWriter) -> WritingReplica:
        return PromisingReplica(self, writer)

    async def beyond(
        self, have: Mapping[str, int], *, max_count: int = BATCH_COUNT, max_bytes: int = BATCH_BYTES
    ) -> list[Record]:
        return await super().beyond(have, max_count=max_count, max_bytes=max_bytes)


@dataclass(slots=True)
class Card:
    """A node's SD card: the journal, and the raw log of a unit's bridge."""

    disk: SimulatedDisk = field(default_factory=SimulatedDisk)
    raw_log: RawLog = field(default_factory=RawLog)


class Node:
    """Switched on by `start`, off by `crash`; between them `replica` and `process` are there."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.disk = SimulatedDisk()
        self.raw_log = RawLog()
        self.is_powered = True
        self.is_older = False
        self.is_stored_behind = False  # then what it has is told to nobody but its own pump
        self.clock = MachineClock(world.loop, world.new_id())
        self.process = Process(name, self._report_error)
        self.process.kill()
        self._replica: SmallBatchReplica | None = None
        self._writing: WritingReplica | None = None
        self._storage: SimulatedStorage | None = None

    @property
    def identity(self) -> Identity | None:
        """The key that this node writes with; None for a display."""
        return None

    @property
    def replica_kind(self) -> type[SmallBatchReplica]:
        return SmallBatchReplica

    @property
    def root_key(self) -> str:
        return identity_named(ROOT_NAME).key

    @property
    def is_up(self) -> bool:
        return self._replica is not None

    @property
    def replica(self) -> SmallBatchReplica:
        assert self._replica is not None, f"{self.name} is down"
        return self._replica

    def start(self) -> None:
        """Begin the node's process; it is up some moments later."""
        world = self.world
        world.trace.say(self.name, f"starts, boot {self.clock.boot_id[:8]}, records {len(self.disk.records)}")
        self.process = Process(self.name, self._report_error)
        self._storage = SimulatedStorage(
            self.disk,
            world.loop,
            world.chance,
            root_key=self.root_key,
            on_commit=lambda records: world.truth.see_commit(self.name, self.disk, records),
        )
        self.process.spawn(self._run(self.process, self._storage), name="main")

    def crash(self) -> None:
        """End the process at once, as SIGKILL or a power cut would."""
        if self._storage is not None:
            self._storage.kill()
        self.process.kill()
        self._replica = self._writing = self._storage = None

    def boot(self, *, utc_ms: int | None) -> None:
        """The machine starts anew, its wall clock at `utc_ms` or as it went on in the meantime."""
        self.clock.boot(self.world.new_id())
        if utc_ms is not None:
            self.clock.step_to(utc_ms)
        self.is_powered = True

    def image(self) -> Card:
        """Return an image of the card."""
        return Card(self.disk.copy())

    def insert(self, card: Card) -> None:
        """Go on with a copy of this card; the node is down."""
        self.disk = card.disk.copy()

    def storage_before(self, disk: SimulatedStorage) -> AbstractAsyncContextManager[Storage]:
        """Return what the replica stores in."""
        return nullcontext(disk)

    async def _run(self, process: Process, disk: SimulatedStorage) -> None:
        async with (
            self.storage_before(disk) as storage,
            self.replica_kind.over(storage, self.clock) as replica,
        ):
            replica.node = self
            if self.identity is not None:
                self._writing = await replica.open_stream(
                    self.identity, self.name, new_id=self.world.new_stream
                )
            self._replica = replica
            self.world.network.open_door(self.name, process, self.answer)
            self.world.trace.say(self.name, f"is up, have {sum(replica.have().values())}")
            await self.work(process)
            await asyncio.Event().wait()  # until the process ends

    async def work(self, process: Process) -> None:
        """Do what this kind of node does; begins once the replica is there."""

    async def answer(self, caller: str, request: SyncRequest) -> SyncResponse:
        """Answer the exchange and check what the answer claims."""
        replica, disk = self._replica, self.disk
        assert replica is not None
        expected = self._expected_heads(request)
        response = await ReplicaPeer(replica, name=self.name).sync(request)
        if replica is self._replica and disk is self.disk:
            self._check_answer(caller, response, expected)
        if request.nonce is None or self.identity is None:
            return response
        proof = prove(self.identity, request.nonce, response.have)
        return msgspec.structs.replace(response, proof=proof)

    def board(self) -> bytes:
        """Return the board as every screen here shows it, checked against the same records elsewhere."""
        board = encode_view(view_board(self.replica.fold))
        knows_all = self.replica.have() == self.disk.heads  # else the disk did more than it could tell
        if knows_all and not self.is_older:
            self.world.truth.check_board(self.name, self.disk, board)
        return board

    def take_promise(self, records: Sequence[Record]) -> None:
        for record in records:
            self.world.trace.say(self.name, f"saved {record.stream[:8]}/{record.seq} {record.header.kind}")
        self.world.truth.acknowledge(self.disk, records)

    @property
    def writing(self) -> WritingReplica:
        """The replica as it may write; only where `identity` is a key."""
        assert self._writing is not None, f"{self.name} does not write"
        return self._writing

    def _expected_heads(self, request: SyncRequest) -> dict[str, int]:
        """Return how far streams must come by the good records of the request, whatever else is in it."""
        heads: dict[str, int] = {}
        for wire in request.records:
            place = self.world.truth.genuine_place(wire)
            if place is not None:
                stream, seq = place
                if seq == heads.get(stream, self.disk.heads.get(stream, 0)) + 1:
                    heads[stream] = seq
        return heads

    def _check_answer(self, caller: str, response: SyncResponse, expected: dict[str, int]) -> None:
        truth = self.world.truth
        for stream, head in response.have.items() if response.have != self.disk.heads else ():
            if head > self.disk.heads.get(stream, 0) and not self.is_stored_behind:
                truth.violate(
                    "nothing-claimed-before-durable",
                    f"{self.name} tells {caller} that it has {stream[:8]}/{head}",
                )
        for stream, head in expected.items():
            if response.have.get(stream, 0) < head:
                truth.violate(
                    "one-bad-record-blocks-nobody",
                    f"{self.name} did not take {stream[:8]}/{head} from {caller}, a good record in its place",
                )

    def _report_error(self, sentence: str) -> None:
        self.world.truth.violate("no-process-ends-by-error", sentence)


class NetworkPeer:
    """Node `name` as `caller` reaches it."""

    def __init__(self, world: World, caller: str, name: str) -> None:
        self.name = name
        self._world = world
        self._caller = caller

    async def sync(self, request: SyncRequest) -> SyncResponse:
        return await self._world.network.call(self._caller, self.name, request)


class OwnPeer:
    """The node that the pump itself runs on, its answers checked like those to anybody."""

    def __init__(self, node: Node) -> None:
        self.name = node.name
        self._node = node

    async def sync(self, request: SyncRequest) -> SyncResponse:
        return await self._node.answer(self.name, request)
