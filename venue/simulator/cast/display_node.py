"""A display: a replica that follows one source at a time, and what it claims about the board it shows.

It claims "live" while a source answered lately and it lacks nothing that this source said it has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from pitboard.errors import JournalLost, Loss, PeerLost
from sync.exchanging.exchange import SyncRequest, SyncResponse
from sync.exchanging.pump import Pump
from venue.simulator.cast.node import NetworkPeer, Node, OwnPeer
from venue.simulator.world.process import Process
from venue.simulator.world.world import World

LIVE_MAX_NS = 4_000_000_000
SILENCE_MAX_S = 3.5
WAIT_MS = 2_500
REST_S = 0.5
FRAME_S = 1.5


class SourceLost(Loss):
    """The source that the display follows failed once: time for the next one."""


class HeardPeer:
    """A source whose every answer is noted; its first failure ends the following of it."""

    def __init__(self, peer: NetworkPeer, on_answer: Callable[[Mapping[str, int]], None]) -> None:
        self.name = peer.name
        self._peer = peer
        self._on_answer = on_answer

    async def sync(self, request: SyncRequest) -> SyncResponse:
        try:
            response = await asyncio.wait_for(self._peer.sync(request), SILENCE_MAX_S)
        except (PeerLost, TimeoutError) as error:
            raise SourceLost(self.name) from error
        self._on_answer(response.have)
        return response


class DisplayNode(Node):
    """`sources` are the units it may follow, in order, and then central."""

    def __init__(self, world: World, name: str, sources: Sequence[str]) -> None:
        super().__init__(world, name)
        self._sources = tuple(sources)
        self._answered_ns: int | None = None
        self._promised: Mapping[str, int] = {}
        self._shown: dict[str, int] = {}
        self._card = self.disk

    @property
    def is_live(self) -> bool:
        """Whether the display says that what it shows is the present board."""
        return (
            self._answered_ns is not None
            and self.world.loop.now_ns - self._answered_ns < LIVE_MAX_NS
            and all(self.disk.heads.get(stream, 0) >= head for stream, head in self._promised.items())
        )

    async def work(self, process: Process) -> None:
        self._answered_ns, self._promised = None, {}
        if self._card is not self.disk:
            self._card, self._shown = self.disk, {}
        if self.replica.have() != self.disk.heads:
            self.world.truth.violate("display-never-blank", f"{self.name} shows less than its own disk holds")
        self.show()
        process.spawn(self._follow(), name="follow")
        while True:
            await asyncio.sleep(FRAME_S)
            self.show()

    def show(self) -> None:
        """Draw a frame from what is held, and check that it is no step back and nothing vanished."""
        have = self.replica.have()
        for stream, head in self._shown.items():
            if have.get(stream, 0) < head:
                self.world.truth.violate(
                    "display-never-goes-back",
                    f"{self.name} showed {stream[:8]}/{head}, now {have.get(stream, 0)}",
                )
        if self._answered_ns is None and self.is_live:
            self.world.truth.violate(
                "display-says-old", f"{self.name} claims live before any source answered"
            )
        board = self.board()
        if have != self._shown:
            self.world.trace.say(self.name, f"shows {len(board)} bytes, {'live' if self.is_live else 'old'}")
        self._shown = have

    async def _follow(self) -> None:
        index = 0
        while True:
            name = self._sources[index % len(self._sources)]
            heard = HeardPeer(NetworkPeer(self.world, self.name, name), self._note_answer)
            try:
                self._note_answer((await heard.sync(SyncRequest())).have)
                await Pump(heard, OwnPeer(self), wait_ms=WAIT_MS).run()
            except (SourceLost, JournalLost):
                index += 1
                await asyncio.sleep(REST_S)

    def _note_answer(self, have: Mapping[str, int]) -> None:
        self._answered_ns, self._promised = self.world.loop.now_ns, have
