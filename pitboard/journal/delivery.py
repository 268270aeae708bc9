"""The one way into the journal for what may be delivered twice: what has one key is one record.

Two bodies are the same where their keys are: a passing by the start and number of its device, what the clock
tells by what it says. A record that waits for the disk outlives its caller, so a repetition must
find not only what is durable but also what is on its way, or the disk would later take both."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Hashable
from dataclasses import dataclass, field

from pitboard.errors import BodyRefused, JournalLost
from pitboard.journal.records.record import Record
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Act, Body
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.run_bodies import RunFinished, RunTimedUp

Device = tuple[str, str]
"""(sensor, sensor_boot): one start of a device, which counts its passings from 1."""


@dataclass(slots=True)
class Ranges:
    """A set of whole numbers that mostly come in order, as ranges from first to last."""

    _firsts: list[int] = field(default_factory=list)
    _lasts: list[int] = field(default_factory=list)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    def add(self, number: int) -> None:
        if number in self:
            return
        at = bisect_right(self._firsts, number)
        joins_left = at > 0 and self._lasts[at - 1] == number - 1
        joins_right = at < len(self._firsts) and self._firsts[at] == number + 1
        if joins_left and joins_right:
            self._lasts[at - 1] = self._lasts.pop(at)
            del self._firsts[at]
        elif joins_left:
            self._lasts[at - 1] = number
        elif joins_right:
            self._firsts[at] = number
        else:
            self._firsts.insert(at, number)
            self._lasts.insert(at, number)

    def pairs(self) -> list[tuple[int, int]]:
        return list(zip(self._firsts, self._lasts, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class _OnItsWay:
    """A body that the journal was handed, and what its caller and every repetition wait for."""

    key: Hashable
    body: Body
    done: asyncio.Future[None]


class Deliverer:
    """Appends to the replica's own stream, each key once, whatever retries, kills and slow disks do."""

    def __init__(self, replica: WritingReplica, *, unit_key: str) -> None:
        self._replica = replica
        self._passings: dict[Device, Ranges] = {}
        self._told: set[Hashable] = set()
        self._acts: dict[str, Body] = {}
        self._on_their_way: dict[Hashable, _OnItsWay] = {}
        self._handed: dict[tuple[str, int], _OnItsWay] = {}  # by place in our stream
        # Of earlier starts too, and beside what the fold believes: of a unit not enrolled that is nothing.
        for body in replica.fold.bodies_of(unit_key):
            self._note(body)
        for sensor, sensor_boot, seq in replica.fold.passings_of(unit_key):
            self._passings.setdefault((sensor, sensor_boot), Ranges()).add(seq)
        replica.add_follower(self._see)

    async def append(self, *bodies: Body) -> int:
        """Return how many of the bodies were new, once all of them are durable; they share one commit."""
        keyed = {_key_of(body): body for body in reversed(bodies)}
        waited_for = [self._on_their_way[key] for key in keyed if key in self._on_their_way]
        new = [
            (key, body)
            for key, body in reversed(keyed.items())
            if key not in self._on_their_way and not self._has(body)
        ]
        if new:
            await self._hand_over(new)
        for one in waited_for:
            await asyncio.shield(one.done)
        return len(new)

    async def append_unless_waiting(self, act: str, *bodies: Body) -> Body:
        """Append what a person may say again later, but not while the same act is on its way.

        Return the last body that is durable then: of these, or of those that were on their way.
        """
        waiting = self._on_their_way.get(act)
        if waiting is None:
            await self._hand_over([(act, body) for body in bodies])
            return bodies[-1]
        await asyncio.shield(waiting.done)
        return waiting.body

    async def append_unless_said_last(self, act: str, body: Body) -> None:
        """Append the body unless it is what was said last of those on their way under this act."""
        if self.waiting(act) == body:
            await self.append_unless_waiting(act, body)
        else:
            await self._hand_over([(act, body)])

    def waiting(self, act: str) -> Body | None:
        """Return the last body of this act that is on its way."""
        waiting = self._on_their_way.get(act)
        return None if waiting is None else waiting.body

    def acted(self, act_id: str) -> Body | None:
        """Return the durable record of the act with this id, None if there is none yet."""
        return self._acts.get(act_id)

    def passings(self, sensor: str, sensor_boot: str) -> list[tuple[int, int]]:
        """Return the durable passings of one start of a device as ranges of seq."""
        ranges = self._passings.get((sensor, sensor_boot))
        return [] if ranges is None else ranges.pairs()

    async def _hand_over(self, items: list[tuple[Hashable, Body]]) -> None:
        """Append the bodies and return once they are durable; without its caller it goes on all the same."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ones = [_OnItsWay(key, body, done) for key, body in items]
        self._on_their_way.update({one.key: one for one in ones})
        try:
            await self._replica.settled()
        except asyncio.CancelledError:
            self._give_up(ones, JournalLost(path="of this node", reason="who asked has gone"))
            raise
        stream, first_seq = self._replica.next_place  # until the next await nobody else writes
        handed = {(stream, seq): one for seq, one in enumerate(ones, start=first_seq)}
        self._handed.update(handed)
        try:
            await self._replica.append(*[body for _, body in items])
        except (JournalLost, BodyRefused) as error:  # it was not even queued, or the program ends
            for place in handed:
                self._handed.pop(place, None)
            self._give_up(ones, error)
            raise

    def _give_up(self, ones: list[_OnItsWay], error: Exception) -> None:
        """Tell who waits for these that they never came to the journal."""
        for one in ones:
            self._let_go(one)
            if not one.done.done():
                one.done.set_exception(error)
                one.done.exception()  # nobody else may wait for it

    def _let_go(self, one: _OnItsWay) -> None:
        if self._on_their_way.get(one.key) is one:
            del self._on_their_way[one.key]

    def _take_out(self, place: tuple[str, int]) -> _OnItsWay | None:
        one = self._handed.pop(place, None)
        if one is not None:
            self._let_go(one)
        return one

    def _see(self, record: Record) -> None:
        one = self._take_out((record.stream, record.seq))
        if one is not None:
            self._note(one.body)
            if not one.done.done():
                one.done.set_result(None)

    def _note(self, body: Body) -> None:
        if isinstance(body, PassingRecorded):
            self._passings.setdefault((body.sensor, body.sensor_boot), Ranges()).add(body.seq)
            return
        if isinstance(body, RunTimedUp | RunFinished):
            self._told.add(_key_of(body))
        if isinstance(body, Act) and body.act_id:
            self._acts.setdefault(body.act_id, body)

    def _has(self, body: Body) -> bool:
        if isinstance(body, PassingRecorded):
            ranges = self._passings.get((body.sensor, body.sensor_boot))
            return ranges is not None and body.seq in ranges
        return _key_of(body) in self._told


def _key_of(body: Body) -> Hashable:
    """Return what is the same for every delivery of one passing, or of one thing that the clock tells."""
    if isinstance(body, PassingRecorded):
        return body.passing_id
    return (type(body), body)
