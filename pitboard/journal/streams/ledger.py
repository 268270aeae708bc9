"""How far each stream has come, and what to make of a record that arrives.

Pure: it neither stores nor folds. A record is taken only right after the one it chains to; the same
(stream, seq) with another header is a fork, which stops that stream here and is shown to people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum

from pitboard.errors import RecordRefused
from pitboard.journal.records.kinds import StreamOpened, read_body
from pitboard.journal.records.record import NO_PREVIOUS, Record, check_signature

HASH_BYTES = 32


class Arrival(Enum):
    """What a record turned out to be."""

    NEXT = "next"
    REPEAT = "repeat"
    GAP = "gap"
    FORK = "fork"


class Ledger:
    """Heads of all streams, with every header's hash so that a fork is seen at any depth.

    One made `on_top_of` another adds to it without changing it: for records not durable yet.
    """

    def __init__(self) -> None:
        self._below: Ledger | None = None
        self._hashes: dict[str, bytearray] = {}  # of every header, one after the other
        self._heads: dict[str, int] = {}  # what lies below included
        self._keys: dict[str, str] = {}
        self._counts: Counter[str] = Counter()  # of each key's streams, without those below

    @classmethod
    def on_top_of(cls, below: Ledger) -> Ledger:
        ledger = cls()
        ledger._below = below
        return ledger

    def head(self, stream: str) -> int:
        head = self._heads.get(stream, 0)
        return head if head or self._below is None else self._below.head(stream)

    def heads(self) -> dict[str, int]:
        """Return {stream: last seq}, without the streams that only lie below."""
        return self._heads.copy()

    def key_of(self, stream: str) -> str | None:
        key = self._keys.get(stream)
        return key if key is not None or self._below is None else self._below.key_of(stream)

    def writer_of(self, record: Record) -> str:
        """Return the key of a record that was judged NEXT."""
        return self.key_of(record.stream) or opening_key(record)

    def streams_of(self, key: str) -> dict[str, int]:
        """Return {stream: last seq} of everything this key wrote."""
        return {stream: self.head(stream) for stream, owner in self._keys.items() if owner == key}

    def stream_count(self, key: str) -> int:
        """Return how many streams this key opened."""
        return self._counts[key] + (0 if self._below is None else self._below.stream_count(key))

    def streams_by_key(self) -> dict[str, dict[str, int]]:
        """Return {key: {stream: last seq}} of every writer."""
        by_key: dict[str, dict[str, int]] = {}
        for stream, key in self._keys.items():
            by_key.setdefault(key, {})[stream] = self.head(stream)
        return by_key

    def hash_at(self, stream: str, seq: int) -> bytes:
        """Return the header's hash at a place up to the head."""
        below = 0 if self._below is None else self._below.head(stream)
        if self._below is not None and seq <= below:
            return self._below.hash_at(stream, seq)
        start = (seq - 1 - below) * HASH_BYTES
        return bytes(self._hashes[stream][start : start + HASH_BYTES])

    def forget_beyond(self, stream: str, seq: int) -> None:
        """Forget what is here of the stream after this place."""
        if stream in self._hashes:
            del self._hashes[stream][seq * HASH_BYTES :]
            self._heads[stream] = seq
            if not seq:
                self._counts[self._keys.pop(stream)] -= 1
                del self._hashes[stream], self._heads[stream]

    def judge(self, record: Record) -> Arrival:
        """Return what the record is; raises RecordRefused when its signature or opening does not hold."""
        stream, seq = record.stream, record.seq
        head = self.head(stream)
        if seq > head + 1:
            return Arrival.GAP
        key = self.key_of(stream) or opening_key(record)
        if seq <= head:
            if self.hash_at(stream, seq) == record.header_hash:
                return Arrival.REPEAT
            check_signature(record, key)
            return Arrival.FORK
        if not head and record.header.previous != NO_PREVIOUS:
            # Nothing here contradicts it, so it proves nothing: anybody can sign such a one with a fresh key.
            raise RecordRefused(reason="the stream's first record chains to another")
        check_signature(record, key)
        previous = self.hash_at(stream, head).hex() if head else NO_PREVIOUS
        return Arrival.NEXT if record.header.previous == previous else Arrival.FORK

    def is_next(self, record: Record) -> bool:
        """Return whether the record follows the last one of its stream; its signature is not looked at."""
        hashes = self._hashes.get(record.stream)  # of a ledger on its own
        previous = NO_PREVIOUS if hashes is None else hashes[-HASH_BYTES:].hex()
        return record.seq == self._heads.get(record.stream, 0) + 1 and record.header.previous == previous

    def take(self, record: Record) -> None:
        """Advance the stream by a record that was judged NEXT, or that our own journal holds."""
        if record.seq == 1:
            key = self._keys[record.stream] = opening_key(record)
            self._counts[key] += 1
        hashes = self._hashes.get(record.stream)
        if hashes is None:
            hashes = self._hashes[record.stream] = bytearray()
        hashes += record.header_hash
        self._heads[record.stream] = self.head(record.stream) + 1


def opening_of(record: Record) -> StreamOpened | None:
    """Return what a stream's first record says; None for any other."""
    if record.seq != 1 or record.body_bytes is None:
        return None
    body = read_body(record.header.kind, record.body_bytes)
    return body if isinstance(body, StreamOpened) else None


def opening_key(record: Record) -> str:
    """Return who says that the stream is his; raises RecordRefused where its first record says nothing."""
    opened = opening_of(record)
    if opened is None:
        raise RecordRefused(reason="the stream does not begin by saying who writes it")
    return opened.key


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
