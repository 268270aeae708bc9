"""Read from the streams themselves what happened to the machines that wrote them.

A stream's first record names those of its writer's earlier streams that no opening before it covers, and how
far they had come. Whoever names a stream knew its opening too, so it covers what that opening covered. Held
against what is here, that shows a unit that came back with older data, a card that runs in two machines, a
name used twice, and records that nobody has."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pitboard.journal.folding.roster import Roster
from pitboard.journal.records.kinds import StreamOpened
from pitboard.journal.records.record import CLOCK_SET_FROM_MS, HybridClock, Record, stamp_utc_ms
from pitboard.journal.streams.ledger import Ledger

TurnedAway = Literal["restarts", "endless", "revoked", "unknown"]
"""Why no more is kept of somebody."""
NoticeKind = Literal["records-missing", "came-back-older", "two-machines", "one-name-twice"]

TOGETHER_MIN_MS = 1_000
"""A stream that grows this long after its successor opened is written by a second machine."""
NAMED_STREAMS_MAX_COUNT = 256
"""Of an opening, so that it fits into a record; what is left out the next opening names."""


SILENT_AFTER_MS = 10 * 60_000
"""A machine that wrote nothing for this long no longer counts as one of two that run under one key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine as its stream shows it: when it started and last wrote, by the labels of its records."""

    key: str
    stream: str
    opened_utc_ms: int
    last_utc_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something people should know; of `count` records, or of machines, the latest to write first."""

    kind: NoticeKind
    unit: str
    count: int = 0
    machines: tuple[Machine, ...] = ()


@dataclass(slots=True)
class _Stream:
    key: str
    opened_stamp: int
    earlier: Mapping[str, int]
    head: int = 0
    last_stamp: int = 0


@dataclass(slots=True)
class _Writer:
    """What one key's openings say together."""

    named: dict[str, int] = field(default_factory=dict)  # stream -> greatest head that an opening names
    loose: dict[str, None] = field(default_factory=dict)  # streams that went on beyond what is named
    missing: set[str] = field(default_factory=set)  # streams named further than they are here
    streams: dict[str, None] = field(default_factory=dict)  # all that are here
    last: dict[str, None] = field(default_factory=dict)  # those of them that no other's opening names


