"""Find and be found on the venue's network by mDNS.

An advert is only a hint where to knock: a node is believed by its signatures, never by its address. Its mDNS
name is made of its key and taken without asking: a stranger who objects to every name would keep it off."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import TypeVar

from zeroconf import (  # type: ignore[attr-defined]  # their names are there, not declared
    DNSAddress,
    DNSOutgoing,
    DNSQuestion,
    DNSService,
    DNSText,
    IPVersion,
    RecordUpdateListener,
    Zeroconf,
)
from zeroconf import RecordUpdate as Update
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf
from zeroconf.const import _CLASS_IN, _FLAGS_QR_QUERY, _TYPE_PTR

from pitboard.clock import Clock, SystemClock
from pitboard.doors.door_limits import Rate, TokenBuckets
from pitboard.presence.heard_nodes import FoundNode, HeardNodes
from pitboard.presence.packet_sieve import sift
from pitboard.presence.signed_advert import HeardAdvert, make_advert, read_advert
from pitboard.presence.venue_addresses import TOLD_MAX_COUNT, OwnInterfaces, multicast_interfaces
from pitboard.tasks import beside
from pitboard.trust.identity import Identity

log = logging.getLogger(__name__)

UNIT_SERVICE = "_pitboard._tcp.local."
DISPLAY_SERVICE = "_pitboard-disp._tcp.local."  # a service name has at most 15 characters
CENTRAL_SERVICE = "_pitboard-ctl._tcp.local."
LABEL_DIGITS = 16
REMEMBERED_MAX_COUNT = 256
"""Of each kind of record that others wrote."""
ASK_FIRST_S = 0.25
ASK_EVERY_S = 20.0
READS_OF_ALL = Rate(per_s=100, burst=400)
"""Texts that are read: a whole venue answers at once, and no flood of names costs more than this."""
READS_OF_NAME = Rate(per_s=20, burst=60)
"""Of a name made of a key that counts; these are read whatever else is said."""
CHECKS_OF_ALL = Rate(per_s=50, burst=100)
"""Of what claims a known key under any name. Under the name made of the key as many again, and as many kept
for names that were said seldom: a flood of forged claims leaves no true one unchecked."""
_NS_PER_S = 1_000_000_000

Kept = TypeVar("Kept")


@contextlib.asynccontextmanager
async def open_mdns(
    interfaces: Sequence[str] = (), *, known: Callable[[], Collection[str]] = tuple
) -> AsyncIterator[AsyncZeroconf | None]:
    """Yield a multicast DNS socket on the given interface addresses, or on all, IPv6 where there is some.

    It reads no more than we have time for; `known` gives the keys of nodes that are read all the same. Yields
    None, with a logged sentence, where there is no network: nothing depends on being found.
    """
    places = list(interfaces) or multicast_interfaces()
    has_ipv6 = any(isinstance(place, int) for place in places)
    try:
        mdns = AsyncZeroconf(interfaces=places, ip_version=IPVersion.All if has_ipv6 else IPVersion.V4Only)
    except (OSError, RuntimeError) as error:  # RuntimeError: no interface has an address
        log.warning("mDNS is off: reason=%s", error)
        yield None
        return
    try:
        await sift(mdns.zeroconf, lambda: [label_of(key) for key in known()])
        yield mdns
    finally:
        await mdns.async_close()


@contextlib.asynccontextmanager
async def advertise(
    mdns: AsyncZeroconf | None,
    service: str,
    *,
    label: str,
    port: int,
    properties: Mapping[str, str],
    addresses: Sequence[str],
    identity: Identity | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[None]:
    """Advertise this node until the context ends, signed by `identity`; `label` is its mDNS name."""
    if mdns is None:
        yield
        return
    utc_ms = (clock or SystemClock()).utc_ms()
    said = make_advert(properties, addresses=addresses, port=port, utc_ms=utc_ms, identity=identity)
    info = AsyncServiceInfo(
        service,
        f"{label}.{service}",
        parsed_addresses=list(addresses),
        port=port,
        properties=dict(said),
        server=f"{label}.local.",
    )
    # As "cooperating responders": nobody is asked whether the name is free, and nobody can deny it.
    announcing = await mdns.async_register_service(info, cooperating_responders=True, strict=False)
    try:
        yield
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            announcing.cancel()  # type: ignore[attr-defined]
        await mdns.async_unregister_service(info)


def label_of(key: str) -> str:
    """Return the mDNS name of the node with this key, or fingerprint."""
    return f"pb-{key[:LABEL_DIGITS]}"


class VenueBrowser(RecordUpdateListener):
    """Keeps what is heard of one service; `on_change` is called when a claim is new.

    It asks for the service now and then without saying what it knows, so that everybody tells all again.
    """

    def __init__(
        self,
        service: str,
        on_change: Callable[[], None],
        known: Callable[[], Collection[str]],
        own: OwnInterfaces | None = None,
    ) -> None:
        super().__init__()
        self._service = service
        self._known = known
        self._on_change = on_change
        self._clock = SystemClock()
        self._nodes = HeardNodes(known)
        self._own = own or OwnInterfaces()
        self._texts: OrderedDict[str, HeardAdvert] = OrderedDict()
        self._servers: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._hosts: OrderedDict[str, dict[str, None]] = OrderedDict()
        self._reads = TokenBuckets(of_source=READS_OF_NAME, of_all=READS_OF_ALL)
        self._own_reads = TokenBuckets(of_source=READS_OF_NAME, of_all=Rate(per_s=1_000, burst=4_000))
        self._checks = TokenBuckets(of_source=CHECKS_OF_ALL, of_all=CHECKS_OF_ALL)
        self._own_checks = TokenBuckets(READS_OF_NAME, CHECKS_OF_ALL, CHECKS_OF_ALL)

    @property
    def found(self) -> dict[str, FoundNode]:
        """Return the nodes, at each place where one may be; who signs with a known key comes first."""
        return self._nodes.nodes(list(self._own.interfaces(now_mono_ns=self._clock.mono_ns())))

    @contextlib.asynccontextmanager
    async def running(self, mdns: AsyncZeroconf | None) -> AsyncIterator[VenueBrowser]:
        """Listen and ask until the context ends."""
        if mdns is None:
            yield self
            return
        mdns.zeroconf.async_add_listener(self, None)
        try:
            async with beside(self._ask(mdns.zeroconf), name=f"ask for {self._service}"):
                yield self
        finally:
            mdns.zeroconf.async_remove_listener(self)

    async def _ask(self, zeroconf: Zeroconf) -> None:
        pause_s = ASK_FIRST_S
        await zeroconf.async_wait_for_start()
        while True:
            question = DNSOutgoing(_FLAGS_QR_QUERY)
            question.add_question(DNSQuestion(self._service, _TYPE_PTR, _CLASS_IN))
            zeroconf.async_send(question)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, ASK_EVERY_S)

    def async_update_records(self, zc: Zeroconf, now: float, records: list[Update]) -> None:
        touched: set[str] = set()
        for update in records:
            record = update.new
            if isinstance(record, DNSText) and record.name.lower().endswith(self._service):
                touched |= self._read(record)
            elif isinstance(record, DNSService) and record.name.lower().endswith(self._service):
                _keep(self._servers, record.name, (record.server, record.port))
                touched.add(record.name)
            elif isinstance(record, DNSAddress):
                touched |= self._place(record)
        if sum([self._hear(name) for name in touched]):
            self._on_change()

    def async_update_records_complete(self) -> None:
        """Everything was done as the records came."""

    def _read(self, record: DNSText) -> set[str]:
        now_ns, known = self._clock.mono_ns(), self._known()
        is_known = record.name.partition(".")[0] in {label_of(key) for key in known}
        reads = self._own_reads if is_known else self._reads
        if reads.take(record.name, now_mono_ns=now_ns) is not None:
            return set()
        checks, source = (self._own_checks, record.name) if is_known else (self._checks, None)
        advert = read_advert(
            record.text, lambda key: key in known and checks.take(source, now_mono_ns=now_ns) is None
        )
        _keep(self._texts, record.name, advert)
        return {record.name}

    def _place(self, record: DNSAddress) -> set[str]:
        address = str(ipaddress.ip_address(record.address))
        host = self._hosts.get(record.name, {})
        if address in host or len(host) >= TOLD_MAX_COUNT:
            return set()
        _keep(self._hosts, record.name, {**host, address: None})
        return {name for name, (server, _) in self._servers.items() if server == record.name}

    def _hear(self, name: str) -> bool:
        """Take what is known of a name by now; who tells its place in the text needs no other record."""
        advert = self._texts.get(name)
        if advert is None:
            return False
        if not advert.addresses or advert.port is None:
            server, port = self._servers.get(name, ("", 0))
            advert = HeardAdvert(
                properties=advert.properties, addresses=tuple(self._hosts.get(server, ())), port=port
            )
        now_s = self._clock.mono_ns() / _NS_PER_S
        return self._nodes.hear(name.removesuffix("." + self._service), advert, now_s=now_s)


def _keep(kept: OrderedDict[str, Kept], name: str, value: Kept) -> None:
    kept[name] = value
    kept.move_to_end(name)
    if len(kept) > REMEMBERED_MAX_COUNT:
        kept.popitem(last=False)
