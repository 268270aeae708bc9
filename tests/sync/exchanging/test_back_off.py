"""How long a pump waits for a node that is gone: a quarter of a second, doubled, at most fifteen seconds."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from pitboard.errors import PeerLost
from sync.exchanging.exchange import SyncRequest, SyncResponse
from sync.exchanging.pump import BACK_OFF_FIRST_S, BACK_OFF_MAX_S, Pump
from venue.simulator.world.virtual_loop import VirtualLoop, run_virtual


class GonePeer:
    """Notes when it is asked, and never answers."""

    name = "central"

    def __init__(self) -> None:
        self.asked_s: list[float] = []

    async def sync(self, request: SyncRequest) -> SyncResponse:
        self.asked_s.append(asyncio.get_running_loop().time())
        raise PeerLost(peer=self.name, reason="no route")


def test_a_pump_asks_less_and_less_often_and_at_least_every_fifteen_seconds() -> None:
    gone = GonePeer()

    async def story(loop: VirtualLoop) -> None:
        async with asyncio.timeout(3_600):
            await Pump(gone, gone).run()

    try:
        run_virtual(story)
    except TimeoutError:
        pauses_s = [after - before for before, after in pairwise(gone.asked_s)]
    pauses_s = [round(pause_s, 6) for pause_s in pauses_s]
    assert pauses_s[:7] == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0]
    assert set(pauses_s[6:]) == {15.0}
    assert (BACK_OFF_FIRST_S, BACK_OFF_MAX_S) == (0.25, 15.0)
    assert len(pauses_s) > 200
