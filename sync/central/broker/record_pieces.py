"""The journal as pieces on a broker: what changed since the last look, a piece at a time, the heads last.

So whoever reads in the heads that a record is there finds its piece."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from pitboard.broker.broker_topics import PIECE_COUNT, heads_topic, piece_topic
from pitboard.journal.records.record import to_wire
from pitboard.journal.replica import Replica


class RecordPieces:
    """Remembers which heads are out, and which bodies were erased by then."""

    def __init__(self, replica: Replica, topic: str) -> None:
        self._replica = replica
        self._topic = topic
        self._heads: dict[str, int] = {}
        self._hashes: dict[str, str] = {}
        self._erased: frozenset[tuple[str, int]] = frozenset()
        self._beginnings = 0

    def begin_anew(self) -> None:
        """Take nothing to be out any more."""
        self._heads, self._hashes, self._erased = {}, {}, frozenset()
        self._beginnings += 1

    async def news(self) -> AsyncIterator[tuple[str, bytes]]:
        """Yield (topic, body) of each piece that is other than it was, then of the heads if they are."""
        heads, erased = self._replica.have(), frozenset(self._replica.fold.erased_places)
        if heads == self._heads and erased == self._erased:
            return
        former, beginnings = self._still_true(heads), self._beginnings
        stale = {(stream, (seq - 1) // PIECE_COUNT) for stream, seq in erased - self._erased}
        for stream, head in self._central_first(heads):
            first = former.get(stream, 0) // PIECE_COUNT
            fresh = (
                set(range(first, (head - 1) // PIECE_COUNT + 1)) if head > former.get(stream, 0) else set()
            )
            for piece in sorted(fresh | {one for of, one in stale if of == stream}):
                records = await self._replica.portion(stream, piece * PIECE_COUNT, PIECE_COUNT)
                body = msgspec.json.encode([to_wire(record) for record in records])
                yield piece_topic(self._topic, stream, piece), body
        if heads != self._heads:
            yield heads_topic(self._topic), msgspec.json.encode(dict(self._central_first(heads)))
        if beginnings == self._beginnings:  # else the broker was away meanwhile, and lacks some of it
            self._heads, self._erased = heads, erased
            self._hashes = self._replica.hashes_at(heads)

    def _still_true(self, heads: dict[str, int]) -> dict[str, int]:
        """Return what is out and holds: of a stream whose history another one replaced, nothing."""
        now = self._replica.hashes_at(
            {one: seq for one, seq in self._heads.items() if heads.get(one, 0) >= seq}
        )
        return {one: seq for one, seq in self._heads.items() if now.get(one) == self._hashes[one]}

    def _central_first(self, heads: dict[str, int]) -> list[tuple[str, int]]:
        """Return all with central's own streams first: they say who counts."""
        own = self._replica.streams_by_key().get(self._replica.fold.root_key, {})
        return sorted(heads.items(), key=lambda one: one[0] not in own)
