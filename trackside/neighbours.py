"""Pull what the venue's other units have, so that each track's results outlive its own card.

Only units of the same event are asked. Where one lies, the records' signatures show it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container, Mapping
from urllib.parse import urlsplit

from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.journal.replica import Replica
from pitboard.presence.venue_mdns import FoundNode, node_url
from sync.exchanging.exchange import Peer, ReplicaPeer
from sync.exchanging.freshness import FreshPeer, Standing
from sync.exchanging.pump import Pump
from sync.exchanging.requests_peer import RequestsPeer

log = logging.getLogger(__name__)

NEIGHBOURS_MAX_COUNT = 16
BACK_OFF_MAX_S = 5.0

Connect = Callable[[str, str], Peer]
SeeStanding = Callable[[str, str, Standing], None]


def connect(url: str, name: str) -> Peer:
    # Encrypted, and nothing believed of the address: the records carry their own signatures.
    return RequestsPeer(url, name=name, pin=ANY_CERTIFICATE)


def _ignore(name: str, address: str, standing: Standing) -> None:
    """Stand in where nobody asks who the neighbours are."""


def neighbours_of(
    found: Mapping[str, FoundNode], *, event_key: str, own_key: str, enrolled: Container[str]
) -> dict[str, str]:
    """Return {url: name} of the other units that claim to serve this event, those with enrolled keys first.

    Bounded, so that a stranger's many adverts cost little and push no true unit out.
    """
    others = [
        (node.properties.get("key") not in enrolled, node_url(node), node.properties.get("unit") or node.name)
        for node in found.values()
        if node.properties.get("event") == event_key and node.properties.get("key") != own_key
    ]
    return {url: name for _, url, name in sorted(others)[:NEIGHBOURS_MAX_COUNT]}


class Neighbours:
    """One pump for each neighbour that is there; `follow` says who is.

    `on_standing` hears who they really are.
    """

    def __init__(
        self, replica: Replica, *, connect: Connect = connect, on_standing: SeeStanding = _ignore
    ) -> None:
        self._replica = replica
        self._here = ReplicaPeer(replica)
        self._connect = connect
        self._on_standing = on_standing
        self._wanted: dict[str, str] = {}
        self._changed = asyncio.Event()

    def follow(self, wanted: Mapping[str, str]) -> None:
        """Pull from exactly these nodes {url: name} from now on."""
        if wanted != self._wanted:
            self._wanted = dict(wanted)
            self._changed.set()

    def _watched(self, url: str, name: str) -> Peer:
        address = urlsplit(url).netloc
        return FreshPeer(
            self._connect(url, name),
            roster=lambda: self._replica.fold.roster,
            on_standing=lambda standing: self._on_standing(name, address, standing),
        )

    async def run(self) -> None:
        """Pull until cancelled."""
        running: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                for url in [url for url in running if url not in self._wanted]:
                    await _ended(running.pop(url))
                for url, name in self._wanted.items():
                    if url not in running:
                        log.info("neighbour found: name=%s url=%s", name, url)
                        pump = Pump(self._watched(url, name), self._here, back_off_max_s=BACK_OFF_MAX_S)
                        running[url] = tasks.create_task(pump.run(), name=f"pull {name}")
                await self._changed.wait()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
