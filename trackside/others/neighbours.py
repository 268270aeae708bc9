"""Pull what the venue's other units have, so that each track's results outlive its own card.

Only units of the same event are asked. Where one lies, the records' signatures show it. Each is asked at
every place that was ever claimed for its key, and stays where it proved itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from pitboard.doors.node_client import CONNECT_MAX_S
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.errors import PeerLost
from pitboard.journal.folding.roster import Roster
from pitboard.journal.replica import Replica
from pitboard.presence.heard_nodes import FoundNode, node_url
from pitboard.presence.venue_addresses import without_zone
from sync.exchanging.exchange import Peer, ReplicaPeer, SyncRequest, SyncResponse, UnitPlace
from sync.exchanging.freshness import Answerer, FreshPeer
from sync.exchanging.pump import Pump
from sync.exchanging.requests_peer import ANSWER_MARGIN_S, RequestsPeer

log = logging.getLogger(__name__)

STRANGERS_MAX_COUNT = 16
PLACES_MAX_COUNT = 8
BACK_OFF_MAX_S = 5.0
STRANGERS_AT_ONCE = 2
"""That are asked, however many announce themselves: each takes a thread and a handshake."""
STRANGERS_REST_S = 0.5
"""After one was asked, before another's turn; where nobody waited for him, as long as his thread goes on."""


class ClosablePeer(Peer, Protocol):
    def close(self) -> None: ...


Connect = Callable[[str, str], ClosablePeer]
SeeAnswerer = Callable[[str, str, Answerer], None]
HearClock = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another unit as it is announced, and where to knock, the likeliest place first."""

    name: str
    urls: tuple[str, ...]


def connect(url: str, name: str) -> ClosablePeer:
    # Encrypted, and nothing believed of the address: the records carry their own signatures.
    return RequestsPeer(url, name=name, pin=ANY_CERTIFICATE)


def _ignore(name: str, address: str, answerer: Answerer) -> None:
    """Stand in where nobody asks who the neighbours are."""


def _ignore_clock(name: str, utc_ms: int) -> None:
    """Stand in where nobody compares clocks."""


def neighbours_of(
    found: Mapping[str, FoundNode], *, event_key: str, own_key: str, enrolled: Container[str]
) -> dict[str, Neighbour]:
    """Return {who: neighbour} of the other units that claim to serve this event, by key.

    All enrolled ones are there, each with the places that it signed before those that others claim for it; of
    strangers there is a bounded number, so that their many adverts cost little.
    """
    others: dict[str, list[FoundNode]] = {}
    for node in found.values():
        key = node.properties.get("key", "")
        if node.properties.get("event") == event_key and key != own_key:
            others.setdefault(key if key in enrolled else node_url(node), []).append(node)
    known = [who for who in others if who in enrolled]
    strangers = [who for who in others if who not in enrolled]
    wanted: dict[str, Neighbour] = {}
    for who in known + strangers[:STRANGERS_MAX_COUNT]:
        nodes = sorted(others[who], key=lambda node: not node.is_signed)
        urls = tuple(dict.fromkeys(node_url(node) for node in nodes))[:PLACES_MAX_COUNT]
        wanted[who] = Neighbour(name=nodes[0].properties.get("unit") or nodes[0].name, urls=urls)
    return wanted


def with_configured(neighbours: Mapping[str, Neighbour], urls: Sequence[str]) -> dict[str, Neighbour]:
    """Return the neighbours and those at configured addresses, where the network may let no mDNS through."""
    heard = {url for neighbour in neighbours.values() for url in neighbour.urls}
    asked = dict.fromkeys(url.rstrip("/") for url in urls)
    return {**neighbours} | {
        url: Neighbour(name=urlsplit(url).netloc, urls=(url,)) for url in asked if url not in heard
    }


def places_of_keys(found: Iterable[FoundNode], *, own: Collection[str] = ()) -> dict[str, list[str]]:
    """Return {key: hosts} as the keys themselves signed them, without this machine's `own` addresses.

    A copy of this card signs with the key that this machine has too: only its places tell the two apart.
    """
    places: dict[str, list[str]] = {}
    ours = {without_zone(address) for address in own}
    for node in found:
        hosts = places.setdefault(node.properties.get("key", ""), [])
        if not node.is_signed or without_zone(node.host) in ours:
            continue
        if node.host not in hosts and len(hosts) < PLACES_MAX_COUNT:
            hosts.append(node.host)
    return places


class Turns:
    """Lets strangers be asked a few at a time, and not one right after the other."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(STRANGERS_AT_ONCE)

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn, and give it back a while after the context ends."""
        await self._free.acquire()
        rest_s = STRANGERS_REST_S
        try:
            yield
        except asyncio.CancelledError:
            rest_s = CONNECT_MAX_S + ANSWER_MARGIN_S  # its thread goes on for as long
            raise
        finally:
            asyncio.get_running_loop().call_later(rest_s, self._free.release)


class ManyPlaces:
    """One neighbour, asked where it last proved itself; where it does not, at the next of its places.

    A stranger is asked when it is his `turns`, and never waited for: who is not enrolled brings no news.
    """

    def __init__(
        self,
        neighbour: Neighbour,
        *,
        connect: Connect,
        roster: Callable[[], Roster],
        on_answerer: SeeAnswerer,
        on_clock: HearClock = _ignore_clock,
        turns: Turns | None = None,
    ) -> None:
        self.name = neighbour.name
        self._turns = turns
        self._urls = list(neighbour.urls)
        self._connect = connect
        self._roster = roster
        self._on_answerer = on_answerer
        self._on_clock = on_clock
        self._standing = Answerer.UNPROVEN
        self._peer: ClosablePeer | None = None
        self._fresh: FreshPeer | None = None

    def is_told(self, neighbour: Neighbour) -> None:
        """Take the places that are announced now; where it proved itself stays the first."""
        current = self._urls[:1]
        announced = [url for url in neighbour.urls if url not in current]
        self._urls = (current + announced)[: PLACES_MAX_COUNT + 1]

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the answer of the first place that proves itself; raises PeerLost where none answers."""
        response: SyncResponse | None = None
        lost: PeerLost | None = None
        for _ in range(len(self._urls)):
            try:
                response = await self._ask(request)
            except PeerLost as error:
                lost = error
            else:
                if self._standing == Answerer.PROVEN:
                    self._on_clock(self.name, response.utc_ms)
                    return response
            if len(self._urls) > 1:
                self.close()
                self._urls.append(self._urls.pop(0))
        if response is not None:
            return response
        assert lost is not None, "there is at least one place"
        raise lost

    async def _ask(self, request: SyncRequest) -> SyncResponse:
        if self._turns is None:
            return await self._connected().sync(request)
        async with self._turns.one():
            return await self._connected().sync(msgspec.structs.replace(request, wait_ms=0))

    @property
    def proven_url(self) -> str | None:
        """Return where it proved itself in its last answer; None while it does not."""
        return self._urls[0] if self._standing == Answerer.PROVEN and self._fresh is not None else None

    @property
    def proven_key(self) -> str | None:
        """Return whose its last answer was, where that is proven."""
        return None if self._fresh is None else self._fresh.proven_key

    def close(self) -> None:
        if self._peer is not None:
            self._peer.close()
        self._peer = self._fresh = None

    def _connected(self) -> FreshPeer:
        if self._fresh is None:
            address = urlsplit(self._urls[0]).netloc
            self._peer = self._connect(self._urls[0], self.name)
            self._fresh = FreshPeer(
                self._peer, roster=self._roster, on_answerer=lambda answerer: self._see(address, answerer)
            )
        return self._fresh

    def _see(self, address: str, answerer: Answerer) -> None:
        self._standing = answerer
        self._on_answerer(self.name, address, answerer)


