"""What central saw of every stream: who holds a unit's key can write its history anew, but not what was seen.

Central countersigns places of each stream as they come, and a revocation names the hash at each head that it
lets count. What a stream holds beyond the first of these that it contradicts is false. Of a revoked stream
all is false that leads neither to the cut nor to a place seen before it, for who has the key may have written
a shorter one."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import HeadsWitnessed, UnitRevoked, read_body
from pitboard.journal.records.record import Record
from pitboard.journal.streams.ledger import HASH_BYTES, Ledger

Point = tuple[int, str]
"""(seq, hash of the header there)"""


class _Points:
    """The places of one stream that central named, in order; 40 bytes each."""

    def __init__(self) -> None:
        self._seqs = array("Q")
        self._hashes = bytearray()
        self.proven = 0  # the last place that is here as central saw it, with all that it named before
        self.first_false: int | None = None
        self.cut = 0  # up to where a revocation lets the stream count; 0 where there is none

    @property
    def last(self) -> int:
        return self._seqs[-1] if self._seqs else 0

    def hash_at(self, seq: int) -> bytes | None:
        at = bisect_left(self._seqs, seq)
        if at == len(self._seqs) or self._seqs[at] != seq:
            return None
        return bytes(self._hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES])

    def put(self, seq: int, told: bytes) -> None:
        """Keep the place; of two hashes for one place, which only a central gone wrong says, the smaller."""
        at = bisect_left(self._seqs, seq)
        if at < len(self._seqs) and self._seqs[at] == seq:
            known = bytes(self._hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES])
            self._hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES] = min(known, told)
        else:
            self._seqs.insert(at, seq)
            self._hashes[at * HASH_BYTES : at * HASH_BYTES] = told

    def judge(self, stream: str, seq: int, ledger: Ledger) -> None:
        """Hold the place `seq` against what is here; nothing where the stream has not come so far."""
        if seq > ledger.head(stream):
            return
        if ledger.hash_at(stream, seq) != self.hash_at(seq):
            if seq <= self.proven:
                self.judge_all(stream, ledger)
            else:
                self.first_false = min(seq, self.first_false or seq)
        elif self.first_false is None or seq < self.first_false:
            self.proven = max(self.proven, seq)

    def judge_all(self, stream: str, ledger: Ledger) -> None:
        self.proven, self.first_false = 0, None
        head = ledger.head(stream)
        for seq in self._seqs:
            if seq > head:
                return
            if ledger.hash_at(stream, seq) != self.hash_at(seq):
                self.first_false = seq
                return
            self.proven = seq

    @property
    def limit(self) -> int | None:
        """Up to where what is here of the stream is believed, None for all of it."""
        if self.first_false is not None or self.proven < self.cut:
            return self.proven
        return None


class Witness:
    """Hears central's records, and holds them against what the ledger has."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._points: dict[str, _Points] = {}

    def hear(self, record: Record) -> list[str]:
        """Take what a record of central's says; return the streams that it speaks of."""
        if record.body_bytes is None:
            return []
        body = read_body(record.header.kind, record.body_bytes)
        match body:
            case HeadsWitnessed():
                for stream, points in body.before.items():
                    self._take(stream, points)
                for stream, point in body.heads.items():
                    self._take(stream, [point])
                return [*body.before, *body.heads]
            case UnitRevoked():
                for stream, told in body.hashes.items():
                    head = body.heads.get(stream, 0)
                    self._take(stream, [(head, told)])
                    self._points[stream].cut = max(head, self._points[stream].cut)
                return list(body.hashes)
        return []

    def _take(self, stream: str, named: Iterable[Point]) -> None:
        points = self._points.setdefault(stream, _Points())
        for seq, told in named:
            if seq >= 1:
                points.put(seq, bytes.fromhex(told))
                points.judge(stream, seq, self._ledger)

    def see(self, stream: str, seq: int) -> bool:
        """Take note of the stream's new head; return whether `limit` may have changed with it."""
        points = self._points.get(stream)
        if points is None or points.hash_at(seq) is None:
            return False
        points.judge(stream, seq, self._ledger)
        return True

    def look_again(self, stream: str) -> None:
        """Judge the stream anew: what the ledger has of it was cut."""
        if (points := self._points.get(stream)) is not None:
            points.judge_all(stream, self._ledger)

    def seen(self, stream: str) -> int:
        """Return the greatest place of the stream that central named, 0 where there is none."""
        points = self._points.get(stream)
        return 0 if points is None else points.last

    def proven(self, stream: str) -> int:
        """Return up to where what is here of the stream is what central saw."""
        points = self._points.get(stream)
        return 0 if points is None else points.proven

    def limit(self, stream: str) -> int | None:
        """Return up to where what is here of the stream may count, None where nothing is denied."""
        points = self._points.get(stream)
        return None if points is None else points.limit

    def contradicts(self, stream: str) -> bool:
        """Return whether what is here of the stream is not what central saw."""
        points = self._points.get(stream)
        return points is not None and points.first_false is not None

    def reached_by(self, chain: Mapping[int, Record], stream: str) -> int:
        """Return the last place that central named and this chain {seq: record} leads to; 0 for none."""
        points = self._points.get(stream)
        reached = 0
        for seq in sorted(chain):
            told = None if points is None else points.hash_at(seq)
            if told is None:
                continue
            if told != chain[seq].header_hash:
                break
            reached = seq
        return reached

    def streams(self) -> list[str]:
        return list(self._points)


def fold_believed(records: Iterable[Record], root_key: str) -> Fold:
    """Return the fold of a whole journal, in the order in which it arrived, without what central denies.

    A replica does the same as it goes; this is for who reads a copy.
    """
    ledger = Ledger()
    fold, witness = Fold(root_key), Witness(ledger)
    for record in records:
        ledger.take(record)
        fold.add(record)
        if ledger.key_of(record.stream) == root_key:
            witness.hear(record)
    for stream in witness.streams():
        witness.look_again(stream)
        fold.limit(stream, witness.limit(stream))
    return fold
