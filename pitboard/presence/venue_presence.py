"""Be found on the venue's network, and find others there, for as long as a program runs.

A node may start before its network is there, and a cable may move: sockets and adverts are opened anew when
this machine's addresses change, for a multicast socket keeps to the interfaces it began with."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import zeroconf

from pitboard.clock import SystemClock
from pitboard.doors.door import is_loopback
from pitboard.presence.heard_nodes import FoundNode
from pitboard.presence.venue_addresses import (
    AddressNews,
    OwnInterfaces,
    addresses_to_tell,
    routed_address,
    without_zone,
)
from pitboard.presence.venue_mdns import VenueBrowser, advertise, label_of, open_mdns
from pitboard.trust.identity import Identity

log = logging.getLogger(__name__)

ADDRESSES_CHECK_S = 1.0
TOLD_CHECK_S = 4.0
"""Where the kernel tells of addresses: for what is to be said of the node, and to be sure."""
RETRY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Advert:
    """What a node says of itself, signed where it has an `identity`; `key` makes its mDNS name."""

    service: str
    key: str
    properties: Callable[[], Mapping[str, str]]
    identity: Identity | None = None


class VenuePresence:
    """Advertises this node and keeps `found` up to date; `on_change` is called at every change.

    `known` are the keys that count. What was heard is kept when this machine's own addresses change: each
    place is tried before it is believed, and one that is gone costs a try.
    """

    def __init__(
        self,
        advert: Advert,
        *,
        browse_services: Sequence[str],
        interfaces: Sequence[str],
        is_on: bool,
        on_change: Callable[[], None],
        known: Callable[[], Collection[str]],
    ) -> None:
        self._advert = advert
        self._interfaces = interfaces
        self._is_on = is_on
        self._on_change = on_change
        self._known = known
        self._clock = SystemClock()
        self._own = OwnInterfaces()
        self._browsers = {
            service: VenueBrowser(service, on_change, known, self._own) for service in browse_services
        }
        self.has_network = True  # until looked at

    def found(self, service: str) -> Mapping[str, FoundNode]:
        """Return the nodes of a browsed service that are there now."""
        return self._browsers[service].found

    async def run(self, port: int) -> NoReturn:
        """Advertise `port` and browse until cancelled; what the network refuses is tried again."""
        with AddressNews.open() as news:
            self._own.news = news
            try:
                while True:
                    addresses = self._addresses()
                    self.has_network = any(not is_loopback(without_zone(address)) for address in addresses)
                    self._on_change()
                    try:
                        await self._be_known(port, addresses, news)
                    except (OSError, RuntimeError, zeroconf.Error) as error:
                        log.warning("mDNS failed: reason=%s", error or type(error).__name__)
                        await asyncio.sleep(RETRY_S)
            finally:
                self._own.news = None

    def _addresses(self) -> frozenset[str]:
        return self._own.addresses(now_mono_ns=self._clock.mono_ns())

    async def _be_known(self, port: int, addresses: frozenset[str], news: AddressNews) -> None:
        """Advertise and browse until this machine's addresses change, or what is to be said of it."""
        said = dict(self._advert.properties())
        async with contextlib.AsyncExitStack() as stack:
            if self._is_on:
                mdns = await stack.enter_async_context(open_mdns(self._interfaces, known=self._known))
                if mdns is None:
                    await asyncio.sleep(RETRY_S)
                    return
                for browser in self._browsers.values():
                    await stack.enter_async_context(browser.running(mdns))
                await stack.enter_async_context(
                    advertise(
                        mdns,
                        self._advert.service,
                        label=label_of(self._advert.key),
                        port=port,
                        properties=said,
                        addresses=list(self._interfaces)
                        or addresses_to_tell(addresses, routed=routed_address()),
                        identity=self._advert.identity,
                    )
                )
            has_news = True
            while self._addresses() == addresses and self._advert.properties() == said:
                # After news once more soon: addresses come one by one, and are looked at once per second.
                is_told = news.is_told and not has_news
                has_news = await news.come(TOLD_CHECK_S if is_told else ADDRESSES_CHECK_S)
        if (now := self._addresses()) != addresses:
            log.info("network addresses changed: addresses=%s", ", ".join(sorted(now)))