class StreamWatch:
    """Follows the records a replica takes; a record costs the same however many streams there are."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}
        self._writers: dict[str, _Writer] = {}

    def see(self, stream: str, seq: int, stamp: int, opened: StreamOpened | None) -> None:
        """Take note of the next record of a stream; `opened` is the body of its first one."""
        if opened is not None and seq == 1:
            self._open(stream, stamp, opened)
        known = self._streams.get(stream)
        if known is None:
            return
        known.head, known.last_stamp = seq, stamp
        writer = self._writers[known.key]
        if stream not in writer.loose and seq > writer.named.get(stream, 0):
            writer.loose[stream] = None

    def _open(self, stream: str, stamp: int, opened: StreamOpened) -> None:
        self._streams[stream] = _Stream(opened.key, stamp, opened.earlier)
        writer = self._writers.setdefault(opened.key, _Writer())
        writer.streams[stream] = None
        if stream not in writer.named:
            writer.last[stream] = None
        for named, head in opened.earlier.items():
            if named != stream:
                writer.last.pop(named, None)
            writer.named[named] = max(head, writer.named.get(named, 0))
            here = self._head(named)
            if here <= writer.named[named]:
                writer.loose.pop(named, None)
            if here < writer.named[named]:
                writer.missing.add(named)

    def forget_beyond(self, stream: str, seq: int) -> None:
        """Forget what was seen of the stream after this place: another history of it comes."""
        known = self._streams.get(stream)
        if known is None:
            return
        writer = self._writers[known.key]
        known.head, known.last_stamp = seq, known.opened_stamp
        if seq <= writer.named.get(stream, 0):
            writer.loose.pop(stream, None)
            if seq < writer.named.get(stream, 0):
                writer.missing.add(stream)
        if not seq:
            del self._streams[stream]
            del writer.streams[stream]
            named = {one for other in writer.streams for one in self._streams[other].earlier if one != other}
            writer.last = {one: None for one in writer.streams if one not in named}

    def _newest(self, writer: _Writer) -> str:
        """Return the stream that the writer opened last: the one that none of its others knows. Stamps tell
        only between several such, for a wall clock may have been wrong for a while."""
        candidates = writer.last or writer.streams  # those of a rogue may name each other in a circle
        return max(candidates, key=lambda one: (self._streams[one].opened_stamp, one), default="")

    def _head(self, stream: str) -> int:
        known = self._streams.get(stream)
        return 0 if known is None else known.head

    def newest_stamp(self, stream: str) -> int | None:
        """Return the stamp of the stream's last record, None where there is none."""
        known = self._streams.get(stream)
        return None if known is None else known.last_stamp

    def uncovered(self, key: str) -> dict[str, int]:
        """Return {stream: last seq} of the writer's streams that its next opening must name."""
        writer = self._writers.get(key, _Writer())
        streams = list(writer.loose)[-NAMED_STREAMS_MAX_COUNT:]
        return {stream: self._streams[stream].head for stream in streams}

    def notices(self, enrolled: Mapping[str, str], *, now_utc_ms: int = 0) -> list[Notice]:
        """Return what is to be said about the enrolled units {key: name}, in a stable order.

        `now_utc_ms` tells who has fallen silent; where no clock is set, the others' records do.
        """
        notices: list[Notice] = []
        for key, name in sorted(enrolled.items(), key=lambda unit: (unit[1], unit[0])):
            writer = self._writers.get(key)
            if writer is not None:
                notices += self._missing(name, writer)
                notices += self._older_or_two(name, writer, now_utc_ms)
        names = list(enrolled.values())
        notices += [
            Notice(
                kind="one-name-twice",
                unit=name,
                machines=self._machines_called(name, enrolled),
            )
            for name in sorted(set(names))
            if names.count(name) > 1
        ]
        return notices

    def _missing(self, name: str, writer: _Writer) -> list[Notice]:
        missing = {stream: writer.named[stream] - self._head(stream) for stream in writer.missing}
        writer.missing = {stream for stream, count in missing.items() if count > 0}
        count = sum(missing[stream] for stream in writer.missing)
        if not count:
            return []
        return [Notice(kind="records-missing", unit=name, count=count)]

    def _machines_called(self, name: str, enrolled: Mapping[str, str]) -> tuple[Machine, ...]:
        """Return the machine of each key that is called so, whose newest stream is here."""
        newest = [
            self._newest(self._writers[key])
            for key in enrolled
            if enrolled[key] == name and key in self._writers
        ]
        return self._machines({stream: self._streams[stream] for stream in newest if stream in self._streams})

    def _machines(self, streams: Mapping[str, _Stream]) -> tuple[Machine, ...]:
        machines = [
            Machine(
                key=known.key,
                stream=stream,
                opened_utc_ms=stamp_utc_ms(known.opened_stamp),
                last_utc_ms=stamp_utc_ms(known.last_stamp),
            )
            for stream, known in streams.items()
        ]
        return tuple(sorted(machines, key=lambda one: (-one.last_utc_ms, one.stream)))

    def _older_or_two(self, name: str, writer: _Writer, now_utc_ms: int) -> list[Notice]:
        """Look at what earlier streams hold beyond what the machine knew when it opened its newest."""
        loose = {stream: self._streams[stream] for stream in writer.loose}
        newest = self._newest(writer)
        if loose.keys() <= {newest}:
            return []  # as on any quiet day
        if _were_written_together(loose):
            machines = self._machines(loose)
            # A clock that nobody set tells no silence; the other machine's records do.
            now_utc_ms = now_utc_ms if now_utc_ms >= CLOCK_SET_FROM_MS else machines[0].last_utc_ms
            running = [one for one in machines if now_utc_ms - one.last_utc_ms <= SILENT_AFTER_MS]
            if len(running) < 2:
                return []
            return [Notice(kind="two-machines", unit=name, machines=tuple(running))]
        covered = self._covered_by(newest)
        if covered is None:
            return []  # an opening between is not here: who knew what cannot be told before it is
        lost = sum(
            max(0, known.head - covered.get(stream, 0)) for stream, known in loose.items() if stream != newest
        )
        if lost:
            return [Notice(kind="came-back-older", unit=name, count=lost)]
        return []

    def _covered_by(self, stream: str) -> dict[str, int] | None:
        """Return {stream: head} of all that this opening covers; None where one on the way is not here."""
        covered: dict[str, int] = {}
        to_read = [stream]
        seen = {stream}
        while to_read:
            for named, head in self._streams[to_read.pop()].earlier.items():
                covered[named] = max(head, covered.get(named, 0))
                if named not in self._streams:
                    return None
                if named not in seen:
                    seen.add(named)
                    to_read.append(named)
        return covered


