"""The other end of a link as the exchange sees it: a node over the simulated network, or the node itself."""

from __future__ import annotations

from sync.exchanging.exchange import SyncRequest, SyncResponse
from venue.simulator.cast.node import Node
from venue.simulator.world.world import World


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
