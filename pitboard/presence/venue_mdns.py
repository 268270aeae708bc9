"""Find and be found on the venue's network by mDNS.

An advert is only a hint where to knock: a node is believed by its signatures, never by its address."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

import ifaddr
from zeroconf import InterfaceChoice, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from pitboard.doors.door import is_loopback
from pitboard.tasks import Errands

LOOPBACK = "127.0.0.1"
MULTICAST_DNS = ("224.0.0.251", 5353)


def own_interfaces() -> frozenset[str]:
    """Return this machine's IPv4 addresses with their networks' sizes, such as 192.0.2.7/24."""
    return frozenset(
        f"{address.ip}/{address.network_prefix}"
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
        if address.is_IPv4
    )


def own_addresses() -> frozenset[str]:
    """Return this machine's IPv4 addresses."""
    return frozenset(interface.partition("/")[0] for interface in own_interfaces())


def addresses_to_tell(own: Iterable[str], *, routed: str | None) -> list[str]:
    """Return what to advertise: the address with a route first, then the others; loopback only if alone."""
    reachable = {address for address in own if not ipaddress.ip_address(address).is_loopback}
    first = [routed] if routed is not None and routed in reachable else []
    return [*first, *sorted(reachable.difference(first))] or [LOOPBACK]


def nearest(addresses: Sequence[str], interfaces: Iterable[str]) -> str:
    """Return the first of another machine's addresses that is on one of our networks, else the first."""
    networks = [ipaddress.ip_interface(interface).network for interface in interfaces]
    near = (
        address
        for address in addresses
        if any(ipaddress.ip_address(address) in network for network in networks)
    )
    return next(near, addresses[0])


def routed_address() -> str | None:
    """Return the address this machine would send multicast from, None where no route says so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(MULTICAST_DNS)  # sends nothing; the kernel only picks a route
        except OSError:
            return None
        return str(probe.getsockname()[0])


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
        self._resolving = Errands("resolving a name")

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
            await self._resolving.end()

    def _handle(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is ServiceStateChange.Removed:
            if self.found.pop(name, None) is not None:
                self._on_change()
            return
        self._resolving.start(self._resolve(zeroconf, name), name=f"resolve {name}")

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
