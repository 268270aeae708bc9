"""Asks whoever announces this unit's own key at another address whether that is another machine.

A copied card needs no central and no neighbour to be noticed: it proves the key, and it is not this one. An
advert of our own from before an address moved proves nothing, for nobody answers there any more."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress

from pitboard.clock import Clock, happened
from pitboard.errors import PeerLost
from pitboard.presence.heard_nodes import FoundNode, node_url
from pitboard.presence.venue_addresses import without_zone
from sync.exchanging.exchange import SyncRequest
from sync.exchanging.freshness import NONCE_BYTES, is_signed_by
from trackside.others.neighbours import ClosablePeer, Connect

log = logging.getLogger(__name__)

PLACES_MAX_COUNT = 8
ASK_EVERY_S = 5.0
KEPT_NS = 20_000_000_000
"""A machine that answered is told of for so long: longer than a question takes that nobody answers."""


def places_of_own_key(found: Iterable[FoundNode], key: str, *, own: Collection[str]) -> dict[str, str]:
    """Return {url: host} where our own key is announced and signed, without this machine's addresses."""
    ours = {without_zone(address) for address in own}
    return {
        node_url(node): node.host
        for node in found
        if node.is_signed and node.properties.get("key") == key and without_zone(node.host) not in ours
    }


class OwnKeyWatch:
    """`own_stream()` is the stream that this process writes: another machine does not have it at first.

    `on_change` hears at which hosts another machine with our key answered just now.
    """

    def __init__(
        self,
        key: str,
        clock: Clock,
        *,
        own_stream: Callable[[], str],
        connect: Connect,
        on_change: Callable[[Sequence[str]], None],
    ) -> None:
        self._key = key
        self._clock = clock
        self._own_stream = own_stream
        self._connect = connect
        self._on_change = on_change
        self._wanted: dict[str, str] = {}
        self._seen_mono_ns: dict[str, int] = {}
        self._peers: dict[str, ClosablePeer] = {}
        self._said: tuple[str, ...] = ()
        self._changed = asyncio.Event()

    def follow(self, places: Mapping[str, str]) -> None:
        """Ask at these places {url: host} from now on."""
        wanted = dict(list(places.items())[:PLACES_MAX_COUNT])
        if wanted != self._wanted:
            self._wanted = wanted
            self._changed.set()

    async def run(self) -> None:
        """Ask until cancelled; where nobody announces our key there is nothing to do."""
        try:
            while True:
                self._changed.clear()
                await self.ask()
                if self._wanted or self._seen_mono_ns:
                    await happened(self._changed, ASK_EVERY_S)
                else:
                    await self._changed.wait()
        finally:
            for peer in self._peers.values():
                peer.close()

    async def ask(self) -> None:
        """Ask once at each place, and tell where another machine answered."""
        for url in [url for url in self._peers if url not in self._wanted]:
            self._peers.pop(url).close()
        for url, host in self._wanted.items():
            with suppress(PeerLost):
                if await self._is_another(url):
                    self._seen_mono_ns[host] = self._clock.mono_ns()
        oldest_mono_ns = self._clock.mono_ns() - KEPT_NS
        self._seen_mono_ns = {host: at for host, at in self._seen_mono_ns.items() if at > oldest_mono_ns}
        hosts = tuple(sorted(self._seen_mono_ns))
        if hosts != self._said:
            self._said = hosts
            if hosts:
                log.warning("another machine has this unit's key: hosts=%s", ", ".join(hosts))
            else:
                log.info("no other machine has this unit's key any more")
            self._on_change(hosts)

    async def _is_another(self, url: str) -> bool:
        """Return whether who answers proves our key and is not this machine; raises PeerLost."""
        nonce = secrets.token_hex(NONCE_BYTES)
        peer = self._peers.setdefault(url, self._connect(url, "a copy of this unit's card"))
        response = await peer.sync(SyncRequest(nonce=nonce, clock=True))
        if not is_signed_by(response, nonce, self._key):
            return False
        is_of_this_boot = response.clock is not None and response.clock.boot_id == self._clock.boot_id
        return not (is_of_this_boot and self._own_stream() in response.have)
