"""The newest records in memory, so that who follows live is not answered from the disk.

Only so many, over all streams together, whatever the number of streams is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from pitboard.journal.records.record import Record, without_body

LATEST_MAX_COUNT = 2_048


class LatestRecords:
    """Forgets the oldest first, so what it has of a stream is the stream's end."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, int], Record] = {}
        self._order: deque[tuple[str, int]] = deque()

    def add(self, record: Record) -> None:
        place = (record.stream, record.seq)
        self._records[place] = record
        self._order.append(place)
        if len(self._order) > LATEST_MAX_COUNT:
            del self._records[self._order.popleft()]

    def beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        """Return at most `count` records after `seq`; nothing where the next one is not in memory."""
        records: list[Record] = []
        while len(records) < count and (record := self._records.get((stream, seq + 1))) is not None:
            records.append(record)
            seq += 1
        return records

    def forget_beyond(self, stream: str, seq: int) -> None:
        for place in [one for one in self._records if one[0] == stream and one[1] > seq]:
            del self._records[place]
        self._order = deque(self._records)

    def erase_bodies(self, places: Iterable[tuple[str, int]]) -> None:
        for place in places:
            record = self._records.get(place)
            if record is not None:
                self._records[place] = without_body(record)
