"""Records that do not count: of keys nobody enrolled, or past what a revocation grants.

They are kept, for their unit may be enrolled later, but only so many: what goes beyond is not taken, and
comes again from its writer once it counts. So a stranger fills neither disk nor memory, and costs nobody."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from pitboard.journal.ledger import Ledger
from pitboard.journal.record import Record
from pitboard.journal.roster import Roster

log = logging.getLogger(__name__)

STREAMS_MAX_COUNT = 64
BYTES_MAX = 8 * 1_024 * 1_024
UNIT_STREAMS_MAX_COUNT = 20_000
"""Of one enrolled key: a unit that starts anew every half second reaches it after three hours."""
NAMED_MAX_COUNT = 16


def counts(stream: str, *, ledger: Ledger, roster: Roster) -> bool:
    """Return whether all that is here of the stream counts."""
    return roster.counts(ledger.key_of(stream) or "", stream, ledger.head(stream))


@dataclass(slots=True)
class StrangerWatch:
    """Counts what is kept of strangers; `turned_away` {key: sentence} names who sent more.

    `refused_count` counts what was malformed or wrongly signed.
    """

    refused_count: int = 0
    turned_away: dict[str, str] = field(default_factory=dict)
    _bytes: dict[str, int] = field(default_factory=dict)  # by stream, of what does not count

    def see(self, record: Record, *, ledger: Ledger, roster: Roster) -> None:
        """Take note of a record that was kept."""
        if not roster.counts(ledger.key_of(record.stream) or "", record.stream, record.seq):
            self._bytes[record.stream] = self._bytes.get(record.stream, 0) + record.size

    def leaves_out(self, record: Record, key: str, *, ledger: Ledger, roster: Roster) -> bool:
        """Return whether to leave the record with its writer, who is this key."""
        if roster.counts(key, record.stream, record.seq):
            is_new_stream = record.seq == 1 and key != roster.root_key
            if not (is_new_stream and len(ledger.streams_of(key)) >= UNIT_STREAMS_MAX_COUNT):
                return False
            what = "A unit that starts again and again"
        elif self._has_room(record, ledger=ledger, roster=roster):
            return False
        else:
            what = "A revoked unit" if roster.is_revoked(key) else "An unknown unit"
        self._turn_away(key, f"{what} (key {key[:8]}) sends more than is kept of it")
        return True

    def _has_room(self, record: Record, *, ledger: Ledger, roster: Roster) -> bool:
        if not self._fits(record):
            for stream in [one for one in self._bytes if counts(one, ledger=ledger, roster=roster)]:
                del self._bytes[stream]  # enrolled since
        return self._fits(record)

    def _fits(self, record: Record) -> bool:
        streams = len(self._bytes) + (record.stream not in self._bytes)
        return streams <= STREAMS_MAX_COUNT and sum(self._bytes.values()) + record.size <= BYTES_MAX

    def _turn_away(self, key: str, sentence: str) -> None:
        if self.turned_away.pop(key, None) != sentence:
            log.warning("records not kept: key=%s", key)
        self.turned_away[key] = sentence
        if len(self.turned_away) > NAMED_MAX_COUNT:
            del self.turned_away[next(iter(self.turned_away))]
