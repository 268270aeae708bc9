"""This machine's addresses, what of them is told to the venue, and where to knock at another machine.

One's own addresses are never another node's: many Pis have the same second one, a hotspot's or docker's."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import socket
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

import ifaddr

from pitboard.clock import happened

LOOPBACK = "127.0.0.1"
MULTICAST_DNS = ("224.0.0.251", 5353)
LOOKED_FOR_NS = 1_000_000_000
LOOKED_FOR_WITH_NEWS_NS = 30_000_000_000
"""Where the kernel tells of changes, a look is taken now and then all the same."""
TOLD_MAX_COUNT = 8
LINKS_MAX_COUNT = 4
"""Interfaces on which a link-local address is tried: it does not say on which it is meant."""
PLACES_KEPT_MAX_COUNT = 512
"""Of claims; more than all that are kept of a service, for they are asked for again and again."""


def own_interfaces() -> frozenset[str]:
    """Return this machine's addresses with their networks' sizes, such as 192.0.2.7/24 or fe80::1%eth0/64."""
    found: set[str] = set()
    for adapter in ifaddr.get_adapters():
        for address in adapter.ips:
            if isinstance(address.ip, str):
                found.add(f"{address.ip}/{address.network_prefix}")
                continue
            host = ipaddress.IPv6Address(address.ip[0].partition("%")[0])
            if _is_ready(str(host), adapter.index or 0):
                zone = f"%{adapter.nice_name}" if host.is_link_local else ""
                found.add(f"{host}{zone}/{address.network_prefix}")
    return frozenset(found)


class AddressNews:
    """The kernel's word that addresses or cables changed, so that nobody lists them every second.

    Only Linux has it (rtnetlink). `has_come` is always True where nobody tells.
    """

    def __init__(self, told: socket.socket | None) -> None:
        self._told = told

    @property
    def is_told(self) -> bool:
        """Whether there is somebody who tells."""
        return self._told is not None

    @classmethod
    @contextlib.contextmanager
    def open(cls) -> Iterator[AddressNews]:
        try:
            told = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETLINK_ROUTE)
        except (AttributeError, OSError):
            yield cls(None)
            return
        with told:
            try:
                told.bind((0, _LINK | _IPV4_ADDRESS | _IPV6_ADDRESS))
            except OSError:
                yield cls(None)
            else:
                yield cls(told)

    async def come(self, within_s: float) -> bool:
        """Return True as soon as there is news that `has_come` will tell of, False after so long."""
        if self._told is None:
            await asyncio.sleep(within_s)
            return False
        heard, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._told, heard.set)
        try:
            return await happened(heard, within_s)
        finally:
            loop.remove_reader(self._told)

    def has_come(self) -> bool:
        """Return whether something may have changed since the last call."""
        if self._told is None:
            return True
        has_come = False
        for _ in range(_NEWS_MAX_COUNT):
            try:
                self._told.recv(_NEWS_BYTES)
            except BlockingIOError:
                return has_come
            except OSError:  # more news than its buffer holds
                return True
            has_come = True
        return True


_NETLINK_ROUTE = 0
_LINK, _IPV4_ADDRESS, _IPV6_ADDRESS = 0x1, 0x10, 0x100  # RTMGRP_*: linux/rtnetlink.h
_NEWS_MAX_COUNT = 256
_NEWS_BYTES = 64 * 1_024


class OwnInterfaces:
    """Looks at the own interfaces at most once per second, however often strangers make us ask; while `news`
    tells of changes, only after one.

    The kernel answers under a lock that others hold too: on a busy machine each look took 20 ms of the loop.
    """

    def __init__(self) -> None:
        self.news: AddressNews | None = None
        self._seen: frozenset[str] = frozenset()
        self._looked_mono_ns: int | None = None
        self._has_news = True

    def interfaces(self, *, now_mono_ns: int) -> frozenset[str]:
        """Return what `own_interfaces` does, as of a second ago at most."""
        self._has_news = self.news is None or self.news.has_come() or self._has_news
        rest_ns = LOOKED_FOR_NS if self._has_news else LOOKED_FOR_WITH_NEWS_NS
        if self._looked_mono_ns is None or now_mono_ns >= self._looked_mono_ns + rest_ns:
            self._seen, self._has_news = own_interfaces(), False
            self._looked_mono_ns = now_mono_ns
        return self._seen

    def addresses(self, *, now_mono_ns: int) -> frozenset[str]:
        """Return them without their networks' sizes, as `own_addresses` does."""
        return hosts_of(self.interfaces(now_mono_ns=now_mono_ns))


