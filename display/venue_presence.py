"""Be found on the venue's network, and find its units, for as long as the display runs.

A display may start before its network is there, and a cable may move: sockets and adverts are opened anew
whenever this machine's addresses change, for a multicast socket keeps to the interfaces it began with."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import ifaddr
import zeroconf
from aiohttp import web

from display.source_choice import Candidate
from pitboard.errors import Refusal
from pitboard.http_api import serve_tcp
from pitboard.venue_mdns import DISPLAY_SERVICE, UNIT_SERVICE, FoundNode, VenueBrowser, advertise, open_mdns

log = logging.getLogger(__name__)

ADDRESSES_CHECK_S = 3.0
RETRY_S = 5.0


class VenuePresence:
    """Keeps the status API served and advertised, and `units()` up to date; `on_change` tells of changes."""

    def __init__(
        self,
        app: web.Application,
        *,
        host: str,
        port: int,
        name: str,
        event_key: str,
        scene: str,
        interfaces: Sequence[str],
        has_mdns: bool,
        on_change: Callable[[], None],
    ) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._name = name
        self._event_key = event_key
        self._scene = scene
        self._interfaces = interfaces
        self._has_mdns = has_mdns
        self._on_change = on_change
        self._browser = VenueBrowser(UNIT_SERVICE, on_change)
        self.has_network = True  # until looked at

    def units(self) -> list[Candidate]:
        """Return the units of this event that advertise themselves now, in a stable order."""
        return units_of(self._event_key, self._browser.found)

    async def run(self) -> NoReturn:
        """Serve, advertise and browse until cancelled; what the network refuses is tried again."""
        while True:
            try:
                async with serve_tcp(self._app, self._host, self._port) as port:
                    log.info("status served: http://%s:%d/v1/status", self._host, port)
                    await self._stay_known(port)
            except Refusal as error:
                log.warning("status not served: %s", error)
            await asyncio.sleep(RETRY_S)

    async def _stay_known(self, port: int) -> NoReturn:
        while True:
            addresses = _addresses()
            self.has_network = any(not address.startswith("127.") for address in addresses)
            self._browser = VenueBrowser(
                UNIT_SERVICE, self._on_change
            )  # what another network had is not here
            self._on_change()
            try:
                await self._be_known(port, addresses)
            except (OSError, zeroconf.Error) as error:
                log.warning("mDNS failed: reason=%s", error or type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _be_known(self, port: int, addresses: frozenset[str]) -> None:
        """Advertise and browse until this machine's addresses change."""
        async with contextlib.AsyncExitStack() as stack:
            if self._has_mdns:
                mdns = await stack.enter_async_context(open_mdns(self._interfaces))
                await stack.enter_async_context(self._browser.running(mdns))
                await stack.enter_async_context(
                    advertise(
                        mdns,
                        DISPLAY_SERVICE,
                        name=self._name,
                        port=port,
                        properties={"event": self._event_key, "scene": self._scene, "name": self._name},
                        addresses=self._interfaces,
                    )
                )
                if mdns is None:
                    await asyncio.sleep(RETRY_S)
                    return
            while _addresses() == addresses:  # noqa: ASYNC110 - nothing tells us portably
                await asyncio.sleep(ADDRESSES_CHECK_S)
        log.info("network addresses changed: addresses=%s", ", ".join(sorted(_addresses())))


def units_of(event_key: str, found: Mapping[str, FoundNode]) -> list[Candidate]:
    """Return the nodes that claim to serve this event, by the name they give themselves."""
    return [
        Candidate(url=f"http://{node.address}", name=node.properties.get("unit") or node.name)
        for _, node in sorted(found.items())
        if node.properties.get("event") == event_key
    ]


def _addresses() -> frozenset[str]:
    """Return this machine's IPv4 addresses."""
    return frozenset(
        str(address.ip) for adapter in ifaddr.get_adapters() for address in adapter.ips if address.is_IPv4
    )