def _were_written_together(loose: Mapping[str, _Stream]) -> bool:
    """Return whether one of the streams went on for long after another had opened without knowing that."""
    last_ms = None
    for stream in sorted(loose.values(), key=lambda stream: stream.opened_stamp):
        if last_ms is not None and last_ms - stamp_utc_ms(stream.opened_stamp) > TOGETHER_MIN_MS:
            return True
        last_ms = max(last_ms or 0, stamp_utc_ms(stream.last_stamp))
    return False


log = logging.getLogger(__name__)

STREAMS_MAX_COUNT = 64
BYTES_MAX = 8 * 1_024 * 1_024
UNIT_STREAMS_MAX_COUNT = 4_000
"""Of one enrolled key: a unit that starts anew every second reaches it after an hour."""
UNIT_MAX_BYTES = 1_024 * 1_024 * 1_024
"""Of one enrolled key, two million records and more: no event brings as much, and a disk holds it."""
NAMED_MAX_COUNT = 16


def counts(stream: str, *, ledger: Ledger, roster: Roster) -> bool:
    """Return whether all that is here of the stream counts."""
    return roster.counts(ledger.key_of(stream) or "", stream, ledger.head(stream))


@dataclass(slots=True)
class StrangerWatch:
    """Counts what is kept of strangers and of each unit; `turned_away` names who sent more, and why.

    `refused_count` counts what was malformed or wrongly signed.
    """

    refused_count: int = 0
    turned_away: dict[str, TurnedAway] = field(default_factory=dict)
    _bytes: dict[str, int] = field(default_factory=dict)  # by stream, of what does not count
    _on_its_way: dict[str, int] = field(default_factory=dict)  # the same, of the batch being taken
    _of_key: dict[str, int] = field(default_factory=dict)  # bytes of what counts

    def begin_batch(self) -> None:
        """Forget what was on its way: the batch before is stored and seen, or lost."""
        self._on_its_way.clear()

    def see(self, record: Record, key: str, *, roster: Roster) -> None:
        """Take note of a record of the writer with this key that was kept."""
        if roster.counts(key, record.stream, record.seq):
            self._of_key[key] = self._of_key.get(key, 0) + record.size
        else:
            self._bytes[record.stream] = self._bytes.get(record.stream, 0) + record.size

    def forget(self, stream: str) -> None:
        """Forget what was kept of the stream: it gave way to who had a better right to it."""
        self._bytes.pop(stream, None)

    def leaves_out(self, record: Record, key: str, *, ledger: Ledger, roster: Roster) -> bool:
        """Return whether to leave the record with its writer, who is this key; else it is on its way here."""
        if roster.counts(key, record.stream, record.seq):
            if key == roster.root_key:
                return False
            if record.seq == 1 and ledger.stream_count(key) >= UNIT_STREAMS_MAX_COUNT:
                why: TurnedAway = "restarts"
            elif self._of_key.get(key, 0) >= UNIT_MAX_BYTES:
                why = "endless"
            else:
                return False
        elif self._has_room(record, ledger=ledger, roster=roster):
            self._on_its_way[record.stream] = self._on_its_way.get(record.stream, 0) + record.size
            return False
        else:
            why = "revoked" if roster.is_revoked(key) else "unknown"
        self._turn_away(key, why)
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

    def _turn_away(self, key: str, why: TurnedAway) -> None:
        if self.turned_away.pop(key, None) != why:
            log.warning("records not kept: key=%s", key)
        self.turned_away[key] = why
        if len(self.turned_away) > NAMED_MAX_COUNT:
            del self.turned_away[next(iter(self.turned_away))]


class StampWatch:
    """Passes stamps on to the hybrid clock as soon as the roster knows their writers."""

    def __init__(self, hybrid_clock: HybridClock) -> None:
        self._hybrid_clock = hybrid_clock
        self._waiting: dict[str, int] = {}  # key -> greatest stamp

    def see(self, key: str, stamp: int, roster: Roster) -> None:
        """Take note of a stamp of the writer with this key."""
        if key == roster.root_key:
            self._hybrid_clock.observe_central(stamp)
        elif roster.knows(key):
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
