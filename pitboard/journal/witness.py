"""What central saw of every stream: who holds a unit's key can write its history anew, but not what was seen.

Central countersigns heads as they come, and a revocation names the hash at each head that it lets count. A
history that contradicts is false. Of a revoked stream it is false until it has led to the cut, for who has
the key may have written a shorter one."""

from __future__ import annotations

from collections.abc import Iterable

from pitboard.journal.fold import Fold
from pitboard.journal.kinds import HeadsWitnessed, UnitRevoked, read_body
from pitboard.journal.ledger import Ledger
from pitboard.journal.record import Record

Point = tuple[int, str]
"""(seq, hash of the header there)"""


class Witness:
    """Hears central's records; the greatest place seen of a stream stands for all before it."""

    def __init__(self) -> None:
        self._seen: dict[str, Point] = {}
        self._cuts: dict[str, Point] = {}

    def hear(self, record: Record) -> list[str]:
        """Take what a record of central's says; return the streams that it speaks of."""
        if record.body_bytes is None:
            return []
        body = read_body(record.header.kind, record.body_bytes)
        match body:
            case HeadsWitnessed():
                points = body.heads
                known = self._seen
            case UnitRevoked():
                points = {stream: (body.heads.get(stream, 0), told) for stream, told in body.hashes.items()}
                known = self._cuts
            case _:
                return []
        for stream, point in points.items():
            known[stream] = max(point, known.get(stream, point))
        return list(points)

    def seen(self, stream: str) -> int:
        """Return the greatest place of the stream that central countersigned, 0 where there is none."""
        return self._seen.get(stream, (0, ""))[0]

    def names(self, stream: str, seq: int) -> bool:
        """Return whether central named this place, so that `denies` may change with it."""
        seen, cut = self._seen.get(stream), self._cuts.get(stream)
        return (seen is not None and seen[0] == seq) or (cut is not None and cut[0] == seq)

    def denies(self, stream: str, ledger: Ledger) -> bool:
        """Return whether what is here of the stream is not what central saw."""
        if (cut := self._cuts.get(stream)) is not None and not _leads_to(cut, stream, ledger):
            return True
        seen = self._seen.get(stream)
        return seen is not None and ledger.head(stream) >= seen[0] and not _leads_to(seen, stream, ledger)


def fold_believed(records: Iterable[Record], root_key: str) -> Fold:
    """Return the fold of a whole journal, in the order in which it arrived, without what central denies.

    A replica does the same as it goes; this is for who reads a copy.
    """
    fold, ledger, witness = Fold(root_key), Ledger(), Witness()
    for record in records:
        ledger.take(record)
        fold.add(record)
        if ledger.key_of(record.stream) == root_key:
            witness.hear(record)
    for stream in ledger.heads():
        fold.disown(stream, witness.denies(stream, ledger))
    return fold


def _leads_to(point: Point, stream: str, ledger: Ledger) -> bool:
    seq, told = point
    return seq <= ledger.head(stream) and (not seq or ledger.hash_at(stream, seq).hex() == told)
