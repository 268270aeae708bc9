"""Be found on the venue's network, and find others there, for as long as a program runs.

A node may start before its network is there, and a cable may move: sockets and adverts are opened anew when
this machine's addresses change, for a multicast socket keeps to the interfaces it began with."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import zeroconf

from pitboard.presence.venue_mdns import FoundNode, VenueBrowser, advertise, open_mdns, own_addresses

log = logging.getLogger(__name__)

ADDRESSES_CHECK_S = 3.0
RETRY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Advert:
    """What a node says of itself; whoever reads it must not believe it."""

    service: str
    name: str
    properties: Mapping[str, str]


class VenuePresence:
    """Advertises this node and keeps `found` up to date; `on_change` is called at every change."""

    def __init__(
        self,
        advert: Advert,
        *,
        browse_services: Sequence[str],
        interfaces: Sequence[str],
        is_on: bool,
        on_change: Callable[[], None],
    ) -> None:
        self._advert = advert
        self._interfaces = interfaces
        self._is_on = is_on
        self._on_change = on_change
        self._browsers = {service: VenueBrowser(service, on_change) for service in browse_services}
        self.has_network = True  # until looked at

    def found(self, service: str) -> Mapping[str, FoundNode]:
        """Return the nodes of a browsed service that are there now."""
        return self._browsers[service].found

    async def run(self, port: int) -> NoReturn:
        """Advertise `port` and browse until cancelled; what the network refuses is tried again."""
        while True:
            addresses = own_addresses()
            self.has_network = any(not address.startswith("127.") for address in addresses)
            # What was found on another network is gone.
            self._browsers = {service: VenueBrowser(service, self._on_change) for service in self._browsers}
            self._on_change()
            try:
                await self._be_known(port, addresses)
            except (OSError, zeroconf.Error) as error:
                log.warning("mDNS failed: reason=%s", error or type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _be_known(self, port: int, addresses: frozenset[str]) -> None:
        """Advertise and browse until this machine's addresses change."""
        async with contextlib.AsyncExitStack() as stack:
            if self._is_on:
                mdns = await stack.enter_async_context(open_mdns(self._interfaces))
                if mdns is None:
                    await asyncio.sleep(RETRY_S)
                    return
                for browser in self._browsers.values():
                    await stack.enter_async_context(browser.running(mdns))
                await stack.enter_async_context(
                    advertise(
                        mdns,
                        self._advert.service,
                        name=self._advert.name,
                        port=port,
                        properties=dict(self._advert.properties),
                        addresses=self._interfaces,
                    )
                )
            while own_addresses() == addresses:  # noqa: ASYNC110 - nothing tells us portably
                await asyncio.sleep(ADDRESSES_CHECK_S)
        log.info("network addresses changed: addresses=%s", ", ".join(sorted(own_addresses())))
