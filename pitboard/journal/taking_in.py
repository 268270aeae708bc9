"""What becomes of records that a peer brings: judged one by one, stored together, folded by who follows.

Nothing is taken past a gap, a repetition is harmless, and a refused record stops its own stream only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from pitboard.errors import JournalLost, RecordRefused
from pitboard.journal.contested import Contested
from pitboard.journal.disk.storage import Held, Storage
from pitboard.journal.erasures import Erasures
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import Record
from pitboard.journal.streams.ledger import Arrival, Ledger, opening_of
from pitboard.journal.streams.own_stream import OwnStream
from pitboard.journal.streams.quarantine import Quarantine
from pitboard.journal.streams.stream_watch import StrangerWatch
from pitboard.tasks import Errands

log = logging.getLogger(__name__)

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


class TakingIn:
    """Takes one batch after the other; `until_taken` returns once the followers had an arrival."""

    def __init__(
        self,
        journal: Storage,
        ledger: Ledger,
        fold: Fold,
        *,
        strangers: StrangerWatch,
        erasures: Erasures,
        contested: Contested,
        own: OwnStream,
        quarantine: Quarantine,
        until_taken: Callable[[int], Awaitable[None]],
        errands: Errands,
    ) -> None:
        self._journal = journal
        self._ledger = ledger
        self._fold = fold
        self._strangers = strangers
        self._erasures = erasures
        self._contested = contested
        self._own = own
        self._quarantine = quarantine
        self._until_taken = until_taken
        self._errands = errands
        self._accepting = asyncio.Lock()
        self._storing: asyncio.Task[list[Held] | JournalLost] | None = None

    async def accept(self, records: Iterable[Record]) -> Acceptance:
        """Take records from a peer; return once those taken are durable and folded."""
        acceptance = Acceptance()
        async with self._accepting:
            await self._last_kept()
            if self._contested.streams:
                records = await self._settle(list(records), acceptance)
            taken: list[Record] = []
            self._strangers.begin_batch()
            staged = Ledger.on_top_of(self._ledger)
            bad_count = 0
            for count, record in enumerate(records):
                if count % VERIFY_BURST_COUNT == VERIFY_BURST_COUNT - 1:
                    await asyncio.sleep(0)  # checking signatures takes its time; let screens draw between
                record = self._erasures.emptied(record)
                try:
                    arrival = staged.judge(record)
                except RecordRefused as error:
                    self._contested.see_squatter(record)
                    self._refuse(acceptance)
                    log.warning("record refused: stream=%s seq=%d %s", record.stream, record.seq, error)
                    bad_count += 1
                    if bad_count >= BAD_MAX_COUNT:
                        break
                    continue
                if await self._sort(record, arrival, staged, acceptance):
                    staged.take(record)
                    taken.append(record)
            await self._keep(taken, acceptance)
        return acceptance

    async def _sort(self, record: Record, arrival: Arrival, staged: Ledger, acceptance: Acceptance) -> bool:
        """Return whether to take a record that holds; else it is counted as what it is."""
        roster = self._fold.roster
        match arrival:
            case Arrival.NEXT if not self._erasures.accounts_for(record):
                acceptance.past_gap += 1
            case Arrival.NEXT if self._is_of_another_event(record):
                self._refuse(acceptance)
            case Arrival.NEXT if self._strangers.leaves_out(
                record, staged.writer_of(record), ledger=staged, roster=roster
            ):
                acceptance.refused += 1
            case Arrival.NEXT if not self._own.holds(record.stream):
                return True
            case Arrival.REPEAT:
                acceptance.repeated += 1
            case Arrival.GAP:
                acceptance.past_gap += 1
                self._erasures.hear_ahead(record)
            case Arrival.FORK if not roster.knows(staged.writer_of(record)):
                self._refuse(acceptance)
            case Arrival.FORK | Arrival.NEXT:  # of our own stream nobody else has the next
                acceptance.forked += 1
                self._contested.see_fork(record)
                await self._quarantine.keep(record)
        return False

    def _refuse(self, acceptance: Acceptance) -> None:
        acceptance.refused += 1
        self._strangers.refused_count += 1

    async def _settle(self, records: list[Record], acceptance: Acceptance) -> list[Record]:
        """Put true histories in the place of false ones, where what came leads to a place that central named.

        Return what is left to judge. Of a contested stream nothing else is taken: whoever is first or loudest
        would decide.
        """
        contested = self._contested.streams
        left = [record for record in records if record.stream not in contested]
        offered: dict[str, dict[int, Record]] = {}
        for record in records:
            if record.stream in contested:
                offered.setdefault(record.stream, {}).setdefault(record.seq, record)
        for stream, by_seq in offered.items():
            chain = self._contested.true_chain(stream, by_seq)
            taken = await self._replace(stream, chain) if chain else 0
            acceptance.taken += taken
            acceptance.past_gap += len(by_seq) - taken
        return left

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
        self._contested.settle(stream)
        return len(new)

    async def _replaced(self, stream: str, records: list[Record]) -> list[Held] | JournalLost:
        try:
            return await self._journal.replace(stream, records[0].seq - 1, records)
        except JournalLost as error:
            return error

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
        await self._erasures.carry_out(records)

    async def _stored(self, records: list[Record]) -> list[Held] | JournalLost:
        try:
            return await self._journal.append(records)
        except JournalLost as error:
            return error

    async def _last_kept(self) -> None:
        """Wait for what a caller that has gone away left on its way here, or a fork might pass it."""
        if self._storing is not None:
            held = await asyncio.shield(self._storing)
            if not isinstance(held, JournalLost):
                await self._until_taken(max(one.arrival for one in held))

    def _is_of_another_event(self, record: Record) -> bool:
        """Return whether the record opens a stream of another event, whoever enrolled its writer here too."""
        opening = opening_of(record)
        return opening is not None and opening.event not in ("", self._journal.root_key)


def _or_raise(held: list[Held] | JournalLost) -> list[Held]:
    if isinstance(held, JournalLost):
        raise held
    return held
