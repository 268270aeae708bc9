"""A node's replica of the journal: takes records in, folds them, and says what is new.

`have` counts only what is durable here. Nothing is taken past a gap, a repetition is harmless, and a record
that is refused stops its own stream only."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from pitboard.clock import Clock
from pitboard.errors import BodyRefused, JournalDamaged, JournalLost, RecordRefused, StreamTaken
from pitboard.journal.fold import Fold
from pitboard.journal.kinds import KIND_OF, StreamOpened, UnitEnrolled, read_body
from pitboard.journal.latest_records import LATEST_MAX_COUNT, LatestRecords
from pitboard.journal.ledger import Arrival, Batch, Ledger, fill, opening_key, opening_of
from pitboard.journal.quarantine import Quarantine
from pitboard.journal.record import (
    NO_PREVIOUS,
    HybridClock,
    Record,
    StreamWriter,
    check_signature,
    random_stream,
    without_body,
)
from pitboard.journal.sqlite_storage import CACHE_MAX_KIB, Journal
from pitboard.journal.storage import Held, Storage
from pitboard.journal.stored_behind import StoredBehind
from pitboard.journal.stream_watch import Notice, StampWatch, StrangerWatch, StreamWatch, counts
from pitboard.journal.witness import Witness
from pitboard.race.bodies.body import ActWithdrawn, Body
from pitboard.race.bodies.people_bodies import PersonErased
from pitboard.tasks import Errands, beside
from pitboard.trust.identity import Identity

log = logging.getLogger(__name__)

BATCH_MAX_COUNT = 500
BATCH_MAX_BYTES = 256 * 1_024
ALL_BYTES = 2**53
VERIFY_BURST_COUNT = 16
GREAT_MIN_COUNT = 10_000
"""Records of a journal that is worth being left out of all collections."""
BEHIND_CACHE_MAX_KIB = 256
"""Of the journal file's pages, where nobody waits for it: a display reads it once, at its start."""
BAD_MAX_COUNT = 16
"""Records that do not hold, in one batch: who sends more has nothing to say, and checking them costs us."""


class Mark(NamedTuple):
    """Up to where a journal was folded: the last arrival, and the hash of its header."""

    arrival: int
    header_hash: bytes


SOMEBODY_ELSE = "Somebody else writes under the key of this unit; it must be revoked and enrolled anew"

_ENROLMENT = KIND_OF[UnitEnrolled]
Follower = Callable[[Record], None]
"""What is handed each durable record, once and in the order in which they arrived here."""
OnOpening = Callable[[int, int], None]
"""What is told now and then how many of how many records an opening has gone through."""


def unwatched(done_count: int, count: int) -> None:
    """Nobody waits for this opening."""


@dataclass(slots=True)
class Acceptance:
    """What became of the records of one exchange."""

    taken: int = 0
    repeated: int = 0
    past_gap: int = 0
    refused: int = 0
    forked: int = 0


