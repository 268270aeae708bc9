"""What a peer is handed of the journal: the records that it lacks, as they may be handed out.

Central's streams come first, and what does not count last. Before a record that an erasure emptied stands the
erasure, where the peer cannot know of it yet: it would not take the record."""

from __future__ import annotations

from collections.abc import Mapping

from pitboard.journal.disk.latest_records import LatestRecords
from pitboard.journal.disk.storage import Storage
from pitboard.journal.erasures import Erasures
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import Record
from pitboard.journal.streams.ledger import Batch, Ledger, fill
from pitboard.journal.streams.stream_watch import counts

ALL_BYTES = 2**53


class HandingOut:
    """Reads for peers, from memory where it can."""

    def __init__(
        self, journal: Storage, ledger: Ledger, fold: Fold, latest: LatestRecords, erasures: Erasures
    ) -> None:
        self._journal = journal
        self._ledger = ledger
        self._fold = fold
        self._latest = latest
        self._erasures = erasures

    async def beyond(self, have: Mapping[str, int], *, max_count: int, max_bytes: int) -> list[Record]:
        """Return records that a peer with these heads lacks, each stream in order; at least one if any."""
        ranks: list[dict[str, tuple[int, int]]] = [{}, {}, {}]
        heads = self._ledger.heads()
        if heads == have:
            return []  # as nearly always
        for stream, head in heads.items():
            seq = have.get(stream, 0)
            if seq < head:
                ranks[self._rank_of(stream)][stream] = (seq, head)
        batch = Batch(max_count=max_count, max_bytes=max_bytes)
        await fill(batch, ranks, self._read_beyond)
        return await self._with_erasures(batch.records, have, max_count=max_count, max_bytes=max_bytes)

    async def portion(self, stream: str, after: int, count: int) -> list[Record]:
        """Return what is here of the `count` records after this one, to one of whom nothing is known."""
        records: list[Record] = []
        while len(records) < count:
            some = await self._read_beyond(stream, after + len(records), count - len(records))
            if not some:
                break
            records += some
        return await self._with_erasures(records, {}, max_count=2 * count, max_bytes=ALL_BYTES)

    def _rank_of(self, stream: str) -> int:
        key = self._ledger.key_of(stream) or ""
        if key == self._fold.root_key:
            return 0
        return 1 if counts(stream, ledger=self._ledger, roster=self._fold.roster) else 2

    async def _with_erasures(
        self, records: list[Record], have: Mapping[str, int], *, max_count: int, max_bytes: int
    ) -> list[Record]:
        """Put before each emptied record the erasure that says so, if the peer cannot know of it yet."""
        if all(record.body_bytes is not None for record in records):
            return records
        whole: dict[tuple[str, int], Record] = {}
        room_bytes = max_bytes
        for record in records:
            needed = [record]
            stream, seq = self._fold.erased_by.get((record.stream, record.seq), ("", 0))
            if record.body_bytes is None and have.get(stream, 0) < seq and (stream, seq) not in whole:
                needed = [*await self._read_beyond(stream, seq - 1, 1), record]
            room_bytes -= sum(one.size for one in needed)
            if whole and (len(whole) + len(needed) > max_count or room_bytes < 0):
                break
            whole |= {(one.stream, one.seq): one for one in needed}
        return list(whole.values())

    async def _read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        records = self._latest.beyond(stream, seq, count)
        return self._erasures.withheld(records or await self._journal.read_beyond(stream, seq, count))
