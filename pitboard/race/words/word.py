"""The last word: each field of the race state is decided by the greatest word said about it.

Words compare by authority, then stamp, then stream, then seq; so no order of arrival matters. An authority
may withdraw its word; then the next lower one decides again. `Statements` keeps what was said and knows what
of it still stands."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from enum import IntEnum
from operator import attrgetter
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from pitboard.race.bodies.body import Act, ActWithdrawn, Body
from pitboard.race.words.slot_row import SlotRow

Value = TypeVar("Value")


class Authority(IntEnum):
    """Whose word it is; a higher one stands above a lower one whatever the stamps say."""

    NOBODY = 0
    TIMEKEEPER = 1
    ADMIN = 2


class Word(NamedTuple):
    """When and with what authority something was said."""

    authority: Authority
    stamp: int
    stream: str
    seq: int

    @property
    def moment(self) -> tuple[int, str, int]:
        """The order in which things were said, whoever said them."""
        return (self.stamp, self.stream, self.seq)


class Said(Generic[Value]):
    """A value and the word that set it."""

    __slots__ = ("value", "word")

    def __init__(self, value: Value, word: Word) -> None:
        self.value = value
        self.word = word


class LastWord(Generic[Value]):
    """A field: the last word of each authority, of which the highest that was not withdrawn decides."""

    __slots__ = ("_last", "said")

    def __init__(self) -> None:
        self._last: dict[Authority, Said[Value | None]] = {}
        self.said: Said[Value] | None = None
        """What decides, None until somebody spoke."""

    def say(self, value: Value | None, word: Word) -> bool:
        """Take the value if its word is its authority's greatest so far; return whether it was taken.

        None withdraws what that authority said before.
        """
        if not self._last:  # as it is for nearly all that is said
            said = Said(value, word)
            self._last[word.authority] = said
            self.said = None if value is None else said  # type: ignore[assignment]
            return True
        last = self._last.get(word.authority)
        if last is not None and last.word >= word:
            return False
        self._last[word.authority] = Said(value, word)
        self.said = self._deciding()
        return True

    def said_by(self, authority: Authority) -> Said[Value | None] | None:
        """Return the authority's last word, its value None where it withdrew; None if it never spoke."""
        return self._last.get(authority)

    def _deciding(self) -> Said[Value] | None:
        for authority in sorted(self._last, reverse=True):
            last = self._last[authority]
            if last.value is not None:
                return Said(last.value, last.word)
        return None

    @property
    def value(self) -> Value | None:
        return None if self.said is None else self.said.value


RecordPlace: TypeAlias = tuple[str, int]
"""(stream, seq)"""
Subject: TypeAlias = tuple[str, ...]
"""What a statement is about, such as ("run", id)."""


class Statement(NamedTuple):
    """What one record says; `unit` is its writer's key."""

    word: Word
    unit: str
    body: Body

    @property
    def record(self) -> RecordPlace:
        return (self.word.stream, self.word.seq)

    @property
    def act(self) -> tuple[str, str] | None:
        """What makes two records the same act, None where nothing does."""
        if isinstance(self.body, Act) and self.body.act_id:
            return (self.unit, self.body.act_id)
        return None


