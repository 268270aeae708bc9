"""Keep the replica fed from one source at a time, and move on as soon as it fails or falls silent.

Several are asked at once and the first that proves itself is followed; central gets its turn after four
seconds, whatever is announced. While one works, the others are asked every two seconds what they have."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence

from display.following.badge import LIVE_MAX_NS, Contact
from display.following.heard_source import ClosablePeer, HeardSource
from display.following.source_choice import Candidate, Claim, Rank, SourceChoice
from display.following.trouble import Trouble
from pitboard.clock import Clock, happened
from pitboard.errors import LossCode, PeerLost, SourceLost
from pitboard.journal.folding.roster import Roster
from pitboard.race.names import clean_name
from sync.exchanging.exchange import HAVE_MAX_COUNT, EventSeen, Peer, SyncRequest
from sync.exchanging.freshness import Answerer, answerer_of
from sync.exchanging.pump import Pump, SetAside
from sync.exchanging.venue_clocks import CENTRAL, VenueClocks

log = logging.getLogger(__name__)

WAIT_MS = 1_200  # so that a silent source is left, and another followed, within three seconds
PROBE_EVERY_S = 2.0
ALONE_CHECK_S = 10.0
"""While nobody else is known: whoever comes says so."""
BACK_OFF_MAX_S = 2.0
TRIES_AT_ONCE = 4
STRANGERS_TRIED_AT_ONCE = 2
"""While somebody is known: there is always room for who proved itself, the moment it may be tried again."""
PROBES_AT_ONCE = 16
STRANGERS_PROBED_AT_ONCE = 2
CENTRAL_AFTER_NS = 4_000_000_000
PROMISES_BEFORE_MOVE = 2
TOLD_MAX_COUNT = 16
GIVE_BACK_EVERY_S = 3.0
GIVE_BACK_MAX_S = 300.0
"""A stream that the source does not take is offered again after a while, at most this rarely."""
GIVE_BACK_MAX_WAIT_S = 3.0
_NS_PER_S = 1_000_000_000


def _nobody(source: HeardSource) -> None:
    """Stand in where nobody remembers who proved itself."""


class SourceFollower:
    """Carries records to `target`, which holds what `have` says; `on_change` tells of every change.

    `source` is whom it follows, `contact` when the board was last known to be the present one, `trouble` why
    nobody is followed, `lacks_count` how many records the source has that have not come yet, `clocks` how
    this machine's wall clock stands to those of the nodes that proved themselves.
    """

    def __init__(
        self,
        target: Peer,
        clock: Clock,
        *,
        have: Callable[[], Mapping[str, int]],
        candidates: Callable[[], Sequence[Candidate]],
        connect: Callable[[Candidate], ClosablePeer],
        on_change: Callable[[], None],
        contact: Contact | None = None,
        roster: Callable[[], Roster] | None = None,
        proven_before: Sequence[str] = (),
        on_proven: Callable[[HeardSource], None] = _nobody,
    ) -> None:
        self.source: Candidate | None = None
        self.contact = contact
        self.trouble: Trouble | None = None
        self.has_followed = False
        self.lacks_count = 0
        self.missing_count = 0
        self.clocks = VenueClocks(clock)
        self._told: dict[str, Candidate] = {}  # by key: units that a proven unit told of
        self._target = target
        self._have = have
        self._roster = roster
        self._clock = clock
        self._candidates = candidates
        self._connect = connect
        self._on_change = on_change
        self._on_proven = on_proven
        self._choice = SourceChoice()
        self._choice.remember(proven_before)
        self._recheck = asyncio.Event()
        self._event: EventSeen | None = None
        self._promised: dict[str, int] = {}  # by any proven source since this process began

    def told_units(self) -> list[Candidate]:
        """Return the units that proven ones told of, for venues whose network lets no mDNS through."""
        return list(self._told.values())

    def candidates_changed(self) -> None:
        """Look at the candidates again now."""
        self._recheck.set()

    async def run(self) -> None:
        """Follow whatever can be followed until cancelled."""
        better: HeardSource | None = None
        while True:
            heard = better or await self._first_proven()
            try:
                better = await self._follow(heard)
            except SourceLost as error:
                better = None
                self._take_loss(heard.candidate, error.trouble)
            finally:
                heard.close()

    async def _first_proven(self) -> HeardSource:
        """Ask several at once, for ever, until one proves itself; return that one, connected."""
        began_ns = self._clock.mono_ns()
        tries: dict[asyncio.Task[HeardSource], Candidate] = {}
        try:
            while True:
                self._recheck.clear()
                await self._learn_event()
                candidates = self._candidates()
                now_ns = self._clock.mono_ns()  # looked at once: a rest may end between two looks
                self._start_tries(tries, candidates, began_ns, now_ns)
                await self._something_happened(tries, self._pause_s(candidates, began_ns, now_ns))
                for task in [task for task in tries if task.done()]:
                    candidate = tries[task]
                    error = task.exception()
                    if error is None:
                        del tries[task]
                        return task.result()
                    del tries[task]
                    if not isinstance(error, SourceLost):
                        raise error
                    self._take_loss(candidate, error.trouble)
        finally:
            await _give_up(tries)

    async def _learn_event(self) -> None:
        if self._event is None:
            with contextlib.suppress(PeerLost):
                self._event = (await self._target.sync(SyncRequest())).event

    def _start_tries(
        self,
        tries: dict[asyncio.Task[HeardSource], Candidate],
        candidates: Sequence[Candidate],
        began_ns: int,
        now_ns: int,
    ) -> None:
        tried = {candidate.url for candidate in tries.values()}
        ready = [one for one in self._choice.in_order(candidates, now_mono_ns=now_ns) if one.url not in tried]
        units_count = sum(candidate.rank == Rank.UNIT for candidate in tries.values())
        strangers_count = units_count - sum(self._choice.is_known(one) for one in tries.values())
        has_known = any(self._choice.is_known(one) for one in candidates if one.rank == Rank.UNIT)
        for one in ready:
            is_far = one.rank != Rank.UNIT
            # Before its turn central, or a broker, waits for units, but only for those that may still answer.
            if is_far and now_ns - began_ns < CENTRAL_AFTER_NS and units_count > 0:
                continue
            if not is_far and units_count >= TRIES_AT_ONCE:
                continue
            is_stranger = not is_far and not self._choice.is_known(one)
            if is_stranger and has_known and strangers_count >= STRANGERS_TRIED_AT_ONCE:
                continue
            units_count += not is_far
            strangers_count += is_stranger
            tries[asyncio.create_task(self._prove(one), name=f"try {one.name}")] = one

    def _pause_s(self, candidates: Sequence[Candidate], began_ns: int, now_ns: int) -> float | None:
        """Return in how long somebody may be tried who may not now; None for never."""
        moments = [began_ns + CENTRAL_AFTER_NS] if any(one.rank != Rank.UNIT for one in candidates) else []
        later = [moment for moment in moments if moment > now_ns]
        if (ready_ns := self._choice.next_ready_mono_ns(candidates, now_mono_ns=now_ns)) is not None:
            later.append(ready_ns)
        return (min(later) - now_ns) / _NS_PER_S if later else None

    async def _something_happened(
        self, tries: Mapping[asyncio.Task[HeardSource], Candidate], pause_s: float | None
    ) -> None:
        """Wait until a try ends, candidates change or the pause is over."""
        changed = asyncio.create_task(self._recheck.wait(), name="candidates change")
        try:
            await asyncio.wait({*tries, changed}, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()

    async def _prove(self, candidate: Candidate) -> HeardSource:
        """Return the candidate, connected and proven; raises SourceLost."""
        roster = self._roster if candidate.rank == Rank.UNIT else None
        heard = HeardSource(self._connect(candidate), candidate, roster)
        try:
            await heard.introduce(self._target, self._have, self._event)
        except BaseException:  # a cancellation too: nobody else holds the connection yet
            heard.close()
            raise
        return heard

    async def _follow(self, heard: HeardSource) -> HeardSource:
        """Follow until somebody better answers, and return them; raises SourceLost."""
        self._take_proof(heard)
        pump = Pump(
            heard,
            self._target,
            wait_ms=WAIT_MS,
            back_off_max_s=BACK_OFF_MAX_S,
            on_round=lambda have, aside: self._take_round(heard, have, aside),
        )
        carrying = asyncio.create_task(pump.run(), name=f"follow {heard.name}")
        looking = asyncio.create_task(self._find_better(heard.candidate), name="look for a better source")
        giving = asyncio.create_task(self._give_back(heard), name="give back")
        try:
            await asyncio.wait({carrying, looking, giving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (carrying, looking, giving):
                if not task.done():
                    task.cancel()
            await asyncio.wait({carrying, looking, giving})
        if not carrying.cancelled() and (lost := carrying.exception()) is not None:
            await _give_up({looking: heard.candidate})
            raise lost
        if not giving.cancelled():
            giving.result()  # it ends by a bug only
        better = looking.result()
        log.info("moves to a better source: from=%s to=%s", heard.name, better.name)
        return better

    async def _give_back(self, heard: HeardSource) -> None:
        """Hand the source what it lacks and we hold: a card may have died, and only this display knows."""
        loop = asyncio.get_running_loop()
        aside = SetAside(pause_first_s=GIVE_BACK_EVERY_S, pause_max_s=GIVE_BACK_MAX_S)
        while True:
            await asyncio.sleep(GIVE_BACK_EVERY_S)
            theirs = dict(heard.proven_have)
            if heard.candidate.rank == Rank.BROKER:
                continue  # it takes nothing
            if not heard.is_proven or _lacking(self._have(), theirs, aside.streams_now(loop.time())) == 0:
                continue
            try:
                ours = await self._target.sync(SyncRequest(have=aside.ask(theirs, now_s=loop.time())))
                peer = self._connect(heard.candidate)
                try:
                    async with asyncio.timeout(GIVE_BACK_MAX_WAIT_S):
                        taken = await peer.sync(SyncRequest(records=list(ours.records)))
                finally:
                    peer.close()
            except (PeerLost, TimeoutError) as error:
                log.debug("not given back: %s", error)
                continue
            aside.note(ours.records, before=theirs, after=taken.have, now_s=loop.time())
            log.info("given back: to=%s records=%d", heard.name, len(ours.records))

    async def _find_better(self, current: Candidate) -> HeardSource:
        """Return a source to leave the current one for, connected, once one proved itself."""
        promised: dict[str, int] = {}
        while True:
            while not self._has_others(current):
                self._recheck.clear()
                await happened(self._recheck, ALONE_CHECK_S)
            await asyncio.sleep(PROBE_EVERY_S)
            probes = {
                asyncio.create_task(self._prove(one), name=f"probe {one.name}"): one
                for one in self._worth_a_probe(current)
            }
            if not probes:
                continue
            try:
                await asyncio.wait(probes)
                for task, other in list(probes.items()):
                    if isinstance(task.exception(), SourceLost):
                        self._choice.take_failure(other, now_mono_ns=self._clock.mono_ns())
                        del probes[task]
                    elif self._is_better(task.result(), current, promised):
                        del probes[task]
                        return task.result()
            finally:
                await _give_up(probes)

    def _has_others(self, current: Candidate) -> bool:
        """Return whether there is anybody that may ever be asked beside the current one."""
        return any(one.url != current.url and one.rank <= current.rank for one in self._candidates())

    def _worth_a_probe(self, current: Candidate) -> list[Candidate]:
        """Return whom to ask while the current one works: all that are known, and few strangers."""
        others = [
            one
            for one in self._choice.in_order(self._candidates(), now_mono_ns=self._clock.mono_ns())
            if one.url != current.url and one.rank <= current.rank
        ]
        known = [one for one in others if self._choice.is_known(one)]
        strangers = [one for one in others if one not in known]
        return known[:PROBES_AT_ONCE] + strangers[:STRANGERS_PROBED_AT_ONCE]

    def _is_better(self, other: HeardSource, current: Candidate, promised: dict[str, int]) -> bool:
        url, have = other.candidate.url, other.proven_have
        self._choice.take_success(url)
        self._promise(have)
        self._hear_clock(other)
        self._on_proven(other)
        lacks_some = other.candidate.rank == current.rank and any(
            head > self._have().get(stream, 0) for stream, head in have.items()
        )
        promised[url] = promised.get(url, 0) + 1 if lacks_some else 0
        if lacks_some and promised[url] < PROMISES_BEFORE_MOVE:
            return False  # the current source may be about to bring it
        return self._choice.is_better(other.candidate, current, others_have=have, have=self._have())

    def _take_proof(self, heard: HeardSource) -> None:
        """Take note that this source is followed from now on."""
        candidate = heard.candidate
        self._choice.take_success(candidate.url)
        self._on_proven(heard)
        log.info("follows: source=%s url=%s", candidate.name, candidate.url)
        self.source, self.trouble = candidate, None
        self._promise(heard.proven_have)
        self._hear_clock(heard)
        self._hear_of_others(heard)
        self._take_heads(heard.proven_have, frozenset(), is_of_now=heard.is_of_now)
        self._on_change()

    def _take_round(self, heard: HeardSource, theirs: Mapping[str, int], aside: frozenset[str]) -> None:
        """Take note of an exchange that is over, its records kept or set aside."""
        if heard.is_proven:
            self._promise(theirs)
            self._hear_clock(heard)
            self._hear_of_others(heard)
            self._take_heads(theirs, aside, is_of_now=heard.is_of_now)

    def _hear_clock(self, heard: HeardSource) -> None:
        self.clocks.hear(heard.name if heard.candidate.rank == Rank.UNIT else CENTRAL, heard.utc_ms)

    def _hear_of_others(self, heard: HeardSource) -> None:
        """Take note of enrolled units at other places; where one was told to be last counts."""
        roster = None if self._roster is None else self._roster()
        for unit in heard.units:
            is_enrolled = roster is not None and answerer_of(unit.key, roster) == Answerer.PROVEN
            if is_enrolled and unit.key != heard.key:
                name = clean_name(unit.name) or "a unit"
                told = Candidate(url=unit.url, name=name, key=unit.key, claim=Claim.NAMED)
                if self._told.pop(unit.key, None) != told:
                    self._recheck.set()
                self._told[unit.key] = told
        while len(self._told) > TOLD_MAX_COUNT:
            del self._told[next(iter(self._told))]

    def _take_heads(self, theirs: Mapping[str, int], aside: frozenset[str], *, is_of_now: bool) -> None:
        """Count what is still to come; the board is of now once it is nothing."""
        have = self._have()
        lacks = _lacking(theirs, have, aside)
        missing = _lacking(self._promised, have, aside)
        now_mono_ns, former = self._clock.mono_ns(), self.contact
        was_live = self.has_followed and former is not None and now_mono_ns - former.mono_ns < LIVE_MAX_NS
        has_changed = (lacks, missing) != (self.lacks_count, self.missing_count)
        self.lacks_count, self.missing_count = lacks, missing
        is_caught_up = lacks == 0 and is_of_now
        if is_caught_up:
            self.contact = Contact(
                boot_id=self._clock.boot_id, mono_ns=now_mono_ns, utc_ms=self._clock.utc_ms()
            )
            self.has_followed = True
        if has_changed or (is_caught_up and not was_live):
            self._on_change()  # what a live source brings wakes the screen by itself

    def _promise(self, have: Mapping[str, int]) -> None:
        for stream, head in have.items():
            if head > self._promised.get(stream, 0) and (
                stream in self._promised or len(self._promised) < HAVE_MAX_COUNT
            ):
                self._promised[stream] = head

    def _take_loss(self, candidate: Candidate, trouble: Trouble) -> None:
        """Note the loss; the first one after an answer stays the reason, however many others fail then."""
        self._choice.take_failure(candidate, now_mono_ns=self._clock.mono_ns())
        is_first = self.source is not None or self.trouble is None
        if is_first:
            log.warning("source lost: %s", trouble.sentence)
        former, self.source = self.trouble, None
        if is_first or former is None or _is_plainer(trouble, than=former):
            self.trouble = trouble
        if self.trouble != former or is_first:
            self._on_change()


def _is_plainer(trouble: Trouble, *, than: Trouble) -> bool:
    """Return whether this trouble explains the other one too, or the other holds no longer."""
    return LossCode.NO_NETWORK in (trouble.code, than.code) or trouble.code == LossCode.ANOTHER_EVENT


def _lacking(theirs: Mapping[str, int], have: Mapping[str, int], aside: frozenset[str]) -> int:
    return sum(max(0, head - have.get(stream, 0)) for stream, head in theirs.items() if stream not in aside)


async def _give_up(tries: Mapping[asyncio.Task[HeardSource], Candidate]) -> None:
    """End the tries; who proved itself too late is let go."""
    if not tries:
        return
    for task in tries:
        task.cancel()
    await asyncio.wait(tries)
    for task in tries:
        if not task.cancelled() and task.exception() is None:
            task.result().close()
