"""The bodies of one stream by number, with their stamps: a few bytes for each beside the body itself.

A journal holds many more passings than anything else, so those lie packed on the shelf that all streams
share."""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.passings.passing_shelf import PassingShelf


class KeptBodies:
    """Bodies mostly come in the order of their numbers; any order will do."""

    def __init__(self, stream: str, shelf: PassingShelf) -> None:
        self._stream = stream
        self._shelf = shelf
        self._seqs = array("Q")  # of all but passings, in order
        self._stamps = array("Q")
        self._bodies: list[Body] = []
        self._greatest_seq = 0
        self._greatest_stamp = -1
        self.turns_count = 0
        """How often a stamp was no later than the one before, or a number came out of order: hardly ever."""

    def __contains__(self, seq: int) -> bool:
        if seq > self._greatest_seq:
            return False  # as nearly always
        return self._at(seq) is not None or self._shelf.slot_of(self._stream, seq) is not None

    def _at(self, seq: int) -> int | None:
        if not self._seqs or seq > self._seqs[-1]:
            return None
        at = bisect_left(self._seqs, seq)
        return at if self._seqs[at] == seq else None

    def get(self, seq: int) -> tuple[Body, int] | None:
        """Return the body and its stamp."""
        at = self._at(seq)
        if at is not None:
            return (self._bodies[at], self._stamps[at])
        slot = self._shelf.slot_of(self._stream, seq)
        return None if slot is None else (self._shelf.body(slot), self._shelf.stamp(slot))

    def put_passing(self, seq: int, passing: PassingRecorded, stamp: int) -> int:
        """Keep the passing of a number that is not here yet; return the slot in which it lies."""
        if seq > self._greatest_seq and stamp > self._greatest_stamp:
            self._greatest_seq, self._greatest_stamp = seq, stamp
        else:
            self._note_a_turn(seq, stamp)
        return self._shelf.put(self._stream, seq, stamp, passing)

    def put(self, seq: int, body: Body, stamp: int) -> None:
        """Keep the body of a number that is not here yet."""
        if isinstance(body, PassingRecorded):
            self.put_passing(seq, body, stamp)
            return
        if seq > self._greatest_seq and stamp > self._greatest_stamp:
            self._greatest_seq, self._greatest_stamp = seq, stamp
        else:
            self._note_a_turn(seq, stamp)
        if not self._seqs or seq > self._seqs[-1]:
            self._seqs.append(seq)
            self._stamps.append(stamp)
            self._bodies.append(body)
        else:
            at = bisect_left(self._seqs, seq)
            self._seqs.insert(at, seq)
            self._stamps.insert(at, stamp)
            self._bodies.insert(at, body)

    def _note_a_turn(self, seq: int, stamp: int) -> None:
        self.turns_count += 1
        self._greatest_seq = max(seq, self._greatest_seq)
        self._greatest_stamp = max(stamp, self._greatest_stamp)

    def drop(self, seq: int) -> None:
        at = self._at(seq)
        if at is not None:
            del self._seqs[at], self._stamps[at], self._bodies[at]
        self._shelf.drop(self._stream, seq)

    def drop_beyond(self, seq: int) -> None:
        at = bisect_right(self._seqs, seq)
        del self._seqs[at:], self._stamps[at:], self._bodies[at:]
        for one, _ in list(self._shelf.of_stream(self._stream)):
            if one > seq:
                self._shelf.drop(self._stream, one)

    def stamps(self) -> Iterator[tuple[int, int]]:
        """Yield number and stamp of all that is here now, by number."""
        shelf = self._shelf
        passings = ((seq, shelf.stamp(slot)) for seq, slot in shelf.of_stream(self._stream))
        return heapq.merge(zip(self._seqs, self._stamps, strict=True), passings)

    def goes_beyond(self, stamp: int, *, up_to: int) -> bool:
        """Return whether a record up to this number has a later stamp."""
        if self._greatest_stamp <= stamp:
            return False
        return any(seq <= up_to and one > stamp for seq, one in self.stamps())

    def between(self, after: int, last: int | None) -> Iterator[tuple[int, Body, int]]:
        """Yield the same beyond one number and up to another, or to the end."""
        return (one for one in self if after < one[0] and (last is None or one[0] <= last))

    def __iter__(self) -> Iterator[tuple[int, Body, int]]:
        """Yield number, body and stamp of all that is here now, by number."""
        shelf = self._shelf
        passings = ((seq, shelf.body(slot), shelf.stamp(slot)) for seq, slot in shelf.of_stream(self._stream))
        return heapq.merge(self.but_passings(), passings, key=_seq)

    def but_passings(self) -> Iterator[tuple[int, Body, int]]:
        """Yield the same of all but passings."""
        return iter(list(zip(self._seqs, self._bodies, self._stamps, strict=True)))

    def passings_named(self) -> Iterator[tuple[str, str, int]]:
        """Yield what each passing is named by: sensor, its start, number."""
        for _, slot in self._shelf.of_stream(self._stream):
            yield self._shelf.named(slot)


def _seq(one: tuple[int, Body, int]) -> int:
    return one[0]
