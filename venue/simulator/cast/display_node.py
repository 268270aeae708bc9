"""A display: the real follower over a simulated wire, and what it claims about the board that it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from display.following.badge import Contact, badge_for
from display.following.heard_source import ClosablePeer, HeardSource
from display.following.source_choice import Candidate, Claim, Rank
from display.following.source_follower import SourceFollower
from pitboard.journal.disk.storage import Storage
from pitboard.journal.disk.stored_behind import StoredBehind
from sync.exchanging.exchange import Proof, SyncRequest, SyncResponse
from venue.simulator.cast.node import ROOT_NAME, NetworkPeer, Node, OwnPeer, SmallBatchReplica
from venue.simulator.cast.older_replica import OlderReplica
from venue.simulator.cast.strangers import PREFIX, StrangerPeer, strangers_now
from venue.simulator.world.process import Process
from venue.simulator.world.simulated_disk import SimulatedStorage
from venue.simulator.world.world import World

FRAME_S = 1.5


class Wire(NetworkPeer):
    """A node as the display reaches it; a stranger on the same network hears every proof."""

    def __init__(self, world: World, caller: str, name: str, overheard: dict[str, Proof]) -> None:
        super().__init__(world, caller, name)
        self._overheard = overheard

    async def sync(self, request: SyncRequest) -> SyncResponse:
        response = await super().sync(request)
        if response.proof is not None:
            self._overheard[self.name] = response.proof
        return response

    def close(self) -> None:
        """Nothing is held."""


class DisplayNode(Node):
    """`sources` are the units it may follow, in order, and then central."""

    def __init__(self, world: World, name: str, sources: Sequence[str]) -> None:
        super().__init__(world, name)
        self.sources = tuple(sources)
        self._overheard: dict[str, Proof] = {}
        self._follower: SourceFollower | None = None
        self._note: Contact | None = None  # with `_proven`, what the note beside the journal holds
        self._proven: dict[str, None] = {}
        self._shown: dict[str, int] = {}
        self._card = self.disk
        self.is_older = world.chance.random() < world.plan.shares.older_display
        self.is_stored_behind = not self.is_older

    @property
    def replica_kind(self) -> type[SmallBatchReplica]:
        return OlderReplica if self.is_older else SmallBatchReplica

    @property
    def source(self) -> Candidate | None:
        """Whom it follows now."""
        return None if self._follower is None or not self.is_up else self._follower.source

    @property
    def is_live(self) -> bool:
        """Whether the display says that what it shows is the present board."""
        follower = self._follower
        return (
            follower is not None
            and badge_for(
                follower.contact,
                boot_id=self.clock.boot_id,
                now_mono_ns=self.clock.mono_ns(),
                trouble=None,
                has_followed=follower.has_followed,
            ).is_live
        )

    def crash(self) -> None:
        if self._follower is not None:
            self._note = self._follower.contact
        super().crash()
        self._follower = None
        if self.is_stored_behind:  # what its card had not taken yet comes again
            heads = self.disk.heads
            self._shown = {stream: min(head, heads.get(stream, 0)) for stream, head in self._shown.items()}

    def storage_before(self, disk: SimulatedStorage) -> AbstractAsyncContextManager[Storage]:
        return StoredBehind.over(disk) if self.is_stored_behind else super().storage_before(disk)

    async def work(self, process: Process) -> None:
        if self._card is not self.disk:
            self._card, self._shown, self._note, self._proven = self.disk, {}, None, {}
        if self._settled(self.replica.have()) != self._settled(self.disk.heads):
            self.world.truth.violate("display-never-blank", f"{self.name} shows less than its own disk holds")
        self._follower = self._new_follower()
        self.show()
        process.spawn(self._follower.run(), name="follow")
        while True:
            await asyncio.sleep(FRAME_S)
            self.show()

    def _settled(self, heads: Mapping[str, int]) -> dict[str, int]:
        """Return the heads but of streams that somebody wrote twice: there the true history replaces his."""
        return {stream: head for stream, head in heads.items() if stream not in self.world.truth.forked}

    def _new_follower(self) -> SourceFollower:
        replica = self.replica
        return SourceFollower(
            OwnPeer(self),
            self.clock,
            have=replica.have,
            candidates=self._candidates,
            connect=self._connect,
            on_change=lambda: None,
            contact=self._note,
            roster=lambda: replica.fold.roster,
            proven_before=list(self._proven),
            on_proven=self._remember,
        )

    def _candidates(self) -> list[Candidate]:
        units = [
            Candidate(url=name, name=name, claim=Claim.NAMED) for name in self.sources if name != ROOT_NAME
        ]
        central = Candidate(url=ROOT_NAME, name=ROOT_NAME, rank=Rank.CENTRAL)
        strangers = strangers_now(self.world.loop.now_ns) if self.world.plan.has_strangers else []
        return [*strangers, *units, central]

    def _connect(self, candidate: Candidate) -> ClosablePeer:
        if candidate.url.startswith(PREFIX):
            return StrangerPeer(self.world, candidate.url, self._overheard)
        return Wire(self.world, self.name, candidate.url, self._overheard)

    def _remember(self, source: HeardSource) -> None:
        self._proven[source.candidate.url] = None
        if source.candidate.url.startswith(PREFIX):
            self.world.truth.violate("display-believes-no-stranger", f"{self.name} believes {source.name}")

    def show(self) -> None:
        """Draw a frame from what is held, and check that it is no step back and nothing vanished."""
        have = self.replica.have()
        for stream, head in self._shown.items():
            if have.get(stream, 0) < head and stream not in self.world.truth.forked:
                self.world.truth.violate(
                    "display-never-goes-back",
                    f"{self.name} showed {stream[:8]}/{head}, now {have.get(stream, 0)}",
                )
        if self.is_live and (self._follower is None or not self._follower.has_followed):
            self.world.truth.violate(
                "display-says-old", f"{self.name} claims live before any source answered"
            )
        board = self.board()
        if have != self._shown:
            self.world.trace.say(self.name, f"shows {len(board)} bytes, {'live' if self.is_live else 'old'}")
        self._shown = have
