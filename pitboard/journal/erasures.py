"""What erasures take: the bodies with a person's name, in memory and on the disk, here and from now on.

A record keeps its place without its body. Where the disk refuses, the body is handed to nobody meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pitboard.errors import JournalLost, RecordRefused
from pitboard.journal.disk.latest_records import LatestRecords
from pitboard.journal.disk.storage import Storage
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import KIND_OF, read_body
from pitboard.journal.records.record import Record, check_signature, without_body
from pitboard.journal.streams.ledger import Ledger
from pitboard.race.bodies.people_bodies import PersonErased
from pitboard.race.words.word import RecordPlace

log = logging.getLogger(__name__)


class Erasures:
    """Forgets bodies by what the fold knows to be erased."""

    def __init__(self, journal: Storage, ledger: Ledger, fold: Fold, latest: LatestRecords) -> None:
        self._journal = journal
        self._ledger = ledger
        self._fold = fold
        self._latest = latest
        self._known_count = 0
        self._ahead: set[RecordPlace] = set()  # by erasures of central's that come later in its stream
        self._to_erase: set[RecordPlace] = set()

    def hear_ahead(self, record: Record) -> None:
        """Heed an erasure of central's before its turn: a record before it may be one that it emptied."""
        if record.header.kind != KIND_OF[PersonErased] or record.body_bytes is None:
            return
        try:
            check_signature(record, self._fold.root_key)
        except RecordRefused:
            return
        body = read_body(record.header.kind, record.body_bytes)
        writer = self._ledger.key_of(record.stream)
        if isinstance(body, PersonErased) and writer in (None, self._fold.root_key):
            self._ahead |= {(one, seq) for one, seqs in body.records.items() for seq in seqs}

    def emptied(self, record: Record) -> Record:
        """Return the record as it may be here: who brings it may not know of its erasure yet."""
        return without_body(record) if (record.stream, record.seq) in self._fold.erased_places else record

    def accounts_for(self, record: Record) -> bool:
        """Return whether the body is here or an erasure we know of took it; else it must come again."""
        place = (record.stream, record.seq)
        return record.body_bytes is not None or place in self._fold.erased_places or place in self._ahead

    async def carry_out(self, fresh: Sequence[Record] = ()) -> None:
        """Forget the bodies of erased records, in memory and in the journal; if the disk refuses, later.

        `fresh` were just stored; an erasure may have come in between, and then it has not met them yet.
        """
        erased = self._fold.erased_places
        self._to_erase |= {(one.stream, one.seq) for one in fresh if one.body_bytes is not None} & erased
        if len(erased) != self._known_count:
            self._to_erase |= erased
            self._known_count = len(erased)
        if not self._to_erase:
            return
        places = set(self._to_erase)
        self._latest.erase_bodies(places)
        try:
            await self._journal.erase_bodies(places)
        except JournalLost as error:
            log.error("bodies not erased yet: count=%d %s", len(places), error)
        else:
            self._to_erase -= places

    def withheld(self, records: list[Record]) -> list[Record]:
        """Return them as they may be handed out."""
        if self._to_erase:  # the disk refused: what it still has of a body is handed to nobody
            return [without_body(one) if (one.stream, one.seq) in self._to_erase else one for one in records]
        return records
