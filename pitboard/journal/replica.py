"""A node's replica of the journal: has every durable record folded, and says what is new.

`have` counts only what is durable here. How records come in is in `taking_in.py`, how they go out in
`handing_out.py`, what is written here in `streams/own_stream.py`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from pitboard.clock import Clock
from pitboard.errors import JournalDamaged, JournalLost
from pitboard.journal.contested import Contested
from pitboard.journal.disk.latest_records import LATEST_MAX_COUNT, LatestRecords
from pitboard.journal.disk.sqlite_storage import CACHE_MAX_KIB, Journal
from pitboard.journal.disk.storage import Storage
from pitboard.journal.disk.stored_behind import StoredBehind
from pitboard.journal.erasures import Erasures
from pitboard.journal.folding.fold import Fold
from pitboard.journal.handing_out import HandingOut
from pitboard.journal.records.kinds import KIND_OF, StreamOpened, UnitEnrolled
from pitboard.journal.records.record import (
    HybridClock,
    Record,
    StreamWriter,
    random_stream,
)
from pitboard.journal.streams.ledger import Ledger, opening_of
from pitboard.journal.streams.own_stream import OwnStream
from pitboard.journal.streams.quarantine import Alarm, Quarantine
from pitboard.journal.streams.stream_watch import Notice, StampWatch, StrangerWatch, StreamWatch
from pitboard.journal.streams.witness import Witness
from pitboard.journal.taking_in import Acceptance, TakingIn
from pitboard.race.bodies.body import Body
from pitboard.tasks import Errands, beside
from pitboard.trust.identity import Identity

log = logging.getLogger(__name__)

BATCH_MAX_COUNT = 500
BATCH_MAX_BYTES = 256 * 1_024
GREAT_MIN_COUNT = 10_000
"""Records of a journal that is worth being left out of all collections."""
BEHIND_CACHE_MAX_KIB = 256
"""Of the journal file's pages, where nobody waits for it: a display reads it once, at its start."""


class Mark(NamedTuple):
    """Up to where a journal was folded: the last arrival, and the hash of its header."""

    arrival: int
    header_hash: bytes


SOMEBODY_ELSE = Alarm("key-elsewhere")

_ENROLMENT = KIND_OF[UnitEnrolled]
Follower = Callable[[Record], None]
"""What is handed each durable record, once and in the order in which they arrived here."""
OnOpening = Callable[[int, int], None]
"""What is told now and then how many of how many records an opening has gone through."""


def unwatched(done_count: int, count: int) -> None:
    """Nobody waits for this opening."""


