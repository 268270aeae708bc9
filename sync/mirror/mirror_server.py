"""A mirror from start to stop: a replica fed by a broker, and the public door over it.

What it serves is of now while central's beats come and nothing is lacking; else its API refuses, live streams
end, and phones show what they have with its age."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping

from pitboard.broker.broker_topics import Newest
from pitboard.clock import Clock
from pitboard.doors.door import bound_tcp
from pitboard.errors import CallRefused
from pitboard.journal.replica import Replica
from pitboard.journal.salvage import open_or_salvage
from pitboard.program.service import SERVICE
from pitboard.tasks import beside
from sync.central.central_server import BEAT_EVERY_S, make_room
from sync.central.doors import serve_public
from sync.central.ingest.ingest_app import host_to_tell
from sync.central.joining.join_calls import JoinAnswer, JoinAsk
from sync.central.metrics.metrics_door import Metrics
from sync.exchanging.broker_peer import BrokerPeer
from sync.exchanging.exchange import ReplicaPeer, SyncRequest, SyncResponse
from sync.exchanging.pump import LinkState, Pump
from sync.mirror.config import MirrorConfig

log = logging.getLogger(__name__)

WAIT_MS = 1_000
BACK_OFF_MAX_S = 2.0
OF_NOW_MAX_NS = 6_000_000_000
"""So long after the last word of central the pages are of now."""


class BroughtReplica:
    """Feeds a replica from a broker, and knows whether it is of now."""

    def __init__(self, config: MirrorConfig, replica: Replica, clock: Clock) -> None:
        self._peer = BrokerPeer(
            config.broker, name=f"broker {config.broker.host}", root_key=config.event_key, newest=Newest()
        )
        self.name = self._peer.name
        self._replica = replica
        self._clock = clock
        self._answer_is_of_now = False
        self._was_of_now_mono_ns: int | None = None
        self._trouble: str | None = None

    def is_of_now(self) -> bool:
        """Return whether all that central has now is here."""
        was = self._was_of_now_mono_ns
        return was is not None and self._clock.mono_ns() - was < OF_NOW_MAX_NS

    async def run(self) -> None:
        """Feed until cancelled."""
        pump = Pump(
            self,
            ReplicaPeer(self._replica),
            wait_ms=WAIT_MS,
            back_off_max_s=BACK_OFF_MAX_S,
            on_state=self._take_state,
            on_round=self._take_round,
        )
        try:
            await pump.run()
        finally:
            self._peer.close()

    async def sync(self, request: SyncRequest) -> SyncResponse:
        response = await self._peer.sync(request)
        self._answer_is_of_now = response.is_of_now
        return response

    def _take_state(self, state: LinkState) -> None:
        if state.trouble != self._trouble:
            self._trouble = state.trouble
            log.log(
                logging.INFO if state.trouble is None else logging.WARNING, "%s", state.trouble or "follows"
            )

    def _take_round(self, theirs: Mapping[str, int], aside: frozenset[str]) -> None:
        have = self._replica.have()
        lacks = any(head > have.get(one, 0) for one, head in theirs.items() if one not in aside)
        if self._answer_is_of_now and not lacks:
            self._was_of_now_mono_ns = self._clock.mono_ns()


class NoJoining:
    """A mirror hands on nothing: who wants to race does so at central's own page."""

    async def ask(self, ask: JoinAsk) -> JoinAnswer:
        raise CallRefused(
            "no-link", "Join the queue at the page that the code at the track leads to.", status=503
        )

    async def is_linked(self) -> bool:
        return False


@contextlib.asynccontextmanager
async def open_mirror(config: MirrorConfig, clock: Clock) -> AsyncIterator[int]:
    """Serve the public door of what the broker carries; yield its port."""
    with bound_tcp(config.public.host, config.public.port) as listener:
        async with open_or_salvage(
            config.journal, root_key=config.event_key, clock=clock, is_stored_behind=True
        ) as replica:
            brought = BroughtReplica(config, replica, clock)
            async with (
                beside(brought.run(), name="follow the broker"),
                serve_public(
                    replica, config.public, listener, NoJoining(), Metrics(clock), is_of_now=brought.is_of_now
                ) as port,
            ):
                yield port


async def serve_mirror(config: MirrorConfig, clock: Clock, stop: asyncio.Event) -> None:
    """Serve until `stop` is set."""
    make_room()
    async with open_mirror(config, clock) as port:
        log.info("mirror serves: public=http://%s:%d", host_to_tell(config.public.host), port)
        SERVICE.say_ready("mirror")
        async with beside(_beat(), name="beat"):
            await stop.wait()


async def _beat() -> None:
    while True:
        SERVICE.beat()
        await asyncio.sleep(BEAT_EVERY_S)
