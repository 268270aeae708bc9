"""The nodes that were heard of by mDNS: every address ever claimed for a key is kept, none replaced.

Bounded in all and for each name and address; who signs with a key that counts is never pushed out. Nothing is
believed of it: a claim is only a hint where to knock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pitboard.doors.door import is_loopback
from pitboard.presence.signed_advert import HeardAdvert
from pitboard.presence.venue_addresses import places_of, url_host

NODES_MAX_COUNT = 64
"""Of those that no key of ours vouches for."""
KNOWN_MAX_COUNT = 256
CLAIMS_OF_NODE_MAX_COUNT = 4
NODES_OF_ADDRESS_MAX_COUNT = 4
FORGOTTEN_AFTER_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNode:
    """A node at one of the places where it may be; `properties` are its claims, cleaned, `name` is of mDNS.

    `is_signed` says that the key among them signed the claims and this address.
    """

    name: str
    host: str
    port: int
    properties: dict[str, str]
    is_signed: bool = False

    @property
    def address(self) -> str:
        return f"{url_host(self.host)}:{self.port}"


def node_url(node: FoundNode) -> str:
    """Return where to ask the node: over TLS; plainly only on this machine, and where it says so."""
    is_plain = node.properties.get("tls") == "no" and is_loopback(node.host)
    return f"{'http' if is_plain else 'https'}://{node.address}"


def _same(advert: HeardAdvert) -> HeardAdvert:
    """Return the claim without its time: the same one told again is no other."""
    return HeardAdvert(
        properties=advert.properties,
        addresses=advert.addresses,
        port=advert.port,
        is_signed=advert.is_signed,
    )


class HeardNodes:
    """Keeps what was heard of one service; `known` gives the keys that count, as far as we know now."""

    def __init__(self, known: Callable[[], Collection[str]]) -> None:
        self._known = known
        self._claims: dict[tuple[str, ...], tuple[HeardAdvert, float]] = {}

    def hear(self, name: str, advert: HeardAdvert, *, now_s: float) -> bool:
        """Take a claim; return whether it is one that was not known yet."""
        if not advert.addresses or not advert.port:
            return False
        claim = _same(advert)
        place = _place_of(name, claim)
        is_new = place not in self._claims
        self._claims.pop(place, None)
        known = self._known()
        if is_new and not _is_of(claim, known) and not self._make_room(name, claim, known):
            return False
        self._claims[place] = (claim, now_s)
        self._forget(now_s)
        return is_new

    def nodes(self, interfaces: Sequence[str]) -> dict[str, FoundNode]:
        """Return {where and who: node}, one for each place to knock at; who signs with a known key first.

        What was heard last comes before what was heard of old: whoever moves leaves a dead place behind.
        """
        known = self._known()
        newest_first = list(self._claims.items())[::-1]
        claims = sorted(newest_first, key=lambda item: not _is_of(item[1][0], known))
        found: dict[str, FoundNode] = {}
        for (name, *_), (claim, _) in claims:
            for host in places_of(claim.addresses, interfaces):
                node = FoundNode(
                    name=name,
                    host=host,
                    port=claim.port or 0,
                    properties=claim.properties,
                    is_signed=claim.is_signed,
                )
                found.setdefault(f"{node.address} {claim.properties.get('key', '')}", node)
        return found

    def clear(self) -> None:
        self._claims.clear()

    def _make_room(self, name: str, claim: HeardAdvert, known: Collection[str]) -> bool:
        """Return whether this claim of a stranger may be kept; the oldest of too many gives way."""
        strangers = {place: said for place, (said, _) in self._claims.items() if not _is_of(said, known)}
        of_name = [place for place in strangers if place[0] == name]
        if len(of_name) >= CLAIMS_OF_NODE_MAX_COUNT:
            return False
        for address in claim.addresses:
            if sum(address in said.addresses for said in strangers.values()) >= NODES_OF_ADDRESS_MAX_COUNT:
                return False
        if len(strangers) >= NODES_MAX_COUNT:
            del self._claims[next(iter(strangers))]
        return True

    def _forget(self, now_s: float) -> None:
        for place in [place for place, (_, at_s) in self._claims.items() if now_s - at_s > FORGOTTEN_AFTER_S]:
            del self._claims[place]
        while len(self._claims) > KNOWN_MAX_COUNT:
            del self._claims[next(iter(self._claims))]


def _is_of(claim: HeardAdvert, known: Collection[str]) -> bool:
    return claim.is_signed and claim.properties.get("key", "") in known


def _place_of(name: str, claim: HeardAdvert) -> tuple[str, ...]:
    """Return what makes this claim one of its own: whose it is, and where."""
    who = (claim.properties.get("key", ""), "signed") if claim.is_signed else (name, "")
    return (name, *who, str(claim.port), *claim.addresses)
