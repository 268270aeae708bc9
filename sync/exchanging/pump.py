"""Carry what one node has and another lacks, for ever: the replication loop used on every link.

It asks the target what it has and keeps no cursor of its own; when either node is lost it backs off and asks
anew. A stream that the target does not take is set aside for a while and holds up no other. Who answers at
once and brings nothing, time and again, is asked less and less often."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from pitboard.errors import NOT_UNDERSTOOD, AnotherEvent, LossCode, PeerBusy, PeerLost
from pitboard.journal.records.record import WireRecord
from sync.exchanging.exchange import EventSeen, Have, Peer, SyncRequest, check_event

ALL_OF_IT = 2**53
"""More than any stream holds: who claims to have this much is sent nothing."""


class _StreamOf(msgspec.Struct):
    stream: str


_decoder = msgspec.json.Decoder(_StreamOf)


@dataclass(slots=True)
class SetAside:
    """Pauses in seconds; instants are those of the running loop."""

    pause_first_s: float
    pause_max_s: float
    _pauses: dict[str, tuple[float, float]] = field(default_factory=dict)  # stream -> (until, pause)

    def ask(self, have: Mapping[str, int], *, now_s: float) -> dict[str, int]:
        """Return the heads to ask with: as the target has them, and all of what is set aside now."""
        hidden = {stream: ALL_OF_IT for stream, (until_s, _) in self._pauses.items() if now_s < until_s}
        return {**have, **hidden}

    def streams(self) -> frozenset[str]:
        """Return what was offered and not taken, until it is."""
        return frozenset(self._pauses)

    def streams_now(self, now_s: float) -> frozenset[str]:
        """Return what is not offered at this moment."""
        return frozenset(stream for stream, (until_s, _) in self._pauses.items() if now_s < until_s)

    def next_offer_s(self, *, now_s: float) -> float | None:
        """Return in how long the next stream may be offered again; None where none is set aside."""
        waits_s = [until_s - now_s for until_s, _ in self._pauses.values() if now_s < until_s]
        return min(waits_s, default=None)

    def note(
        self,
        offered: Iterable[WireRecord],
        *,
        before: Mapping[str, int],
        after: Mapping[str, int],
        now_s: float,
    ) -> bool:
        """Set aside what was offered and not taken; return whether anything was taken or set aside."""
        streams = dict.fromkeys(stream for wire in offered if (stream := _stream_of(wire)) is not None)
        for stream in streams:
            if before.get(stream, 0) != after.get(stream, 0):
                self._pauses.pop(stream, None)
            else:
                _, pause_s = self._pauses.get(stream, (0.0, self.pause_first_s / 2))
                pause_s = min(pause_s * 2, self.pause_max_s)
                self._pauses[stream] = (now_s + pause_s, pause_s)
        return bool(streams)


def _stream_of(wire: WireRecord) -> str | None:
    try:
        return _decoder.decode(wire.h).stream
    except NOT_UNDERSTOOD:
        return None


log = logging.getLogger(__name__)

BACK_OFF_FIRST_S = 0.25
BACK_OFF_MAX_S = 15.0
FRUITLESS_MAX_COUNT = 8
"""Exchanges in a row that bring nothing and take no time: more than chance or streams set aside explain."""
WAIT_MS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What is known of the link after an exchange; `trouble`, and its `code`, are None while it works.

    `event` names the source's event where that is another than the target's, `utc_ms` is the source's wall
    clock as it answered, 0 where it did not say.
    """

    trouble: str | None
    waiting_count: int = 0
    code: LossCode | None = None
    event: str = ""
    utc_ms: int = 0


def _nobody(state: LinkState) -> None:
    """Stand in where nobody follows the link."""


def _no_round(source_have: Mapping[str, int], aside: frozenset[str]) -> None:
    """Stand in where nobody counts what is still to come."""


class Pump:
    """Carries records from `source` to `target`, if both serve the same event."""

    def __init__(
        self,
        source: Peer,
        target: Peer,
        *,
        wait_ms: int = WAIT_MS,
        back_off_first_s: float = BACK_OFF_FIRST_S,
        back_off_max_s: float = BACK_OFF_MAX_S,
        on_state: Callable[[LinkState], None] = _nobody,
        on_round: Callable[[Mapping[str, int], frozenset[str]], None] = _no_round,
    ) -> None:
        self._source = source
        self._target = target
        self._wait_ms = wait_ms
        self._back_off_first_s = back_off_first_s
        self._back_off_max_s = back_off_max_s
        self._on_state = on_state
        self._on_round = on_round  # what the source has and what is set aside, once a batch is carried
        self._aside = SetAside(pause_first_s=back_off_first_s, pause_max_s=back_off_max_s)
        self._event: EventSeen | None = None  # the target's
        self._fruitless_count = 0

    async def run(self) -> None:
        """Carry until cancelled."""
        pause_s = self._back_off_first_s
        have: Have | None = None
        while True:
            try:
                if have is None:
                    held = await self._target.sync(SyncRequest())
                    have, self._event = held.have, held.event
                have, has_advanced = await self._carry_once(have)
            except PeerBusy as error:
                self._on_state(LinkState(trouble=str(error), code=error.code))
                await asyncio.sleep(error.retry_after_ms / 1_000)
                continue
            except PeerLost as error:
                have, has_advanced = None, False
                event = error.event if isinstance(error, AnotherEvent) else ""
                self._on_state(LinkState(trouble=str(error), code=error.code, event=event))
            if has_advanced:
                pause_s = self._back_off_first_s
            else:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, self._back_off_max_s)

    async def _carry_once(self, have: Have) -> tuple[Have, bool]:
        """Return the target's new heads, and whether there is reason to go on at once."""
        loop = asyncio.get_running_loop()
        asked = self._aside.ask(have, now_s=loop.time())
        wait_ms, began_s = self._wait_at_most_ms(loop.time()), loop.time()
        news = await self._source.sync(SyncRequest(have=asked, wait_ms=wait_ms))
        check_event(self._source.name, news.event, self._event)
        waiting_count = 0
        if news.have != have:
            waiting_count = sum(max(0, head - have.get(stream, 0)) for stream, head in news.have.items())
        self._on_state(LinkState(trouble=None, waiting_count=waiting_count, utc_ms=news.utc_ms))
        if not news.records:
            self._on_round(news.have, self._aside.streams())
            has_waited = (loop.time() - began_s) * 1_000 >= wait_ms / 2
            return have, self._is_worthwhile(has_waited)
        taken = await self._target.sync(SyncRequest(records=list(news.records)))
        check_event(self._target.name, taken.event, self._event)  # it may have begun the next one meanwhile
        if taken.have == have:
            log.warning("records not taken: from=%s to=%s", self._source.name, self._target.name)
        has_advanced = self._aside.note(news.records, before=have, after=taken.have, now_s=loop.time())
        self._on_round(news.have, self._aside.streams())
        return taken.have, has_advanced and self._is_worthwhile(taken.have != have)

    def _is_worthwhile(self, was_fruitful: bool) -> bool:
        """Return whether to ask again at once after this exchange."""
        self._fruitless_count = 0 if was_fruitful else self._fruitless_count + 1
        return self._fruitless_count < FRUITLESS_MAX_COUNT

    def _wait_at_most_ms(self, now_s: float) -> int:
        """Return how long to wait for news, so that what was set aside is offered again in time."""
        next_offer_s = self._aside.next_offer_s(now_s=now_s)
        return self._wait_ms if next_offer_s is None else min(self._wait_ms, math.ceil(next_offer_s * 1_000))
