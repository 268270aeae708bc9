"""Keep the second of two records that claim one place, as evidence; only as many as people can look at.

Only what a key of the roster signed is evidence: a stranger may contradict himself as often as he likes.
One such pair proves that a key runs in two machines or was stolen, so a few of each stream are enough;
beyond the bounds a fork is still refused and alarmed, only not kept. The bounds hold over restarts."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from pitboard.errors import JournalLost
from pitboard.journal.disk.storage import Storage
from pitboard.journal.records.kinds import HOLDERS_OF_NAMES, KIND_OF
from pitboard.journal.records.record import Record

log = logging.getLogger(__name__)

STREAM_MAX_COUNT = 4
ALL_MAX_COUNT = 256
"""At most 17.5 KiB each: 4.4 MiB on the disk."""
ALARMS_MAX_COUNT = 64


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong with a stream: a code, and what its sentence in the catalogue names."""

    code: Literal["fork", "key-elsewhere"]
    fields: Mapping[str, str | int] = field(default_factory=dict)


class Quarantine:
    """Keeps forks in `storage`; `alarms` {stream: sentence} says of which streams, for people."""

    def __init__(self, storage: Storage) -> None:
        self.alarms: dict[str, Alarm] = {}
        self._storage = storage
        self._kept: Counter[str] | None = None  # by stream; read from the storage at the first fork

    async def keep(self, record: Record) -> None:
        """Alarm people, and keep the record where there is room for it."""
        self._alarm(record)
        try:
            if self._kept is None:
                self._kept = Counter(stream for stream, _, _ in await self._storage.quarantined())
            if self._kept[record.stream] >= STREAM_MAX_COUNT or self._kept.total() >= ALL_MAX_COUNT:
                return
            self._kept[record.stream] += 1  # a repetition counts twice, which errs on the small side
            await self._storage.quarantine(_as_evidence(record), "fork")
        except JournalLost as error:
            log.error("fork not kept: stream=%s seq=%d %s", record.stream, record.seq, error)

    def alarm(self, stream: str, alarm: Alarm) -> None:
        """Tell people about this stream."""
        if stream not in self.alarms and len(self.alarms) >= ALARMS_MAX_COUNT:
            del self.alarms[next(iter(self.alarms))]
        self.alarms[stream] = alarm

    def _alarm(self, record: Record) -> None:
        if record.stream not in self.alarms:
            log.error("stream forked: stream=%s seq=%d", record.stream, record.seq)
        self.alarm(record.stream, Alarm("fork", {"seq": record.seq, "stream": record.stream[:8]}))


def _as_evidence(record: Record) -> Record:
    # Header and signature prove the fork; a name kept here would outlive its erasure.
    return msgspec.structs.replace(record, body_bytes=None) if record.header.kind in _WITH_NAMES else record


_WITH_NAMES = frozenset(KIND_OF[body] for body in HOLDERS_OF_NAMES)