class Replica:
    """Opened by `Replica.open`; everything that reads records on a node goes through it.

    `open_stream` returns the one that may write.
    """

    fold_kind: type[Fold] = Fold

    def __init__(self, journal: Storage, clock: Clock) -> None:
        self.journal = journal
        self.clock = clock
        self.fold = self.fold_kind(journal.root_key)
        self._quarantine = Quarantine(journal)
        self.strangers = StrangerWatch()
        self.version = 0  # grows with every record taken
        self._hybrid_clock = HybridClock(clock)
        self._stamp_watch = StampWatch(self._hybrid_clock)
        self._ledger = Ledger()
        self._watch = StreamWatch()
        self._latest = LatestRecords()
        self._recent_after = 0  # records that arrived later are held in memory
        self._is_recent = True
        self._witness = Witness(self._ledger)
        self._erasures = Erasures(journal, self._ledger, self.fold, self._latest)
        self._contested = Contested(self._ledger, self._witness, self.fold, self.strangers, self._erasures)
        self._handing_out = HandingOut(journal, self._ledger, self.fold, self._latest, self._erasures)
        self._followers: list[Follower] = []  # after the replica's own
        self.mark = Mark(0, b"")  # of the last record handed to the followers
        self._is_open = False  # a journal is folded as one portion, and what comes later batch by batch
        self._failure: BaseException | None = None
        self._errands = Errands("the replica's errand")
        self._changed = asyncio.Event()
        self._own = OwnStream(
            journal,
            clock,
            watch=self._watch,
            witness=self._witness,
            until_taken=self._until_taken,
            errands=self._errands,
        )
        self._taking_in = TakingIn(
            journal,
            self._ledger,
            self.fold,
            strangers=self.strangers,
            erasures=self._erasures,
            contested=self._contested,
            own=self._own,
            quarantine=self._quarantine,
            until_taken=self._until_taken,
            errands=self._errands,
        )

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        root_key: str,
        clock: Clock,
        is_stored_behind: bool = False,
        on_opening: OnOpening = unwatched,
    ) -> AsyncIterator[Self]:
        """Open the replica kept at `path` and fold everything it holds.

        `is_stored_behind` is for a node that only reads: what it takes is folded before its disk has it.
        `on_opening` is told how far it is: a great journal on a slow card takes minutes.
        """
        on_opening(0, 0)  # the file is looked through first, and how much it holds is not known
        async with contextlib.AsyncExitStack() as stack:
            cache_max_kib = BEHIND_CACHE_MAX_KIB if is_stored_behind else CACHE_MAX_KIB
            journal: Storage = await stack.enter_async_context(
                Journal.open(path, root_key=root_key, cache_max_kib=cache_max_kib)
            )
            if is_stored_behind:
                journal = await stack.enter_async_context(StoredBehind.over(journal))
            yield await stack.enter_async_context(cls.over(journal, clock, on_opening=on_opening))

    @classmethod
    @contextlib.asynccontextmanager
    async def over(
        cls, journal: Storage, clock: Clock, *, on_opening: OnOpening = unwatched
    ) -> AsyncIterator[Self]:
        """Open a replica of what the storage holds; it follows the storage until the context ends.

        A failure of anything that follows ends the context, and everybody who waits gets an error.
        """
        replica = cls(journal, clock)
        last = await journal.last_arrival()
        replica._recent_after = last - LATEST_MAX_COUNT
        async with beside(replica._follow(), name="follow the journal"):
            with _collection_put_off():
                await replica._until_taken(last, on_opening)
                replica.fold.settle()
                replica._is_open = True
                if replica.mark.arrival >= GREAT_MIN_COUNT:
                    gc.freeze()  # it stays until the program ends: no collection need look through it again
            await replica.erase()  # where the last process ended before it was done
            try:
                yield replica
            finally:
                replica._errands.cancel_all()

    async def _follow(self) -> None:
        """Hand every durable record to the followers, in their order; the only place where that is done."""
        try:
            async with contextlib.aclosing(self.journal.tail()) as batches:
                async for batch in batches:
                    # Of a great journal that is opened, only the end is worth holding in memory.
                    self._is_recent = batch[-1].arrival > self._recent_after
                    for _, record in batch:
                        self._take(record)
                    if self._is_open:
                        self.fold.settle()
                    self.mark = Mark(batch[-1].arrival, batch[-1].record.header_hash)
                    self.nudge()
        except BaseException as error:
            self._failure = error
            self.nudge()
            raise

    def _take(self, record: Record) -> None:
        if not self._ledger.is_next(record):
            if record.seq <= self._ledger.head(record.stream):
                self._forget_beyond(record.stream, record.seq - 1)  # the storage has another history now
            if not self._ledger.is_next(record):
                reason = f"record {record.seq} of stream {record.stream[:8]} does not follow the one before"
                raise JournalDamaged(path="of this node", reason=reason)
        self._hand_out(record)

    def _hand_out(self, record: Record) -> None:
        self._ledger.take(record)  # first: the others ask it whose stream it is
        self._see_stream(record)
        if self._is_recent:
            self._latest.add(record)
        self.fold.add(record)
        self._see_writer(record)
        for follower in self._followers:
            follower(record)
        self.version += 1

    def _forget_beyond(self, stream: str, seq: int) -> None:
        self._ledger.forget_beyond(stream, seq)
        self._watch.forget_beyond(stream, seq)
        self._latest.forget_beyond(stream, seq)
        self.fold.forget_beyond(stream, seq)
        self._witness.look_again(stream)
        self.strangers.forget(stream)

    def add_follower(self, follower: Follower) -> None:
        """Hand every record from here on to this one too, after all the others."""
        self._followers.append(follower)

    async def _until_taken(self, arrival: int, on_opening: OnOpening = unwatched) -> None:
        """Return once the followers have had this arrival."""
        while self.mark.arrival < arrival:
            self._raise_failure()
            await self._changed.wait()
            on_opening(self.mark.arrival, arrival)
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise JournalLost(path="in memory", reason="this program has failed") from self._failure

    async def open_stream(
        self,
        identity: Identity,
        name: str,
        *,
        stream: str | None = None,
        new_id: Callable[[], str] = random_stream,
    ) -> WritingReplica:
        """Open this node's stream for this start of its process, and return what may append to it.

        Its id is random; only a simulation, which must repeat itself, brings its own.
        """
        self._stamp_watch.heed(identity.key)
        opening = self._own.opening(identity.key, name)
        self._own.name = name
        writing = self.writing(StreamWriter(identity, self._hybrid_clock, stream=stream, new_id=new_id))
        await writing.append(opening)
        return writing

    def guest_stream(self, identity: Identity, name: str) -> tuple[StreamWriter, StreamOpened]:
        """Return the writer of a new stream of another node within this process, and its first body.

        Its records come here by `accept`, as any other node's.
        """
        return StreamWriter(identity, self._hybrid_clock), self._own.opening(identity.key, name)

    @property
    def alarms(self) -> dict[str, Alarm]:
        """Return {stream: alarm} of the streams in which two records claim one place."""
        return self._quarantine.alarms

    @property
    def false_streams(self) -> set[str]:
        """Streams with another history here than the one that central saw."""
        return self._contested.false_streams

    def have(self) -> dict[str, int]:
        """Return {stream: last durable seq}; of a contested stream only what central saw so."""
        return self._contested.only_proven(self._ledger.heads())

    def writing(self, writer: StreamWriter) -> WritingReplica:
        """Return this replica as one that may append to the writer's stream."""
        return WritingReplica(self, writer)

    async def accept(self, records: Iterable[Record]) -> Acceptance:
        """Take records from a peer; return once those taken are durable and folded."""
        return await self._taking_in.accept(records)

    async def beyond(
        self,
        have: Mapping[str, int],
        *,
        max_count: int = BATCH_MAX_COUNT,
        max_bytes: int = BATCH_MAX_BYTES,
    ) -> list[Record]:
        """Return records that a peer with these heads lacks, each stream in order; at least one if any."""
        return await self._handing_out.beyond(have, max_count=max_count, max_bytes=max_bytes)

    async def portion(self, stream: str, after: int, count: int) -> list[Record]:
        """Return what is here of the `count` records after this one, to one of whom nothing is known."""
        return await self._handing_out.portion(stream, after, count)

    async def wait_for_news(self, version: int, timeout_s: float) -> bool:
        """Return as soon as `version` is past, or False after the timeout."""
        try:
            # Not wait_for: it swallows a cancellation that comes together with news, and the stop then hangs.
            async with asyncio.timeout(timeout_s):
                while self.version == version:
                    self._raise_failure()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def streams_by_key(self) -> dict[str, dict[str, int]]:
        """Return {key: {stream: last seq}} of every writer heard of."""
        return self._ledger.streams_by_key()

    def hashes_at(self, heads: Mapping[str, int]) -> dict[str, str]:
        """Return {stream: hash of the header at this place} for places that are here."""
        return {stream: self._ledger.hash_at(stream, seq).hex() for stream, seq in heads.items()}

    def witnessed(self, stream: str) -> int:
        """Return how far central has countersigned the stream, as far as it is known here."""
        return self._witness.seen(stream)

    def newest_stamp(self, stream: str) -> int | None:
        """Return the stamp of the stream's last record, None where there is none."""
        return self._watch.newest_stamp(stream)

    def notices(self) -> list[Notice]:
        """Return what the streams say about the machines that wrote them."""
        return self._watch.notices(self.fold.roster.enrolled(), now_utc_ms=self.clock.utc_ms())

    def nudge(self) -> None:
        """Wake everybody who waits for news."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _see_stream(self, record: Record) -> None:
        opened = opening_of(record) if record.seq == 1 else None
        self._watch.see(record.stream, record.seq, record.header.stamp, opened)

    def _see_writer(self, record: Record) -> None:
        """Follow what matters of who wrote it: what central saw, how much strangers send, how clocks go."""
        stream = record.stream
        key = self._ledger.key_of(stream) or ""
        is_judged = self._witness.see(stream, record.seq)
        if key == self.fold.root_key:
            told = set(self._witness.hear(record))
            self._see_witness(told | {stream} if is_judged else told)
        elif is_judged:
            self._see_witness({stream})
        roster = self.fold.roster
        self.strangers.see(record, key, roster=roster)
        self._stamp_watch.see(key, record.header.stamp, roster)
        if record.header.kind == _ENROLMENT:
            self._stamp_watch.look_again(roster)

    def _see_witness(self, streams: Iterable[str]) -> None:
        """Let no stream count whose history is not the one that central saw."""
        for stream in sorted(streams):
            if self._own.is_written_elsewhere(stream):
                self._quarantine.alarm(stream, SOMEBODY_ELSE)
                self._own.leave()
            self._contested.weigh(stream)

    async def erase(self, fresh: Sequence[Record] = ()) -> None:
        """Forget the bodies of erased records, those just stored among them, as `Erasures` has it."""
        await self._erasures.carry_out(fresh)


@contextlib.contextmanager
def _collection_put_off() -> Iterator[None]:
    """While a whole journal is folded nothing of it becomes garbage, and looking for some costs a third."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class WritingReplica(Replica):
    """A replica with a stream of its own, as `Replica.open_stream` returns it."""

    def __init__(self, replica: Replica, writer: StreamWriter) -> None:
        # The same replica under a second type, so that nothing can be written before a stream is open.
        self.__dict__ = replica.__dict__
        self._own.writer = writer

    async def settled(self) -> None:
        """Return at once, or when `next_place` is in the stream that this node goes on in."""
        await self._own.settled()

    @property
    def identity(self) -> Identity:
        """The key that this node writes with."""
        return self._own.writer.identity

    @property
    def next_place(self) -> tuple[str, int]:
        """The stream and seq of the next record that `append` writes, if nothing else is appended before."""
        return self._own.writer.stream, self._own.writer.next_seq

    async def append(self, *bodies: Body) -> list[Record]:
        """Write the bodies to this node's stream, in one commit; return once they are durable and folded.

        Raises BodyRefused or JournalLost with nothing written, and StreamTaken when somebody else writes this
        stream too; then it is over with it.
        """
        self._raise_failure()
        records = await self._own.append([(KIND_OF[type(body)], body) for body in bodies])
        await self.erase()
        return records
