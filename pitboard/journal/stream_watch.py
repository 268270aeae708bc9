"""Read from the streams themselves what happened to the machines that wrote them.

A stream's first record names how far its writer's earlier streams had come, as far as that machine knew.
Held against what is here, that shows a unit that came back with older data, a card that runs in two machines,
a name used twice, and records that nobody has."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pitboard.journal.ledger import Ledger
from pitboard.journal.record import HybridClock, Record, stamp_utc_ms
from pitboard.journal.roster import Roster
from pitboard.race.bodies import StreamOpened

NoticeKind = Literal["records-missing", "came-back-older", "two-machines", "one-name-twice"]

TOGETHER_MIN_MS = 1_000
"""A stream that grows this long after its successor opened is written by a second machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something people should know; `sentence` says it plainly and what to do."""

    kind: NoticeKind
    unit: str
    sentence: str


@dataclass(slots=True)
class _Stream:
    opened: StreamOpened
    opened_stamp: int
    stamps: list[int] = field(default_factory=list)  # stamps[seq - 1]


class StreamWatch:
    """Follows the records a replica takes."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}

    def see(self, stream: str, seq: int, stamp: int, opened: StreamOpened | None) -> None:
        """Take note of the next record of a stream; `opened` is the body of its first one."""
        if opened is not None and seq == 1:
            self._streams[stream] = _Stream(opened, stamp)
        known = self._streams.get(stream)
        if known is not None:
            known.stamps.append(stamp)

    def notices(self, enrolled: Mapping[str, str]) -> list[Notice]:
        """Return what is to be said about the enrolled units {key: name}, in a stable order."""
        notices: list[Notice] = []
        by_key: dict[str, list[tuple[str, _Stream]]] = defaultdict(list)
        for stream, known in self._streams.items():
            if known.opened.key in enrolled:
                by_key[known.opened.key].append((stream, known))
        for key, name in sorted(enrolled.items(), key=lambda unit: (unit[1], unit[0])):
            streams = dict(by_key[key])
            notices += self._missing(name, streams)
            notices += self._older_or_two(name, streams)
        names = list(enrolled.values())
        notices += [
            Notice(
                kind="one-name-twice",
                unit=name,
                sentence=f"Two units are called {name}. Give one of them another name.",
            )
            for name in sorted(set(names))
            if names.count(name) > 1
        ]
        return notices

    def _missing(self, name: str, streams: Mapping[str, _Stream]) -> list[Notice]:
        missing: dict[str, int] = {}
        for known in streams.values():
            for stream, head in known.opened.earlier.items():
                here = len(self._streams[stream].stamps) if stream in self._streams else 0
                if head > here:
                    missing[stream] = max(missing.get(stream, 0), head - here)
        count = sum(missing.values())
        if not count:
            return []
        sentence = (
            f"{name} wrote {count} records that have not arrived here. "
            f"They come when {name} is connected; keep its card."
        )
        return [Notice(kind="records-missing", unit=name, sentence=sentence)]

    def _older_or_two(self, name: str, streams: Mapping[str, _Stream]) -> list[Notice]:
        """Look at what earlier streams hold beyond what the machine knew when it opened its newest."""
        if not streams:
            return []
        newest_id, newest = max(streams.items(), key=lambda item: (item[1].opened_stamp, item[0]))
        loose = {stream: known for stream, known in streams.items() if not _is_covered(stream, streams)}
        together = any(
            _grew_beside(stream, earlier, other)
            for stream, earlier in loose.items()
            for other_id, other in loose.items()
            if other_id != stream
        )
        lost = sum(
            len(earlier.stamps[newest.opened.earlier.get(stream, 0) :])
            for stream, earlier in loose.items()
            if stream != newest_id
        )
        if together:
            sentence = (
                f"Two machines write as {name}: a copied card runs in both. "
                f"Switch one off, give it a new card, and check its runs."
            )
            return [Notice(kind="two-machines", unit=name, sentence=sentence)]
        if lost:
            sentence = (
                f"{name} came back with older data and did not know {lost} of its own records. "
                f"They are kept here and go back to it."
            )
            return [Notice(kind="came-back-older", unit=name, sentence=sentence)]
        return []


def _is_covered(stream: str, streams: Mapping[str, _Stream]) -> bool:
    """Return whether a machine that wrote on later knew all of this stream."""
    head = len(streams[stream].stamps)
    newest_first = reversed(list(streams.values()))  # it covers all the others on any quiet day
    return any(other.opened.earlier.get(stream, 0) >= head for other in newest_first)


def _grew_beside(stream: str, earlier: _Stream, other: _Stream) -> bool:
    """Return whether the stream went on for long after another one opened without knowing that."""
    beyond = earlier.stamps[other.opened.earlier.get(stream, 0) :]
    if not beyond:
        return False
    return stamp_utc_ms(beyond[-1]) - stamp_utc_ms(other.opened_stamp) > TOGETHER_MIN_MS


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
    _on_its_way: dict[str, int] = field(default_factory=dict)  # the same, of the batch being taken

    def begin_batch(self) -> None:
        """Forget what was on its way: the batch before is stored and seen, or lost."""
        self._on_its_way.clear()

    def see(self, record: Record, *, ledger: Ledger, roster: Roster) -> None:
        """Take note of a record that was kept."""
        if not roster.counts(ledger.key_of(record.stream) or "", record.stream, record.seq):
            self._bytes[record.stream] = self._bytes.get(record.stream, 0) + record.size

    def leaves_out(self, record: Record, key: str, *, ledger: Ledger, roster: Roster) -> bool:
        """Return whether to leave the record with its writer, who is this key; else it is on its way here."""
        if roster.counts(key, record.stream, record.seq):
            is_new_stream = record.seq == 1 and key != roster.root_key
            if not (is_new_stream and len(ledger.streams_of(key)) >= UNIT_STREAMS_MAX_COUNT):
                return False
            what = "A unit that starts again and again"
        elif self._has_room(record, ledger=ledger, roster=roster):
            self._on_its_way[record.stream] = self._on_its_way.get(record.stream, 0) + record.size
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
        streams = self._bytes.keys() | self._on_its_way.keys() | {record.stream}
        kept_bytes = sum(self._bytes.values()) + sum(self._on_its_way.values())
        return len(streams) <= STREAMS_MAX_COUNT and kept_bytes + record.size <= BYTES_MAX

    def _turn_away(self, key: str, sentence: str) -> None:
        if self.turned_away.pop(key, None) != sentence:
            log.warning("records not kept: key=%s", key)
        self.turned_away[key] = sentence
        if len(self.turned_away) > NAMED_MAX_COUNT:
            del self.turned_away[next(iter(self.turned_away))]


class StampWatch:
    """Passes stamps on to the hybrid clock as soon as the roster knows their writers."""

    def __init__(self, hybrid_clock: HybridClock) -> None:
        self._hybrid_clock = hybrid_clock
        self._waiting: dict[str, int] = {}  # key -> greatest stamp

    def see(self, key: str, stamp: int, roster: Roster) -> None:
        """Take note of a stamp of the writer with this key."""
        if roster.knows(key):
            self._hybrid_clock.observe(stamp)
        else:
            self._waiting[key] = max(stamp, self._waiting.get(key, 0))

    def heed(self, key: str) -> None:
        """Let the clock follow this writer from here on, whatever the roster says."""
        if key in self._waiting:
            self._hybrid_clock.observe(self._waiting.pop(key))

    def look_again(self, roster: Roster) -> None:
        """Heed those whom the roster has come to know."""
        for key in [key for key in self._waiting if roster.knows(key)]:
            self.heed(key)
