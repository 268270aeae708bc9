"""In which order and in what portions a batch is filled from many streams.

Central's streams come first, for they say who counts and what was erased; then those that count, a portion of
each in turn, so that one long stream does not hold up the others; what does not count comes last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pitboard.journal.record import Record

PORTION_MIN_COUNT = 32

Read = Callable[[str, int, int], Awaitable[list[Record]]]


class Batch:
    """Takes records while they fit; at least one, however large."""

    def __init__(self, *, max_count: int, max_bytes: int) -> None:
        self.records: list[Record] = []
        self._max_count = max_count
        self._room_bytes = max_bytes

    @property
    def room_count(self) -> int:
        return self._max_count - len(self.records)

    def add(self, record: Record) -> bool:
        """Return whether there was room."""
        if self.room_count <= 0 or (self.records and record.size > self._room_bytes):
            return False
        self._room_bytes -= record.size
        self.records.append(record)
        return True


async def fill(batch: Batch, ranks: Sequence[dict[str, tuple[int, int]]], read: Read) -> None:
    """Fill the batch from {stream: (seq known, head)}, rank after rank, each rank's streams in turn."""
    for rank in ranks:
        waiting = {stream: (seq, head) for stream, (seq, head) in rank.items() if seq < head}
        while waiting:
            portion = max(PORTION_MIN_COUNT, batch.room_count // len(waiting))
            for stream, (seq, head) in list(waiting.items()):
                records = await read(stream, seq, min(portion, batch.room_count))
                for record in records:
                    if not batch.add(record):
                        return
                    seq = record.seq
                if not batch.room_count:
                    return
                if seq >= head or not records:
                    del waiting[stream]
                else:
                    waiting[stream] = (seq, head)