class Replica:
    """Opened by `Replica.open`; everything that reads records on a node goes through it.

    `open_stream` returns the one that may write.
    """

    def __init__(self, journal: Storage, clock: Clock) -> None:
        self.journal = journal
        self.clock = clock
        self.fold = Fold(journal.root_key)
        self._quarantine = Quarantine(journal)
        self.strangers = StrangerWatch()
        self.false_streams: set[str] = set()
        """Streams with another history here than the one that central saw; nothing beyond that counts."""
        self._contested: set[str] = set()  # of which two histories came, and only proof decides now
        self.version = 0  # grows with every record taken
        self._hybrid_clock = HybridClock(clock)
        self._stamp_watch = StampWatch(self._hybrid_clock)
        self._ledger = Ledger()
        self._watch = StreamWatch()
        self._latest = LatestRecords()
        self._recent_after = 0  # records that arrived later are held in memory
        self._is_recent = True
        self._witness = Witness(self._ledger)
        self._followers: list[Follower] = []  # after the replica's own
        self.mark = Mark(0, b"")  # of the last record handed to the followers
        self._is_open = False  # a journal is folded as one portion, and what comes later batch by batch
        self._failure: BaseException | None = None
        self._accepting = asyncio.Lock()
        self._errands = Errands("the replica's errand")
        self._storing: asyncio.Task[list[Held] | JournalLost] | None = None
        self._changed = asyncio.Event()
        self._erased_count = 0
        self._erased_ahead: set[tuple[str, int]] = (
            set()
        )  # by erasures of central's that come later in its stream
        self._to_erase: set[tuple[str, int]] = set()
        self._writer: StreamWriter | None = None
        self._own_name = ""
        self._leaving: asyncio.Task[None] | None = None
        self._may_append = asyncio.Event()
        self._may_append.set()
        self._appending_count = 0

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
        self._own_name = name
        writing = self.writing(StreamWriter(identity, self._hybrid_clock, stream=stream, new_id=new_id))
        await writing.append(
            StreamOpened(
                key=identity.key,
                name=name,
                boot_id=self.clock.boot_id,
                earlier=self._watch.uncovered(identity.key),
                event=self.journal.root_key,
            )
        )
        return writing

    def guest_stream(self, identity: Identity, name: str) -> tuple[StreamWriter, StreamOpened]:
        """Return the writer of a new stream of another node within this process, and its first body.

        Its records come here by `accept`, as any other node's.
        """
        opening = StreamOpened(
            key=identity.key,
            name=name,
            boot_id=self.clock.boot_id,
            earlier=self._watch.uncovered(identity.key),
            event=self.journal.root_key,
        )
        return StreamWriter(identity, self._hybrid_clock), opening

    @property
    def alarms(self) -> dict[str, str]:
        """Return {stream: sentence} of the streams in which two records claim one place."""
        return self._quarantine.alarms

    def have(self) -> dict[str, int]:
        """Return {stream: last durable seq}; of a contested stream only what central saw so.

        Thus peers bring again what decides.
        """
        heads = self._ledger.heads()
        for stream in self._contested & heads.keys():
            heads[stream] = self._witness.proven(stream)
            if not heads[stream]:
                del heads[stream]
        return heads

    def writing(self, writer: StreamWriter) -> WritingReplica:
        """Return this replica as one that may append to the writer's stream."""
        return WritingReplica(self, writer)

    async def accept(self, records: Iterable[Record]) -> Acceptance:
        """Take records from a peer; return once those taken are durable and folded."""
        acceptance = Acceptance()
        async with self._accepting:
            await self._last_kept()
            if self._contested:
                records = await self._settle(list(records), acceptance)
            taken: list[Record] = []
            self.strangers.begin_batch()
            staged = Ledger.on_top_of(self._ledger)
            bad_count = 0
            for count, record in enumerate(records):
                if count % VERIFY_BURST_COUNT == VERIFY_BURST_COUNT - 1:
                    await asyncio.sleep(0)  # checking signatures takes its time; let screens draw between
                if (record.stream, record.seq) in self.fold.erased_places:
                    record = without_body(record)  # a peer that does not know of the erasure still had it
                try:
                    arrival = staged.judge(record)
                except RecordRefused as error:
                    self._see_squatter(record)
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
                    case Arrival.NEXT if self._is_of_another_event(record):
                        acceptance.refused += 1
                        self.strangers.refused_count += 1
                    case Arrival.NEXT if self.strangers.leaves_out(
                        record, staged.writer_of(record), ledger=staged, roster=self.fold.roster
                    ):
                        acceptance.refused += 1
                    case Arrival.NEXT if not self._is_own(record.stream):
                        staged.take(record)
                        taken.append(record)
                    case Arrival.REPEAT:
                        acceptance.repeated += 1
                    case Arrival.GAP:
                        acceptance.past_gap += 1
                        self._hear_ahead(record)
                    case Arrival.FORK if not self.fold.roster.knows(staged.writer_of(record)):
                        acceptance.refused += 1
                        self.strangers.refused_count += 1
                    case Arrival.FORK | Arrival.NEXT:  # of our own stream nobody else has the next
                        acceptance.forked += 1
                        if (
                            self._witness.proven(record.stream)
                            < record.seq
                            <= self._witness.seen(record.stream)
                        ):
                            self._contested.add(record.stream)
                        await self._quarantine.keep(record)
            await self._keep(taken, acceptance)
        return acceptance

    def _see_squatter(self, record: Record) -> None:
        """See whether a stream that a stranger opened here belongs to a writer of the roster.

        Who reads a stream's id somewhere can open one of that name where the true one has not come yet.
        """
        stream, roster = record.stream, self.fold.roster
        holder = self._ledger.key_of(stream)
        if holder is None or holder == roster.root_key or roster.knows(holder) or stream in self._contested:
            return
        for key in (roster.root_key, *roster.enrolled()):
            with contextlib.suppress(RecordRefused):
                check_signature(record, key)
                self._contested.add(stream)
                return

    async def _settle(self, records: list[Record], acceptance: Acceptance) -> list[Record]:
        """Put true histories in the place of false ones, where what came leads to a place that central named.

        Return what is left to judge. Of a contested stream nothing else is taken: whoever is first or loudest
        would decide.
        """
        left = [record for record in records if record.stream not in self._contested]
        offered: dict[str, dict[int, Record]] = {}
        for record in records:
            if record.stream in self._contested:
                offered.setdefault(record.stream, {}).setdefault(record.seq, record)
        for stream, by_seq in offered.items():
            chain = self._true_chain(stream, by_seq)
            taken = await self._replace(stream, chain) if chain else 0
            acceptance.taken += taken
            acceptance.past_gap += len(by_seq) - taken
        return left

    def _true_chain(self, stream: str, offered: Mapping[int, Record]) -> list[Record]:
        """Return what of these follows what is sure here, and leads to a place that central named.

        Where a stranger holds the stream's name, all that a writer of the roster signed.
        """
        proven = self._witness.proven(stream)
        key = self._ledger.key_of(stream) if proven else None
        previous = self._ledger.hash_at(stream, proven).hex() if proven else NO_PREVIOUS
        chain: dict[int, Record] = {}
        seq = proven + 1
        while (record := offered.get(seq)) is not None and record.header.previous == previous:
            if (stream, seq) in self.fold.erased_places:
                record = without_body(record)
            if self._lacks_its_body(record):
                break
            try:
                if key is None:
                    key = opening_key(record)
                check_signature(record, key)
            except RecordRefused:
                self.strangers.refused_count += 1
                break
            chain[seq] = record
            previous = record.header_hash.hex()
            seq += 1
        reached = self._witness.reached_by(chain, stream)
        holder = self._ledger.key_of(stream)
        is_squatted = (
            holder is not None and holder != self.fold.root_key and not self.fold.roster.knows(holder)
        )
        if is_squatted and key is not None and self.fold.roster.counts(key, stream, len(chain)):
            reached = max(reached, len(chain))
        return [record for one, record in chain.items() if one <= reached]

    async def _replace(self, stream: str, chain: Sequence[Record]) -> int:
        """Put the chain in the place of what is here where they differ; return how many are new."""
        head = self._ledger.head(stream)
        new = [
            record
            for record in chain
            if record.seq > head or self._ledger.hash_at(stream, record.seq) != record.header_hash
        ]
        if not new:
            return 0
        log.warning(
            "another history takes the place of a false one: stream=%s from=%d to=%d",
            *(stream, new[0].seq, new[-1].seq),
        )
        self._storing = self._errands.start(self._replaced(stream, new), name="replace")
        held = _or_raise(await asyncio.shield(self._storing))
        await self._until_taken(max(one.arrival for one in held))
        if not self.false_streams & {stream} and self._ledger.head(stream) >= self._witness.seen(stream):
            self._contested.discard(stream)
        return len(new)

    async def _replaced(self, stream: str, records: list[Record]) -> list[Held] | JournalLost:
        try:
            return await self.journal.replace(stream, records[0].seq - 1, records)
        except JournalLost as error:
            return error

    def _is_own(self, stream: str) -> bool:
        """Return whether this process writes the stream: nobody else can bring the next record of it."""
        return self._writer is not None and self._writer.stream == stream

    def _leave_own_stream(self) -> None:
        """Go on in another stream: central saw somebody who has our key write in this one."""
        if self._leaving is None or self._leaving.done():
            self._leaving = self._errands.start(self._go_on_elsewhere(), name="go on in another stream")

    async def _go_on_elsewhere(self) -> None:
        """Open another stream, and say there again what nobody but us knows to be ours."""
        writer = self._writer
        assert writer is not None
        self._may_append.clear()
        try:
            while self._appending_count:
                await self._changed.wait()
            proven = self._witness.proven(writer.stream)
            self._writer = fresh = writer.elsewhere()
            earlier = self._watch.uncovered(writer.key) | {writer.stream: proven}
            opened = StreamOpened(
                key=writer.key,
                name=self._own_name,
                boot_id=self.clock.boot_id,
                earlier={stream: head for stream, head in earlier.items() if head},
                event=self.journal.root_key,
            )
            await self._write(fresh, [(KIND_OF[StreamOpened], opened)])
            places: dict[int, int] = {}
            said = await self.journal.read_beyond(writer.stream, max(proven, 1), BATCH_MAX_COUNT)
            while said:
                again: list[tuple[str, Any]] = []
                for record in said:
                    if record.body_bytes is not None:
                        places[record.seq] = fresh.next_seq + len(again)
                        again.append((record.header.kind, _said_elsewhere(record, fresh.stream, places)))
                await self._write(fresh, again)
                said = await self.journal.read_beyond(writer.stream, said[-1].seq, BATCH_MAX_COUNT)
        finally:
            self._may_append.set()
        log.error(
            "our stream was written by somebody else: old=%s new=%s said again=%d",
            *(writer.stream, fresh.stream, len(places)),
        )

    async def _write(self, writer: StreamWriter, said: Sequence[tuple[str, Any]]) -> list[Record]:
        """Write and store (kind, body), in one commit; return once all is durable and folded."""
        records: list[Record] = []
        self._appending_count += 1
        try:
            for kind, body in said:
                records.append(writer.write(kind, body))
            held = await self.journal.append(records)
        except (JournalLost, BodyRefused):
            writer.take_back(records)  # else the stream went on past a gap, and nobody took the rest
            raise
        finally:
            self._appending_count -= 1
            self.nudge()
        for record, (_, holder) in zip(records, held, strict=True):
            if record.header_hash != holder:
                raise StreamTaken(stream=record.stream, seq=record.seq)
        await self._until_taken(max((one.arrival for one in held), default=0))
        return records

    def _hear_ahead(self, record: Record) -> None:
        """Heed an erasure of central's before its turn: a record before it may be one that it emptied."""
        if record.header.kind != KIND_OF[PersonErased] or record.body_bytes is None:
            return
        try:
            check_signature(record, self.fold.root_key)
        except RecordRefused:
            return
        body = read_body(record.header.kind, record.body_bytes)
        if isinstance(body, PersonErased) and self._ledger.key_of(record.stream) in (
            None,
            self.fold.root_key,
        ):
            self._erased_ahead |= {(one, seq) for one, seqs in body.records.items() for seq in seqs}

    async def _keep(self, records: list[Record], acceptance: Acceptance) -> None:
        """Store what was judged to be the next of its stream, and see whose it is in the end."""
        held: list[Held] = []
        if records:
            self._storing = self._errands.start(self._stored(records), name="store")
            held = _or_raise(await asyncio.shield(self._storing))
            await self._until_taken(max(one.arrival for one in held))
        for record, (_, holder) in zip(records, held, strict=True):
            if record.header_hash == holder:
                acceptance.taken += 1
            else:
                acceptance.forked += 1
                await self._quarantine.keep(record)
        await self.erase(records)

    async def _stored(self, records: list[Record]) -> list[Held] | JournalLost:
        try:
            return await self.journal.append(records)
        except JournalLost as error:
            return error

    async def _last_kept(self) -> None:
        """Wait for what a caller that has gone away left on its way here, or a fork might pass it."""
        if self._storing is not None:
            held = await asyncio.shield(self._storing)
            if not isinstance(held, JournalLost):
                await self._until_taken(max(one.arrival for one in held))

    async def beyond(
        self,
        have: Mapping[str, int],
        *,
        max_count: int = BATCH_MAX_COUNT,
        max_bytes: int = BATCH_MAX_BYTES,
    ) -> list[Record]:
        """Return records that a peer with these heads lacks, each stream in order; at least one if any.

        Central's streams come first, and what does not count last. Who does not know of an erasure yet cannot
        take what it emptied: the erasure stands before that, though it comes again in its own place.
        """
        ranks: list[dict[str, tuple[int, int]]] = [{}, {}, {}]
        heads = self._ledger.heads()
        if heads == have:
            return []  # as nearly always
        for stream, head in heads.items():
            seq = have.get(stream, 0)
            if seq < head:
                ranks[self._rank_of(stream)][stream] = (seq, head)
        batch = Batch(max_count=max_count, max_bytes=max_bytes)
        await fill(batch, ranks, self._read_beyond)
        return await self._with_erasures(batch.records, have, max_count=max_count, max_bytes=max_bytes)

    async def _with_erasures(
        self, records: list[Record], have: Mapping[str, int], *, max_count: int, max_bytes: int
    ) -> list[Record]:
        """Put before each emptied record the erasure that says so, if the peer cannot know of it yet."""
        if all(record.body_bytes is not None for record in records):
            return records
        whole: dict[tuple[str, int], Record] = {}
        room_bytes = max_bytes
        for record in records:
            needed = [record]
            stream, seq = self.fold.erased_by.get((record.stream, record.seq), ("", 0))
            if record.body_bytes is None and have.get(stream, 0) < seq and (stream, seq) not in whole:
                needed = [*await self._read_beyond(stream, seq - 1, 1), record]
            room_bytes -= sum(one.size for one in needed)
            if whole and (len(whole) + len(needed) > max_count or room_bytes < 0):
                break
            whole |= {(one.stream, one.seq): one for one in needed}
        return list(whole.values())

    async def portion(self, stream: str, after: int, count: int) -> list[Record]:
        """Return what is here of the `count` records after this one, for somebody of whom nothing is known.

        Before what an erasure emptied stands that erasure.
        """
        records: list[Record] = []
        while len(records) < count:
            some = await self._read_beyond(stream, after + len(records), count - len(records))
            if not some:
                break
            records += some
        return await self._with_erasures(records, {}, max_count=2 * count, max_bytes=ALL_BYTES)

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

    def _is_of_another_event(self, record: Record) -> bool:
        """Return whether the record opens a stream of another event, whoever enrolled its writer here too."""
        opening = opening_of(record)
        return opening is not None and opening.event not in ("", self.journal.root_key)

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
            if self._is_own(stream) and self._is_written_elsewhere(stream):
                self._quarantine.alarm(stream, SOMEBODY_ELSE)
                self._leave_own_stream()
            self.fold.limit(stream, self._witness.limit(stream))
            if not self._witness.contradicts(stream):
                self.false_streams.discard(stream)
                if self._ledger.head(stream) >= self._witness.seen(stream):
                    self._contested.discard(stream)
            elif stream not in self.false_streams:
                log.error("another history of a stream than central saw: stream=%s", stream)
                self.false_streams.add(stream)
                self._contested.add(stream)

    def _is_written_elsewhere(self, stream: str) -> bool:
        """Return whether central saw something in our own stream that we did not write."""
        assert self._writer is not None
        return self._witness.contradicts(stream) or self._witness.seen(stream) >= self._writer.next_seq

    def _lacks_its_body(self, record: Record) -> bool:
        """Return whether the body is missing though no erasure we know of took it: it must come again."""
        place = (record.stream, record.seq)
        is_erased = place in self.fold.erased_places or place in self._erased_ahead
        return record.body_bytes is None and not is_erased

    def _rank_of(self, stream: str) -> int:
        key = self._ledger.key_of(stream) or ""
        if key == self.fold.root_key:
            return 0
        return 1 if counts(stream, ledger=self._ledger, roster=self.fold.roster) else 2

    async def erase(self, fresh: Sequence[Record] = ()) -> None:
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
        self._latest.erase_bodies(places)
        try:
            await self.journal.erase_bodies(places)
        except JournalLost as error:
            log.error("bodies not erased yet: count=%d %s", len(places), error)
        else:
            self._to_erase -= places

    async def _read_beyond(self, stream: str, seq: int, count: int) -> list[Record]:
        records = self._latest.beyond(stream, seq, count)
        records = records or await self.journal.read_beyond(stream, seq, count)
        if self._to_erase:  # the disk refused: what it still has of a body is handed to nobody
            records = [
                without_body(one) if (one.stream, one.seq) in self._to_erase else one for one in records
            ]
        return records


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


