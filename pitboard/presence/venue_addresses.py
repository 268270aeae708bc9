"""Which of a machine's addresses the venue should be told, and which of another's to knock at.

A venue's network may lead nowhere: no default route, no internet. And a Pi may be on two networks at once, so
all addresses are told, and who reads them takes one of a network that it is on itself."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence

import ifaddr

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
