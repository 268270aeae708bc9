"""Which displays are there: those that answer, whatever is announced; and when the others did last.

An advert stays for an hour after its display froze, and anybody may announce any number of names. So each is
asked for its status, those that answered before first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, NoReturn

import msgspec
from msgspec import Meta

from pitboard.clock import Clock
from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, decode
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.errors import PeerLost
from pitboard.presence.heard_nodes import FoundNode, node_url
from pitboard.race.names import clean_name
from pitboard.unit_api.screen_state import DisplayNode
from sync.exchanging.requests_peer import RequestsPeer

ASK_EVERY_S = 3.0
ANSWER_MAX_S = 2.0
GONE_AFTER_NS = 8_000_000_000
ASKED_MAX_COUNT = 24
STRANGERS_ASKED_AT_ONCE = 4
GONE_MAX_COUNT = 16


class DisplaySaid(msgspec.Struct, frozen=True):
    """What a display tells of itself; an older one tells less."""

    name: Annotated[str, Meta(max_length=400)]
    key: Annotated[str, Meta(max_length=80)] = ""
    scene: Annotated[str, Meta(max_length=80)] = ""
    badge: Annotated[str, Meta(max_length=400)] = ""
    is_live: bool = True
    has_screen: bool = True
    version: Annotated[str, Meta(max_length=80)] = ""
    temperature_mc: int | None = None


async def ask_status(node: FoundNode) -> DisplaySaid:
    """Return what the display tells of itself; raises PeerLost where none answers."""
    peer = RequestsPeer(node_url(node), name=node.name, pin=ANY_CERTIFICATE, margin_s=ANSWER_MAX_S)
    try:
        answer = await peer.call("GET", "/v1/status", max_bytes=SMALL_ANSWER_MAX_BYTES)
    finally:
        peer.close()
    return decode(answer, DisplaySaid, peer=node.name)


class DisplayWatch:
    """Keeps `displays` up to date from what is `found`; `on_change` is called when they change."""

    def __init__(
        self,
        found: Callable[[], Mapping[str, FoundNode]],
        clock: Clock,
        on_change: Callable[[Sequence[DisplayNode]], None],
        *,
        ask: Callable[[FoundNode], Awaitable[DisplaySaid]] = ask_status,
    ) -> None:
        self.displays: list[DisplayNode] = []
        self._found = found
        self._clock = clock
        self._on_change = on_change
        self._ask = ask
        self._gone: dict[tuple[str, str], DisplayNode] = {}  # by mDNS name and the name that people read
        self._answered: dict[str, tuple[int, str, DisplayNode]] = {}  # place -> when, its mDNS name, who
        self._asked_round: dict[str, int] = {}
        self._round = 0

    def places_of(self, key: str) -> list[FoundNode]:
        """Return where a display that says that this is its key answered lately; who truly is it, signs."""
        found = self._found()
        here = [place for place, (_, _, one) in self._answered.items() if one.key == key]
        # Who signs his advert with that key first: a stranger may say any number of times that he has it.
        here.sort(key=lambda place: not (place in found and found[place].is_signed))
        return [found[place] for place in here if place in found]

    async def run(self) -> NoReturn:
        """Ask until cancelled."""
        while True:
            await self.look_once()
            await asyncio.sleep(ASK_EVERY_S)

    async def look_once(self) -> None:
        """Ask who is to be asked now, and take out whoever has not answered for a while."""
        self._round += 1
        nodes = self._to_ask()
        answers = await asyncio.gather(*(self._said_by(node) for node in nodes.values()))
        now_ns = self._clock.mono_ns()
        for (place, node), said in zip(nodes.items(), answers, strict=True):
            self._asked_round[place] = self._round
            if said is not None:
                shown = clean_name(said.name) or node.properties.get("name") or "a display"
                self._answered[place] = (
                    now_ns,
                    node.name,
                    DisplayNode(
                        shown,
                        node.address,
                        key=said.key,
                        scene=clean_name(said.scene),
                        badge=clean_name(said.badge),
                        is_live=said.is_live,
                        has_screen=said.has_screen,
                        version=clean_name(said.version),
                        temperature_c=None if said.temperature_mc is None else said.temperature_mc // 1_000,
                    ),
                )
        found = self._found()
        self._asked_round = {place: at for place, at in self._asked_round.items() if place in found}
        former = self._answered
        self._answered = {place: said for place, said in former.items() if now_ns - said[0] < GONE_AFTER_NS}
        # One that answers at two of its addresses is one display; two of one name are two.
        there = {(label, one.name): one for _, label, one in self._answered.values()}
        for answered_ns, label, one in former.values():
            if (label, one.name) not in there:
                ago_ms = (now_ns - answered_ns) // 1_000_000
                self._gone[label, one.name] = msgspec.structs.replace(
                    one, is_live=False, badge="", scene="", gone_since_utc_ms=self._clock.utc_ms() - ago_ms
                )
        self._gone = {who: one for who, one in self._gone.items() if who not in there}
        while len(self._gone) > GONE_MAX_COUNT:
            del self._gone[next(iter(self._gone))]
        displays = [*there.values(), *self._gone.values()]
        if displays != self.displays:
            self.displays = displays
            self._on_change(displays)

    def _to_ask(self) -> dict[str, FoundNode]:
        """Return those that answered before or sign with a key of the event, and a few of the others, the
        longest unasked first: whoever counts and was slow once does not wait behind every stranger's name."""
        found = self._found()
        known = sorted(
            (place for place in found if place in self._answered or found[place].is_signed),
            key=lambda place: (place not in self._answered, self._asked_round.get(place, 0)),
        )
        others = sorted(
            (place for place in found if place not in self._answered and not found[place].is_signed),
            key=lambda place: self._asked_round.get(place, 0),
        )
        chosen = known[: ASKED_MAX_COUNT - STRANGERS_ASKED_AT_ONCE] + others[:STRANGERS_ASKED_AT_ONCE]
        return {place: found[place] for place in chosen}

    async def _said_by(self, node: FoundNode) -> DisplaySaid | None:
        try:
            return await self._ask(node)
        except PeerLost:
            return None
