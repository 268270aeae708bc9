"""Find and be found on the venue's network by mDNS.

An advert is only a hint where to knock: a node is believed by its signatures, never by its address."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from zeroconf import InterfaceChoice, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from pitboard.doors.door import is_loopback
from pitboard.presence.venue_addresses import (
    addresses_to_tell,
    nearest,
    own_addresses,
    own_interfaces,
    routed_address,
)

log = logging.getLogger(__name__)

UNIT_SERVICE = "_pitboard._tcp.local."
DISPLAY_SERVICE = "_pitboard-disp._tcp.local."  # a service name has at most 15 characters
RESOLVE_MAX_MS = 3_000
TEXT_MAX_BYTES = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNode:
    """A node that advertises itself; `properties` are its claims, unverified."""

    name: str
    host: str
    port: int
    properties: dict[str, str]

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


def node_url(node: FoundNode) -> str:
    """Return where to ask the node: over TLS; plainly only on this machine, and where it says so."""
    is_plain = node.properties.get("tls") == "no" and is_loopback(node.host)
    return f"{'http' if is_plain else 'https'}://{node.address}"


@contextlib.asynccontextmanager
async def open_mdns(interfaces: Sequence[str] = ()) -> AsyncIterator[AsyncZeroconf | None]:
    """Yield a multicast DNS socket on the given interface addresses, or on all.

    Yields None, with a logged sentence, where there is no network: nothing depends on being found.
    """
    try:
        mdns = AsyncZeroconf(
            interfaces=list(interfaces) if interfaces else InterfaceChoice.All, ip_version=IPVersion.V4Only
        )
    except (OSError, RuntimeError) as error:  # RuntimeError: no interface has an address
        log.warning("mDNS is off: reason=%s", error)
        yield None
        return
    try:
        yield mdns
    finally:
        await mdns.async_close()


@contextlib.asynccontextmanager
async def advertise(
    mdns: AsyncZeroconf | None,
    service: str,
    *,
    name: str,
    port: int,
    properties: dict[str, str],
    addresses: Sequence[str],
) -> AsyncIterator[None]:
    """Advertise this node until the context ends; a name already taken gets a number."""
    if mdns is None:
        yield
        return
    info = AsyncServiceInfo(
        service,
        f"{_label(name)}.{service}",
        parsed_addresses=list(addresses) or addresses_to_tell(own_addresses(), routed=routed_address()),
        port=port,
        properties={key: value.encode()[:TEXT_MAX_BYTES] for key, value in properties.items()},
        server=f"{_label(name).lower().replace(' ', '-')}-{port}.local.",
    )
    await mdns.async_register_service(info, allow_name_change=True, strict=False)
    try:
        yield
    finally:
        await mdns.async_unregister_service(info)


class VenueBrowser:
    """Keeps the nodes of one service that are there now in `found`; `on_change` is called at each change."""

    def __init__(self, service: str, on_change: Callable[[], None]) -> None:
        self.found: dict[str, FoundNode] = {}
        self._service = service
        self._on_change = on_change
        self._resolving: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def running(self, mdns: AsyncZeroconf | None) -> AsyncIterator[VenueBrowser]:
        """Browse until the context ends."""
        if mdns is None:
            yield self
            return
        browser = AsyncServiceBrowser(mdns.zeroconf, self._service, handlers=[self._handle])
        try:
            yield self
        finally:
            await browser.async_cancel()
            for task in list(self._resolving):
                task.cancel()
            await asyncio.gather(*self._resolving, return_exceptions=True)

    def _handle(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is ServiceStateChange.Removed:
            if self.found.pop(name, None) is not None:
                self._on_change()
            return
        task = asyncio.get_running_loop().create_task(self._resolve(zeroconf, name), name=f"resolve {name}")
        self._resolving.add(task)
        task.add_done_callback(self._resolving.discard)

    async def _resolve(self, zeroconf: Zeroconf, name: str) -> None:
        info = AsyncServiceInfo(self._service, name)
        if not await info.async_request(zeroconf, RESOLVE_MAX_MS):
            return
        addresses = info.parsed_addresses(IPVersion.V4Only)
        if not addresses or info.port is None:
            return
        node = FoundNode(
            name=name.removesuffix("." + self._service),
            host=nearest(addresses, own_interfaces()),
            port=info.port,
            properties={
                key.decode(errors="replace"): (value or b"").decode(errors="replace")
                for key, value in info.properties.items()
            },
        )
        if self.found.get(name) != node:
            self.found[name] = node
            self._on_change()


def _label(name: str) -> str:
    """Return the name as one DNS label: no dots, at most 63 bytes."""
    return name.replace(".", " ").encode()[:60].decode(errors="ignore").strip() or "pitboard"