class Statements:
    """Everything that was said, by subject. A withdrawal may arrive before what it withdraws."""

    def __init__(self) -> None:
        self._of: dict[Subject, list[Statement]] = {}
        self._of_kind: dict[str, list[Subject]] = {}
        self._said: list[Statement | None] = []  # None once forgotten
        self._about: list[Subject] = []  # what each is about
        self._places: dict[str, SlotRow] = {}  # by stream and seq: where it stands in `_said`
        self._withdrawals: dict[RecordPlace, list[Statement]] = {}
        self._acts: dict[tuple[str, str], list[Statement]] = {}
        self._in_order: list[tuple[int, str, int]] = []  # the moments of all acts

    def say(self, subject: Subject, statement: Statement) -> None:
        """Keep the statement; one that was kept already changes nothing."""
        _, _, stream, seq = statement.word
        places = self._places.get(stream)
        if places is None:
            places = self._places[stream] = SlotRow()
        elif places.get(seq) is not None:
            return
        about = self._of.get(subject)
        if about is None:
            self._of[subject] = [statement]
            self._of_kind.setdefault(subject[0], []).append(subject)
        else:
            if about:
                subject = self._about[self._slot_of(about[0].record) or 0]  # one for all that is said of it
            about.append(statement)
        places.put(seq, len(self._said))
        self._said.append(statement)
        self._about.append(subject)
        if isinstance(statement.body, Act):
            if statement.body.act_id:
                self._acts.setdefault((statement.unit, statement.body.act_id), []).append(statement)
            moment, in_order = statement.word.moment, self._in_order
            if not in_order or moment >= in_order[-1]:
                in_order.append(moment)  # as it nearly always is
            else:
                insort(in_order, moment)

    def withdraw(self, named: RecordPlace, statement: Statement) -> Subject | None:
        """Keep the withdrawal; return the subject that may stand otherwise now, None if it is not known
        yet."""
        if self._known(statement.record) is None:
            self.say(("withdrawal",), statement)
            self._withdrawals.setdefault(named, []).append(statement)
        return self._subject_of(statement.record)

    def in_force(self, subject: Subject) -> list[Statement]:
        """Return what stands about the subject, the greatest word last."""
        in_force = [one for one in self._of.get(subject, ()) if self.stands(one)]
        if len(in_force) > 1:
            in_force.sort(key=_word)
        return in_force

    def stands(self, statement: Statement) -> bool:
        """Return whether nobody withdrew it who may, and it is not the repetition of an act."""
        if not self._withdrawals and statement.act is None:
            return True  # as nearly always
        if statement.act is None and statement.record not in self._withdrawals:
            return True
        # The latest first: what withdraws comes after what it names. Not by recursion, for a chain of
        # withdrawals may be as long as a journal.
        answers: dict[RecordPlace, bool] = {}
        for one in sorted(self._weighed_with(statement), key=_moment, reverse=True):
            same = self._same_act(one)
            answers[one.record] = not any(mate.word.moment < one.word.moment for mate in same) and not any(
                may_withdraw(withdrawal, mate) and answers[withdrawal.record]
                for mate in same
                for withdrawal in self._withdrawals.get(mate.record, ())
            )
        return answers[statement.record]

    def _weighed_with(self, statement: Statement) -> list[Statement]:
        """Return the statement, what withdraws it or a repetition of it, what withdraws that, and so on."""
        found = {statement.record: statement}
        to_look_at = [statement]
        while to_look_at:
            for mate in self._same_act(to_look_at.pop()):
                for withdrawal in self._withdrawals.get(mate.record, ()):
                    if withdrawal.record not in found:
                        found[withdrawal.record] = withdrawal
                        to_look_at.append(withdrawal)
        return list(found.values())

    def forget(self, record: RecordPlace) -> Subject | None:
        """Drop what was said there for good, as if it had never come; return what it was about."""
        slot, known = self._slot_of(record), self._known(record)
        if slot is None or known is None:
            return None
        subject, statement = known
        self._places[record[0]].drop(record[1])
        self._said[slot] = None
        self._of[subject].remove(statement)
        if statement.act is not None:
            self._acts[statement.act].remove(statement)
        if isinstance(statement.body, Act):
            del self._in_order[bisect_left(self._in_order, statement.word.moment)]
        return subject

    def at(self, record: RecordPlace) -> Statement | None:
        """Return what was said at this place, None where nothing was that concerns the race."""
        known = self._known(record)
        return None if known is None else known[1]

    def _slot_of(self, record: RecordPlace) -> int | None:
        places = self._places.get(record[0])
        return None if places is None else places.get(record[1])

    def _known(self, record: RecordPlace) -> tuple[Subject, Statement] | None:
        slot = self._slot_of(record)
        said = None if slot is None else self._said[slot]
        return None if slot is None or said is None else (self._about[slot], said)

    def newest_acts(self, unit: str) -> Iterator[Statement]:
        """Yield what persons said at this unit, withdrawn or not, the newest first."""
        for _, stream, seq in reversed(self._in_order):
            said = self.at((stream, seq))
            if said is not None and said.unit == unit and said.word.authority != Authority.ADMIN:
                yield said

    def subjects(self, kind: str) -> Iterable[Subject]:
        """Return the subjects of this kind that anything was said about."""
        return self._of_kind.get(kind, ())

    def all_about(self, subject: Subject) -> list[Statement]:
        """Return what was said about the subject, withdrawn or not, in the order said."""
        return sorted(self._of.get(subject, ()), key=lambda one: one.word.moment)

    def _same_act(self, statement: Statement) -> list[Statement]:
        return [statement] if statement.act is None else self._acts.get(statement.act, [statement])

    def _subject_of(self, record: RecordPlace) -> Subject | None:
        """Follow withdrawals to what was said at first."""
        seen: set[RecordPlace] = set()
        while record not in seen:
            seen.add(record)
            known = self._known(record)
            if known is None:
                return None
            subject, statement = known
            if not isinstance(statement.body, ActWithdrawn):
                return subject
            record = (statement.body.stream, statement.body.seq)
        return None


_word = attrgetter("word")
_moment = attrgetter("word.moment")


def may_withdraw(withdrawal: Statement, named: Statement) -> bool:
    """Return whether this withdrawal counts: it is the admin's, or of the one who said it (the same person,
    or the same unit where nobody signed in), and it was said later."""
    if withdrawal.word.moment <= named.word.moment:
        return False
    if withdrawal.word.authority == Authority.ADMIN:
        return True
    if named.word.authority > withdrawal.word.authority:
        return False
    said_by = named.body.by if isinstance(named.body, Act) else ""
    withdrawn_by = withdrawal.body.by if isinstance(withdrawal.body, Act) else ""
    return said_by == withdrawn_by and (said_by != "" or named.unit == withdrawal.unit)
