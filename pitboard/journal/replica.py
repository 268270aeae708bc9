"""A node's replica of the journal: takes records in, folds them, and says what is new.

`have` counts only what is durable here. Nothing is taken past a gap, a repetition is harmless, and a record
that is refused stops its own stream only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from pitboard.clock import Clock
from pitboard.errors import BodyRefused, JournalLost, RecordRefused
from pitboard.journal.fold import Fold
from pitboard.journal.kinds import KIND_OF, StreamOpened, UnitEnrolled
from pitboard.journal.ledger import Arrival, Batch, Ledger, fill, opening_of
from pitboard.journal.quarantine import Quarantine
from pitboard.journal.record import HybridClock, Record, StreamWriter
from pitboard.journal.sqlite_storage import Journal
from pitboard.journal.storage import Storage
from pitboard.journal.stream_watch import Notice, StampWatch, StrangerWatch, StreamWatch, counts
from pitboard.race.bodies import Body
from pitboard.trust.identity import Identity

log = logging.getLogger(__name__)

BATCH_MAX_COUNT = 500
BATCH_MAX_BYTES = 256 * 1_024
RECENT_MAX_COUNT = 512
VERIFY_BURST_COUNT = 16
BAD_MAX_COUNT = 16
"""Records that do not hold, in one batch: who sends more has nothing to say, and checking them costs us."""


@dataclass(slots=True)
class Acceptance:
    """What became of the records of one exchange."""

    taken: int = 0
    repeated: int = 0
    past_gap: int = 0
    refused: int = 0
    forked: int = 0


class Replica:
    """Opened by `Replica.open`; everything that writes or reads records on a node goes through it."""

    def __init__(self, journal: Storage, clock: Clock) -> None:
        self.journal = journal
        self.clock = clock
        self.fold = Fold(journal.root_key)
        self._quarantine = Quarantine(journal)
        self.strangers = StrangerWatch()
        self.version = 0  # grows with every record taken
        self._hybrid_clock = HybridClock(clock)
        self._stamp_watch = StampWatch(self._hybrid_clock)
        self._ledger = Ledger()
        self._watch = StreamWatch()
        self._recent: dict[str, deque[Record]] = {}
        self._accepting = asyncio.Lock()
        self._storing: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._writer: StreamWriter | None = None
        self._erased_count = 0
        self._to_erase: set[tuple[str, int]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path, *, root_key: str, clock: Clock) -> AsyncIterator[Replica]:
        """Open the replica kept at `path` and fold everything it holds."""
        async with Journal.open(path, root_key=root_key) as journal:
            yield await cls.over(journal, clock)

    @classmethod
    async def over(cls, journal: Storage, clock: Clock) -> Self:
        """Return a replica of what the storage holds, following it from now on."""
        replica = cls(journal, clock)
        async for record in journal.read_all():
            replica._take(record)
        journal.on_durable = replica._take_all
        await replica._erase()  # where the last process ended between an erasure's record and its deed
        return replica

    @property
    def alarms(self) -> dict[str, str]:
        """Return {stream: sentence} of the streams in which two records claim one place."""
        return self._quarantine.alarms

    def have(self) -> dict[str, int]:
        """Return {stream: last durable seq}."""
        return self._ledger.heads()

    async def start_writing(self, identity: Identity, name: str, *, stream: str | None = None) -> None:
        """Open this node's stream for this start of its process; `append` works from then on.

        Its id is random; only a simulation, which must repeat itself, brings its own.
        """
        self._stamp_watch.heed(identity.key)
        self._writer = StreamWriter(identity, self._hybrid_clock, stream=stream)
        await self.append(
            StreamOpened(
                key=identity.key,
                name=name,
                boot_id=self.clock.boot_id,
                earlier=self._watch.uncovered(identity.key),
            )
        )

    @property
    def next_place(self) -> tuple[str, int]:
        """The stream and seq of the next record that `append` writes, if nothing else is appended before."""
        assert self._writer is not None, "start_writing comes first"
        return self._writer.stream, self._writer.next_seq

    async def append(self, *bodies: Body) -> list[Record]:
        """Write the bodies to this node's stream, in one commit; return once they are durable and folded."""
        assert self._writer is not None, "start_writing comes first"
        records: list[Record] = []
        try:
            for body in bodies:
                records.append(self._writer.write(KIND_OF[type(body)], body))
            await self.journal.store(records)
        except (JournalLost, BodyRefused):
            self._writer.take_back(records)  # else the stream went on past a gap, and nobody took the rest
            raise
        await self._erase()
        return records

    async def accept(self, records: Iterable[Record]) -> Acceptance:
        """Take records from a peer; return once those taken are durable and folded."""
        acceptance = Acceptance()
        async with self._accepting:
            await self._last_stored()
            taken: list[Record] = []
            self.strangers.begin_batch()
            staged = Ledger.on_top_of(self._ledger)
            bad_count = 0
            for count, record in enumerate(records):
                if count % VERIFY_BURST_COUNT == VERIFY_BURST_COUNT - 1:
                    await asyncio.sleep(0)  # checking signatures takes its time; let screens draw between
                if (record.stream, record.seq) in self.fold.erased_places:
                    record = _without_body(record)  # a peer that does not know of the erasure still had it
                try:
                    arrival = staged.judge(record)
                except RecordRefused as error:
                    acceptance.refused += 1
                    self.strangers.refused_count += 1
                    log.warning("record refused: stream=%s seq=%d %s", record.stream, record.seq, error)
                    bad_count += 1
                    if bad_count >= BAD_MAX_COUNT:
                        break
                    continue
                match arrival:
                    case Arrival.NEXT if self._lacks_its_body(record):
                        acceptance.past_gap += 1
                    case Arrival.NEXT if self.strangers.leaves_out(
                        record, staged.writer_of(record), ledger=self._ledger, roster=self.fold.roster
                    ):
                        acceptance.refused += 1
                    case Arrival.NEXT:
                        staged.take(record)
                        taken.append(record)
                    case Arrival.REPEAT:
                        acceptance.repeated += 1
                    case Arrival.GAP:
                        acceptance.past_gap += 1
                    case Arrival.FORK if not self.fold.roster.knows(staged.writer_of(record)):
                        acceptance.refused += 1
                        self.strangers.refused_count += 1
                    case Arrival.FORK:
                        acceptance.forked += 1
                        await self._quarantine.keep(record)
            acceptance.taken = len(taken)
            if taken:
                self._storing = asyncio.create_task(self.journal.store(taken), name="store")
                await asyncio.shield(self._storing)
            await self._erase(taken)
        return acceptance

    async def _last_stored(self) -> None:
        """Wait for what a caller that has gone away left on its way to the disk, or a fork might pass it."""
        if self._storing is not None and not self._storing.done():
            await asyncio.wait({self._storing})

    async def beyond(
        self,
        have: Mapping[str, int],
        *,
        max_count: int = BATCH_MAX_COUNT,
        max_bytes: int = BATCH_MAX_BYTES,
    ) -> list[Record]:
        """Return records that a peer with these heads lacks, each stream in order; at least one if any.

        Central's streams come first: who does not know of an erasure yet cannot take what it emptied. What
        does not count comes last.
        """
        ranks: list[dict[str, tuple[int, int]]] = [{}, {}, {}]
        for stream, head in self._ledger.heads().items():
            seq = have.get(stream, 0)
            if seq < head:
                ranks[self._rank_of(stream)][stream] = (seq, head)
        batch = Batch(max_count=max_count, max_bytes=max_bytes)
        await fill(batch, ranks, self._read_beyond)
        return batch.records

    async def wait_for_news(self, version: int, timeout_s: float) -> bool:
        """Return as soon as `version` is past, or False after the timeout."""
        try:
            # Not wait_for: it swallows a cancellation that comes together with news, and the stop then hangs.
            async with asyncio.timeout(timeout_s):
                while self.version == version:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def streams_by_key(self) -> dict[str, dict[str, int]]:
        """Return {key: {stream: last seq}} of every writer heard of."""
        return self._ledger.streams_by_key()

    def newest_stamp(self, stream: str) -> int | None:
        """Return the stamp of the stream's last record, None where there is none."""
        recent = self._recent.get(stream)
        return recent[-1].header.stamp if recent else None

    def notices(self) -> list[Notice]:
        """Return what the streams say about the machines that wrote them."""
        return self._watch.notices(self.fold.roster.enrolled())

    def nudge(self) -> None:
        """Wake everybody who waits for news."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _take_all(self, records: Sequence[Record]) -> None:
        for record in records:
            self._take(record)
        self.nudge()

    def _take(self, record: Record) -> None:
        if record.seq != self._ledger.head(record.stream) + 1:
            return  # a caller that went away before its commit sent the same again
        self._ledger.take(record)
        self._watch.see(record.stream, record.seq, record.header.stamp, opening_of(record))
        self._recent.setdefault(record.stream, deque(maxlen=RECENT_MAX_COUNT)).append(record)
        self.fold.add(record)
        self.strangers.see(record, ledger=self._ledger, roster=self.fold.roster)
        self._watch_stamp(record)
        self.version += 1

    def _watch_stamp(self, record: Record) -> None:
        roster = self.fold.roster
        self._stamp_watch.see(self._ledger.key_of(record.stream) or "", record.header.stamp, roster)
        if record.header.kind == KIND_OF[UnitEnrolled]:
            self._stamp_watch.look_again(roster)

    def _lacks_its_body(self, record: Record) -> bool:
        """Return whether the body is missing though no erasure we know of took it: it must come again."""
        return record.body_bytes is None and (record.stream, record.seq) not in self.fold.erased_places

    def _rank_of(self, stream: str) -> int:
        key = self._ledger.key_of(stream) or ""
        if key == self.fold.root_key:
            return 0
        return 1 if counts(stream, ledger=self._ledger, roster=self.fold.roster) else 2

    async def _erase(self, fresh: Sequence[Record] = ()) -> None:
        """Forget the bodies of erased records, in memory and in the journal; if the disk refuses, later.

        `fresh` were just stored; an erasure may have come in between, and then it has not met them yet.
        """
        erased = self.fold.erased_places
        self._to_erase |= {(one.stream, one.seq) for one in fresh if one.body_bytes is not None} & erased
        if len(erased) != self._erased_count:
            self._to_erase |= erased
            self._erased_count = len(erased)
        if not self._to_erase:
            return
        places = set(self._to_erase)
        for recent in self._recent.values():
            for index, record in enumerate(recent):
                if (record.stream, record.seq) in places and record.body_bytes is not None:
                    recent[index] = _without_body(record)
        try:
            await self.journal.erase_bodies(places)
        except JournalLost as error:
            log.error("bodies not erased yet: count=%d %s", len(places), error)
        else:
            self._to_erase -= places

    async def _read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        recent = self._recent.get(stream)
        if recent and recent[0].seq <= seq + 1:
            start = seq + 1 - recent[0].seq
            return [recent[index] for index in range(start, min(len(recent), start + count))]
        return await self.journal.read_beyond(stream, seq, count)


def _without_body(record: Record) -> Record:
    return msgspec.structs.replace(record, body_bytes=None)