class Neighbours:
    """One pump for each neighbour that is there; `follow` says who is.

    `on_answerer` hears who they really are, `on_clock` the wall clock of who proved itself.
    """

    def __init__(
        self,
        replica: Replica,
        *,
        connect: Connect = connect,
        on_answerer: SeeAnswerer = _ignore,
        on_clock: HearClock = _ignore_clock,
    ) -> None:
        self._replica = replica
        self._here = ReplicaPeer(replica)
        self._connect = connect
        self._on_answerer = on_answerer
        self._on_clock = on_clock
        self._wanted: dict[str, Neighbour] = {}
        self._running: dict[str, tuple[ManyPlaces, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()
        self._turns = Turns()

    def follow(self, wanted: Mapping[str, Neighbour]) -> None:
        """Pull from exactly these nodes {who: neighbour} from now on."""
        if wanted != self._wanted:
            self._wanted = dict(wanted)
            self._changed.set()

    def proven_places(self) -> list[UnitPlace]:
        """Return where the enrolled neighbours proved themselves last, for displays that hear no mDNS.

        An address that means something on one interface or one machine only is left out.
        """
        enrolled = self._replica.fold.roster.enrolled()
        enrolled = self._replica.fold.roster.enrolled()
        found = ((source.proven_key or "", source.proven_url) for source, _ in self._running.values())
        return [
            UnitPlace(url=url, name=enrolled[key][:200], key=key)
            for key, url in found
            if key in enrolled and url is not None and url.startswith("https://") and "%" not in url
        ]

    async def run(self) -> None:
        """Pull until cancelled."""
        running = self._running
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                for who in [who for who in running if who not in self._wanted]:
                    source, task = running.pop(who)
                    await _ended(task)
                    source.close()
                for who, neighbour in self._wanted.items():
                    if who in running:
                        running[who][0].is_told(neighbour)
                        continue
                    log.info("neighbour found: name=%s url=%s", neighbour.name, neighbour.urls[0])
                    source = ManyPlaces(
                        neighbour,
                        connect=self._connect,
                        roster=lambda: self._replica.fold.roster,
                        on_answerer=self._on_answerer,
                        on_clock=self._on_clock,
                        turns=None if who in self._replica.fold.roster.enrolled() else self._turns,
                    )
                    pump = Pump(source, self._here, back_off_max_s=BACK_OFF_MAX_S)
                    running[who] = (source, tasks.create_task(pump.run(), name=f"pull {neighbour.name}"))
                await self._changed.wait()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
