"""Compare this unit's clock with those of the other units at its tracks, and put what was found in the
journal.

A start gate at one Pi and the finish at another time one track only if it is known how their clocks lie to
each other. Asked are only the units that the config names, and only what they sign counts."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress

from pitboard.clock import Clock
from pitboard.errors import JournalLost, LossCode, PeerLost
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.passing_bodies import ClocksRelated
from pitboard.race.bodies.related_clock import RelatedClock
from sync.exchanging.clock_comparison import ClockComparison, RoundTrip
from sync.exchanging.clock_reading import is_of
from sync.exchanging.exchange import SyncRequest
from sync.exchanging.freshness import NONCE_BYTES
from trackside.others.neighbours import ClosablePeer, Connect, Neighbour

log = logging.getLogger(__name__)

BURST_EVERY_S = 10.0
ROUND_TRIPS_PER_BURST = 6
SAID_EVERY_NS = 60_000_000_000
"""A relation that is not older is said anew only where it is much surer now."""
MUCH_SURER = 4


class UnitClocks:
    """Asks each of the units in `track_units` where it was last announced; `follow` says where that is."""

    def __init__(
        self, replica: WritingReplica, clock: Clock, *, track_units: Sequence[str], connect: Connect
    ) -> None:
        self._replica = replica
        self._clock = clock
        self._units = tuple(track_units)
        self._connect = connect
        self._places: dict[str, Neighbour] = {}
        self._peers: dict[str, tuple[str, ClosablePeer]] = {}
        self._comparisons: dict[str, ClockComparison] = {}

    def follow(self, neighbours: Mapping[str, Neighbour]) -> None:
        """Ask the units at these places {key: neighbour} from now on."""
        self._places = {unit: neighbours[unit] for unit in self._units if unit in neighbours}

    async def run(self) -> None:
        """Compare until cancelled; without other units at the tracks there is nothing to do."""
        if not self._units:
            return
        try:
            while True:
                for unit in self._units:
                    await self.compare(unit)
                await asyncio.sleep(BURST_EVERY_S)
        finally:
            for _, peer in self._peers.values():
                peer.close()

    async def compare(self, unit: str) -> RelatedClock | None:
        """Make one burst of round trips to the unit; return how its clock lies to ours as far as known."""
        neighbour = self._places.get(unit)
        if neighbour is None:
            return None
        for url in neighbour.urls:
            with suppress(PeerLost):
                if await self._burst(unit, neighbour.name, url):
                    break
        comparison = self._comparisons.get(unit)
        relation = None if comparison is None else comparison.relation()
        if relation is not None:
            await self._say(relation)
        return relation

    async def _burst(self, unit: str, name: str, url: str) -> bool:
        """Return whether the unit itself answered there, and in good time; raises PeerLost."""
        peer = self._peer(unit, name, url)
        boot_id, round_trips = "", list[RoundTrip]()
        for _ in range(ROUND_TRIPS_PER_BURST):
            nonce = secrets.token_hex(NONCE_BYTES)
            asked_mono_ns = self._clock.mono_ns()
            response = await peer.sync(SyncRequest(nonce=nonce, clock=True))
            heard_mono_ns = self._clock.mono_ns()
            reading = response.clock
            if reading is None or not is_of(reading, nonce, unit):
                raise PeerLost(peer=name, code=LossCode.UNPROVEN)
            if reading.boot_id != boot_id:
                boot_id, round_trips = reading.boot_id, []
            round_trips.append(
                RoundTrip(asked_mono_ns, reading.received_mono_ns, reading.answered_mono_ns, heard_mono_ns)
            )
        comparison = self._comparisons.get(unit)
        if comparison is None or comparison.boot_id != boot_id:
            comparison = self._comparisons[unit] = ClockComparison(unit, boot_id)
        return comparison.take(round_trips)

    def _peer(self, unit: str, name: str, url: str) -> ClosablePeer:
        known = self._peers.get(unit)
        if known is not None and known[0] == url:
            return known[1]
        if known is not None:
            known[1].close()
        peer = self._connect(url, name)
        self._peers[unit] = (url, peer)
        return peer

    async def _say(self, relation: RelatedClock) -> None:
        """Put the relation in the journal where the last one there is old, or far less sure."""
        said = self._replica.fold.race.related_clock(self._clock.boot_id, relation.unit, relation.boot_id)
        now_ns = relation.mono_ns
        is_new = said is not None and now_ns - said.mono_ns < SAID_EVERY_NS
        if said is not None and is_new and relation.uncertainty_ns * MUCH_SURER > said.uncertainty_at(now_ns):
            return
        try:
            await self._replica.append(
                ClocksRelated(
                    boot_id=self._clock.boot_id,
                    other=relation.unit,
                    other_boot_id=relation.boot_id,
                    offset_ns=relation.offset_ns,
                    uncertainty_ns=relation.uncertainty_ns,
                    at_mono_ns=relation.mono_ns,
                    rate_ppb=relation.rate_ppb,
                    drift_ppb=relation.drift_ppb,
                )
            )
        except JournalLost as error:
            log.warning("clock comparison not stored: %s", error)
