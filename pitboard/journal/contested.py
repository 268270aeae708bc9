"""Streams of which two histories came: only proof decides which is true, not who was first or is loudest.

Proof is what central saw of a stream, or, where a stranger opened a stream of that name here, the signature
of a writer of the roster."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping

from pitboard.errors import RecordRefused
from pitboard.journal.erasures import Erasures
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import NO_PREVIOUS, Record, check_signature
from pitboard.journal.streams.ledger import Ledger, opening_key
from pitboard.journal.streams.stream_watch import StrangerWatch
from pitboard.journal.streams.witness import Witness

log = logging.getLogger(__name__)


class Contested:
    """Knows which streams are contested, and what of an offered history is proven."""

    def __init__(
        self, ledger: Ledger, witness: Witness, fold: Fold, strangers: StrangerWatch, erasures: Erasures
    ) -> None:
        self._ledger = ledger
        self._witness = witness
        self._fold = fold
        self._strangers = strangers
        self._erasures = erasures
        self.streams: set[str] = set()
        self.false_streams: set[str] = set()
        """Streams with another history here than the one that central saw; nothing beyond that counts."""

    def only_proven(self, heads: dict[str, int]) -> dict[str, int]:
        """Return the heads, of a contested stream only what central saw so: thus peers bring what decides."""
        for stream in self.streams & heads.keys():
            heads[stream] = self._witness.proven(stream)
            if not heads[stream]:
                del heads[stream]
        return heads

    def see_squatter(self, record: Record) -> None:
        """See whether a stream that a stranger opened here belongs to a writer of the roster.

        Who reads a stream's id somewhere can open one of that name where the true one has not come yet.
        """
        stream, roster = record.stream, self._fold.roster
        if stream in self.streams or not self._is_squatted(stream):
            return
        for key in (roster.root_key, *roster.enrolled()):
            with contextlib.suppress(RecordRefused):
                check_signature(record, key)
                self.streams.add(stream)
                return

    def _is_squatted(self, stream: str) -> bool:
        """Return whether the stream is held by somebody whom the roster does not know."""
        holder, roster = self._ledger.key_of(stream), self._fold.roster
        return holder is not None and holder != roster.root_key and not roster.knows(holder)

    def see_fork(self, record: Record) -> None:
        """See whether central named a place that only one of the two histories can lead to."""
        if self._witness.proven(record.stream) < record.seq <= self._witness.seen(record.stream):
            self.streams.add(record.stream)

    def weigh(self, stream: str) -> None:
        """Hold what is here of the stream against what central saw; nothing false counts."""
        self._fold.limit(stream, self._witness.limit(stream))
        if not self._witness.contradicts(stream):
            self.false_streams.discard(stream)
            self.settle(stream)
        elif stream not in self.false_streams:
            log.error("another history of a stream than central saw: stream=%s", stream)
            self.false_streams.add(stream)
            self.streams.add(stream)

    def settle(self, stream: str) -> None:
        """The stream is contested no more once all is here, and true, that central saw of it."""
        is_whole = self._ledger.head(stream) >= self._witness.seen(stream)
        if stream not in self.false_streams and is_whole:
            self.streams.discard(stream)

    def true_chain(self, stream: str, offered: Mapping[int, Record]) -> list[Record]:
        """Return what of these follows what is sure here, and leads to a place that central named.

        Where a stranger holds the stream's name, all that a writer of the roster signed.
        """
        proven = self._witness.proven(stream)
        key = self._ledger.key_of(stream) if proven else None
        previous = self._ledger.hash_at(stream, proven).hex() if proven else NO_PREVIOUS
        chain: dict[int, Record] = {}
        seq = proven + 1
        while (record := offered.get(seq)) is not None and record.header.previous == previous:
            record = self._erasures.emptied(record)
            if not self._erasures.accounts_for(record):
                break
            try:
                if key is None:
                    key = opening_key(record)
                check_signature(record, key)
            except RecordRefused:
                self._strangers.refused_count += 1
                break
            chain[seq] = record
            previous = record.header_hash.hex()
            seq += 1
        reached = self._witness.reached_by(chain, stream)
        is_true_owner = key is not None and self._fold.roster.counts(key, stream, len(chain))
        if is_true_owner and self._is_squatted(stream):
            reached = max(reached, len(chain))
        return [record for one, record in chain.items() if one <= reached]
