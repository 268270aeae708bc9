"""The display on the venue's network: its status API served and advertised, its units found."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from importlib.metadata import version
from typing import NoReturn

import msgspec

from display.following.source_choice import Candidate, Claim
from pitboard.doors.door_limits import DoorLimits, Rate
from pitboard.doors.page_door import Page, Pages, json_page, serve_pages
from pitboard.errors import Refusal
from pitboard.presence.central_places import central_places
from pitboard.presence.heard_nodes import FoundNode, node_url
from pitboard.presence.venue_mdns import CENTRAL_SERVICE, DISPLAY_SERVICE, UNIT_SERVICE
from pitboard.presence.venue_presence import RETRY_S, Advert, VenuePresence
from pitboard.trust.identity import Identity
from pitboard.trust.signed_picture import is_nonce, sign_picture
from sync.exchanging.venue_clocks import ClockNote

log = logging.getLogger(__name__)

STATUS_LIMITS = DoorLimits(
    connections_max_count=64,
    calls_of_all=Rate(per_s=100, burst=500),
    trusted_proxies=(),  # none stands before it, and a touchscreen on the same machine has its share
)


class DisplayPresence:
    """Keeps the status API served and advertised, and `units()` up to date; `on_change` tells of changes."""

    def __init__(
        self,
        pages: Pages,
        *,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        name: str,
        label_key: str,
        event_key: str,
        interfaces: Sequence[str],
        has_mdns: bool,
        on_change: Callable[[], None],
        enrolled: Callable[[], Mapping[str, str]],
        identity: Identity | None = None,
    ) -> None:
        """`enrolled` gives the units of the roster. What an advert says stays as it is all day, or all that
        listen would be told anew with each scene: that one is asked for at the status door.

        The `identity` of an enrolled display makes its mDNS name and signs its advert; without one the
        `label_key` makes the name.
        """
        self._pages = pages
        self._host = host
        self._port = port
        self._tls = tls
        self._event_key = event_key
        self._enrolled = enrolled
        self._presence = VenuePresence(
            Advert(
                service=DISPLAY_SERVICE,
                key=label_key if identity is None else identity.key,
                identity=identity,
                properties=lambda: {
                    "event": event_key,
                    "name": name,
                    "tls": "no" if tls is None else "yes",
                },
            ),
            browse_services=(UNIT_SERVICE, CENTRAL_SERVICE),
            interfaces=interfaces,
            is_on=has_mdns,
            on_change=on_change,
            known=lambda: [*enrolled(), event_key],
        )

    @property
    def has_network(self) -> bool:
        return self._presence.has_network

    def units(self) -> list[Candidate]:
        """Return the units of this event that advertise themselves now, in a stable order."""
        return units_of(self._event_key, self._presence.found(UNIT_SERVICE), self._enrolled())

    def centrals(self) -> list[str]:
        """Return where central may be now, as it announces itself and as enrolled units reach it."""
        return central_places(
            self._presence.found(CENTRAL_SERVICE).values(),
            self._presence.found(UNIT_SERVICE).values(),
            event_key=self._event_key,
            enrolled=self._enrolled(),
        )

    def strange_event(self) -> tuple[str, str] | None:
        """Return a unit of another event that advertises itself, and what people call that event."""
        for node in self._presence.found(UNIT_SERVICE).values():
            key = node.properties.get("event", "")
            if key and key != self._event_key:
                called = node.properties.get("cup") or f"the one with the key {key[:8]}"
                return node.properties.get("unit") or node.name, called
        return None

    async def run(self) -> NoReturn:
        """Serve, advertise and browse until cancelled; what the network refuses is tried again."""
        while True:
            try:
                door = serve_pages(self._pages, self._host, self._port, tls=self._tls, limits=STATUS_LIMITS)
                async with door as port:
                    log.info("status served: host=%s port=%d path=/v1/status", self._host, port)
                    await self._presence.run(port)
            except Refusal as error:
                log.warning("status not served: %s", error)
            await asyncio.sleep(RETRY_S)


def units_of(
    event_key: str, found: Mapping[str, FoundNode], enrolled: Container[str] = frozenset()
) -> list[Candidate]:
    """Return the nodes that claim to serve this event, by the name they give themselves, as they are listed.

    They are asked over TLS; plainly only on this machine, and where they say so.
    """
    return [
        Candidate(
            url=node_url(node),
            name=node.properties.get("unit") or "a box",
            key=node.properties.get("key", ""),
            claim=_claim_of(node, enrolled),
        )
        for node in found.values()
        if node.properties.get("event") == event_key
    ]


def _claim_of(node: FoundNode, enrolled: Container[str]) -> Claim:
    if node.properties.get("key", "") not in enrolled:
        return Claim.NONE
    return Claim.SIGNED if node.is_signed else Claim.NAMED


VERSION = version("pitboard")


class DisplayStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`source` is the name of the node it follows, None while none answers; `badge` is the sentence shown."""

    name: str
    scene: str
    key: str  # what `display-assigned` calls it, beside its name
    source: str | None
    is_live: bool
    badge: str
    heads: int
    records: int
    size: tuple[int, int]
    has_screen: bool = True  # False: it draws, and nobody can see it
    clock: ClockNote | None = None  # None while its wall clock agrees with the others
    scenes: tuple[str, ...] = ()  # what it was told to show in turn; empty: the usual round
    brightness_percent: int = 100
    is_on: bool = True  # False: somebody turned it dark
    temperature_mc: int | None = None  # in thousandths of a degree
    version: str = VERSION


def status_pages(
    status: Callable[[], DisplayStatus],
    picture: Callable[[], Awaitable[bytes]],
    identity: Identity | None = None,
) -> Pages:
    """Return what anybody in the venue may look at: what it does, and what is on its screen.

    An enrolled display signs the picture for who sends a nonce: so an official sees no stranger's.
    """

    async def answer(query: str) -> Page:
        return json_page(status())

    async def show(query: str) -> Page:
        nonce = query.removeprefix("nonce=")
        if identity is None or not is_nonce(nonce):
            return Page("image/png", await picture())
        return json_page(sign_picture(await picture(), nonce, identity))

    return {"/v1/status": answer, "/v1/picture": show}
