"""A display paints what came before it asks for more: the question's own work would hold up the frame.

What comes in great portions, as after a long time away, is taken without waiting for frames."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sync.exchanging.exchange import Peer, SyncRequest, SyncResponse

NEWS_MAX_COUNT = 20
"""Records of one exchange that are news to be seen; more are a backlog."""
ASKS_ON_AFTER_S = 0.008
"""Half the time between two frames: what comes meanwhile could not be shown earlier, and the question would
take the cores from the displays and the touchscreen that still paint the same news."""


class PaintedFirst:
    """A `Peer` that keeps the other's answer back until `painted` returns, which takes a bounded time."""

    def __init__(self, peer: Peer, painted: Callable[[], Awaitable[None]]) -> None:
        self.name = peer.name
        self._peer = peer
        self._painted = painted

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the peer's answer; raises like it."""
        response = await self._peer.sync(request)
        if 0 < len(request.records) <= NEWS_MAX_COUNT:
            await self._painted()
            await asyncio.sleep(ASKS_ON_AFTER_S)
        return response
