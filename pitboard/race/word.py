"""The last word: each field of the race state is decided by the greatest word said about it.

Words compare by authority, then stamp, then stream, then seq; so no order of arrival matters. An authority
may withdraw its word; then the next lower one decides again."""

from __future__ import annotations

from enum import IntEnum
from typing import Generic, NamedTuple, TypeVar

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