def _is_ready(host: str, index: int) -> bool:
    """Return whether an IPv6 address may be used: for a second after the cable came it is only tried out."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0, 0, index))
    except OSError:
        return False
    return True


def multicast_interfaces() -> list[str | int]:
    """Return where to speak mDNS: our IPv4 addresses, and by number the interfaces with IPv6."""
    places: list[str | int] = []
    for interface in sorted(own_interfaces()):
        host, _, zone = interface.rpartition("/")[0].partition("%")
        if ":" not in host:
            places.append(host)
        elif zone and zone != "lo" and (index := socket.if_nametoindex(zone)) not in places:
            places.append(index)
    return places


def own_addresses() -> frozenset[str]:
    """Return this machine's addresses; a link-local one with its interface."""
    return hosts_of(own_interfaces())


def hosts_of(interfaces: Iterable[str]) -> frozenset[str]:
    """Return the addresses without their networks' sizes."""
    return frozenset(interface.rpartition("/")[0] for interface in interfaces)


def addresses_to_tell(own: Iterable[str], *, routed: str | None) -> list[str]:
    """Return what to advertise: the address with a route first, IPv4 before IPv6; loopback only if alone."""
    reachable = {without_zone(address) for address in own}
    reachable = {address for address in reachable if not ipaddress.ip_address(address).is_loopback}
    first = [routed] if routed is not None and routed in reachable else []
    others = sorted(reachable.difference(first), key=lambda one: (":" in one, is_link_local(one), one))
    return [*first, *others][:TOLD_MAX_COUNT] or [LOOPBACK]


def places_of(told: Sequence[str], interfaces: Iterable[str]) -> list[str]:
    """Return where to knock at a node that tells these addresses, those on our own networks first.

    What is our own address too is left out, unless all are: then the node is on this machine. A link-local
    address is tried on each of our interfaces.
    """
    return list(_places(tuple(told), frozenset(interfaces)))


@functools.lru_cache(maxsize=PLACES_KEPT_MAX_COUNT)
def _places(told: tuple[str, ...], own: frozenset[str]) -> tuple[str, ...]:
    ours = {without_zone(interface.rpartition("/")[0]) for interface in own}
    others = [address for address in told if address not in ours] or list(told)
    links = sorted({place.partition("/")[0].partition("%")[2] for place in own if "%" in place} - {"lo"})
    placed = [
        place
        for address in others
        for place in (
            [f"{address}%{link}" for link in links[:LINKS_MAX_COUNT]]
            if is_link_local_v6(address)
            else [address]
        )
    ]
    networks = [
        ipaddress.ip_interface(without_zone(interface)).network for interface in own if "%" not in interface
    ]
    return tuple(sorted(placed, key=lambda place: 0 if "%" in place else _distance(place, networks)))


def near_place(url: str, interfaces: Iterable[str]) -> str:
    """Return the URL's host where it is another machine on one of our own networks, else an empty text.

    By its number only: a name says nothing of where it leads.
    """
    host = urlsplit(url).hostname or ""
    own = [interface for interface in interfaces if "%" not in interface]
    networks = [ipaddress.ip_interface(interface).network for interface in own]
    try:
        is_near = not ipaddress.ip_address(host).is_loopback and _distance(host, networks) < 0
    except ValueError:
        return ""
    return host if is_near and host not in hosts_of(own) else ""


def _distance(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> int:
    return -1 if any(ipaddress.ip_address(address) in network for network in networks) else 1


def without_zone(address: str) -> str:
    """Return the address, with its network's size if it has one, without an interface's name."""
    host, slash, size = address.partition("/")
    return host.partition("%")[0] + slash + size


def is_link_local(address: str) -> bool:
    return ipaddress.ip_address(address).is_link_local


def is_link_local_v6(address: str) -> bool:
    return ":" in address and is_link_local(address)


def url_host(host: str) -> str:
    """Return the host as a URL carries it."""
    return f"[{host}]" if ":" in host else host


def routed_address() -> str | None:
    """Return the address this machine would send multicast from, None where no route says so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(MULTICAST_DNS)  # sends nothing; the kernel only picks a route
        except OSError:
            return None
        return str(probe.getsockname()[0])