def _said_elsewhere(record: Record, stream: str, places: Mapping[int, int]) -> Any:
    """Return the body for another stream of the same writer's; {seq here: seq there} are the places said."""
    assert record.body_bytes is not None
    body = read_body(record.header.kind, record.body_bytes)
    if isinstance(body, ActWithdrawn) and body.stream == record.stream and body.seq in places:
        return msgspec.structs.replace(body, stream=stream, seq=places[body.seq])
    return msgspec.Raw(record.body_bytes)


def _or_raise(held: list[Held] | JournalLost) -> list[Held]:
    if isinstance(held, JournalLost):
        raise held
    return held


class WritingReplica(Replica):
    """A replica with a stream of its own, as `Replica.open_stream` returns it."""

    def __init__(self, replica: Replica, writer: StreamWriter) -> None:
        # The same replica under a second type, so that nothing can be written before a stream is open.
        self.__dict__ = replica.__dict__
        self._writer: StreamWriter = writer

    async def settled(self) -> None:
        """Return at once, or when `next_place` is in the stream that this node goes on in."""
        await self._may_append.wait()

    @property
    def identity(self) -> Identity:
        """The key that this node writes with."""
        return self._writer.identity

    @property
    def next_place(self) -> tuple[str, int]:
        """The stream and seq of the next record that `append` writes, if nothing else is appended before."""
        return self._writer.stream, self._writer.next_seq

    async def append(self, *bodies: Body) -> list[Record]:
        """Write the bodies to this node's stream, in one commit; return once they are durable and folded.

        Raises BodyRefused or JournalLost with nothing written, and StreamTaken when somebody else writes this
        stream too; then it is over with it.
        """
        self._raise_failure()
        await self.settled()
        records = await self._write(self._writer, [(KIND_OF[type(body)], body) for body in bodies])
        await self.erase()
        return records
