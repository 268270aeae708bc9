"""The day as a queue that can drive itself: who is next, and when the next run begins by itself.

Pure values; whoever keeps one asks with the time of its own clock and takes the new value. `day_of` makes one
of what was said, so that it is the same on every screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from pitboard.race.bodies.event_bodies import DayMoved, DayPlanned

SHIFT_MS = 15_000
"""What one tap on earlier or later moves the next start by."""
_Ms = Annotated[int, Meta(ge=0, lt=2**53)]


class DaySchedule(msgspec.Struct, frozen=True, kw_only=True):
    """`turns` are the runs in order, by the ids of whatever plans them; `done` of them are over or left out.

    With `is_automatic` the next run begins `gap_ms` after the one before it ended, plus `shift_ms`. While
    `paused_at_ms` is set nothing begins, and the time of the pause does not count.
    """

    turns: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    is_automatic: bool = False
    gap_ms: _Ms = 60_000
    ended_at_ms: _Ms | None = None
    shift_ms: int = 0
    paused_at_ms: _Ms | None = None

    @property
    def is_paused(self) -> bool:
        return self.paused_at_ms is not None

    def next_up(self, count: int = 1) -> tuple[str, ...]:
        """Return the next turns that are not done."""
        return tuple(turn for turn in self.turns if turn not in self.done)[:count]

    def starts_in_ms(self, now_ms: int) -> int | None:
        """Return how long it is until the next turn begins by itself, 0 when it is due; None: it does not."""
        if not self.is_automatic or self.ended_at_ms is None or not self.next_up():
            return None
        now_ms = now_ms if self.paused_at_ms is None else min(now_ms, self.paused_at_ms)
        return max(0, self.ended_at_ms + self.gap_ms + self.shift_ms - now_ms)

    def is_due(self, now_ms: int) -> bool:
        return not self.is_paused and self.starts_in_ms(now_ms) == 0

    def with_done(self, turn: str, now_ms: int) -> DaySchedule:
        """Take note that a turn is over; the time to the next one runs from here."""
        done = self.done | {turn}
        paused_at_ms = None if self.paused_at_ms is None else now_ms
        return msgspec.structs.replace(
            self, done=done, ended_at_ms=now_ms, shift_ms=0, paused_at_ms=paused_at_ms
        )

    def with_again(self, turn: str) -> DaySchedule:
        """Put a turn back that must be run again."""
        return msgspec.structs.replace(self, done=self.done - {turn})

    def with_turns(self, turns: Sequence[str]) -> DaySchedule:
        """Take another order; what is done stays done."""
        return msgspec.structs.replace(self, turns=tuple(dict.fromkeys(turns)))

    def paused(self, now_ms: int) -> DaySchedule:
        return self if self.is_paused else msgspec.structs.replace(self, paused_at_ms=now_ms)

    def resumed(self, now_ms: int) -> DaySchedule:
        """Go on; the next start is as far away as it was when the pause began."""
        if self.paused_at_ms is None:
            return self
        paused_ms = max(0, now_ms - self.paused_at_ms)
        ended_at_ms = None if self.ended_at_ms is None else self.ended_at_ms + paused_ms
        return msgspec.structs.replace(self, paused_at_ms=None, ended_at_ms=ended_at_ms)

    def shifted(self, by_ms: int, now_ms: int) -> DaySchedule:
        """Move the next start, by SHIFT_MS for one tap; never to before now."""
        starts_in_ms = self.starts_in_ms(now_ms)
        if starts_in_ms is None:
            return self
        return msgspec.structs.replace(self, shift_ms=self.shift_ms + max(by_ms, -starts_in_ms))


class Ended(NamedTuple):
    """A run of this turn ended at this instant."""

    turn: str
    boot_id: str
    mono_ns: int


_NS_PER_MS = 1_000_000


def day_of(
    plan: DayPlanned | None, moves: Sequence[DayMoved], ended: Sequence[Ended], boot_id: str
) -> DaySchedule:
    """Return the day as it stands, its times those of this boot's clock.

    What ended before the unit was started anew is done; the next run is then begun by a person.
    """
    if plan is None:
        return DaySchedule()
    day = DaySchedule(
        turns=tuple(dict.fromkeys(plan.turns)),
        done=frozenset(one.turn for one in ended if one.boot_id != boot_id),
        is_automatic=plan.is_automatic,
        gap_ms=plan.gap_ms,
    )
    happened: list[Ended | DayMoved] = [one for one in ended if one.turn in plan.turns]
    happened += moves
    for one in sorted(happened, key=lambda one: one.mono_ns):
        at_ms = one.mono_ns // _NS_PER_MS
        if one.boot_id != boot_id:
            continue
        if isinstance(one, Ended):
            day = day.with_done(one.turn, at_ms)
            continue
        if one.is_paused is not None:
            day = day.paused(at_ms) if one.is_paused else day.resumed(at_ms)
        if one.shift_ms:
            day = day.shifted(one.shift_ms, at_ms)
    return day
